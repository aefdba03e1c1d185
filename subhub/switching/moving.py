"""Moving one subscription: create the new one, read it back, and only then end the old one.

The order is the safety: a program that stops anywhere leaves a customer who is served. Before each
step the source is read, so that an old plan does not move a customer who changed or left meanwhile.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Final

from subhub.models import Subscription
from subhub.recovery.reconcile import OVER
from subhub.switching import creating, linking
from subhub.switching.outcomes import Halt, Outcome, Word
from subhub.switching.rules import unlike
from subhub.switching.sides import Made, Noted, end_key, words_of
from subhub.switching.turn import Turn

if TYPE_CHECKING:
    from subhub import Client

APART: Final = dt.timedelta(minutes=10)
"""How far the clocks of a provider and of this machine may be apart."""
LOOKS: Final = 2
LOOK: Final = 0.5
"""Seconds between two looks at a subscription that was ended."""


class Move(Turn):
    """How one row moves."""

    def run(self) -> Outcome:
        """Do what is left to do for the row; raises `Halt` where that is not all."""
        ended = self.sides.source.record.done(end_key(self.row))
        if ended is not None:
            paid_until, _ = days_of(ended.object_id)
            new, _ = self.sides.made(self.row)
            return self.outcome("moved earlier", new=new, paid_until=paid_until)
        made = self._by_api() if self.row.way == "api" else linking.paid(self)
        return self._end(made)

    def _by_api(self) -> Made:
        made, person = creating.make(self, self.sides.attempt(self.row))
        client = self.sides.target.client
        new = client.get_subscription(made.id)
        problem = unlike(new, self.row, client, customer=person.id, starts_on=made.due_on)
        if problem:
            reason = f"the new subscription differs, and the old one is left as it is: {problem}"
            self.halt("refused", reason, new=made.id)
        return made

    def _end(self, made: Made) -> Outcome:
        row, source = self.row, self.sides.source
        key = end_key(row)

        def end(client: Client) -> Noted:
            paid_until = None
            if not source.record.begun(key):  # nothing of this switch was sent: who ended it left
                try:
                    paid_until = self.running().renews_on
                except Halt as left:
                    if not self._ended_here(key):
                        return self._has_left(made, left)
            ended = self._shown(client.cancel_subscription(row.subscription, when=row.end))
            if row.end == "now" and ended.status not in OVER:
                reason = "the source accepted the end, and does not show it yet: run again"
                self.halt("waiting", reason, new=made.id)
            return Noted.of(paid_until or ended.renews_on or made.due_on, made.due_on)

        done = source.once_decided(key, end, self.repeatable(source))
        paid_until, due_on = days_of(done.object_id)
        word: Word = "moved"
        reason = ""
        if paid_until is not None and due_on is not None and paid_until > due_on:
            word = "both"
            reason = f"the source was renewed before it ended: both bill from {due_on} on"
        return self.outcome(
            word, reason, new=made.id, starts_on=made.starts_on, paid_until=paid_until
        )

    def _ended_here(self, key: str) -> bool:
        """Return whether an end that shows is the one that was sent, and taken for not done.

        It is dated by our clock: at a provider whose clock is behind, it does not show at once.
        """
        source = self.sides.source
        sent = source.record.sent(key)
        if not sent:
            return False
        ends_at = source.client.get_subscription(self.row.subscription).ends_at
        return ends_at is None or any(abs(ends_at - at) < APART for at in sent)

    def _shown(self, ended: Subscription) -> Subscription:
        """Return the old subscription, read again if its end may show in a moment.

        The end is dated by our clock, and that of the provider may be a little behind.
        """
        for _ in range(LOOKS if self.row.end == "now" else 0):
            if ended.status in OVER:
                break
            time.sleep(LOOK)
            ended = self.sides.source.client.get_subscription(self.row.subscription)
        return ended

    def _has_left(self, made: Made, left: Halt) -> Noted:
        """Return that there is nothing to end; for a customer who did not sign up, take back."""
        if self.row.way == "link":  # the customer has signed up, and ended the old one themselves
            return Noted.of(made.due_on, made.due_on)
        self.take_back(self.sides.attempt(self.row), made.id)
        raise left


def days_of(text: str | None) -> tuple[dt.date | None, dt.date | None]:
    """Return until when an old subscription was paid, and from when the new one bills."""
    first, second = words_of(text, 2)[:2]
    return _day(first), _day(second)


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
