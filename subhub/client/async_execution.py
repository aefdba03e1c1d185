"""Execution: the sending and sleeping that steps ask for, awaiting each answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from subhub.client.base import BaseClient
from subhub.client.keys import Mode
from subhub.client.opening import open_account
from subhub.client.paginator import AsyncPaginator
from subhub.client.validation import function
from subhub.plugin.pagination import Identified
from subhub.plugin.registry import provider_class
from subhub.sending.engine import async_drive
from subhub.sending.steps import ASYNC_PAUSE, Pause, StoreCall
from subhub.sending.transport import MAX_RESPONSE_BYTES, fake_transport
from subhub.sending.transport.async_http import AsyncHttpSender

if TYPE_CHECKING:
    import datetime as dt
    import os
    from types import TracebackType

    from subhub.client.account import Account
    from subhub.client.bulk import AsyncBulk
    from subhub.client.once import Calling, Once
    from subhub.client.statuses import Statuses
    from subhub.errors import SubhubError
    from subhub.plugin.flows import Flow, Page
    from subhub.plugin.provider import Provider
    from subhub.plugin.rate_limits import RateLimit
    from subhub.recovery.judgement import Resolution
    from subhub.sandbox import Fake
    from subhub.sending.access_keys import ApiKey
    from subhub.sending.attempts import Hook
    from subhub.sending.steps import Step, Steps
    from subhub.sending.transport.async_http import AsyncHttpClient, AsyncTransport

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item
AnyProvider = TypeVar("AnyProvider", bound="Provider")


class AsyncExecutor(BaseClient):
    """An account that is open, and its steps carried out, awaiting each answer."""

    def __init__(
        self,
        provider: str | type[Provider],
        *,
        api_key: ApiKey | None = None,
        base_url: str | None = None,
        settings: Mapping[str, object] | None = None,
        mode: Mode | None = None,
        lineage: str | None = None,
        timeout: float = 30.0,
        timezone: str | None = None,
        sandbox: bool | str | Fake = False,
        dry_run: bool = False,
        production: bool = False,
        sells: bool = True,
        clock: Callable[[], dt.datetime] | None = None,
        deadline: float | None = 120.0,
        attempts: int = 4,
        max_wait: float | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        statuses: Statuses | None = None,
        webhook_secrets: Sequence[str] = (),
        rate_limit: RateLimit | str | None = None,
        share: float = 1.0,
        permits: str | os.PathLike[str] | None = None,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> None:
        """See `Client.__init__`."""
        account = open_account(
            provider_class(provider),
            api_key=api_key,
            base_url=base_url,
            settings=settings,
            mode=mode,
            lineage=lineage,
            timeout=timeout,
            timezone=timezone,
            sandbox=sandbox,
            dry_run=dry_run,
            production=production,
            sells=sells,
            clock=clock,
            deadline=deadline,
            attempts=attempts,
            max_wait=max_wait,
            max_response_bytes=max_response_bytes,
            statuses=statuses,
            webhook_secrets=webhook_secrets,
            rate_limit=rate_limit,
            share=share,
            permits=permits,
            journal=journal,
            hooks=hooks,
        )
        self._connect(account, transport, http_client)

    @classmethod
    def from_config(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        account: str | None = None,
        api_key: ApiKey | None = None,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
        check_plans: bool = True,
        transport: AsyncTransport | None = None,
        http_client: AsyncHttpClient | None = None,
    ) -> Self:
        """See `Client.from_config`."""
        from subhub.client.configuration import Configuration  # noqa: PLC0415 - TOML, and models of it

        self = cls.__new__(cls)
        configuration = Configuration.read(path, account)
        opened = configuration.open(
            api_key=api_key, dry_run=dry_run, journal=journal, hooks=hooks, check_plans=check_plans
        )
        self._connect(opened, transport, http_client)
        return self

    def _connect(
        self,
        account: Account,
        transport: AsyncTransport | None,
        http_client: AsyncHttpClient | None,
    ) -> None:
        self._open(account)
        if account.fake is not None:  # a sandbox never opens a socket, even if one was passed in
            transport, http_client = fake_transport(account.fake), None
        self._sender = AsyncHttpSender(
            account.base_url, transport, http_client, account.max_response_bytes
        )

    async def close(self) -> None:
        """Close the connections."""
        if not self._lent:
            await self._sender.close()
            if self._account.remote:
                await in_thread(self._account.close)
            else:
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
        return await self._run(self._extension(operation, *args, **kwargs))

    def walk(
        self,
        operation: Callable[Concatenate[AnyProvider, str | None, P], Flow[Page[I]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> AsyncPaginator[I]:
        """See `Client.walk`."""
        return self._walk(lambda cursor: self._extension(operation, cursor, *args, **kwargs))

    async def resolve(self, token: str, *, grace_period: float | None = None) -> Resolution:
        """See `Client.resolve`."""
        return await self._run(self._resolve(token, grace_period))

    async def resolve_all(
        self, tokens: Iterable[str], *, grace_period: float | None = None
    ) -> list[Resolution | SubhubError]:
        """See `Client.resolve_all`."""
        return await self._run(self._resolve_all(tokens, grace_period))

    def bulk(
        self,
        call: Callable[[Item], Awaitable[T]],
        items: Iterable[Item],
        *,
        in_flight: int = 20,
        job: str | None = None,
        key: Callable[[Item], str] | None = None,
        grace_period: float | None = None,
        adopt: bool = False,
    ) -> AsyncBulk[Item, T]:
        """See `Client.bulk`; *call* runs in tasks, and the block is an `async with`."""
        from subhub.client.bulk import AsyncBulk  # noqa: PLC0415 - it is rarely needed

        batch = self._batch(items, in_flight, job, key, grace_period, adopt=adopt)
        workers = in_flight if self.sandbox is None else 1
        return AsyncBulk(batch, self._performing(function("call", call)), workers)

    async def once(
        self,
        job: str,
        key: str,
        call: Callable[[Self], Awaitable[T]],
        *,
        grace_period: float | None = None,
        adopt: bool = False,
    ) -> Once[T]:
        """See `Client.once`; *call* returns an awaitable."""
        calling = self._performing(function("call", call))
        return await async_drive(self._once(job, key, grace_period, adopt=adopt), calling)

    async def forget(self, job: str, *, before: dt.datetime | None = None) -> int:
        """See `Client.forget`."""
        return await self._run(self._forget(job, before))

    async def _run(self, steps: Steps[T]) -> T:
        return await async_drive(steps, self._perform)

    def _performing(
        self, call: Callable[[Any], Awaitable[T]]
    ) -> Callable[[Step | Calling], Awaitable[object]]:
        from subhub.client.once import Calling  # noqa: PLC0415 - most programs never need it

        return lambda step: (
            call(step.argument) if isinstance(step, Calling) else self._perform(step)
        )

    async def _perform(self, step: Step) -> object:
        if isinstance(step, Pause):
            from anyio import sleep  # noqa: PLC0415 - httpx brings it; sync programs never need it

            skipped = self._account.skip(step)
            # Where no time passes, the other tasks have their turn all the same.
            stoppable = None if step.ended else ASYNC_PAUSE.get()
            await (stoppable or sleep)(0 if skipped else step.seconds)
            return None
        if isinstance(step, StoreCall):
            return await in_thread(step.call)
        return await self._sender.send(step, self._account.timeout)

    def _walk(
        self,
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None = None,
        keep: Callable[[I], bool] = lambda _: True,
    ) -> AsyncPaginator[I]:
        return AsyncPaginator(self._run, read, limit, keep)


async def in_thread(call: Callable[[], T]) -> T:
    """Call what waits for a disk or another machine, while other tasks run.

    A task that is cancelled meanwhile still waits: what was written has to be known.
    """
    from anyio import to_thread  # noqa: PLC0415 - only stores need it

    return await to_thread.run_sync(call)
