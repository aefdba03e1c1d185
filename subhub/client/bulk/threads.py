"""A bulk run in threads."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from subhub.client.bulk.batch import Batch, BulkResult, BulkStopped, Handled
from subhub.client.resolving import Found
from subhub.sending.engine import drive
from subhub.sending.steps import PAUSE

if TYPE_CHECKING:
    from types import TracebackType

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class Bulk(Generic[I, T]):
    """The results of a bulk run, as they come: use it in a `with` block, and iterate.

    Leaving the block stops the run: what waits is given up, and what was sent gets its answer.
    """

    def __init__(
        self,
        batch: Batch[I],
        call: Callable[[I], T],
        resolve: Callable[[Sequence[str]], Sequence[Found]],
        in_flight: int,
    ) -> None:
        self._batch = batch
        self._call = call
        self._resolve = resolve
        self._stop = threading.Event()
        self._results: queue.Queue[Handled[I] | None] = queue.Queue(in_flight)
        self._begun = threading.Event()
        begin: list[Callable[[], object]] = [self._settle, *[self._begun.wait] * (in_flight - 1)]
        self._workers = [threading.Thread(target=self._work, args=(each,)) for each in begin]
        self._working = 0
        self._failure: BaseException | None = None
        self._given: Handled[I] | None = None

    def __enter__(self) -> Self:
        self._working = len(self._workers)
        for worker in self._workers:
            worker.start()
        return self

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> BulkResult[I, T]:
        if self._given is not None:
            self._batch.taken(self._given)
            self._given = None
        while self._working:
            handled = self._results.get()
            if handled is not None:
                self._given = handled
                return handled[0]
            self._working -= 1
        if self._failure is not None:
            raise self._failure
        raise StopIteration

    def stop(self) -> None:
        """Begin nothing more; the results of what was sent already still come."""
        self._stop.set()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        try:
            while self._working:  # one that has a result must find room for it
                self._working -= self._results.get() is None
            if error is None and self._given is not None:
                self._batch.taken(self._given)
        finally:
            self._batch.close()

    def _work(self, begin: Callable[[], object]) -> None:
        _ = PAUSE.set(self._pause)
        try:
            _ = begin()
            for item in self._batch.items(self._stop.is_set):
                self._results.put(drive(self._batch.handle(item), self._call))
        except BulkStopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised where the results are read
            self._failure = self._failure or error
            self._stop.set()
        finally:
            self._begun.set()
            self._results.put(None)

    def _settle(self) -> None:
        """Find out about what earlier runs left open; until then the other workers wait."""
        tokens = self._batch.open()
        if tokens:
            self._batch.looked(tokens, self._resolve(tokens))
        self._begun.set()

    def _pause(self, seconds: float) -> None:
        if self._stop.wait(seconds):
            raise BulkStopped
