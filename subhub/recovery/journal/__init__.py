"""The journal: a durable record of each change, written before the change is sent.

A process that is killed between a request and its answer leaves an open intent behind, so no change
is lost silently. It is a SQLite database in WAL mode, which any number of processes of one machine
may share, or a database that several machines share. It holds ids, salted fingerprints and times,
but no key and no personal data.
"""

from subhub.recovery.journal.jobs import Job
from subhub.recovery.journal.journal import Journal, OpenIntent

__all__ = ["Job", "Journal", "OpenIntent"]
