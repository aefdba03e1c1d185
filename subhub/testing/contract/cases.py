"""Cases: one contract test, tried on each thing that it is about.

A test says with `for_each` what it is about; from that follow pytest's parameters, what a report
has to show, and which names may be left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.config import ContractConfig
    from subhub.testing.contract.harness import ClientKind

F = TypeVar("F", bound=Callable[..., None])
SYNC: Final[tuple[ClientKind, ...]] = ("sync",)
BOTH: Final[tuple[ClientKind, ...]] = ("sync", "async")
_SPREAD: Final = "contract_cases"


@dataclass(frozen=True, slots=True)
class Case:
    """What a test is tried on: a capability, or the plugin as a whole, and perhaps a detail."""

    capability: str = ""
    detail: str = ""

    @property
    def operation(self) -> str:
        """The operation that the capability belongs to."""
        return self.capability.partition(":")[0]

    def __str__(self) -> str:
        return "-".join(each for each in (self.capability, self.detail) if each) or "plugin"


@dataclass(frozen=True, slots=True)
class Item:
    """One test on one case with one kind of client."""

    test: str
    case: Case
    colour: ClientKind

    @property
    def name(self) -> str:
        """The name under which it may be left out."""
        return f"{self.test}[{self.case}]"


@dataclass(frozen=True, slots=True)
class Spread:
    """What a test is about, and the kinds of client that it is tried with."""

    cases: Callable[[type[Provider]], Iterable[Case]]
    colours: tuple[ClientKind, ...]


def for_each(
    cases: Callable[[type[Provider]], Iterable[Case]], colours: tuple[ClientKind, ...] = SYNC
) -> Callable[[F], F]:
    """Try the test on each of *cases*, with each kind of client."""

    def mark(test: F) -> F:
        setattr(test, _SPREAD, Spread(cases, colours))
        return test

    return mark


def whole(_: type[Provider]) -> Iterator[Case]:
    """The plugin as a whole."""
    yield Case()


def spread_of(test: Any) -> Spread:
    """What a contract test is about."""
    spread: Spread = getattr(test, _SPREAD)
    return spread


def items_of(suite: type[ContractConfig], test: str) -> Iterator[Item]:
    """Everything that *test* is tried on in *suite*, what is left out included."""
    spread = spread_of(getattr(suite, test))
    for case in spread.cases(suite.provider):
        for colour in spread.colours:
            yield Item(test, case, colour)
