"""A bulk run in tasks, under whichever event loop is running."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from subhub.client.bulk.batch import Batch, BulkResult, BulkStopped, Processed
from subhub.sending.engine import async_drive
from subhub.sending.steps import ASYNC_PAUSE

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.abc import TaskGroup
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class AsyncBulk(Generic[I, T]):
    """The results of a bulk run, in the order in which they come. Iterate in an `async with` block.

    Leaving the block, also in the middle, stops the run: calls that wait are given up, and calls
    that were sent are waited for. Reading results outside the block raises `RuntimeError`.

    Args:
        batch: The items.
        perform: Does what a step asks for: the call for an item, sending, waiting.
        in_flight: How many calls are made at a time.
    """

    _group: TaskGroup
    _receive: MemoryObjectReceiveStream[Processed[I]]

    def __init__(
        self,
        batch: Batch[I],
        perform: Callable[[Any], Awaitable[Any]],
        in_flight: int,
    ) -> None:
        import anyio  # noqa: PLC0415 - httpx brings it; sync programs never need it

        self._anyio = anyio
        self._batch = batch
        self._perform = perform
        self._in_flight = in_flight
        self._stop = anyio.Event()
        self._resolved = anyio.Event()
        self._failure: Exception | None = None
        self._last: Processed[I] | None = None

    async def __aenter__(self) -> Self:
        await async_drive(self._batch.start(), self._perform)
        self._group = await self._anyio.create_task_group().__aenter__()
        # Bounded, so that workers are never far ahead of the application.
        send, self._receive = self._anyio.create_memory_object_stream[Processed[I]](self._in_flight)
        with send:
            for begin in (self._resolve_open, *[self._resolved.wait] * (self._in_flight - 1)):
                _ = self._group.start_soon(self._work, send.clone(), begin)
        return self

    def __aiter__(self) -> Self:
        self._batch.check_running("async with")
        return self

    async def __anext__(self) -> BulkResult[I, T]:
        self._batch.check_running("async with")
        if self._last is not None:
            self._batch.acknowledge(self._last)
            self._last = None
        try:
            self._last = await self._receive.receive()
        except self._anyio.EndOfStream:
            if self._failure is not None:
                raise self._failure from None
            raise StopAsyncIteration from None
        return self._last[0]

    def stop(self) -> None:
        """Start no more calls; the results of calls that were sent still come."""
        self._stop.set()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._receive.close()  # a worker that waits for room for its result continues, and ends
        try:
            if error is None and self._last is not None:
                self._batch.acknowledge(self._last)
            # Without the error, with which the group would cancel calls that were sent.
            _ = await self._group.__aexit__(None, None, None)
        finally:
            self._batch.close()

    async def _work(
        self,
        results: MemoryObjectSendStream[Processed[I]],
        begin: Callable[[], Awaitable[object]],
    ) -> None:
        _ = ASYNC_PAUSE.set(self._pause)
        with results:
            try:
                _ = await begin()
                for work in self._batch.work(self._stop.is_set):
                    processed = await async_drive(self._batch.process(work), self._perform)
                    if processed is not None:
                        await results.send(processed)
            except (BulkStopped, self._anyio.BrokenResourceError):
                return
            except Exception as error:  # noqa: BLE001 - it is raised where the results are read
                self._failure = self._failure or error
                self._stop.set()
            finally:
                self._resolved.set()  # also after a failure: the other workers wait for it

    async def _resolve_open(self) -> None:
        """Resolve what earlier runs left open; until then the other workers wait."""
        await async_drive(self._batch.resolve_open(), self._perform)
        self._resolved.set()

    async def _pause(self, seconds: float) -> None:
        with self._anyio.move_on_after(seconds):
            await self._stop.wait()
            raise BulkStopped
