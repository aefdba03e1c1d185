"""What the journal knows of the items of a job. Nothing is claimed, sent or written."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

from subhub.client.base import account_of
from subhub.client.once import needed_journal
from subhub.recovery.journal import Job
from subhub.recovery.journal.claims import Done

if TYPE_CHECKING:
    from subhub.client.base import BaseClient

_DONE: Final = "SELECT object FROM job_items WHERE job = ? AND item = ? AND claim IS NULL"
_STATES: Final = "SELECT state FROM intents WHERE job = ? AND item = ?"
_SENT: Final = "SELECT sent_at FROM intents WHERE job = ? AND item = ?"
_OBJECTS: Final = """SELECT object FROM job_items WHERE job = ? AND claim IS NULL
    UNION SELECT object FROM intents WHERE job = ? AND state = 'done'"""


class JobRecord:
    """The items of the job *name* of a client's account.

    Args:
        client: A client with a journal; without one it is a `ConfigError`.
        name: The job's name, as it is given to `once`.
        adopt: As for `once`.
    """

    def __init__(self, client: BaseClient, name: str, *, adopt: bool = False) -> None:
        account = account_of(client)
        journal = needed_journal(account, "subhub.switching")
        self._database = journal.database
        self._job = Job(journal, account.identity, account.name, name, adopt=adopt, record=adopt)

    @property
    def id(self) -> str:
        """The job's id, as `OpenIntent.job` has it."""
        return self._job.id

    def done(self, key: str) -> Done | None:
        """Return what the item *key* created, if it is done."""
        rows = self._database.read(_DONE, (self._job.id, self._job.name_of(key)))
        return Done(rows[0][0]) if rows else None

    def begun(self, key: str) -> bool:
        """Return whether a change of the item *key* was sent, or may have been."""
        rows = self._database.read(_STATES, (self._job.id, self._job.name_of(key)))
        return any(state != "not_done" for (state,) in rows) or self.done(key) is not None

    def sent(self, key: str) -> list[dt.datetime]:
        """Return when the changes of the item *key* were sent, whatever their outcome is."""
        rows = self._database.read(_SENT, (self._job.id, self._job.name_of(key)))
        return [dt.datetime.fromisoformat(at) for (at,) in rows]

    def objects(self) -> set[str]:
        """Return what all items and changes of the job created or changed."""
        rows = self._database.read(_OBJECTS, (self._job.id, self._job.id))
        return {found for (found,) in rows if found is not None}
