"""Bulk runs: one call for each of many items, within the rate limit and without repetitions.

Nothing here knows what the call does. With a journal and a job name, a run that was stopped or
killed can be resumed.
"""

from subhub.client.bulk.batch import BulkResult
from subhub.client.bulk.tasks import AsyncBulk
from subhub.client.bulk.threads import Bulk

__all__ = ["AsyncBulk", "Bulk", "BulkResult"]
