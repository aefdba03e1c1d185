"""Moving one subscription: create the new one, read it back, and only then end the old one.

The order is the safety: a program that stops anywhere leaves a customer who is served. Before each
step the source is read, so that an old plan does not move a customer who changed or left meanwhile.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from subhub.client.base import account_of
from subhub.errors import NotFound
from subhub.models import Subscription
from subhub.recovery.reconcile import OVER
from subhub.switching import creating, linking
from subhub.switching.outcomes import Halt, Outcome, ResultLog, Word
from subhub.switching.rules import changed, has_ended, renewal, unlike
from subhub.switching.sides import (
    Made,
    Noted,
    Person,
    Side,
    Sides,
    customer_key,
    end_key,
    undo_key,
    words_of,
)

if TYPE_CHECKING:
    from subhub import Client, CustomerDraft
    from subhub.switching.rows import SwitchRow

OURS, FOUND = "created", "found"
APART = dt.timedelta(minutes=10)
"""How far the clocks of a provider and of this machine may be apart."""
LOOKS = 2
LOOK = 0.5
"""Seconds between two looks at a subscription that was ended."""
KEPT = frozenset({"kept", "required"})


class Budget:
    """How many subscriptions a run may still begin to move; `None` for any number."""

    def __init__(self, limit: int | None) -> None:
        self._left = limit
        self._lock = threading.Lock()

    @property
    def spent(self) -> bool:
        """Whether nothing more may be begun."""
        return self._left is not None and self._left <= 0

    def take(self) -> bool:
        """Begin one; return whether that was allowed."""
        with self._lock:
            if self.spent:
                return False
            if self._left is not None:
                self._left -= 1
            return True


class Move:
    """How one row moves.

    Args:
        row: The row.
        sides: The two accounts.
        margin: How many days before a renewal nothing is begun any more.
        budget: How many may be begun.
        log: Where links are written before they count.
        link_is_out: Whether the customer has a link for another subscription.
    """

    def __init__(
        self,
        row: SwitchRow,
        sides: Sides,
        margin: int,
        budget: Budget,
        log: ResultLog,
        *,
        link_is_out: bool = False,
    ) -> None:
        self.row = row
        self.sides = sides
        self.link_is_out = link_is_out
        self._log = log
        self._margin = margin
        self._budget = budget

    def run(self) -> Outcome:
        """Do what is left to do for the row; raises `Halt` where that is not all."""
        ended = self.sides.source.record.done(end_key(self.row))
        if ended is not None:
            paid_until, _ = days_of(ended.object_id)
            new, _ = self.sides.made(self.row)
            return self.outcome("moved earlier", new=new, paid_until=paid_until)
        made = self._by_api() if self.row.way == "api" else linking.paid(self)
        return self._end(made)

    def outcome(self, word: Word, reason: str = "", **more: Any) -> Outcome:
        """Return an outcome of the row."""
        row = self.row
        return Outcome(
            key=row.key, subscription=row.subscription, outcome=word, reason=reason, **more
        )

    def halt(self, word: Word, reason: str, **more: Any) -> NoReturn:
        """End the work on the row."""
        raise Halt(self.outcome(word, reason, **more))

    def now(self) -> dt.datetime:
        """Return the present, by our clock."""
        return account_of(self.sides.source.client).now()

    def write(self, outcome: Outcome) -> None:
        """Write *outcome* to the results."""
        self._log.add(outcome, self.now())

    def movable(self) -> Subscription:
        """Read the old subscription, and return it if it can be moved now."""
        if self._budget.spent:
            self.halt("waiting", "the limit of this run is reached")
        old = self.running()
        if problem := changed(old, self.row):
            self.halt("refused", f"the subscription at the source: {problem}")
        if (renewal(old) - self.sides.source.today).days < self._margin:
            self.halt(
                "waiting", f"it renews on {old.renews_on}, within the margin: run again later"
            )
        return old

    def begin(self) -> None:
        """Count the row as begun, within the limit of the run."""
        if not self._budget.take():
            self.halt("waiting", "the limit of this run is reached")

    def running(self) -> Subscription:
        """Read the old subscription, and return it unless the customer has left."""
        try:
            old = self.sides.source.client.get_subscription(self.row.subscription)
        except NotFound:
            self.halt("left", "the source no longer has the subscription")
        if has_ended(old):
            self.halt("left", f"it has ended at the source: {old.raw_status or old.status.value}")
        return old

    def person(self) -> Person:
        """Return the customer at the target, who is created for their first subscription."""
        row, target = self.row, self.sides.target
        if row.to_customer:
            return Person(row.to_customer, ours=False)
        key = customer_key(row)

        def create(client: Client) -> Noted:
            customer = client.create_customer(self.draft("create_customer"))
            # nothing was sent if there was one with this `external_id`
            return Noted.of(OURS if target.record.begun(key) else FOUND, customer.id)

        done = target.once(key, create)
        whose, customer_id = words_of(done.object_id, 2)
        return Person(str(customer_id), ours=whose == OURS)

    def draft(self, operation: str) -> CustomerDraft:
        """Return the customer with the fields that *operation* keeps at the target."""
        fields = self.sides.target.client.capabilities.fields(operation)
        return self.row.draft(lambda name, value: fields.use_of(name, value).use in KEPT)

    def take_back(self, attempt: int, new_id: str) -> None:
        """End what was created at the target and is not needed."""

        def cancel(client: Client) -> Noted:
            canceled = client.cancel_subscription(new_id, when="now")
            if canceled.status not in OVER:
                self.halt("refused", "the target accepted its end, and still shows it", new=new_id)
            return Noted(new_id)

        key = undo_key(self.row, attempt)
        _ = self.sides.target.once_decided(key, cancel, self._repeatable(self.sides.target))

    # The steps ------------------------------------------------------------------------------------

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

        done = source.once_decided(key, end, self._repeatable(source))
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

    def _repeatable(self, side: Side) -> Callable[[str], bool]:
        """Return what decides about a cancellation: where two are as one, it is repeated."""

        def decide(token: str) -> bool:
            repeatable = "cancel_subscription" in account_of(side.client).provider.repeatable
            if repeatable:
                side.client.mark_resolved(token, done=False)
            return repeatable

        return decide


def days_of(text: str | None) -> tuple[dt.date | None, dt.date | None]:
    """Return until when an old subscription was paid, and from when the new one bills."""
    first, second = words_of(text, 2)[:2]
    return _day(first), _day(second)


def _day(text: str | None) -> dt.date | None:
    return None if text is None else dt.date.fromisoformat(text)
