"""Execution: the sending and sleeping that steps ask for, waiting for each answer."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Self, TypeVar

from subhub.client.base import BaseClient
from subhub.client.keys import Mode
from subhub.client.opening import open_account
from subhub.client.paginator import Paginator
from subhub.client.validation import function
from subhub.plugin.pagination import Identified
from subhub.plugin.registry import provider_class
from subhub.sending.engine import drive
from subhub.sending.steps import PAUSE, Pause, StoreCall
from subhub.sending.transport import MAX_RESPONSE_BYTES, HttpSender, fake_transport

if TYPE_CHECKING:
    import datetime as dt
    import os
    from types import TracebackType

    from subhub.client.account import Account
    from subhub.client.bulk import Bulk
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
    from subhub.sending.transport import SyncHttpClient, SyncTransport

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
I = TypeVar("I", bound=Identified)  # noqa: E741 - an item
AnyProvider = TypeVar("AnyProvider", bound="Provider")


class Executor(BaseClient):
    """An account that is open, and its steps carried out, waiting for each answer."""

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
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> None:
        """Open an account.

        Args:
            provider: The name of an installed plugin, or a provider class.
            api_key: The provider's key, a function that is asked for it before each request, or
                `OAuth`; it is never shown.
            base_url: An address in place of the provider's own.
            settings: Those of the provider, where it has some: `{"site": "acme"}`.
            mode: `"live"` or `"test"`; refused when the key says otherwise.
            lineage: A name that all keys of this account share, stored in plain text: tokens,
                journal and jobs stay the account's when its key is changed.
            timeout: In seconds, for each step of connecting, sending and receiving.
            timezone: Decides what "today" is.
            sandbox: `True` answers from a fresh fake of the provider, without key and network. It
                may be a fake of your own, or the address that `subhub sandbox serve` prints.
            dry_run: Sends reads, and raises the first request that would change something as
                `WouldSend`.
            production: Refuses a sandbox, test mode and an address without encryption.
            sells: `False` refuses new business: to create plans, customers and signup links, and to
                subscribe. It is `Unsupported` then, and changes and cancellations go on.
            clock: Returns the present, with a time zone, in place of the machine's clock.
            deadline: How many seconds an operation may take with its waiting; `None` for any.
            attempts: How often a request is sent at most.
            max_wait: How many seconds a request may wait for a rate limit before it is
                `RateLimited`; `None` for any time.
            max_response_bytes: How large the body of an answer may be, as it comes and unpacked.
            statuses: What the provider's own words for a status mean, where its documents do not
                say it: `{"active": "in_force", "past_due": ["late", "unpaid"]}`.
            webhook_secrets: Those with which the provider proves its calls; one is enough for a
                call, so that they can be replaced one after the other.
            rate_limit: A limit in place of the provider's documented one; text such as
                `"60 per 60"` is read.
            share: The part of the limit that this machine may use, where several use one key; if
                `permits` are on another machine, while those are away.
            permits: A folder in which the processes of this machine share one limit, or the URL of
                a Redis or PostgreSQL for several machines. Without it, this process has its own.
            journal: The path of the journal's file, or the URL of a PostgreSQL, which several
                machines may share. Nothing is connected before the first call.
            hooks: Each is called with an `Attempt` after every attempt at a request. A hook that
                fails is logged.
            transport: An httpx transport of your own.
            http_client: An httpx client of your own; it is not closed.
        """
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
        transport: SyncTransport | None = None,
        http_client: SyncHttpClient | None = None,
    ) -> Self:
        """Open a client of an account in `subhub.toml`.

        Raises `ConfigError` with file, key and remedy; `MissingNeed` when any account of the file
        lacks what the file says that the application needs. A plan of the file that is linked to no
        plan of the account, that the provider cannot express, or whose terms changed since it was
        linked is a `ConfigError`, too.

        Args:
            path: The file; otherwise that of `SUBHUB_CONFIG`, or the nearest `subhub.toml` from the
                working folder upwards.
            account: Its name; otherwise that of `SUBHUB_ACCOUNT`, or the file's own choice.
            api_key: As for `Client`, in place of the file's.
            dry_run: As for `Client`; the file may ask for it as well.
            journal: The path or URL of a journal, for an account that names none.
            hooks: As for `Client`.
            check_plans: Whether a configured plan that could not be sold at the account is an
                error now, and not only when it is first named.
            transport: As for `Client`.
            http_client: As for `Client`.
        """
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
        transport: SyncTransport | None,
        http_client: SyncHttpClient | None,
    ) -> None:
        self._open(account)
        if account.fake is not None:  # a sandbox never opens a socket, even if one was passed in
            transport, http_client = fake_transport(account.fake), None
        self._sender = HttpSender(
            account.base_url, transport, http_client, account.max_response_bytes
        )

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

        One of every provider is called as the plugin wrote it: its arguments are not checked, and
        neither a plan's key nor a customer who exists is looked up. Another's raise `Unsupported`.

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
    ) -> Paginator[I]:
        """Read a list that only one provider has: `walk(Mollie.list_subscription_payments, ...)`.

        Args:
            operation: The provider's method; its first argument is the page's cursor.
            args: Its other positional arguments.
            kwargs: Its keyword arguments.
        """
        return self._walk(lambda cursor: self._extension(operation, cursor, *args, **kwargs))

    def resolve(self, token: str, *, grace_period: float | None = None) -> Resolution:
        """Find out whether a change was carried out whose answer was lost: `resolve(error.token)`.

        It looks at the provider and changes nothing. *done* comes with the object, *ambiguous* with
        the candidates. That it was *not done* takes two looks, because a provider may carry it out
        late: the second one comes at least *grace_period* seconds after the change was sent. By
        default that is 60 seconds, and with a journal on another machine longer than a request can
        take: a process that was cut off from it may still be sending.
        """
        return self._run(self._resolve(token, grace_period))

    def resolve_all(
        self, tokens: Iterable[str], *, grace_period: float | None = None
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
        grace_period: float | None = None,
        adopt: bool = False,
    ) -> Bulk[Item, T]:
        """Call a function for each of *items*; the results come as the calls end.

            with billing.bulk(sell, companies, job="move", key=lambda company: company.code) as run:
                for result in run:
                    print(result.item.code, result.error or result.result)

        An error of one item is in its result; one that all others would have as well, such as a
        wrong key, ends the run and is raised. Leaving the block ends it too: what waits is given
        up, what was sent is waited for. In a sandbox, whose clock all calls share, one call runs
        at a time.

        With the name of a *job*, and a client with a journal, the same call resumes a run that was
        ended or killed: what is done is not done again, and the changes whose answers were lost are
        found out about first. One that cannot be found out about is an `OutcomeUnknown`. A result
        counts as dealt with when you ask for the next one. Several processes may work on a job at a
        time: each item is as for `once`, and one that another process does not end within the
        deadline is `InProgress`.

        Args:
            call: Does the work of one item with this client; it runs in threads.
            items: What there is to do.
            in_flight: How many calls run at a time.
            job: The name under which the journal remembers the run.
            key: Returns a stable, unique name for an item; a job needs it.
            grace_period: In seconds, as for `once`.
            adopt: Whether a job of this name that was begun with another key of this account, or by
                a version of subhub that did not record the key, is this one.
        """
        from subhub.client.bulk import Bulk  # noqa: PLC0415 - it is rarely needed

        batch = self._batch(items, in_flight, job, key, grace_period, adopt=adopt)
        workers = in_flight if self.sandbox is None else 1
        return Bulk(batch, self._performing(function("call", call)), workers)

    def once(
        self,
        job: str,
        key: str,
        call: Callable[[Self], T],
        *,
        grace_period: float | None = None,
        adopt: bool = False,
    ) -> Once[T]:
        """Call a function for one item of a job, unless an earlier call with this key did it.

            billing.once("sign-ups", order.id, lambda billing: billing.subscribe(...))

        It is for the tasks of a queue, which may run twice, also at the same time on several
        machines with one journal. What an earlier call left open is resolved first, as `resolve`
        does it, and the call continues with the change that the earlier one was at. So the function
        must make the same changes in the same order each time, and what it does elsewhere than at
        the provider may be done twice.

        Raises `InProgress` with `retry_after` while another call is working on the item,
        `OutcomeUnknown` for a change that cannot be resolved, `ConfigError` without a journal, and
        what the function raises; then the item can be tried again.

        Args:
            job: The name under which the journal remembers what is done.
            key: The item's name, unique in the job and the same each time.
            call: Does the work with the client that it is given.
            grace_period: How many seconds the provider may take to carry out a lost request; with a
                journal on another machine, longer than a request can take. By default, at least 60.
            adopt: As for `bulk`.
        """
        calling = self._performing(function("call", call))
        return drive(self._once(job, key, grace_period, adopt=adopt), calling)

    def forget(self, job: str, *, before: dt.datetime | None = None) -> int:
        """Forget the items of a job that are done, and return how many there were.

        The same keys would be worked on again. What is in progress, or was begun and not finished,
        is kept. Raises `ConfigError` without a journal.

        Args:
            job: The job's name.
            before: Only those that were done before this moment, which has a time zone. Items that
                earlier versions of subhub finished have no time, and are kept.
        """
        return self._run(self._forget(job, before))

    def _run(self, steps: Steps[T]) -> T:
        return drive(steps, self._perform)

    def _performing(self, call: Callable[[Any], T]) -> Callable[[Step | Calling], object]:
        """Return what does a step, and makes the application's *call* where one is due."""
        from subhub.client.once import Calling  # noqa: PLC0415 - most programs never need it

        return lambda step: (
            call(step.argument) if isinstance(step, Calling) else self._perform(step)
        )

    def _perform(self, step: Step) -> object:
        if isinstance(step, Pause):
            if not self._account.skip(step):
                stoppable = None if step.ended else PAUSE.get()
                (stoppable or time.sleep)(step.seconds)
            return None
        if isinstance(step, StoreCall):
            return step.call()
        return self._sender.send(step, self._account.timeout)

    def _walk(
        self,
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None = None,
        keep: Callable[[I], bool] = lambda _: True,
    ) -> Paginator[I]:
        return Paginator(self._run, read, limit, keep)
