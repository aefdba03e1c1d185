"""Bulk: one call for each of many items, at the pace of the limit, and without repeats.

Nothing here knows what the call does. With a journal and the name of a job, a run that was stopped
or killed is taken up where it ended.
"""

from subhub.client.bulk.batch import BulkResult
from subhub.client.bulk.tasks import AsyncBulk
from subhub.client.bulk.threads import Bulk

__all__ = ["AsyncBulk", "Bulk", "BulkResult"]
