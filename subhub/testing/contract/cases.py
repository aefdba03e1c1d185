"""The capabilities and details that a contract test is tried on.

A test declares its cases with `for_each`. pytest's parameters, the rows of a report and the names
that may be left out all follow from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.harness import ClientKind

F = TypeVar("F", bound=Callable[..., None])
SYNC: Final[tuple[ClientKind, ...]] = ("sync",)
BOTH: Final[tuple[ClientKind, ...]] = ("sync", "async")
"""For what the two clients do in code of their own: sending, and walking lists."""
_PARAMETERS: Final = "contract_parameters"


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
        return "-".join(part for part in (self.capability, self.detail) if part) or "plugin"


Cases: TypeAlias = "Callable[[type[Provider]], Iterable[Case]]"


@dataclass(frozen=True, slots=True)
class Item:
    """One test on one case with one kind of client."""

    test: str
    case: Case
    kind: ClientKind

    @property
    def name(self) -> str:
        """The name under which it may be left out."""
        return f"{self.test}[{self.case}]"


@dataclass(frozen=True, slots=True)
class Parameters:
    """The cases of a test, and the kinds of client that it is tried with."""

    cases: Cases
    kinds: tuple[ClientKind, ...]


def for_each(cases: Cases, kinds: tuple[ClientKind, ...] = SYNC) -> Callable[[F], F]:
    """Try the test on each of *cases*, with each kind of client."""

    def mark(test: F) -> F:
        setattr(test, _PARAMETERS, Parameters(cases, kinds))
        return test

    return mark


def whole(_: type[Provider]) -> Iterator[Case]:
    """Yield the plugin as a whole."""
    yield Case()


def parameters_of(test: Any) -> Parameters:
    """Return the cases and kinds of a contract test."""
    parameters: Parameters = getattr(test, _PARAMETERS)
    return parameters


def items_of(test: Any, provider: type[Provider]) -> Iterator[Item]:
    """Yield everything that *test* is tried on for *provider*, what is left out included."""
    parameters = parameters_of(test)
    for case in parameters.cases(provider):
        for kind in parameters.kinds:
            yield Item(test.__name__, case, kind)
