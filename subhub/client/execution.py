"""Execution: the sending and sleeping that steps ask for, waiting for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from subhub.client.base import BaseClient
from subhub.plugin.pagination import Identified, Paginator
from subhub.sending.engine import drive
from subhub.sending.steps import PAUSE, Pause
from subhub.sending.transport import HttpSender, fake_transport

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.client.account import Account
    from subhub.client.bulk import Bulk
    from subhub.errors import SubhubError
    from subhub.messages import PreparedRequest, Response
    from subhub.plugin.flows import Flow, Page
    from subhub.plugin.provider import Provider
    from subhub.recovery.reconcile import Resolution
    from subhub.sending.steps import Steps
    from subhub.sending.transport import SyncHttpClient, SyncTransport

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item
AnyProvider = TypeVar("AnyProvider", bound="Provider")


class Executor(BaseClient):
    """Carries out steps, waiting for each answer."""

    def _connect(
        self,
        account: Account,
        transport: SyncTransport | None,
        http_client: SyncHttpClient | None,
    ) -> None:
        self._open(account)
        if account.fake is not None:  # whatever was passed in: a sandbox never opens a socket
            transport, http_client = fake_transport(account.fake), None
        self._sender = HttpSender(account.base_url, transport, http_client)

    def close(self) -> None:
        """Close the connections."""
        if not self._lent:
            self._sender.close()
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
        """Call an operation that only one provider has: `call(Afternoon.ingest_event, ...)`.

        Raises `Unsupported` when this account is billed by another provider.

        Args:
            operation: The provider's method.
            args: Its positional arguments.
            kwargs: Its keyword arguments.
        """
        return self._run(self._extension(operation, *args, **kwargs))

    def walk(
        self,
        operation: Callable[Concatenate[AnyProvider, str | None, P], Flow[Page[I]]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Iterator[I]:
        """Read a list that only one provider has: `walk(Afternoon.list_invoices)`.

        Args:
            operation: The provider's method; its first argument is the page's cursor.
            args: Its other positional arguments.
            kwargs: Its keyword arguments.
        """
        return self._walk(lambda cursor: self._extension(operation, cursor, *args, **kwargs))

    def resolve(self, token: str, *, grace_period: float = 60.0) -> Resolution:
        """Find out what became of a change whose answer was lost: `resolve(error.token)`.

        It looks at the provider and changes nothing. *done* comes with the object, *ambiguous* with
        the candidates. That it was *not done* takes two looks, because a provider may carry it out
        late: the second one comes at least *grace_period* seconds after the change was sent.
        """
        return self._run(self._resolve(token, grace_period))

    def resolve_all(
        self, tokens: Iterable[str], *, grace_period: float = 60.0
    ) -> list[Resolution | SubhubError]:
        """Find out about many changes at once; the answers are in the order of the *tokens*.

        It says what `resolve` says, but reads a list at the provider once for all of them, and
        waits once. An object that several of the changes may have created is a candidate of each of
        them. An error of looking for one stands in its place; one that all others would have as
        well, such as a wrong key, is raised.
        """
        return self._run(self._resolve_all(tokens, grace_period))

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
        """Make a call for each of *items*; the results come as the calls end.

            with billing.bulk(sell, companies, job="move", key=lambda company: company.code) as run:
                for result in run:
                    print(result.item.code, result.error or result.result)

        An error of one item is in its result; one that all others would have as well, such as a
        wrong key, ends the run and is raised. Leaving the block ends it too: what waits is given
        up, what was sent is waited for. In a sandbox, whose clock all calls share, one call is made
        at a time.

        With the name of a *job*, and a client with a journal, the same call resumes a run that was
        ended or killed: what is done is not done again, and the changes whose answers were lost are
        found out about first. One that cannot be found out about is an `OutcomeUnknown`. A result
        counts as dealt with when you ask for the next one.

        Args:
            call: Does the work of one item with this client; it runs in threads.
            items: What there is to do.
            in_flight: How many calls are made at a time.
            job: The name under which the journal remembers the run.
            key: Returns a stable, unique name for an item; a job needs it.
            grace_period: In seconds, as for `resolve_all`.
        """
        from subhub.client.bulk import Bulk  # noqa: PLC0415 - it is rarely needed

        batch = self._batch(items, in_flight, job, key)
        workers = in_flight if self.sandbox is None else 1
        return Bulk(
            batch, call, lambda tokens: self.resolve_all(tokens, grace_period=grace_period), workers
        )

    def _run(self, steps: Steps[T]) -> T:
        return drive(steps, self._perform)

    def _perform(self, step: PreparedRequest | Pause) -> Response | None:
        if isinstance(step, Pause):
            if not self._account.skip(step):
                (PAUSE.get() or time.sleep)(step.seconds)
            return None
        return self._sender.send(step, self._account.timeout)

    def _walk(
        self,
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None = None,
        keep: Callable[[I], bool] = lambda _: True,
    ) -> Iterator[I]:
        pages = Paginator(keep, limit)
        first = read(None)  # refuses what cannot be asked before anything is iterated

        def items() -> Iterator[I]:
            steps = first
            while pages.more:
                yield from pages.take(self._run(steps))
                steps = read(pages.cursor) if pages.more else steps

        return items()
