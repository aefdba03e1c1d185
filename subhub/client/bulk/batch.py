"""A batch: the items of one bulk run, and how each of them is processed.

A batch says which call comes next; the runs, in threads and in tasks, make it. It does no I/O of
its own except for the journal.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from subhub.client.resolving import ENDING, Found
from subhub.errors import InvalidRequest, SubhubError
from subhub.recovery.journal.items import JobItem, current_item
from subhub.recovery.journal.jobs import Job
from subhub.recovery.tracking import customer_of, id_of

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class BulkStopped(BaseException):
    """The run ends: what waits to be sent is given up, and has not been sent."""


@dataclass(frozen=True, slots=True)
class BulkResult(Generic[I, T]):
    """The outcome of one item: the `result` of its call, or the `error`.

    `earlier` means that an earlier run of the job did it. Then there is no result, only the
    `object_id` of the object that was created, if it has one.
    """

    item: I
    result: T | None = None
    error: SubhubError | None = None
    earlier: bool = False
    object_id: str | None = None

    @property
    def customer_id(self) -> str | None:
        """The customer of the result; after an error, the one that was created before it."""
        made = self.error.completed if self.error else (self.result,)
        return next((found for item in made if (found := customer_of(item))), None)


Processed: TypeAlias = tuple[BulkResult[I, Any], JobItem | None]
"""The result of an item, and the item of the job to finish once the application has the result."""
Processing: TypeAlias = Generator[I, Any, Processed[I]]
"""Yields the item to make the call for, and is sent the result of the call."""


class Batch(Generic[I]):
    """The items of one run; each goes to one worker.

    Args:
        items: The items, taken as the workers need them.
        key: Returns a unique, stable name for an item of a job.
        job: The job, if there is one.
    """

    def __init__(self, items: Iterable[I], key: Callable[[I], str] | None, job: Job | None) -> None:
        self._items: Iterator[I] = iter(items)
        self._lock = threading.Lock()
        self._key = key
        self._job = job
        self._keys: set[str] = set()
        self._unresolved: dict[str, SubhubError] = {}
        self._running = False

    def start(self) -> None:
        """Allow the results to be read, until `close`."""
        self._running = True

    def check_running(self, block: str) -> None:
        """Raise `RuntimeError` unless the results are read inside their *block*."""
        if not self._running:
            self.close()  # nothing else will, and the job could not be started again
            raise RuntimeError(
                "the results of `bulk` must be read inside its block: "
                f"`{block} client.bulk(...) as results:`"
            )

    def close(self) -> None:
        """Let other processes work on the job."""
        self._running = False
        if self._job is not None:
            self._job.release()

    def open_tokens(self) -> list[str]:
        """Return the tokens of what earlier runs left open, to be resolved before any item."""
        return [] if self._job is None else self._job.open_tokens()

    def note_resolved(self, tokens: Sequence[str], found: Sequence[Found]) -> None:
        """Note which of *tokens* could not be resolved: their items are skipped in this run."""
        for token, answer in zip(tokens, found, strict=True):
            if isinstance(answer, SubhubError):
                self._unresolved[token] = answer

    def items(self, stopped: Callable[[], bool]) -> Iterator[I]:
        """Iterate over the items that no other worker has, until *stopped*."""
        while not stopped():
            with self._lock:
                try:
                    item = next(self._items)
                except StopIteration:
                    return
            yield item

    def process(self, item: I) -> Processing[I]:
        """Process *item*; an error that all items would have is raised and ends the run."""
        if self._job is None or self._key is None:
            return (yield from _called(item)), None
        key = self._checked_key(self._key(item))
        done, object_id = self._job.done(key)
        if done:
            return BulkResult(item, earlier=True, object_id=object_id), None
        job_item = self._job.item(key)
        for step in job_item.previous.values():
            if step.state == "open" and step.token in self._unresolved:
                return BulkResult(item, error=self._unresolved[step.token]), None
        before = current_item.set(job_item)
        try:
            result = yield from _called(item)
        finally:
            current_item.reset(before)
        return result, None if result.error else job_item

    def acknowledge(self, processed: Processed[I]) -> None:
        """Mark an item as done, now that the application has dealt with its result.

        Earlier would be wrong: if the program died before it had stored the result, the next run
        would not return it again.
        """
        result, job_item = processed
        if job_item is not None and self._job is not None:
            self._job.finish(job_item, result.object_id)

    def _checked_key(self, key: object) -> str:
        if not isinstance(key, str) or not key:
            raise InvalidRequest.of("key", f"must return a non-empty str, got {key!r}")
        with self._lock:
            if key in self._keys:
                raise InvalidRequest.of("key", f"two items of the job have the key {key!r}")
            self._keys.add(key)
        return key


def _called(item: I) -> Generator[I, Any, BulkResult[I, Any]]:
    try:
        result = yield item
    except ENDING:
        raise
    except SubhubError as error:
        return BulkResult(item, error=error)
    return BulkResult(item, result, object_id=id_of(result))
