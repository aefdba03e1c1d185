"""Faults: which request goes wrong, and how. What a fault does to an answer is in `disturbance`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from subhub.sandbox.exchange import Received

KINDS: Final[Mapping[str, str]] = {
    "rate_limited": "429 in the provider's words; `seconds` until it is over (60)",
    "server_error": "a `status` of 500 or more (500), before the change, or after it",
    "unreachable": "no connection is made: provably, nothing was sent",
    "dropped": "the connection closes without an answer, before the change, or after it",
    "reset": "the connection breaks while the answer is awaited, before the change, or after it",
    "cut_body": "the status and half of the body arrive, then the connection breaks",
    "slow": "the answer takes `seconds` to begin (3600), which is too late for most clients",
    "trickle": "the body comes in eight pieces, `seconds` apart (1)",
    "malformed_json": "half of the body, as if it were all",
    "unknown_status": "every `status` in the answer is a word that nobody knows",
    "unknown_fields": "every object in the answer has a field that nobody knows",
    "redirect": "307 to another host",
    "wrong_content_type": "the answer calls itself text/html",
}
"""What may go wrong, by name."""
_EITHER: Final = frozenset({"server_error", "dropped", "reset"})
_BEFORE: Final = frozenset({"rate_limited", "unreachable", "redirect"})
_SECONDS: Final[Mapping[str, float]] = {"rate_limited": 60, "slow": 3600, "trickle": 1}
_SERVER_ERRORS: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong: a name of `KINDS`, and what that name leaves open.

    *after* is whether the request is carried out all the same; it may be chosen for server errors
    and lost connections, and is fixed for the rest. *seconds* are virtual: nothing sleeps.
    """

    kind: str
    after: bool = False
    status: int = 500
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            close = difflib.get_close_matches(self.kind, KINDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KINDS)}"
            message = f"{self.kind!r} is no kind of fault: {hint}"
            raise ValueError(message)
        if self.after and self.kind in _BEFORE:
            message = f"`after` cannot be: {self.kind!r} never carries a request out"
            raise ValueError(message)
        if self.status not in _SERVER_ERRORS:
            message = f"`status` is that of a server error, 500 to 599, not {self.status!r}"
            raise ValueError(message)
        if self.seconds is not None and not 0 <= self.seconds < math.inf:
            message = f"`seconds` is a number that is not below zero, not {self.seconds!r}"
            raise ValueError(message)

    @property
    def carried_out(self) -> bool:
        """Whether the provider does what it was asked."""
        return self.after if self.kind in _EITHER else self.kind not in _BEFORE

    @property
    def duration(self) -> float:
        """The seconds that it is about; 0 where time plays no part."""
        return _SECONDS.get(self.kind, 0) if self.seconds is None else self.seconds


@dataclass(slots=True)
class Rule:
    """Which requests a fault befalls: see `FaultPlan`."""

    fault: Fault
    method: str | None = None
    path: str | None = None
    every: int = 1
    probability: float = 1.0
    left: int | None = None
    dice: Random = field(default_factory=Random, repr=False)
    seen: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether the fault befalls this request."""
        if self.left == 0 or self.method not in {None, method}:
            return False
        if self.path is not None and not fnmatchcase(path, self.path):
            return False
        self.seen += 1
        if self.seen % self.every or self.dice.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FaultPlan:
    """What is to go wrong in a sandbox, and when.

    A *fault* is a `Fault`, or just the name of one. Requests are chosen by *method*, in capitals,
    and by *path*: below the base URL and without the query, `*` for anything.
    """

    def __init__(self, prefix: str = "") -> None:
        self._prefix = prefix
        self._next: list[Rule] = []
        self._rules: list[Rule] = []

    def next(
        self,
        fault: Fault | str,
        *,
        times: int = 1,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Let the next requests go wrong, as many as *times*."""
        if times < 1:
            message = f"`times` is 1 or more, not {times!r}"
            raise ValueError(message)
        self._next.append(Rule(_fault(fault), method, path, left=times))

    def rule(
        self,
        fault: Fault | str,
        *,
        method: str | None = None,
        path: str | None = None,
        every: int = 1,
        probability: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Let each *every*-th request go wrong, or with a *probability* from dice with a *seed*."""
        if every < 1 or not 0 <= probability <= 1:
            message = (
                "`every` is 1 or more, and `probability` between 0 and 1, "
                f"not {every!r} and {probability!r}"
            )
            raise ValueError(message)
        dice = Random(seed)  # noqa: S311 - reproducible, not secret
        self._rules.append(Rule(_fault(fault), method, path, every, probability, dice=dice))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        self._next.clear()
        self._rules.clear()

    @property
    def planned(self) -> tuple[Rule, ...]:
        """What is still to go wrong."""
        return (*self._next, *self._rules)

    def pick(self, received: Received) -> Fault | None:
        """What befalls this request; what was asked for on demand comes before the rules."""
        if not (self._next or self._rules):
            return None
        path = received.path.removeprefix(self._prefix)
        for each in self.planned:
            if each.strikes(received.method, path):
                self._next = [rule for rule in self._next if rule.left]
                return each.fault
        return None


def _fault(fault: Fault | str) -> Fault:
    return Fault(fault) if isinstance(fault, str) else fault
