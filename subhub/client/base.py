"""The base of the two clients: everything but sending and sleeping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from types import EllipsisType, MappingProxyType
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Self, TypeVar

from subhub.client.operations import Operations
from subhub.client.resolving import Resolver
from subhub.client.validation import (
    check_seconds,
    key_text,
    listed,
    method_name,
    moment,
    whole_number,
)
from subhub.errors import InvalidRequest, SubhubError, Unsupported
from subhub.plugin.flows import Flow
from subhub.plugin.operations import WEBHOOKS
from subhub.plugin.provider import Provider
from subhub.plugin.provider_options import bound_arguments
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    import datetime as dt

    from subhub.client.account import Account
    from subhub.client.bulk.batch import Batch
    from subhub.client.once import CallSteps, JobSteps, Once
    from subhub.client.resolving import Found
    from subhub.models import PlanDraft
    from subhub.plugin.capabilities import Capabilities
    from subhub.recovery.journal import OpenIntent
    from subhub.recovery.judgement import Resolution
    from subhub.sandbox import Fake
    from subhub.webhooks import WebhookReader

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
AnyProvider = TypeVar("AnyProvider", bound=Provider)

MARKING: Final = 0.1
"""Seconds that `mark_resolved` waits for a locked journal."""


class BaseClient:
    """One account, and the operations whose steps a client carries out."""

    _account: Account
    _operations: Operations
    _lent = False  # whether the connections are another client's, and stay open

    def __repr__(self) -> str:
        where = " in a sandbox" if self.sandbox else ""
        return f"<{type(self).__name__} of {self._account.name!r}: {self.provider}{where}>"

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._account.provider.name

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities of the provider, present and missing, with evidence and reasons."""
        return self._operations.capabilities

    def supports(self, capability: str) -> bool:
        """Return whether the provider can do *capability*, such as `"subscribe:inline_plan"`.

        An unknown name is an `InvalidRequest`.
        """
        return self.capabilities.supports(capability)

    @property
    def plans(self) -> Mapping[str, PlanDraft]:
        """The plans of the configuration, by key: what `plan="phone"` means."""
        return MappingProxyType(self._account.plans)

    @property
    def sandbox(self) -> Fake | None:
        """The fake that answers this client, when it is in a sandbox."""
        return self._account.fake

    @property
    def webhooks(self) -> WebhookReader:
        """The calls of the provider: `billing.webhooks.read(path, headers, body)` returns events.

        Nothing is sent, so that both clients have it as it is. A call that is not accepted raises
        `WebhookRefused`, whose `status` is the answer to give; without `webhook_secrets`, where the
        provider needs them, that is every call. `billing.webhooks.proof` says what an accepted call
        proves: `"signed"`, `"secret"` or `"refetch"`. `Unsupported` where the provider makes no
        calls: see `changes`.
        """
        from subhub.webhooks import WebhookReader  # noqa: PLC0415 - a program that only sends

        self.capabilities.require(WEBHOOKS)
        account = self._account
        declared = account.provider.webhooks
        assert declared is not None  # noqa: S101 - by the capability
        return WebhookReader(
            declared, self.provider, account.name, account.webhook_secrets, account.clock
        )

    def with_options(
        self,
        *,
        attempts: int | EllipsisType = ...,
        deadline: float | EllipsisType | None = ...,
        timeout: float | EllipsisType = ...,
        max_wait: float | EllipsisType | None = ...,
    ) -> Self:
        """Return this client with other options: `billing.with_options(deadline=5).subscribe(...)`.

        What is left out stays as it is. Everything else is shared with this client: connections,
        rate limit, retry quota, journal, sandbox. The new client lasts as long as this one does,
        and closing it closes nothing. Wrong values raise `ConfigError`.

        Args:
            attempts: How often a request is sent at most.
            deadline: How many seconds an operation may take; `None` for any time.
            timeout: In seconds, for each step of connecting, sending and receiving.
            max_wait: How many seconds a request may wait for a rate limit; `None` for any time.
        """
        twin = copy(self)
        twin._lent = True  # noqa: SLF001 - it is a client of the same class
        twin._open(self._account.with_options(attempts, deadline, timeout, max_wait))  # noqa: SLF001
        return twin

    def open_intents(self) -> list[OpenIntent]:
        """Return the changes of this account whose outcome the journal does not know.

        `resolve` closes them; one that is *in flight* is still being sent by a living process. A
        client without a journal has none.
        """
        journal = self._account.journal
        account = self._account
        return journal.open_intents(account.identity, account.name) if journal else []

    def mark_resolved(self, token: str, *, done: bool, object_id: str | None = None) -> None:
        """Close an intent of the journal as you saw it at the provider, when looking cannot.

        Raises `InvalidRequest` for a change that is still being sent, or that the journal does not
        have.

        Args:
            token: That of the error, or of `open_intents`.
            done: Whether the change was carried out.
            object_id: What it created or changed, for a job that continues with it.
        """
        (intent,) = self._operations.tracker.intents([token])
        journal = self._account.journal
        if journal is None:
            raise InvalidRequest.of("token", "only a client with a `journal` has open intents")
        if any(found.in_flight and found.is_of(intent) for found in self.open_intents()):
            raise InvalidRequest.of("token", "its process still lives: wait for it, or end it")
        if not journal.mark_resolved(intent, done=done, object_id=object_id, patience=MARKING):
            raise InvalidRequest.of("token", f"nothing of it is left in {journal.place!r}")

    def _open(self, account: Account) -> None:
        self._account = account
        self._operations = Operations(account)

    def _resolve(self, token: str, grace_period: float | None) -> Steps[Resolution]:
        (found,) = yield from self._resolve_all([token], grace_period)
        if isinstance(found, SubhubError):
            raise found
        return found

    def _resolve_all(self, tokens: Iterable[str], grace_period: float | None) -> Steps[list[Found]]:
        from subhub.client.once import checked_grace_period  # noqa: PLC0415 - as in `_job_steps`

        operations = self._operations
        intents = operations.tracker.intents(listed("tokens", tokens))
        if grace_period is None:
            grace_period = checked_grace_period(None, self._account)
        check_seconds("grace_period", grace_period)
        return Resolver(intents, self._account, operations.rules).steps(grace_period)

    def _batch(
        self,
        items: Iterable[Item],
        in_flight: int,
        job: str | None,
        key: Callable[[Item], str] | None,
        grace_period: float | None,
        *,
        adopt: bool,
    ) -> Batch[Item]:
        from subhub.client.bulk.batch import Batch  # noqa: PLC0415 - it is rarely needed

        _ = whole_number("in_flight", in_flight, 1)
        items = listed("items", items)
        if job is None:
            return Batch(items, key, None)
        if not job or self._account.journal is None:
            raise InvalidRequest.of("job", "it is a name, and needs a client with a `journal`")
        if not callable(key):
            raise InvalidRequest.of("key", "a job needs it, to distinguish its items in every run")
        return Batch(items, key, self._job_steps(job, "bulk", grace_period, adopt=adopt))

    def _once(
        self, job: str, key: str, grace_period: float | None, *, adopt: bool
    ) -> CallSteps[Once[Any]]:
        from subhub.client.once import once  # noqa: PLC0415 - most programs never need it

        return once(self._job_steps(job, "once", grace_period, adopt=adopt), key, self)

    def _forget(self, job: str, before: dt.datetime | None) -> Steps[int]:
        seconds = None
        if before is not None:
            seconds = moment("before", before).timestamp()
        steps = self._job_steps(job, "forget", None, adopt=False, record=False)
        yield from steps.open()
        return (yield from steps.asked(lambda: steps.job.forget(seconds)))

    def _job_steps(
        self,
        job: str,
        method: str,
        grace_period: float | None,
        *,
        adopt: bool,
        record: bool = True,
    ) -> JobSteps:
        from subhub.client.once import JobSteps, checked_grace_period, needed_journal  # noqa: PLC0415
        from subhub.recovery.journal import Job  # noqa: PLC0415

        account = self._account
        journal = needed_journal(account, method)
        _ = key_text("job", job)
        grace = checked_grace_period(grace_period, account)
        return JobSteps(
            account,
            lambda: Job(
                journal,
                account.identity,
                account.name,
                job,
                adopt=adopt,
                record=record,
                clock=lambda: account.clock().timestamp(),
            ),
            lambda tokens: self._resolve_all(tokens, grace),
        )

    def _extension(
        self,
        operation: Callable[Concatenate[AnyProvider, P], Flow[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Steps[T]:
        """Return the steps of an operation that only one provider has."""
        name = method_name(operation)
        provider = self._account.provider
        if all(vars(kind).get(name) is not operation for kind in type(provider).__mro__):
            reason = f"the account {self._account.name!r} is billed by {self.provider}"
            raise Unsupported(
                f"`{operation.__qualname__}` is another provider's: {reason}",
                operation=name,
                reason=reason,
                kind="provider",
            )
        bound = bound_arguments(operation, args, kwargs)
        flow: Flow[T] = getattr(provider, name)(*bound.args[1:], **bound.kwargs)
        return self._operations.change(name, flow)


def account_of(client: BaseClient) -> Account:
    """Return the account of *client*, for the rooms above this one."""
    return client._account  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
