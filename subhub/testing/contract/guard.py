"""The guard that a contract class may be configured, and not weakened without saying so.

A test that passes because it was replaced, removed or skipped would prove nothing, and the report
would say that it did. Whatever does not apply is left out under its name, with a reason.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from subhub.testing.contract.cases import items_of
from subhub.testing.contract.config import HOOKS

if TYPE_CHECKING:
    from subhub.testing.contract.config import ContractConfig

WORDS: Final = 3
"""How many words a reason has at least."""
MARKS: Final = frozenset({"skip", "skipif", "xfail"})
"""pytest's ways to let a test not count."""
UNCOLLECTED: Final = frozenset({"__test__", "__init__", "__new__"})
"""Attributes for which pytest ignores a class."""
_HOME: Final = __name__.rpartition(".")[0]
_SEALED: Final[dict[str, Any]] = {}


def seal(suite: type[ContractConfig]) -> None:
    """Remember every part of *suite*, so that a change to it is noticed."""
    # In the order of inheritance, so that what a subclass overrides is what counts.
    for owner in reversed(suite.__mro__):
        parts = {name: value for name, value in vars(owner).items() if _is_ours(name, owner)}
        _SEALED.update(parts)


def tests() -> dict[str, Any]:
    """Return all contract tests by name."""
    return {name: value for name, value in _SEALED.items() if name.startswith("test_")}


def refuse_overrides(contract: type[ContractConfig]) -> None:
    """Raise `TypeError` when a class replaces a part of the suite, or leaves out without reason."""
    problems = [*_replaced(contract), *_unreasoned(contract.left_out)]
    if problems:
        raise TypeError(f"{contract.__name__} weakens the contract: " + "; ".join(problems))


def weaknesses(contract: type[ContractConfig], marks: Iterable[str]) -> Iterator[str]:
    """Yield what is wrong with a class whose tests are collected, some with these *marks*."""
    for mark in sorted(MARKS & set(marks)):
        yield f"the mark `{mark}` hides a contract test: name it in `left_out`, with the reason"
    for name, original in _SEALED.items():
        # Statically: a descriptor could answer with the original and run something else.
        if name not in HOOKS and inspect.getattr_static(contract, name, None) is not original:
            yield f"`{name}` was replaced or removed after the class was created"
    yield from _unreasoned(contract.left_out)
    yield from _unknown_cases(contract)


def reason(contract: type[ContractConfig], test: str, case: object) -> str | None:
    """Return why this case of a test is left out, if it is.

    Args:
        contract: The contract class.
        test: The name of the test.
        case: What it is tried on.
    """
    return contract.left_out.get(test) or contract.left_out.get(f"{test}[{case}]")


def _replaced(contract: type[ContractConfig]) -> Iterator[str]:
    for owner in contract.__mro__[:-1]:  # the last one is `object`
        for name, value in vars(owner).items():
            sealed = name in _SEALED and name not in HOOKS and value is not _SEALED[name]
            if sealed or name in UNCOLLECTED:
                yield f"`{owner.__name__}.{name}` replaces a part of the suite"


def _unreasoned(left_out: Mapping[str, str]) -> Iterator[str]:
    for name, why in left_out.items():
        test = name.partition("[")[0]
        if test not in tests():
            close = difflib.get_close_matches(test, tests(), n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see docs/contract.md for the names"
            yield f"`left_out` names {test!r}, which is not a contract test: {hint}"
        if len(str(why or "").split()) < WORDS:
            yield f"`left_out[{name!r}]` must have a reason of {WORDS} words or more, got {why!r}"


def _unknown_cases(contract: type[ContractConfig]) -> Iterator[str]:
    for name in contract.left_out:
        if "[" not in name:
            continue
        test = tests()[name.partition("[")[0]]
        known = sorted({item.name for item in items_of(test, contract.provider)})
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(known)}"
            yield f"`left_out` names {name!r}, which is not a case of it: {hint}"


def _is_ours(name: str, owner: Any) -> bool:
    own = str(getattr(owner, "__module__", "")).startswith(_HOME)
    return own and (not name.startswith("__") or name == "__init_subclass__")
