"""What goes wrong with charges: by plan, or by magic values. `collecting` carries it out."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final

from subhub.models import Money

KINDS: Final[Mapping[str, str]] = {
    "late": "the charge fails, and the next attempt is paid",
    "declined": "the charge fails, and so does every further attempt",
    "mandate_expired": "the charge fails because the mandate has ended, and is not attempted again",
    "charged_back": "the charge is paid, and the customer gets the money back some days later",
}
"""The kinds, with a description for users."""
MAGIC_CENTS: Final = {kind: cents for cents, kind in enumerate(KINDS, 1)}
"""The cents of an amount from 9998.01 on that asks for a kind."""
_WORD: Final = re.compile(r"\+([a-z_]+)@")


@dataclass(slots=True)
class ChargeRule:
    """Which charges go wrong; see `ChargePlan`."""

    kind: str
    customer_id: str | None = None
    first: bool = False
    every: int = 1
    probability: float = 1.0
    left: int | None = None
    dice: Random = field(default_factory=Random, repr=False)
    seen: int = 0

    def applies_to(self, customer_id: str, *, first: bool) -> bool:
        """Return whether this charge goes wrong, and count it."""
        if (first and not self.first) or self.customer_id not in {None, customer_id}:
            return False
        # only matching charges count and use the dice, as with the faults of requests
        self.seen += 1
        if self.seen % self.every or self.dice.random() >= self.probability:
            return False
        if self.left is not None:
            self.left -= 1
        return True


class ChargePlan:
    """The charges that are planned to go wrong.

    A *kind* is a name of `KINDS`. The first charge of a subscription goes wrong only if a rule says
    `first=True`; magic values spare it always.
    """

    def __init__(self) -> None:
        self._next: list[ChargeRule] = []
        self._rules: list[ChargeRule] = []

    def next(
        self, kind: str, *, times: int = 1, customer_id: str | None = None, first: bool = False
    ) -> None:
        """Let the next charges go wrong.

        Args:
            kind: The kind.
            times: How many charges, at least 1.
            customer_id: Only those of this customer.
            first: Also the first charge of a subscription.
        """
        if times < 1:
            raise ValueError(f"`times` must be >= 1, got {times!r}")
        self._next.append(ChargeRule(_known(kind), customer_id, first, left=times))

    def rule(
        self,
        kind: str,
        *,
        every: int = 1,
        probability: float = 1.0,
        customer_id: str | None = None,
        first: bool = False,
        seed: int = 0,
    ) -> None:
        """Let charges go wrong until `clear` is called.

        Args:
            kind: The kind.
            every: 1 for every charge, 2 for every second one, and so on.
            probability: How likely such a charge goes wrong, from 0 to 1.
            customer_id: Only those of this customer.
            first: Also the first charge of a subscription.
            seed: The seed of the random choice; the same one selects the same charges.
        """
        if every < 1:
            raise ValueError(f"`every` must be >= 1, got {every!r}")
        if not 0 <= probability <= 1:
            raise ValueError(f"`probability` must be between 0 and 1, got {probability!r}")
        dice = Random(seed)  # noqa: S311 - reproducible, not secret
        rule = ChargeRule(_known(kind), customer_id, first, every, probability, dice=dice)
        self._rules.append(rule)

    def clear(self) -> None:
        """Remove everything that is planned."""
        self._next.clear()
        self._rules.clear()

    @property
    def planned(self) -> tuple[ChargeRule, ...]:
        """What is still planned."""
        return (*self._next, *self._rules)

    def pick(self, customer_id: str, email: str, amount: Money, *, first: bool) -> str:
        """Return what goes wrong with a charge: a kind, or an empty text.

        Args:
            customer_id: Who pays.
            email: The customer's e-mail address, which may hold a magic value.
            amount: The amount, which may be a magic value.
            first: Whether it is the first charge of the subscription.
        """
        for rule in self.planned:
            if rule.applies_to(customer_id, first=first):
                self._next = [queued for queued in self._next if queued.left]
                return rule.kind
        return "" if first else _magic(email, amount)


def _magic(email: str, amount: Money) -> str:
    for word in _WORD.findall(email):
        if word in KINDS:
            return str(word)
    cents = {f"9998.{number:02}": kind for kind, number in MAGIC_CENTS.items()}
    return cents.get(f"{amount.amount:f}", "")


def _known(kind: str) -> str:
    if kind not in KINDS:
        close = difflib.get_close_matches(kind, KINDS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(KINDS)}"
        raise ValueError(f"unknown kind of charge {kind!r}: {hint}")
    return kind
