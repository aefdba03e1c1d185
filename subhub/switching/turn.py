"""The turn of one row: what each way of moving it needs, in which no other program works on it."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, NoReturn

from subhub.client.base import account_of
from subhub.errors import NotFound
from subhub.models import Subscription
from subhub.recovery.reconcile import OVER
from subhub.switching.outcomes import Halt, Outcome, ResultLog, Word
from subhub.switching.rules import changed, has_ended, renewal
from subhub.switching.sides import Noted, Person, Side, Sides, customer_key, undo_key, words_of

if TYPE_CHECKING:
    from subhub import Client, CustomerDraft
    from subhub.switching.rows import SwitchRow

OURS: Final = "created"
FOUND: Final = "found"
KEPT: Final = frozenset({"kept", "required"})


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


class Turn:
    """The turn of one row.

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
        _ = self.sides.target.once_decided(key, cancel, self.repeatable(self.sides.target))

    def repeatable(self, side: Side) -> Callable[[str], bool]:
        """Return what decides about a cancellation: where two are as one, it is repeated."""

        def decide(token: str) -> bool:
            repeatable = "cancel_subscription" in account_of(side.client).provider.repeatable
            if repeatable:
                side.client.mark_resolved(token, done=False)
            return repeatable

        return decide
