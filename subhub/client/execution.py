"""Performing: the sending and sleeping that a script asks for, once sync and once async."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from subhub.client.base import Session
from subhub.client.waiting import ASYNC_PAUSE, PAUSE
from subhub.errors import InvalidReply, TransportError
from subhub.plugin.pagination import Identified, Paginator
from subhub.sending.engine import stop_at
from subhub.sending.steps import Pause
from subhub.sending.transport import AsyncHttpSender, HttpSender, fake_transport, sleep

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.client.account import Account
    from subhub.client.bulk import AsyncBulk, Bulk
    from subhub.errors import SubhubError
    from subhub.messages import Request, Response
    from subhub.plugin.flows import Flow, Page
    from subhub.plugin.provider import Provider
    from subhub.recovery.reconcile import Resolution
    from subhub.sending.steps import Script
    from subhub.sending.transport import (
        AsyncHttpClient,
        AsyncTransport,
        SyncHttpClient,
        SyncTransport,
    )

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item
AnyProvider = TypeVar("AnyProvider", bound="Provider")


class Performer(Session):
    """Performs scripts, waiting for each answer."""

    def _begin(
        self,
        account: Account,
        transport: SyncTransport | None,
        http_client: SyncHttpClient | None,
    ) -> None:
        self._open(account)
        if account.fake is not None:  # whatever was passed in: a sandbox never opens a socket
            transport, http_client = fake_transport(account.fake), None
        self._channel = HttpSender(account.base_url, transport, http_client)

    def close(self) -> None:
        """Close the connections."""
        if not self._lent:
            self._channel.close()
            self._account.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def call(
        self,
        operation: Callable[Concatenate[AnyProvider, P], Flow[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Perform an operation that only one provider has: `call(Afternoon.ingest_event, ...)`.

        Raises `Unsupported` when this account is billed by another provider.
        """
        return self._run(*self._extension(operation, *args, **kwargs))

    def walk(
        self,
        operation: Callable[Concatenate[AnyProvider, str | None, P], Flow[Page[I]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Iterator[I]:
        """Read a list that only one provider has: `walk(Afternoon.list_invoices)`."""

        def read(cursor: str | None) -> Flow[Page[I]]:
            return self._extension(operation, cursor, *args, **kwargs)[1]

        return self._walk(operation.__name__, read)

    def resolve(self, token: str, *, grace_period: float = 60.0) -> Resolution:
        """Find out what became of a change whose answer was lost: `resolve(error.token)`.

        It looks at the provider and changes nothing. *done* comes with the object, *ambiguous* with
        the candidates. That it was *not done* takes two looks, the second of them at least
        *grace_period* seconds after the change was sent, because a provider may carry it out late.
        """
        return self._play(self._resolve(token, grace_period))

    def resolve_all(
        self, tokens: Iterable[str], *, grace_period: float = 60.0
    ) -> list[Resolution | SubhubError]:
        """Find out about many changes at a time; the answers are in the order of the *tokens*.

        It says what `resolve` says, and lists at the provider once what would be listed for each,
        and waits once. An object that several of the changes may have made is the candidate of each
        of them. An error of looking for one is in its place; one that all others would have as
        well, such as a wrong key, is raised.
        """
        return self._play(self._resolve_all(tokens, grace_period))

    def bulk(
        self,
        call: Callable[[Item], T],
        items: Iterable[Item],
        *,
        in_flight: int = 20,
        job: str | None = None,
        key: Callable[[Item], str] | None = None,
        grace_period: float = 60.0,
    ) -> Bulk[Item, T]:
        """Make *call* for each of *items*, *in_flight* at a time; the results come as they are had.

            with billing.bulk(sell, companies, job="move", key=lambda each: each.code) as results:
                for each in results:
                    print(each.item.code, each.error or each.result)

        *call* runs in threads, and does its work with this client. An error of one item is in its
        result; one that all others would have as well, such as a wrong key, ends the run and is
        raised. Leaving the block ends it too: what waits is given up, what was sent is waited for.
        In a sandbox, whose clock is everybody's, one call is made at a time.

        With the name of a *job*, and a client with a journal, a run that was ended or killed is
        taken up again by the same call: what is done is not done again, the changes whose answers
        were lost are found out about first (*grace_period* is in seconds, as for `resolve_all`),
        and one that cannot be found out about is an `OutcomeUnknown`. *key* makes of an item the
        text that names it in every run. A result counts as dealt with when the next is asked for.
        """
        from subhub.client.bulk import Bulk  # noqa: PLC0415 - it is rarely needed

        batch = self._batch(items, in_flight, job, key)
        workers = in_flight if self.sandbox is None else 1
        return Bulk(
            batch, call, lambda tokens: self.resolve_all(tokens, grace_period=grace_period), workers
        )

    def _run(self, operation: str, flow: Flow[T]) -> T:
        return self._play(self._script(operation, flow))

    def _play(self, script: Script[T]) -> T:
        try:
            step = next(script)
            while True:
                try:
                    outcome = self._perform(step)
                except (TransportError, InvalidReply) as error:
                    step = script.throw(error)
                except BaseException as stopped:
                    stop_at(script, stopped)
                    raise
                else:
                    step = script.send(outcome)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            script.close()

    def _perform(self, step: Request | Pause) -> Response | None:
        if isinstance(step, Pause):
            if not self._account.skip(step):
                (PAUSE.get() or time.sleep)(step.seconds)
            return None
        return self._channel.send(self._account.prepared(step), self._account.timeout)

    def _walk(
        self,
        operation: str,
        read: Callable[[str | None], Flow[Page[I]]],
        limit: int | None = None,
        keep: Callable[[I], bool] = lambda _: True,
    ) -> Iterator[I]:
        steps = Paginator(keep, limit)
        first = read(None)  # refuses what cannot be asked before anything is iterated

        def items() -> Iterator[I]:
            flow = first
            while steps.more:
                yield from steps.take(self._run(operation, flow))
                flow = read(steps.cursor) if steps.more else flow

        return items()


class AsyncPerformer(Session):
    """Performs scripts, awaiting each answer."""

    def _begin(
        self,
        account: Account,
        transport: AsyncTransport | None,
        http_client: AsyncHttpClient | None,
    ) -> None:
        self._open(account)
        if account.fake is not None:  # whatever was passed in: a sandbox never opens a socket
            transport, http_client = fake_transport(account.fake), None
        self._channel = AsyncHttpSender(account.base_url, transport, http_client)

    async def close(self) -> None:
        """Close the connections."""
        if not self._lent:
            await self._channel.close()
            self._account.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def call(
        self,
        operation: Callable[Concatenate[AnyProvider, P], Flow[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """See `Client.call`."""
        return await self._run(*self._extension(operation, *args, **kwargs))

    def walk(
        self,
        operation: Callable[Concatenate[AnyProvider, str | None, P], Flow[Page[I]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncIterator[I]:
        """See `Client.walk`."""

        def read(cursor: str | None) -> Flow[Page[I]]:
            return self._extension(operation, cursor, *args, **kwargs)[1]

        return self._walk(operation.__name__, read)

    async def resolve(self, token: str, *, grace_period: float = 60.0) -> Resolution:
        """See `Client.resolve`."""
        return await self._play(self._resolve(token, grace_period))

    async def resolve_all(
        self, tokens: Iterable[str], *, grace_period: float = 60.0
    ) -> list[Resolution | SubhubError]:
        """See `Client.resolve_all`."""
        return await self._play(self._resolve_all(tokens, grace_period))

    def bulk(
        self,
        call: Callable[[Item], Awaitable[T]],
        items: Iterable[Item],
        *,
        in_flight: int = 20,
        job: str | None = None,
        key: Callable[[Item], str] | None = None,
        grace_period: float = 60.0,
    ) -> AsyncBulk[Item, T]:
        """See `Client.bulk`; *call* runs in tasks, and the block is an `async with`."""
        from subhub.client.bulk import AsyncBulk  # noqa: PLC0415 - it is rarely needed

        batch = self._batch(items, in_flight, job, key)
        workers = in_flight if self.sandbox is None else 1
        return AsyncBulk(
            batch, call, lambda tokens: self.resolve_all(tokens, grace_period=grace_period), workers
        )

    async def _run(self, operation: str, flow: Flow[T]) -> T:
        return await self._play(self._script(operation, flow))

    async def _play(self, script: Script[T]) -> T:
        try:
            step = next(script)
            while True:
                try:
                    outcome = await self._perform(step)
                except (TransportError, InvalidReply) as error:
                    step = script.throw(error)
                except BaseException as stopped:
                    stop_at(script, stopped)
                    raise
                else:
                    step = script.send(outcome)
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            script.close()

    async def _perform(self, step: Request | Pause) -> Response | None:
        if isinstance(step, Pause):
            skipped = self._account.skip(step)
            # Where no time passes, the other tasks have their turn all the same.
            await (ASYNC_PAUSE.get() or sleep)(0 if skipped else step.seconds)
            return None
        return await self._channel.send(self._account.prepared(step), self._account.timeout)

    def _walk(
        self,
        operation: str,
        read: Callable[[str | None], Flow[Page[I]]],
        limit: int | None = None,
        keep: Callable[[I], bool] = lambda _: True,
    ) -> AsyncIterator[I]:
        steps = Paginator(keep, limit)
        first = read(None)  # refuses what cannot be asked before anything is iterated

        async def items() -> AsyncIterator[I]:
            flow = first
            while steps.more:
                for item in steps.take(await self._run(operation, flow)):
                    yield item
                flow = read(steps.cursor) if steps.more else flow

        return items()
