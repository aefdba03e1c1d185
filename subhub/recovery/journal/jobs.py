"""Bulk jobs: which items are done, and which steps of the others earlier runs completed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from subhub.errors import InvalidRequest
from subhub.models.identity import Identity
from subhub.recovery.journal.items import JobItem, PreviousStep

if TYPE_CHECKING:
    from subhub.recovery.journal.journal import Journal
    from subhub.recovery.journal.storage import BufferedDatabase

logger: Final = logging.getLogger("subhub")

_Named: TypeAlias = tuple[str, str, Identity]
"""The id of a job, the name of its account when it was begun, and the account."""
_PATIENCE: Final = 0.1
"""Seconds that beginning a job waits for a locked journal."""
_NAMED: Final = "SELECT job, account, identity FROM jobs WHERE name = ?"
_OWN: Final = """INSERT INTO jobs (job, name, account, identity) VALUES (?, ?, ?, ?)
    ON CONFLICT (job) DO UPDATE
    SET name = excluded.name, account = excluded.account, identity = excluded.identity"""
_FINISH: Final = """INSERT INTO items (job, item, object) VALUES (?, ?, ?)
    ON CONFLICT (job, item) DO UPDATE SET object = excluded.object"""
_BEGUN: Final = """SELECT 1 FROM items WHERE job = ?
    UNION ALL SELECT 1 FROM intents WHERE job = ? LIMIT 1"""
_STEPS: Final = """SELECT step, operation, state, token, object FROM intents
    WHERE job = ? AND item = ? ORDER BY step"""
_BEGUN_ITEMS: Final = """SELECT item FROM items WHERE job = ?
    UNION SELECT item FROM intents WHERE job = ? AND state != 'not_done'"""
_OPEN: Final = "SELECT token FROM intents WHERE job = ? AND state = 'open' ORDER BY sent_at"


class Job:
    """The bulk job *name* of one account. One process at a time works on it.

    Args:
        journal: Where the job is kept.
        identity: That of the account: a job of another account is another job.
        account: The account's name.
        name: The job's name, unique within the account.
        adopt: Whether a job of that name is this account's, where the journal cannot know: one of
            an earlier version of subhub, or of another key.

    Raises `InvalidRequest` while another process works on the job, and, unless *adopt*, for a job
    that may be another account's: the journal does not know.
    """

    def __init__(
        self,
        journal: Journal,
        identity: Identity,
        account: str,
        name: str,
        *,
        adopt: bool = False,
    ) -> None:
        self._journal = journal
        self._name = name
        self.id = _Owners(journal.database, identity, account, name).find(adopt=adopt)
        lock = journal.try_lock(self.id)
        if lock is None:
            raise InvalidRequest.of("job", f"another process is working on the job {name!r}")
        self._lock = lock

    @property
    def started(self) -> bool:
        """Whether an earlier run completed or attempted any of its items."""
        return bool(self._journal.database.read(_BEGUN, (self.id, self.id)))

    @property
    def known_to_others(self) -> bool:
        """Whether another account has a job of this name in the journal."""
        rows = self._journal.database.read(_NAMED, (hashed(self._name),))
        return any(job != self.id for job, _, _ in rows)

    @property
    def begun(self) -> set[str]:
        """The names of the items that an earlier run began, and may have completed."""
        rows = self._journal.database.read(_BEGUN_ITEMS, (self.id, self.id))
        return {item for (item,) in rows}

    def name_of(self, key: str) -> str:
        """Return the name of the item *key* in the journal, which does not reveal it."""
        return self._item(key)

    def open_tokens(self) -> list[str]:
        """Return the tokens of changes with an unknown outcome, oldest first."""
        return [token for (token,) in self._journal.database.read(_OPEN, (self.id,))]

    def done(self, key: str) -> tuple[bool, str | None]:
        """Return whether the item *key* is done, and the id of the object that it created."""
        statement = "SELECT object FROM items WHERE job = ? AND item = ?"
        rows = self._journal.database.read(statement, (self.id, self._item(key)))
        return bool(rows), rows[0][0] if rows else None

    def item(self, key: str) -> JobItem:
        """Return the item *key* with its steps of earlier runs."""
        item = self._item(key)
        rows = self._journal.database.read(_STEPS, (self.id, item))
        return JobItem(self.id, item, {number: PreviousStep(*step) for number, *step in rows})

    def finish(self, item: JobItem, object_id: str | None) -> None:
        """Mark *item* as done; its steps are no longer needed."""
        place = (item.job, item.item)
        self._journal.database.write_soon(
            (_FINISH, (*place, object_id)),
            ("DELETE FROM intents WHERE job = ? AND item = ?", place),
        )

    def release(self) -> None:
        """Let other processes work on the job."""
        self._lock.remove()

    def _item(self, key: str) -> str:
        return hashed(f"{self.id}\0{key}")


class _Owners:
    """Whose job of a certain name is which."""

    def __init__(
        self, database: BufferedDatabase, identity: Identity, account: str, name: str
    ) -> None:
        self._database = database
        self._identity = identity
        self._account = account
        self._name = name

    def find(self, *, adopt: bool) -> str:
        """Return the id of the job of this account; see `Job` for *adopt*."""
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
        return self._record(hashed(f"{self._identity.name}\0{self._name}"))

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
        _ = self._database.write((_OWN, values), durable=True, patience=_PATIENCE)
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
