"""Tracking: a change, from what it is meant to do to how it ended.

The engine says how a change goes. With a journal, it is written down before it is sent and closed
by its answer; an error that leaves its outcome open carries a token to find it out with. Nothing
here sends anything.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeVar

from subhub.errors import InvalidRequest, OutcomeUnknown, SubhubError
from subhub.models import Customer, DeletedCustomer, Record
from subhub.plugin.flows import Flow
from subhub.plugin.idempotency import DRAWN
from subhub.plugin.references import reference_of
from subhub.recovery.intents import REFERENCE, Intent, fingerprints, new_salt
from subhub.recovery.reconcile import reread

if TYPE_CHECKING:
    from subhub.models.identity import Identity
    from subhub.plugin.provider import Provider
    from subhub.recovery.journal import Journal
    from subhub.recovery.journal.items import PreviousStep
    from subhub.recovery.journal.journal import JournalEntry

T = TypeVar("T")

logger: Final = logging.getLogger("subhub")


@dataclass(frozen=True, slots=True)
class Tracker:
    """Whose changes are tracked, where they are written down, and the clock that dates them.

    `ahead` returns by how many seconds, at least and at most, the provider's clock is ahead of it.
    """

    provider: Provider
    account: str
    identity: Identity
    clock: Callable[[], dt.datetime]
    ahead: Callable[[], tuple[float, float] | None]
    journal: Journal | None = None

    def intents(self, tokens: Iterable[str]) -> list[Intent]:
        """Return the intents of *tokens*; one of another account is an `InvalidRequest`."""
        intents = [self._checked(Intent.read(token)) for token in tokens]
        if any(intent.identity is None for intent in intents):
            logger.warning(
                "a change of an earlier version of subhub did not say which key, address and mode "
                "it was for: it is taken for one of the account %r at %s (%s)",
                self.account,
                self.identity.address or "a sandbox",
                self.identity,
            )
        return intents

    def _checked(self, intent: Intent) -> Intent:
        if intent.is_of(self.identity, self.account):
            return intent
        if intent.identity is None:
            problem = f"it is of the account {intent.account!r} at {intent.provider}"
            raise InvalidRequest.of("token", f"{problem}, and this is {self.account!r}")
        raise InvalidRequest.of("token", f"it is of {self._difference(intent.identity)}")

    def _difference(self, other: Identity) -> str:
        """Return in which parts *other* is another account, and what to do."""
        found = " and ".join(self.identity.differences(other))
        return (
            f"{found}, and so of another account than this one ({self.identity}). Use the client "
            "of that account; if its key was changed, see `lineage`"
        )


@dataclass(slots=True)
class TrackedChange:
    """One change of an account; the engine says how it goes.

    Args:
        tracker: That of the account.
        operation: What is done.
        journaled: Whether the tracker has a journal.
        sent_at: The earliest moment at which a request of it can be sent.
        fields: What it is recognised by at the provider.
        target: The id of what is changed.
        owner: The customer of a new subscription.
        key: The one of *fields* that belongs to one object only.
        at_once: Whether a cancellation is to show at once.
    """

    tracker: Tracker
    operation: str
    journaled: bool
    sent_at: dt.datetime
    fields: Record | Mapping[str, object] | None = None
    target: str | None = None
    owner: str | None = None
    key: str | None = None
    at_once: bool = False
    open: bool = field(default=False, init=False)
    repeated: bool = field(default=False, init=False)
    referenced: bool = field(default=True, init=False)
    _salt: str | None = field(default=None, init=False)
    _keys: int = field(default=0, init=False)
    _entry: JournalEntry | None = field(default=None, init=False)

    def resumed(self, flow: Flow[T]) -> Flow[T]:
        """Run *flow*, unless an earlier run of the same bulk job has done this change already."""
        assert self.tracker.journal is not None  # noqa: S101 - asked of a journaled change only
        self._entry = self.tracker.journal.entry(self._intent, self.operation)
        previous = self._entry.previous
        if previous is not None and previous.state != "not_done":
            if previous.state == "open" and self._repeats(Intent.read(previous.token)):
                return (yield from flow)
            flow.close()
            flow = self._again(previous)
        result: T = yield from flow
        return result

    def reference(self) -> str | None:
        """Return the reference of a subscription, where the provider keeps one."""
        kept = self.tracker.provider.subscription_reference is not None
        if not (self.referenced and kept and self.operation == "subscribe"):
            return None
        self._salt = self._salt or new_salt()
        return reference_of(self._salt)

    def next_key(self) -> str:
        """Return the key of its next request; it follows from the intent, which is in the journal.

        A flow asks for the same requests in the same order each time, so a number is enough.
        """
        self._salt = self._salt or new_salt()
        self._keys += 1
        return f"{DRAWN}{self._salt}-{self._keys}"

    def _repeats(self, earlier: Intent) -> bool:
        """Return whether this is *earlier*, and is carried out once although it is sent again.

        If so, it continues that one: with its keys, and as a change that may have had an effect.
        """
        terms = self.tracker.provider.idempotency
        if terms is None:
            return False
        age = self.tracker.clock() - dt.datetime.fromisoformat(earlier.sent_at)
        self._salt = earlier.salt
        same = self._intent().is_as(earlier)
        if not same or not 0 <= age.total_seconds() < terms.repeatable_for:
            self._salt = None
            return False
        assert self._entry is not None  # noqa: S101 - `resumed` opens it
        self._entry.intent = replace(earlier, lost_at=None)  # it is sent once more from now on
        self.open = self.repeated = True
        return True

    def sending(self) -> str | None:
        """Write the change down, durably; return why not, while the journal is locked."""
        assert self._entry is not None  # noqa: S101 - `resumed` opens it before the first request
        self.sent_at = self.tracker.clock()  # the wait for the rate limit is over
        return self._entry.sending()

    def not_done(self) -> None:
        """Take it back: nothing of it was carried out."""
        if self._entry is not None:
            self._entry.unsent()

    def done(self, result: object) -> None:
        """Close it, with the id of what it created or changed."""
        assert self._entry is not None  # noqa: S101 - `resumed` opens it before the first request
        self._entry.close(done=True, object_id=id_of(result))

    def lost(self, error: SubhubError) -> None:
        """Put a token on *error*, and keep the journal's entry open, but no longer in flight."""
        if error.token is None:
            intent = self._intent() if self._entry is None else self._entry.intent
            error.token = replace(intent, lost_at=self.tracker.clock().isoformat()).token()
        if self._entry is not None:
            self._entry.lost(error.token)

    def noted(self) -> bool:
        """Return whether its end is in the journal, which may be locked."""
        return self._entry is None or self._entry.noted()

    def _intent(self) -> Intent:
        self._salt = self._salt or new_salt()
        reference = self.reference()
        fields = vars(self.fields) if isinstance(self.fields, Record) else self.fields or {}
        marks, loose = fingerprints(self._salt, {**fields, REFERENCE: reference})
        return Intent(
            provider=self.tracker.provider.name,
            account=self.tracker.account,
            identity=self.tracker.identity,
            operation=self.operation,
            sent_at=self.sent_at.isoformat(),
            target=self.target,
            owner=self.owner,
            key=self.key if reference is None else REFERENCE,
            at_once=self.at_once,
            ahead=self.tracker.ahead(),
            salt=self._salt,
            marks=marks,
            loose=loose,
        )

    def _again(self, past: PreviousStep) -> Flow[T]:
        """Return what an earlier run of the job did, instead of doing it again."""
        if past.state == "open":
            error = OutcomeUnknown(
                f"`{past.operation}` may have been carried out by an earlier run of the job, and "
                "looking at the provider has not decided it: look there yourself"
            )
            error.token = past.token
            raise error
        found: T = yield from reread(past, self.tracker.provider)
        return found


def id_of(result: object) -> str | None:
    """Return the id of what a change returned, where it has one; of a move, the new object's."""
    found = getattr(getattr(result, "new", None) or result, "id", None)
    return found if isinstance(found, str) else None


def customer_of(result: object) -> str | None:
    """Return the id of the customer whom the result of a change is about, if it says so."""
    if isinstance(result, Customer | DeletedCustomer):
        return result.id
    found = getattr(getattr(result, "new", None) or result, "customer_id", None)
    return found if isinstance(found, str) else None
