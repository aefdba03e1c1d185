"""Moving by links: the customer signs up on a page of the target, within a window before a renewal.

The target bills from the payment on, so the window bounds the days for which both bill. A link that
expires has a successor until the window closes; meanwhile, the old subscription bills.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from subhub.switching.outcomes import Halt, Outcome
from subhub.switching.rules import links_existing, renewal
from subhub.switching.sides import Made, Noted, link_key, paid_key, words_of

if TYPE_CHECKING:
    from subhub import Client, CustomerDraft, SignupLink
    from subhub.switching.moving import Move


@dataclass(frozen=True, slots=True)
class Link:
    """What it takes to follow a link later; the journal keeps it, without personal data.

    Args:
        id: The provider's id of the link.
        due_on: The renewal before which it was created.
        created_at: When it was created, by the provider's clock.
        expires_at: When it stops working.
        customer: The customer, if they exist.
        known: The subscriptions that the customer had before.
    """

    id: str
    due_on: dt.date
    created_at: str | None
    expires_at: str | None
    customer: str | None
    known: tuple[str, ...] | None

    def noted(self) -> Noted:
        """Return it as text."""
        known = None if self.known is None else "=" + ",".join(self.known)
        return Noted.of(
            self.id, self.due_on, self.created_at, self.expires_at, self.customer, known
        )

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Return what `noted` has written."""
        link_id, due_on, created_at, expires_at, customer, known = words_of(text, 6)
        others = None if known is None else tuple(filter(None, known[1:].split(",")))
        due = dt.date.fromisoformat(str(due_on))
        return cls(str(link_id), due, created_at, expires_at, customer, others)


def paid(move: Move) -> Made:
    """Return the subscription that the customer has signed up for; `Halt` while there is none."""
    links = _links(move)
    if links:
        done = move.sides.target.record.done(paid_key(move.row))
        new_id = _followed(move, links[-1]) if done is None else done.object_id
        if new_id is not None:
            return Made(new_id, links[-1].due_on)
    raise _offered(move, len(links) + 1)


def _links(move: Move) -> list[Link]:
    """Return the links of earlier runs, oldest first."""
    record, found = move.sides.target.record, list[Link]()
    while (done := record.done(link_key(move.row, len(found) + 1))) is not None:
        found.append(Link.read(done.object_id))
    return found


def _followed(move: Move, link: Link) -> str | None:
    """Return the id of the subscription that came of *link*; `None` if nothing came, nor can."""
    row, target = move.row, move.sides.target
    signup = target.client.follow(
        link.id,
        plan=row.plan,
        customer=link.customer,
        email=None if link.customer else row.more.get("email"),
        created_at=link.created_at,
        expires_at=link.expires_at,
        known=link.known,
    )
    if signup.state == "open":
        move.halt("open", signup.reason)
    if signup.state == "ambiguous":
        move.halt("unknown", signup.reason)
    new = signup.subscription
    return None if new is None else target.once(paid_key(row), lambda _: new).object_id


def _offered(move: Move, number: int) -> Halt:
    """Create the next link, and return the outcome that has it."""
    target, key = move.sides.target, link_key(move.row, number)
    old = move.movable()
    due_on = renewal(old)
    if move.link_is_out:
        move.halt("waiting", "another link of this customer is out: one at a time")
    opens_on = due_on - dt.timedelta(move.row.overlap_days)
    if opens_on > move.sides.source.today:
        move.halt("waiting", f"its window opens on {opens_on}, before its renewal on {due_on}")
    if number == 1:
        move.begin()
    customer, known = _customer(move)
    created: list[SignupLink] = []

    def create(client: Client) -> Noted:
        link = client.create_signup_link(plan=move.row.plan, customer=customer)
        if link.expires_at is not None and link.expires_at.date() >= due_on:
            move.halt("waiting", f"a link of today could be paid after the renewal on {due_on}")
        created.append(link)
        move.write(_outcome(move, link))  # first: the address cannot be read again
        created_at, expires_at = _text(link.created_at), _text(link.expires_at)
        return Link(link.id, due_on, created_at, expires_at, link.customer_id, known).noted()

    def decide(token: str) -> bool:
        target.client.mark_resolved(token, done=False)  # a link that no one has is not paid
        return True

    _ = target.once_decided(key, create, decide)
    return Halt(_outcome(move, created[-1]))


def _customer(move: Move) -> tuple[str | CustomerDraft, tuple[str, ...] | None]:
    """Return whom the link is for, and the subscriptions that they have."""
    client = move.sides.target.client
    if not links_existing(client):
        return move.draft("create_signup_link"), None
    person = move.person()
    found = client.list_subscriptions(customer=person.id, strict=True)
    return person.id, tuple(subscription.id for subscription in found)


def _text(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _outcome(move: Move, link: SignupLink) -> Outcome:
    reason = "send it to the customer"
    return move.outcome("link", reason, url=link.url, expires_at=link.expires_at)
