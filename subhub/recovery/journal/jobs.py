"""Jobs: which items are done, and which steps of the others earlier calls completed."""

from __future__ import annotations

import hashlib
import json
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

from subhub.errors import InProgress, InvalidRequest, JournalError
from subhub.models.identity import Identity
from subhub.recovery.journal.claims import SOONEST, Claims, Done
from subhub.recovery.journal.items import JobItem, PreviousStep
from subhub.recovery.journal.storage import Locked

if TYPE_CHECKING:
    from subhub.recovery.journal.journal import Journal
    from subhub.recovery.journal.storage import BufferedDatabase

logger: Final = logging.getLogger("subhub")

_Named: TypeAlias = tuple[str, str, Identity]
"""The id of a job, the name of its account when it was begun, and the account."""
_NAMED: Final = "SELECT job, account, identity FROM jobs WHERE name = ?"
_OWN: Final = """INSERT INTO jobs (job, name, account, identity) VALUES (?, ?, ?, ?)
    ON CONFLICT (job) DO UPDATE
    SET name = excluded.name, account = excluded.account, identity = excluded.identity"""
_BEGUN: Final = """SELECT 1 FROM job_items WHERE job = ? AND claim IS NULL
    UNION ALL SELECT 1 FROM intents WHERE job = ? LIMIT 1"""
_STEPS: Final = """SELECT session, step, operation, state, token, object FROM intents
    WHERE job = ? AND item = ? ORDER BY step"""
_BEGUN_ITEMS: Final = """SELECT item FROM job_items WHERE job = ? AND claim IS NULL
    UNION SELECT item FROM intents WHERE job = ? AND state != 'not_done'"""
_OPEN: Final = (
    "SELECT token, session FROM intents WHERE job = ? AND state = 'open' ORDER BY sent_at"
)
_ITEMS: Final = "SELECT session FROM job_items WHERE job = ?"
_UNFINISHED: Final = """SELECT count(DISTINCT item) FROM intents WHERE job = ? AND item NOT IN (
    SELECT item FROM job_items WHERE job = ?)"""
