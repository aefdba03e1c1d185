"""Contract tests: what a plugin says about itself is whole, well written, and true of its code."""

from __future__ import annotations

import ast
import difflib
import inspect
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, get_args
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from subhub.plugin.capabilities import (
    NEUTRAL,
    OPERATIONS,
    Absence,
    Evidence,
    Mark,
    options_of,
    overrides,
)
from subhub.plugin.provider import API_VERSION, Provider
from subhub.testing.contract.assertions import expect_none
from subhub.testing.contract.calls import KINDS
from subhub.testing.contract.cases import Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.source_code import called, functions, is_flow, sources_of

if TYPE_CHECKING:
    from subhub.testing.contract.source_code import Source

WORDS: Final = 3
ID_KINDS: Final = frozenset({"plan", "customer", "subscription", "payment method"})
MODES: Final = frozenset({"live", "test"})
HOOKS: Final = frozenset(name for name in vars(Provider) if not name.startswith("_"))
"""What a plugin may define: the operations, the class attributes, and how things are read."""
FLOW_MAKERS: Final = frozenset({"get", "post", "patch", "delete", "send", "done", "walk"})
"""The functions of `subhub.plugin` that give a flow."""
IMPURE: Final = frozenset(
    [
        "aiohttp",
        "asyncio",
        "http",
        "httpx",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "random",
        "requests",
        "secrets",
        "shutil",
        "socket",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "uuid",
    ]
)
"""Modules with which a flow would do I/O, read a clock or roll dice."""
CLOCKS: Final = frozenset({"now", "utcnow", "today"})


class DeclarationTests(ContractConfig):
    """The class, its evidence table, and its source."""

    @for_each(whole)
    def test_every_public_method_is_known(self, case: Case) -> None:
        """A method is an operation, a hook, or an extension with evidence: nothing is misspelt."""
        del case
        expect_none(_strange_methods(self.provider))

    @for_each(whole)
    def test_the_evidence_is_whole_and_true(self, case: Case) -> None:
        """Every claim has a mark and a source, every absence a reason, every row a meaning."""
        del case
        expect_none(_untrue_rows(self.provider))

    @for_each(whole)
    def test_every_operation_can_be_asked_for(self, case: Case) -> None:
        """An operation that always comes in one of several kinds has at least one of them."""
        del case
        known = self.provider.capabilities()
        expect_none(
            f"`{name}` is claimed, and none of {', '.join(kinds)}: give evidence for one"
            for name, kinds in KINDS.items()
            if known.supports(name) and not any(known.supports(f"{name}:{each}") for each in kinds)
        )

    @for_each(whole)
    def test_the_class_is_well_formed(self, case: Case) -> None:
        """Name, addresses, version, prefixes, zone and sandbox are as subhub needs them."""
        del case
        expect_none(_malformed(self.provider))

    @for_each(whole)
    def test_options_are_keywords_with_a_default(self, case: Case) -> None:
        """An option of `provider_options` can be left out, and its name is known."""
        del case
        expect_none(_bad_options(self.provider))

    @for_each(whole)
    def test_no_flow_is_dropped(self, case: Case) -> None:
        """A sub-flow that is called without `yield from` does nothing at all."""
        del case
        found = sources_of(self.provider)
        names = {each.name for source in found for each in functions(source) if is_flow(each)}
        known = names | FLOW_MAKERS | set(OPERATIONS)
        expect_none(problem for each in found for problem in _dropped(each, known))

    @for_each(whole)
    def test_flows_have_no_way_to_the_outside(self, case: Case) -> None:
        """No module of the flows does I/O, reads a clock or the environment, or rolls dice."""
        del case
        found = sources_of(self.provider)
        expect_none(problem for each in found for problem in _impure(each))


def _strange_methods(provider: type[Provider]) -> Iterator[str]:
    known = {*HOOKS, *provider.evidence}
    for owner in provider.__mro__:
        if owner in Provider.__mro__:
            continue
        for name, value in vars(owner).items():
            public = not name.startswith("_") and callable(getattr(value, "__func__", value))
            if public and name not in known:
                close = difflib.get_close_matches(name, [*HOOKS], n=1)
                hint = f"did you mean {close[0]!r}?" if close else "give it evidence or a `_`"
                yield f"`{owner.__name__}.{name}` is no operation and no hook: {hint}"


