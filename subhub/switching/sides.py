"""The two accounts of a switch, and what their journals know of it.

The provider is the truth about a subscription, and the journal about what this switch has done. So
there is no other state, and each step can be asked for again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from subhub.client.base import account_of
from subhub.client.job_record import JobRecord
from subhub.errors import InvalidRequest, OutcomeUnknown

if TYPE_CHECKING:
    from subhub import Client, Once
    from subhub.switching.rows import SwitchRow

T = TypeVar("T")


class _Kept(Exception):
    """Ends a call of `once` that is there to exclude others, and is never done."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two accounts.

    Args:
        client: The account.
        job: The name of the switch, which is the same at both.
        record: What the journal knows of it.
        grace_period: See `Client.once`.
        adopt: See `Client.once`.
    """

    client: Client
    job: str
    record: JobRecord
    grace_period: float | None
    adopt: bool

    @property
    def name(self) -> str:
        """The name of the account."""
        return account_of(self.client).name

    @property
    def today(self) -> dt.date:
        """The present day in the account's time zone."""
        return account_of(self.client).now().date()

    def once(self, key: str, call: Callable[[Client], T]) -> Once[T]:
        """Make a call that is never made again once it is done; see `Client.once`."""
        return self.client.once(
            self.job, key, call, grace_period=self.grace_period, adopt=self.adopt
        )

    def once_decided(
        self, key: str, call: Callable[[Client], T], decide: Callable[[str], bool]
    ) -> Once[T]:
        """Do the same; where looking has not decided an earlier try, ask *decide*.

        Args:
            key: The item.
            call: The call.
            decide: Is given the token, closes it if it can, and returns whether it did.
        """
        earlier = self.record.begun(key)
        try:
            return self.once(key, call)
        except OutcomeUnknown as error:
            # one that was lost just now is looked for by the next run: it may still be on its way
            if not earlier or error.token is None or not decide(error.token):
                raise
        return self.once(key, call)

    def alone(self, key: str, call: Callable[[], T]) -> T:
        """Make a call while no other thread, process or machine makes one for this *key*.

        Raises `InProgress` while another does.
        """
        found: list[T] = []

        def keep(_: Client) -> None:
            found.append(call())
            raise _Kept

        with suppress(_Kept):
            _ = self.once(key, keep)
        return found[0]

    def resolve_open(self) -> None:
        """Resolve together the changes that earlier runs left open."""
        tokens = [
            intent.token
            for intent in self.client.open_intents()
            if intent.job == self.record.id and not intent.in_flight
        ]
        if tokens:
            _ = self.client.resolve_all(tokens, grace_period=self.grace_period)


@dataclass(frozen=True, slots=True)
class Sides:
    """Both accounts of a switch."""

    source: Side
    target: Side

    @classmethod
    def of(
        cls,
        source: Client,
        target: Client,
        *,
        grace_period: float | None = None,
        adopt: bool = False,
    ) -> Sides:
        """Open the records of a switch from *source* to *target*; both need a journal."""
        names = (account_of(source).name, account_of(target).name)
        check_apart(source, target)
        job = f"switch from {names[0]} to {names[1]}"
        found = [
            Side(client, job, JobRecord(client, job, adopt=adopt), grace_period, adopt)
            for client in (source, target)
        ]
        return cls(*found)

    def check(self, row: SwitchRow) -> None:
        """Refuse a row of another switch."""
        asked, own = (row.source, row.target), (self.source.name, self.target.name)
        if asked != own:
            message = f"the rows are from {asked[0]!r} to {asked[1]!r}, and the clients {own}"
            raise InvalidRequest(message)

    def attempt(self, row: SwitchRow) -> int:
        """Return the number of the present try: earlier ones were taken back."""
        number = 1
        while self.target.record.done(undo_key(row, number)):
            number += 1
        return number

    def made(self, row: SwitchRow) -> tuple[str | None, dt.date | None]:
        """Return the id of the subscription at the target and its first day, as far as known."""
        record = self.target.record
        done = record.done(paid_key(row)) or record.done(make_key(row, self.attempt(row)))
        new_id, starts_on = words_of(done.object_id if done else None, 2)[:2]
        return new_id, None if starts_on is None else dt.date.fromisoformat(starts_on)


def check_apart(source: Client, target: Client) -> None:
    """Refuse two clients of one account."""
    first, second = account_of(source), account_of(target)
    if first.name == second.name or first.identity.is_same(second.identity):
        message = f"both are the account {first.name!r}: name two accounts"
        raise InvalidRequest(message)


def make_key(row: SwitchRow, attempt: int) -> str:
    """Return the item of subscribing at the target."""
    return f"make {row.subscription} {attempt}"


def start_key(row: SwitchRow, attempt: int, number: int) -> str:
    """Return the item that keeps a start which is not that of the plan; the last one counts."""
    return f"start {row.subscription} {attempt} {number}"


def undo_key(row: SwitchRow, attempt: int) -> str:
    """Return the item of taking back what `make_key` created."""
    return f"undo {row.subscription} {attempt}"


def link_key(row: SwitchRow, number: int) -> str:
    """Return the item of creating a signup link; each one that expires has a successor."""
    return f"link {row.subscription} {number}"


def paid_key(row: SwitchRow) -> str:
    """Return the item of a link that was paid."""
    return f"paid {row.subscription}"


def end_key(row: SwitchRow) -> str:
    """Return the item of ending the old subscription."""
    return f"end {row.subscription}"


def customer_key(row: SwitchRow) -> str:
    """Return the item of creating the customer at the target."""
    return f"customer {row.customer}"


@dataclass(frozen=True, slots=True)
class Made:
    """A new subscription at the target.

    Args:
        id: Its id.
        due_on: The day on which the old one is renewed, unless it has ended by then.
        starts_on: The first day that it bills, if that is known.
    """

    id: str
    due_on: dt.date
    starts_on: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A customer at the target; *ours* if this switch created them."""

    id: str
    ours: bool


@dataclass(frozen=True, slots=True)
class Noted:
    """Text that an item of the journal keeps: `once` stores the `id` of what a call returns."""

    id: str

    @classmethod
    def of(cls, *words: Any) -> Noted:
        """Keep *words*, which have no blanks; `None` is kept as a dash."""
        return cls(" ".join("-" if part is None else str(part) for part in words))


def words_of(text: str | None, count: int) -> list[str | None]:
    """Return the words that `Noted.of` was given, at least *count*."""
    found = [None if part == "-" else part for part in (text or "").split()]
    return found + [None] * (count - len(found))