_DONE: Final = "SELECT count(*) FROM job_items WHERE job = ? AND claim IS NULL"
_FORGET: Final = "DELETE FROM job_items WHERE job = ? AND claim IS NULL"
_BEFORE: Final = " AND changed_at < ?"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How many items of a job are in which state.

    `done` are finished, `in_progress` are being worked on by a living process, `left` were begun
    and not finished; `open_changes` are changes with an unknown outcome.
    """

    done: int
    in_progress: int
    left: int
    open_changes: int


class Job:
    """The job *name* of one account, which any number of calls and processes may work on.

    Args:
        journal: Where the job is kept.
        identity: That of the account: a job of another account is another job.
        account: The account's name.
        name: The job's name, unique within the account.
        adopt: Whether a job of that name is this account's, where the journal cannot know: one of
            an earlier version of subhub, or of another key.
        record: Whether it is begun, if it was not.
        clock: Returns the present, in seconds since 1970.

    Raises `InvalidRequest`, unless *adopt*, for a job that may be another account's: the journal
    does not know.
    """

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        account: str,
        name: str,
        *,
        adopt: bool = False,
        record: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = journal.database
        self._sessions = journal.sessions
        self._name = name
        self._claims = Claims(self._database, self._sessions, clock)
        self.id = _Owners(self._database, identity, account, name).find(adopt=adopt, record=record)

    @property
    def started(self) -> bool:
        """Whether an earlier run completed or attempted any of its items."""
        return bool(self._database.read(_BEGUN, (self.id, self.id)))

    @property
    def known_to_others(self) -> bool:
        """Whether another account has a job of this name in the journal."""
        rows = self._database.read(_NAMED, (hashed(self._name),))
        return any(job != self.id for job, _, _ in rows)

    @property
    def begun(self) -> set[str]:
        """The names of the items that an earlier run began, and may have completed."""
        rows = self._database.read(_BEGUN_ITEMS, (self.id, self.id))
        return {item for (item,) in rows}

    @property
    def counts(self) -> JobCounts:
        """How far it is."""
        lives = cache(self._sessions.lives)  # asked once, of each process
        items = [session for (session,) in self._database.read(_ITEMS, (self.id,))]
        claimed = [session for session in items if session is not None]
        living = sum(map(lives, claimed))
        ((unclaimed,),) = self._database.read(_UNFINISHED, (self.id, self.id))
        return JobCounts(
            done=len(items) - len(claimed),
            in_progress=living,
            left=len(claimed) - living + unclaimed,
            open_changes=len(self.open_tokens()),
        )

    def name_of(self, key: str) -> str:
        """Return the name of the item *key* in the journal, which does not reveal it."""
        return hashed(f"{self.id}\0{key}")

    def open_tokens(self) -> list[str]:
        """Return the tokens of changes with an unknown outcome, oldest first.

        Those that a living process is sending are not among them.
        """
        lives = cache(self._sessions.lives)
        rows = self._database.read(_OPEN, (self.id,))
        return [token for token, session in rows if not lives(session)]

    def item(self, key: str) -> JobItem:
        """Return the item *key*, to be claimed."""
        return JobItem(self.id, self.name_of(key))

    def claim(self, item: JobItem) -> Done | None:
        """Claim *item*, and note its earlier steps on it; return what it created, if it is done.

        Raises `InProgress` while another call has it, or while a step of it is still being sent.
        """
        done = self._claims.take(item)
        if done is None:
            self._load_steps(item)
        return done

    def look_again(self, item: JobItem) -> Done | None:
        """Look whether *item* is done or taken over by now, after steps of it were resolved."""
        done = self._claims.look(item)
        if done is None:
            self._load_steps(item)
        return done

    def finish(self, item: JobItem, object_id: str | None) -> None:
        """Mark *item* as done, in a moment if the journal is locked."""
        self._database.write_soon(*self._claims.finished(item, object_id))

    def finish_now(self, item: JobItem, object_id: str | None) -> None:
        """Mark *item* as done. Raises `Locked` while the journal is."""
        _ = self._database.write(*self._claims.finished(item, object_id), durable=False)

    def release(self, item: JobItem) -> None:
        """Let other calls work on *item*, unless it is done; a failure is logged."""
        try:
            self._database.write_soon(self._claims.released(item))
        except JournalError as error:
            logger.warning(
                "an item of the job %r is in progress until this process ends: %s",
                self._name,
                error,
            )

    def forget(self, before: float | None) -> int:
        """Forget the items that were done *before*, in seconds since 1970; return how many."""
        which, values = ("", (self.id,)) if before is None else (_BEFORE, (self.id, before))
        ((count,),) = self._database.read(_DONE + which, values)
        _ = self._database.write((_FORGET + which, values), durable=True)
        return int(count)

    def _load_steps(self, item: JobItem) -> None:
        if not self._database.flush():  # a step that was just resolved would still look open
            raise Locked("the journal is locked by another program")
        item.previous.clear()
        for session, number, *step in self._database.read(_STEPS, (item.job, item.item)):
            item.previous[number] = PreviousStep(*step)
            if item.previous[number].state == "open" and self._sessions.lives(session):
                self.release(item)
                raise InProgress(
                    "a process that was taken for ended is still sending a change of this item. "
                    f"Try again in {SOONEST:.0f} s",
                    retry_after=SOONEST,
                )


class _Owners:
    """Whose job of a certain name is which."""

    def __init__(
        self, database: BufferedDatabase, identity: Identity, account: str, name: str
    ) -> None:
        self._database = database
        self._identity = identity
        self._account = account
        self._name = name

    def find(self, *, adopt: bool, record: bool) -> str:
        """Return the id of the job of this account; see `Job` for the arguments."""
        rows = self._database.read(_NAMED, (hashed(self._name),))
        named: list[_Named] = [
            (job, account, Identity.read(json.loads(facts))) for job, account, facts in rows
        ]
        own = [job for job, _, owner in named if self._identity.is_same(owner)]
        begun = [job for job in own if self._has_begun(job)]
        if begun or (own and not adopt):
            return (begun or own)[0]
        unknown = self._of_earlier_version({job for job, _, _ in named})
        if unknown is not None:
            if not adopt:
                raise self._refusal(
                    "was begun by an earlier version of subhub, which did not "
                    "record the key and the address of its account"
                )
            return self._record(unknown)
        others = [found for found in named if self._identity.differs_in_key_alone(found[2])]
        if adopt and others:
            return self._adopted(others)
        self._check_key_change(others)
        job = hashed(f"{self._identity.name}\0{self._name}")
        return self._record(job) if record else job

    def _of_earlier_version(self, known: Collection[str]) -> str | None:
        """Return the id of a job of version 1 of the journal, which only knew names."""
        job = hashed(f"{self._identity.provider}\0{self._account}\0{self._name}")
        return job if job not in known and self._has_begun(job) else None

    def _has_begun(self, job: str) -> bool:
        return bool(self._database.read(_BEGUN, (job, job)))

    def _adopted(self, others: Sequence[_Named]) -> str:
        if len(others) > 1:
            names = ", ".join(str(owner) for _, _, owner in others)
            raise self._refusal(f"was begun with several other keys ({names})")
        return self._record(others[0][0])

    def _check_key_change(self, others: Sequence[_Named]) -> None:
        """Look for a job that may be this one, with a key that was changed since.

        An account that was given a name is probably the same one. Where all accounts have the
        name of the provider, different keys are probably different accounts.
        """
        for _, account, owner in others:
            if account == self._account != self._identity.provider:
                raise self._refusal(f"was begun with another key ({owner}) of {account!r}")
            logger.warning(
                "the job %r was also begun with another key (%s): that is another account (%s) "
                "here, for which nothing is done yet. If the key was changed, use `adopt`",
                self._name,
                owner,
                self._identity,
            )

    def _record(self, job: str) -> str:
        facts = json.dumps(self._identity.facts())
        values = (job, hashed(self._name), self._account, facts)
        _ = self._database.write((_OWN, values), durable=True)
        return job

    def _refusal(self, problem: str) -> InvalidRequest:
        return InvalidRequest.of(
            "job",
            f"{self._name!r} {problem}. If it is the job of this account ({self._identity}), "
            "repeat the call with `adopt=True` (`--adopt`); if not, give the job another name",
        )


def hashed(text: str) -> str:
    """Return a name for *text* that does not reveal it; it may be an e-mail address."""
    return hashlib.blake2b(text.encode(), digest_size=16, person=b"subhub-journal").hexdigest()
