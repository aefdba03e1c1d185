"""The journal: what is about to be changed, written down before it is sent.

A process that is killed between a request and its answer leaves an open intent behind, and so
nothing is lost silently. The file is a SQLite database in WAL mode, which any number of processes
of one machine may share. It holds ids, fingerprints and times: no key, and nobody's data.
"""

from subhub.recovery.journal.jobs import Job
from subhub.recovery.journal.journal import Journal, OpenIntent

__all__ = ["Job", "Journal", "OpenIntent"]