def _untrue_rows(provider: type[Provider]) -> Iterator[str]:
    for operation in OPERATIONS:
        made, found = overrides(provider, operation), provider.evidence.get(operation)
        if made and not isinstance(found, Evidence):
            yield f"`{operation}` is implemented, and `evidence` has no Evidence for it"
        if not made and isinstance(found, Evidence):
            yield f"`evidence` claims `{operation}`, and no method implements it"
    for name, found in provider.evidence.items():
        if name not in NEUTRAL and not callable(getattr(provider, name, None)):
            close = difflib.get_close_matches(name, NEUTRAL, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            yield f"`evidence` has a row {name!r}, which is nothing that the plugin has{hint}"
        if isinstance(found, Absence) and len(found.reason.split()) < WORDS:
            yield f"the absence of `{name}` needs a reason of a few words, not {found.reason!r}"
        if isinstance(found, Evidence) and (found.mark not in get_args(Mark) or not found.source):
            yield f"the evidence of `{name}` needs a mark and a source: {found!r}"


def _malformed(provider: type[Provider]) -> Iterator[str]:
    address = urlsplit(provider.base_url)
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", provider.name):
        yield f"`name` is {provider.name!r}: write it in lower case, without blanks"
    if address.scheme != "https" or not address.hostname or address.query or address.fragment:
        yield f"`base_url` is {provider.base_url!r}, and no https address"
    if provider.base_url.endswith("/"):
        yield f"`base_url` is {provider.base_url!r}: leave out the slash at its end"
    if provider.api_version not in {API_VERSION, API_VERSION - 1}:
        yield f"`api_version` is {provider.api_version!r}, and the core's is {API_VERSION}"
    if provider.documentation and urlsplit(provider.documentation).scheme != "https":
        yield f"`documentation` is {provider.documentation!r}, and no https address"
    for what, table, known in (
        ("id_prefixes", provider.id_prefixes, ID_KINDS),
        ("key_prefixes", provider.key_prefixes, MODES),
    ):
        for name in table.keys() - known:
            yield f"`{what}` has {name!r}: known are {', '.join(sorted(known))}"
    sandbox = provider.sandbox()
    if sandbox.prefix != address.path:
        yield f"the sandbox's routes are below {sandbox.prefix!r}, and the API's {address.path!r}"
    try:
        _ = ZoneInfo(provider.timezone)
    except (ValueError, OSError, KeyError):
        yield f"`timezone` is {provider.timezone!r}, which is no zone"


def _bad_options(provider: type[Provider]) -> Iterator[str]:
    for operation in OPERATIONS:
        for name, option in options_of(provider, operation).items():
            place = f"`{operation}`, option `{name}`"
            if option.kind is not inspect.Parameter.KEYWORD_ONLY:
                yield f"{place}: make it a keyword of its own, behind the `*`"
            elif option.default is inspect.Parameter.empty:
                yield f"{place}: give it a default, because nobody has to give it"
            elif option.annotation in {inspect.Parameter.empty, "Any", Any, "object"}:
                yield f"{place}: annotate it with its type"


def _dropped(source: Source, flows: set[str]) -> Iterator[str]:
    for function in functions(source):
        for node in ast.walk(function):
            value = node.value if isinstance(node, ast.Expr) else None
            if isinstance(node, ast.Assign) and all(_is_nothing(each) for each in node.targets):
                value = node.value
            if value is not None and called(value) in flows:
                yield f"{source.place(node)}: `{called(value)}(...)` lacks its `yield from`"


def _is_nothing(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == "_"


def _impure(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        else:
            names = []
        for name in names:
            if name.partition(".")[0] in IMPURE:
                yield f"{source.place(node)}: it imports {name}"
        is_clock = called(node) in CLOCKS and isinstance(getattr(node, "func", None), ast.Attribute)
        if is_clock or called(node) == "open":
            yield f"{source.place(node)}: it calls `{called(node)}`: use the argument `now`"
    for function in filter(is_flow, functions(source)):
        for node in ast.walk(function):
            if called(node) == "next" and len(getattr(node, "args", ())) == 1:
                yield f"{source.place(node)}: a bare `next()` ends the flow: give it a default"
