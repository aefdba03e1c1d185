"""A batch: the items of one bulk run, and what is to be done for each of them.

This performs no I/O of its own beside the journal's: it says which call comes next, and the two
kinds of runs make it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from subhub.client.resolving import ENDING, Found
from subhub.errors import InvalidRequest, SubhubError
from subhub.recovery.journal.jobs import Job
from subhub.recovery.journal.work import JobItem, current_item
from subhub.recovery.tracking import id_of

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class BulkStopped(BaseException):
    """The run ends: what waits to be sent is given up, and has not been sent."""


@dataclass(frozen=True, slots=True)
class BulkResult(Generic[I, T]):
    """What became of one item: its `result`, or the `error` of its call.

    `earlier` says that it was done in an earlier run of the job; then there is no result, but the
    `object_id` of what was made, where it has one.
    """

    item: I
    result: T | None = None
    error: SubhubError | None = None
    earlier: bool = False
    object_id: str | None = None


Handled: TypeAlias = tuple[BulkResult[I, Any], JobItem | None]
"""What became of an item, and what is to be noted when the application has dealt with it."""
Handling: TypeAlias = Generator[I, Any, Handled[I]]
"""Yields the item to make the call for, and is sent its result."""


class Batch(Generic[I]):
    """The *items*, each of which is given out once; *key* tells them apart in a *job*."""

    def __init__(self, items: Iterable[I], key: Callable[[I], str] | None, job: Job | None) -> None:
        self._items: Iterator[I] = iter(items)
        self._lock = threading.Lock()
        self._key = key
        self._job = job
        self._keys: set[str] = set()
        self._unseen: dict[str, SubhubError] = {}

    def open(self) -> list[str]:
        """The tokens of what earlier runs left open, to be found out about before any item."""
        return [] if self._job is None else self._job.open()

    def looked(self, tokens: Sequence[str], found: Sequence[Found]) -> None:
        """*found* is what became of *tokens*; what could not be looked for is left alone."""
        for token, each in zip(tokens, found, strict=True):
            if isinstance(each, SubhubError):
                self._unseen[token] = each

    def items(self, stopped: Callable[[], bool]) -> Iterator[I]:
        """The items that nobody else has taken, until *stopped*; an iterator for each worker."""
        while not stopped():
            with self._lock:
                try:
                    item = next(self._items)
                except StopIteration:
                    return
            yield item

    def handle(self, item: I) -> Handling[I]:
        """What is to be done for *item*; an error that would end the run is raised."""
        if self._job is None or self._key is None:
            return (yield from _made(item)), None
        key = self._new(self._key(item))
        done, object_id = self._job.done(key)
        if done:
            return BulkResult(item, earlier=True, object_id=object_id), None
        work = self._job.work(key)
        for past in work.past.values():
            if past.state == "open" and past.token in self._unseen:
                return BulkResult(item, error=self._unseen[past.token]), None
        before = current_item.set(work)
        try:
            result = yield from _made(item)
        finally:
            current_item.reset(before)
        return result, None if result.error else work

    def taken(self, handled: Handled[I]) -> None:
        """The application has dealt with *handled*: its item is done."""
        result, work = handled
        if work is not None and self._job is not None:
            self._job.finish(work, result.object_id)

    def close(self) -> None:
        """Let others work on the job."""
        if self._job is not None:
            self._job.release()

    def _new(self, key: object) -> str:
        if not isinstance(key, str) or not key:
            raise InvalidRequest.of("key", f"it makes of an item a text that names it, not {key!r}")
        with self._lock:
            if key in self._keys:
                raise InvalidRequest.of("key", f"two items of the job have the key {key!r}")
            self._keys.add(key)
        return key


def _made(item: I) -> Generator[I, Any, BulkResult[I, Any]]:
    try:
        result = yield item
    except ENDING:
        raise
    except SubhubError as error:
        return BulkResult(item, error=error)
    return BulkResult(item, result, object_id=id_of(result))
