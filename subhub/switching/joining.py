"""The status of a switch: both accounts are listed, and joined by what the journal knows.

It only reads, and so it also finds what was done by hand.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from subhub.models import Status, Subscription
from subhub.recovery.reconcile import OVER
from subhub.switching.moving import days_of
from subhub.switching.rows import SwitchRow
from subhub.switching.rules import unlike
from subhub.switching.running import Rows, checked_rows
from subhub.switching.sides import Sides, customer_key, end_key, words_of

if TYPE_CHECKING:
    from subhub import Client

State = Literal["source", "target", "left", "both", "none", "differs"]
"""Who bills: `source`, as before; `target`, since the move; `left`, neither, as the customer
wanted; `both`; `none`, although the customer did not leave; `differs`, on other terms."""
STATES: Final[tuple[State, ...]] = get_args(State)
FITTING: Final[frozenset[State]] = frozenset({"source", "target", "left"})


@dataclass(frozen=True, slots=True)
class Standing:
    """Who bills for a row.

    Args:
        key: That of the row; empty for a subscription at the target that no row has.
        subscription: The old subscription.
        new: The new one.
        state: Who bills.
        reason: What does not fit.
    """

    key: str
    subscription: str
    new: str | None
    state: State
    reason: str = ""

    @property
    def fits(self) -> bool:
        """Whether it is as it should be."""
        return self.state in FITTING


def status(
    source: Client, target: Client, rows: Rows, *, adopt: bool = False
) -> Iterator[Standing]:
    """Yield who bills for each row, and what bills at the target without a row.

    All subscriptions of both accounts are listed, within their rate limits.

    Args:
        source: As for `run`.
        target: As for `run`.
        rows: As for `run`.
        adopt: As for `run`.
    """
    rows = checked_rows(rows)
    sides = Sides.of(source, target, adopt=adopt)
    sides.check(rows[0])
    listed = [
        {found.id: found for found in client.list_subscriptions(strict=True)}
        for client in (source, target)
    ]
    return _joined(rows, sides, *listed)


def _joined(
    rows: Sequence[SwitchRow],
    sides: Sides,
    at_source: Mapping[str, Subscription],
    at_target: Mapping[str, Subscription],
) -> Iterator[Standing]:
    known = {text.split()[0] for text in sides.target.record.objects()}
    customers: set[str | None] = set()
    for row in rows:
        done = sides.target.record.done(customer_key(row))
        customers.add(row.to_customer or (words_of(done.object_id, 2)[1] if done else None))
        yield _standing(row, sides, at_source.get(row.subscription), at_target)
    for found in at_target.values():
        alone = found.customer_id in customers - {None} and found.id not in known
        if alone and found.status not in OVER:
            yield Standing("", "", found.id, "both", "no row has this subscription: look at it")


def _standing(
    row: SwitchRow,
    sides: Sides,
    old: Subscription | None,
    at_target: Mapping[str, Subscription],
) -> Standing:
    new_id, starts_on = sides.made(row)
    new = None if new_id is None else at_target.get(new_id)
    ended = sides.source.record.done(end_key(row))
    paid_until, due_on = days_of(ended.object_id if ended else None)
    old_bills = old is not None and old.status not in OVER
    if ended and row.end == "period_end" and paid_until and paid_until > sides.source.today:
        old_bills = False  # it ends by itself, and does not show that before
    state, reason = _state(row, sides, new, starts_on, old_bills=old_bills, ended=ended is not None)
    if state == "target" and paid_until and due_on and paid_until > due_on:
        state, reason = "both", f"both have billed from {due_on} to {paid_until}: pay one back"
    return Standing(row.key, row.subscription, new_id, state, reason)


def _state(
    row: SwitchRow,
    sides: Sides,
    new: Subscription | None,
    starts_on: dt.date | None,
    *,
    old_bills: bool,
    ended: bool,
) -> tuple[State, str]:
    if new is None or new.status in OVER:
        if old_bills:
            return "source", ""
        if ended:
            return "none", "the old one was ended for the move, and the target bills nothing"
        return "left", ""
    if old_bills:
        return "both", "the old one has not ended: run the switch again"
    begun = starts_on is not None and starts_on < sides.target.today
    if new.status is Status.PENDING and begun:
        return "none", f"the new one should have begun on {starts_on}, and is {new.raw_status!r}"
    client = sides.target.client
    problem = unlike(new, row, client, customer=new.customer_id or "", starts_on=None)
    return ("differs", problem) if problem else ("target", "")
