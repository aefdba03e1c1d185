"""A bulk run in tasks, under whichever event loop is running."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from subhub.client.bulk.batch import Batch, BulkResult, BulkStopped, Handled
from subhub.client.resolving import Found
from subhub.sending.engine import async_drive
from subhub.sending.steps import ASYNC_PAUSE

if TYPE_CHECKING:
    from types import TracebackType

    from anyio.streams.memory import MemoryObjectSendStream

T = TypeVar("T")
I = TypeVar("I")  # noqa: E741 - an item


class AsyncBulk(Generic[I, T]):
    """The results of a bulk run, as they come: use it in an `async with` block, and iterate.

    Leaving the block stops the run: what waits is given up, and what was sent gets its answer.
    """

    def __init__(
        self,
        batch: Batch[I],
        call: Callable[[I], Awaitable[T]],
        resolve: Callable[[Sequence[str]], Awaitable[Sequence[Found]]],
        in_flight: int,
    ) -> None:
        import anyio  # noqa: PLC0415 - httpx brings it; sync programs never need it

        self._anyio = anyio
        self._batch = batch
        self._call = call
        self._resolve = resolve
        self._in_flight = in_flight
        self._stop = anyio.Event()
        self._begun = anyio.Event()
        self._group = anyio.create_task_group()
        self._send, self._receive = anyio.create_memory_object_stream[Handled[I]](in_flight)
        self._failure: Exception | None = None
        self._given: Handled[I] | None = None

    async def __aenter__(self) -> Self:
        _ = await self._group.__aenter__()
        with self._send:
            for begin in (self._settle, *[self._begun.wait] * (self._in_flight - 1)):
                _ = self._group.start_soon(self._work, self._send.clone(), begin)
        return self

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> BulkResult[I, T]:
        if self._given is not None:
            self._batch.taken(self._given)
            self._given = None
        try:
            self._given = await self._receive.receive()
        except self._anyio.EndOfStream:
            if self._failure is not None:
                raise self._failure from None
            raise StopAsyncIteration from None
        return self._given[0]

    def stop(self) -> None:
        """Begin nothing more; the results of what was sent already still come."""
        self._stop.set()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._receive.close()
        try:
            if error is None and self._given is not None:
                self._batch.taken(self._given)
            _ = await self._group.__aexit__(None, None, None)
        finally:
            self._batch.close()

    async def _work(
        self,
        results: MemoryObjectSendStream[Handled[I]],
        begin: Callable[[], Awaitable[object]],
    ) -> None:
        _ = ASYNC_PAUSE.set(self._pause)
        with results:
            try:
                _ = await begin()
                for item in self._batch.items(self._stop.is_set):
                    await results.send(await async_drive(self._batch.handle(item), self._call))
            except (BulkStopped, self._anyio.BrokenResourceError):
                return
            except Exception as error:  # noqa: BLE001 - it is raised where the results are read
                self._failure = self._failure or error
                self._stop.set()
            finally:
                self._begun.set()

    async def _settle(self) -> None:
        """Find out about what earlier runs left open; until then the other workers wait."""
        tokens = self._batch.open()
        if tokens:
            self._batch.looked(tokens, await self._resolve(tokens))
        self._begun.set()

    async def _pause(self, seconds: float) -> None:
        with self._anyio.move_on_after(seconds):
            await self._stop.wait()
            raise BulkStopped
