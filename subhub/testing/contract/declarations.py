"""Contract tests of declarations: they are complete, well formed, and true of the code."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Iterator
from typing import Any, Final, get_args
from urllib.parse import urlsplit

from subhub.errors import ConfigError, PluginError
from subhub.models import time_zone
from subhub.plugin.capabilities import (
    Absence,
    Evidence,
    Mark,
    options_of,
    overrides,
)
from subhub.plugin.operations import FIELD_NAMES, KNOWN, OPERATIONS, WEBHOOKS
from subhub.plugin.provider import API_VERSION, Provider
from subhub.testing.contract.assertions import expect_none
from subhub.testing.contract.cases import Case, for_each, whole
from subhub.testing.contract.config import ContractConfig

WORDS: Final = 3
ID_KINDS: Final = frozenset({"plan", "customer", "subscription", "payment method", "invoice"})
MODES: Final = frozenset({"any", "live", "test"})
HOOKS: Final = frozenset(name for name in dir(Provider) if not name.startswith("_"))
"""What a plugin may define: the operations, the class attributes, and how things are read."""


class DeclarationTests(ContractConfig):
    """The class and its evidence table."""

    @for_each(whole)
    def test_every_public_method_is_known(self, case: Case) -> None:
        """A method is an operation, a hook, or an extension with evidence: none is misspelt."""
        del case
        expect_none(_strange_methods(self.provider))

    @for_each(whole)
    def test_the_evidence_is_complete_and_true(self, case: Case) -> None:
        """Every claim has a mark and a source, every absence a reason, every row a capability."""
        del case
        expect_none([*_untrue_rows(self.provider), *_untrue_webhooks(self.provider)])

    @for_each(whole)
    def test_every_operation_can_be_called(self, case: Case) -> None:
        """An operation that always is one of several variants claims at least one of them."""
        del case
        known = self.provider.capabilities()
        expect_none(
            f"`{name}` is claimed, and none of {', '.join(row.one_of)}: give evidence for one"
            for name, row in OPERATIONS.items()
            if row.one_of and known.supports(name)
            if not any(known.supports(f"{name}:{variant}") for variant in row.one_of)
        )

    @for_each(whole)
    def test_the_class_is_well_formed(self, case: Case) -> None:
        """Name, addresses, version, prefixes, zone and sandbox are as subhub needs them."""
        del case
        expect_none([*misplaced(self.provider), *malformed(self.provider)])

    @for_each(whole)
    def test_options_are_keywords_with_a_default(self, case: Case) -> None:
        """An option of `provider_options` can be left out, and its name is known."""
        del case
        expect_none(_bad_options(self.provider))


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
                yield f"`{owner.__name__}.{name}` is neither an operation nor a hook: {hint}"


def _untrue_rows(provider: type[Provider]) -> Iterator[str]:
    for operation in OPERATIONS:
        made, found = overrides(provider, operation), provider.evidence.get(operation)
        if made and not isinstance(found, Evidence):
            yield f"`{operation}` is implemented, and `evidence` has no Evidence for it"
        if not made and isinstance(found, Evidence):
            yield f"`evidence` claims `{operation}`, and no method implements it"
    for name, found in provider.evidence.items():
        if name not in KNOWN and not callable(getattr(provider, name, None)):
            close = difflib.get_close_matches(name, KNOWN, n=1)
            hint = f": did you mean {close[0]!r}?" if close else ""
            yield f"`evidence` has a row {name!r}, which the plugin does not have{hint}"
        if (
            name in FIELD_NAMES
            and isinstance(found, Evidence) != provider.capabilities()[name].supported
        ):
            use = provider.capabilities()[name].field or "not asked for"
            yield f"`evidence` says otherwise of `{name}` than the flow, by which it is {use}"
        if isinstance(found, Absence) and len(found.reason.split()) < WORDS:
            yield f"the absence of `{name}` needs a reason of a few words, not {found.reason!r}"
        if isinstance(found, Evidence) and (found.mark not in get_args(Mark) or not found.source):
            yield f"the evidence of `{name}` needs a mark and a source: {found!r}"


def _untrue_webhooks(provider: type[Provider]) -> Iterator[str]:
    claimed = isinstance(provider.evidence.get(WEBHOOKS), Evidence)
    if claimed and provider.webhooks is None:
        yield f"`evidence` claims `{WEBHOOKS}`, and the class has none: set `webhooks`"
    if provider.webhooks is not None and not claimed:
        yield f"`{WEBHOOKS}` is declared, and `evidence` has no Evidence for it"


def misplaced(provider: type[Provider]) -> Iterator[str]:
    """Yield what is wrong with the address and the settings that it may name."""
    from subhub.client.tables import AccountSettings  # noqa: PLC0415 - not to read a report

    try:
        address = urlsplit(provider.stand_in_address())
    except PluginError as error:
        yield str(error)
        return
    for name in provider.settings_model.model_fields.keys() & AccountSettings.model_fields:
        yield f"`settings_model` has {name!r}, which every account has: choose another name"
    if address.scheme != "https" or not address.hostname or address.query or address.fragment:
        yield f"`base_url` must be an https address, got {provider.base_url!r}"
    if provider.base_url.endswith("/"):
        yield f"`base_url` must not end with a slash, got {provider.base_url!r}"
    sandbox = provider.sandbox()
    if sandbox.prefix != address.path:
        yield f"the sandbox's routes are below {sandbox.prefix!r}, and the API's {address.path!r}"


def malformed(provider: type[Provider]) -> Iterator[str]:
    """Yield what is wrong with the names, prefixes and addresses of the class."""
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", provider.name):
        yield f"`name` must be lower case without blanks, got {provider.name!r}"
    if provider.api_version not in {API_VERSION, API_VERSION - 1}:
        yield f"`api_version` must be {API_VERSION}, got {provider.api_version!r}"
    if provider.documentation and urlsplit(provider.documentation).scheme != "https":
        yield f"`documentation` must be an https address, got {provider.documentation!r}"
    for what, table, known in (
        ("id_prefixes", provider.id_prefixes, ID_KINDS),
        ("key_prefixes", provider.key_prefixes, MODES),
    ):
        for name in table.keys() - known:
            yield f"`{what}` has {name!r}: known are {', '.join(sorted(known))}"
    try:
        _ = time_zone(provider.timezone)
    except ConfigError:
        yield f"`timezone` must be an IANA time zone, got {provider.timezone!r}"


def _bad_options(provider: type[Provider]) -> Iterator[str]:
    for operation in OPERATIONS:
        for name, option in options_of(provider, operation).items():
            place = f"`{operation}`, option `{name}`"
            if option.kind is not inspect.Parameter.KEYWORD_ONLY:
                yield f"{place}: it must be keyword-only, after the `*`"
            elif option.default is inspect.Parameter.empty:
                yield f"{place}: it must have a default, because options are optional"
            elif option.annotation in {inspect.Parameter.empty, "Any", Any, "object"}:
                yield f"{place}: it must be annotated with its type"
