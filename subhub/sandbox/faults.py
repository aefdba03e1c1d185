"""Faults: what can go wrong, and for which requests. `fault_effects` applies a fault to a reply."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from random import Random
from typing import Final

from subhub.sandbox.exchange import Received

KINDS: Final[Mapping[str, str]] = {
    "rate_limited": "429 in the provider's format, to be retried after `seconds` (60)",
    "server_error": "a `status` from 500 to 599 (500), before or after the change is applied",
    "unreachable": "the connection cannot be opened, so nothing was sent",
    "dropped": "the connection closes without a response, before or after the change is applied",
    "reset": "the connection is reset during the wait, before or after the change is applied",
    "cut_body": "the status and half of the body arrive, then the connection breaks",
    "slow": "the response starts after `seconds` (3600), too late for most clients",
    "trickle": "the body arrives in eight pieces, `seconds` apart (1)",
    "malformed_json": "half of the body arrives as if it were the whole",
    "unknown_status": "every `status` in the response is an undocumented word",
    "unknown_fields": "every object in the response has an undocumented field",
    "tidied": "names, e-mail addresses, postal codes, intervals and days are in another spelling",
    "redirect": "307 to another host",
    "wrong_content_type": "the response declares itself as text/html",
}
"""The kinds of faults, with a description for users."""
_EITHER: Final = frozenset({"server_error", "dropped", "reset"})
_BEFORE: Final = frozenset({"rate_limited", "unreachable", "redirect"})
_SECONDS: Final[Mapping[str, float]] = {"rate_limited": 60, "slow": 3600, "trickle": 1}
_SERVER_ERRORS: Final = range(500, 600)


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to go wrong: a name of `KINDS` with its settings.

    *after* says whether the request is carried out all the same. It can be chosen for server errors
    and lost connections, and is fixed for all other kinds. *seconds* are virtual in process, where
    nothing sleeps, and real in a served sandbox.
    """

    kind: str
    after: bool = False
    status: int = 500
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            close = difflib.get_close_matches(self.kind, KINDS, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KINDS)}"
            message = f"unknown fault {self.kind!r}: {hint}"
            raise ValueError(message)
        if self.after and self.kind in _BEFORE:
            message = f"`after` must be false for {self.kind!r}, which never applies the change"
            raise ValueError(message)
        if self.status not in _SERVER_ERRORS:
            message = f"`status` must be from 500 to 599, got {self.status!r}"
            raise ValueError(message)
        if self.seconds is not None and not 0 <= self.seconds < math.inf:
            message = f"`seconds` must be a finite number >= 0, got {self.seconds!r}"
            raise ValueError(message)

    @property
    def carried_out(self) -> bool:
        """Whether the provider carries out the request."""
        return self.after if self.kind in _EITHER else self.kind not in _BEFORE

    @property
    def duration(self) -> float:
        """The length of the fault in seconds; 0 for a kind without one."""
        return _SECONDS.get(self.kind, 0) if self.seconds is None else self.seconds


@dataclass(slots=True)
class Rule:
    """Which requests get a fault; see `FaultPlan`."""

    fault: Fault
    method: str | None = None
    path: str | None = None
    every: int = 1
    probability: float = 1.0
    left: int | None = None
    dice: Random = field(default_factory=Random, repr=False)
    seen: int = 0

    def applies_to(self, method: str, path: str) -> bool:
        """Return whether this request gets the fault, and count it."""
        if self.left == 0 or self.method not in {None, method}:
            return False
        # not `fnmatch`, which ignores upper and lower case on Windows
        if self.path is not None and not fnmatchcase(path, self.path):
            return False
        # only matching requests count and use the dice, so that other traffic changes nothing
        self.seen += 1
        if self.seen % self.every or self.dice.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class FaultPlan:
    """The faults scheduled in a sandbox.

    A *fault* is a `Fault` or just the name of one. *method* and *path* select requests: the method
    in capitals, the path below the base URL and without the query, with `*` for anything.
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
        """Schedule a fault for the next requests.

        Args:
            fault: The fault, or the name of one.
            times: How many requests, at least 1.
            method: Only requests with this method.
            path: Only requests to this path.
        """
        if times < 1:
            message = f"`times` must be >= 1, got {times!r}"
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
        """Schedule a fault for requests until `clear` is called.

        Args:
            fault: The fault, or the name of one.
            method: Only requests with this method.
            path: Only requests to this path.
            every: Every how many requests, at least 1.
            probability: How likely such a request fails, from 0 to 1.
            seed: The seed of the random choice; the same one selects the same requests.
        """
        if every < 1:
            message = f"`every` must be >= 1, got {every!r}"
            raise ValueError(message)
        if not 0 <= probability <= 1:
            message = f"`probability` must be between 0 and 1, got {probability!r}"
            raise ValueError(message)
        dice = Random(seed)  # noqa: S311 - reproducible, not secret
        self._rules.append(Rule(_fault(fault), method, path, every, probability, dice=dice))

    def clear(self) -> None:
        """Remove all scheduled faults."""
        self._next.clear()
        self._rules.clear()

    @property
    def planned(self) -> tuple[Rule, ...]:
        """The faults that are still scheduled."""
        return (*self._next, *self._rules)

    def pick(self, received: Received) -> Fault | None:
        """Return the fault for this request. Queued faults win over rules."""
        if not (self._next or self._rules):
            return None
        path = received.path.removeprefix(self._prefix)
        for rule in self.planned:  # queued faults come first
            if rule.applies_to(received.method, path):
                self._next = [queued for queued in self._next if queued.left]
                return rule.fault
        return None


def _fault(fault: Fault | str) -> Fault:
    return Fault(fault) if isinstance(fault, str) else fault
