"""A bulk run in threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from subhub.client.bulk.batch import Batch, BulkResult, BulkStopped, Processed
from subhub.sending.engine import drive
from subhub.sending.steps import PAUSE

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class Bulk(Generic[I, T]):
    """The results of a bulk run, in the order in which they come. Iterate in a `with` block.

    Leaving the block, also in the middle, stops the run: calls that wait are given up, and calls
    that were sent are waited for. Reading results outside the block raises `RuntimeError`.

    Args:
        batch: The items.
        perform: Does what a step asks for: the call for an item, sending, waiting.
        in_flight: How many calls are made at a time.
    """

    def __init__(self, batch: Batch[I], perform: Callable[[Any], Any], in_flight: int) -> None:
        self._batch = batch
        self._perform = perform
        self._stop = threading.Event()
        # Bounded, so that workers are never far ahead of the application.
        self._results: queue.Queue[Processed[I] | None] = queue.Queue(in_flight)
        self._resolved = threading.Event()
        begin: list[Callable[[], object]] = [
            self._resolve_open,
            *[self._resolved.wait] * (in_flight - 1),
        ]
        self._workers = [threading.Thread(target=self._work, args=(first,)) for first in begin]
        self._working = 0
        self._failure: BaseException | None = None
        self._last: Processed[I] | None = None

    def __enter__(self) -> Self:
        drive(self._batch.start(), self._perform)
        self._working = len(self._workers)
        for worker in self._workers:
            worker.start()
        return self

    def __iter__(self) -> Self:
        self._batch.check_running("with")
        return self

    def __next__(self) -> BulkResult[I, T]:
        self._batch.check_running("with")
        if self._last is not None:
            self._batch.acknowledge(self._last)
            self._last = None
        while self._working:
            processed = self._results.get()
            if processed is not None:
                self._last = processed
                return processed[0]
            self._working -= 1
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    def stop(self) -> None:
        """Start no more calls; the results of calls that were sent still come."""
        self._stop.set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        try:
            # A worker with a result waits for room in the queue, so it must be emptied.
            while self._working:
                self._working -= self._results.get() is None
            if error is None and self._last is not None:
                self._batch.acknowledge(self._last)
        finally:
            self._batch.close()

    def _work(self, begin: Callable[[], object]) -> None:
        _ = PAUSE.set(self._pause)
        try:
            _ = begin()
            for work in self._batch.work(self._stop.is_set):
                processed = drive(self._batch.process(work), self._perform)
                if processed is not None:
                    self._results.put(processed)
        except BulkStopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are read
            self._failure = self._failure or error
            self._stop.set()
        finally:
            self._resolved.set()  # also after a failure, or the other workers would wait for ever
            self._results.put(None)

    def _resolve_open(self) -> None:
        """Resolve what earlier runs left open; until then the other workers wait."""
        drive(self._batch.resolve_open(), self._perform)
        self._resolved.set()

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise BulkStopped
