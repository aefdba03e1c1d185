"""Moving by API: the new subscription, created on the day of the old one's renewal."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from subhub.switching.rules import renewal, unlike
from subhub.switching.sides import Made, Noted, Person, make_key, start_key, words_of

if TYPE_CHECKING:
    from subhub import Client
    from subhub.models import Subscription
    from subhub.switching.moving import Move

NOTHING: Final = "nothing was created"


def make(move: Move, attempt: int, *, begin: bool = True) -> tuple[Made, Person]:
    """Return the new subscription, which is created unless it exists, and its customer.

    Args:
        move: The row.
        attempt: The number of the try.
        begin: Whether it may be created; otherwise the row ends if it was not.
    """
    row, target = move.row, move.sides.target
    key = make_key(row, attempt)
    read: list[Subscription] = []
    if begin and not target.record.begun(key):
        read.append(move.movable())
        move.begin()
    person = move.person()

    def subscribe(client: Client) -> Noted:
        if not target.record.begun(key):  # it will be sent: now, or once more
            if not begin:
                move.halt("undone", NOTHING)
            _remember(move, attempt, renewal(read.pop() if read else move.movable()))
        starts_on = _start(move, attempt)[0]
        new = client.subscribe(
            plan=row.plan,
            customer=person.id,
            starts_on=starts_on,
            payment_method=row.payment_method or None,
            provider_options={client.provider: dict(row.options)},
        )
        return Noted.of(new.id, new.starts_on or starts_on)

    def decide(token: str) -> bool:
        return _found(move, token, person, _start(move, attempt)[0])

    done = target.once_decided(key, subscribe, decide)
    new_id, starts_on = words_of(done.object_id, 2)[:2]
    day = dt.date.fromisoformat(str(starts_on))
    return Made(str(new_id), day, day), person


def _start(move: Move, attempt: int) -> tuple[dt.date | None, int]:
    """Return the day that was last asked for, and how many times it was another one."""
    day, number = move.row.starts_on, 0
    record = move.sides.target.record
    while (done := record.done(start_key(move.row, attempt, number + 1))) is not None:
        day, number = dt.date.fromisoformat(str(done.object_id)), number + 1
    return day, number


def _remember(move: Move, attempt: int, day: dt.date) -> None:
    """Keep the day that will be asked for: a provider may not show it before."""
    known, number = _start(move, attempt)
    if day != known:
        key = start_key(move.row, attempt, number + 1)
        _ = move.sides.target.once(key, lambda _: Noted(day.isoformat()))


def _found(move: Move, token: str, person: Person, starts_on: dt.date | None) -> bool:
    """Decide about a subscription that may have been created, where its date is not shown.

    The customer was created for this switch, so what they have is of this switch: what no other
    row has, and fits, is what was asked for.
    """
    target = move.sides.target
    if not person.ours:
        return False
    known = {text.split()[0] for text in target.record.objects()}
    fitting = [
        new.id
        for new in target.client.list_subscriptions(customer=person.id, strict=True)
        if new.id not in known
        and not unlike(new, move.row, target.client, customer=person.id, starts_on=starts_on)
    ]
    if len(fitting) != 1:
        return False
    target.client.mark_resolved(token, done=True, object_id=fitting[0])
    return True
