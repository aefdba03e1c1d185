"""What the two clients share: everything but sending and sleeping."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from copy import copy
from types import EllipsisType
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Self, TypeVar

from subhub.client.operations import Operations
from subhub.client.resolving import Resolver
from subhub.errors import InvalidRequest, SubhubError, Unsupported
from subhub.plugin.capabilities import Capabilities
from subhub.plugin.flows import Flow
from subhub.plugin.provider import Provider
from subhub.recovery.tracking import Tracker
from subhub.sending.engine import Rules, script
from subhub.sending.steps import Script

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.bulk.batch import Batch
    from subhub.client.resolving import Found
    from subhub.recovery.journal import OpenIntent
    from subhub.recovery.reconcile import Resolution
    from subhub.sandbox import Fake

T = TypeVar("T")
P = ParamSpec("P")
Item = TypeVar("Item")
AnyProvider = TypeVar("AnyProvider", bound=Provider)


class Session:
    """One account, ready to turn an operation into a script for a client to perform."""

    _account: Account
    _operations: Operations
    _changes: Tracker
    _rules: Rules
    _lent = False  # whether what it sends by is another client's, and not closed with it

    def __repr__(self) -> str:
        where = " in a sandbox" if self.sandbox else ""
        return f"<{type(self).__name__} of {self._account.name!r}: {self.provider}{where}>"

    @property
    def provider(self) -> str:
        """The provider's name."""
        return self._account.provider.name

    @property
    def capabilities(self) -> Capabilities:
        """What the provider can do and what it lacks, by name, with evidence and reasons."""
        return self._operations.capabilities

    def supports(self, capability: str) -> bool:
        """Whether the provider can do *capability*: `"create_plan"`, `"subscribe:inline_plan"`.

        A name that nobody knows raises `InvalidRequest`.
        """
        return self.capabilities.supports(capability)

    @property
    def sandbox(self) -> Fake | None:
        """The fake that answers this client, when it is in a sandbox."""
        return self._account.fake

    def with_options(
        self,
        *,
        attempts: int | EllipsisType = ...,
        deadline: float | EllipsisType | None = ...,
        timeout: float | EllipsisType = ...,
    ) -> Self:
        """This client with other options: `billing.with_options(deadline=5).subscribe(...)`.

        What is left out stays as it is. Everything else is shared with this client: connections,
        rate limit, budget of retries, journal, sandbox. It lasts as long as this client does, and
        closing it closes nothing. Wrong values raise `ConfigError`.
        """
        twin = copy(self)
        twin._lent = True  # noqa: SLF001 - it is a client of the same class
        twin._open(self._account.with_options(attempts, deadline, timeout))  # noqa: SLF001
        return twin

    def open_intents(self) -> list[OpenIntent]:
        """The changes of this account of which the journal does not know what became of them.

        They are settled by `resolve`; one that is *in flight* is still being sent by a living
        process. A client without a journal has none.
        """
        journal = self._account.journal
        return journal.open_intents(self.provider, self._account.name) if journal else []

    def mark_resolved(self, token: str, *, done: bool, object_id: str | None = None) -> None:
        """Close an intent of the journal as somebody saw it at the provider, when looking cannot.

        *object_id* is what was made or changed, for a job that goes on with it. A change that is
        still being sent, or that the journal does not have, is an `InvalidRequest`.
        """
        intent = self._changes.intent(token)
        journal = self._account.journal
        if journal is None:
            raise InvalidRequest.of("token", "only a client with a `journal` has what to settle")
        if any(each.in_flight and each.is_of(intent) for each in self.open_intents()):
            raise InvalidRequest.of("token", "its process still lives: wait for it, or end it")
        if not journal.mark_resolved(intent, done=done, object_id=object_id):
            raise InvalidRequest.of("token", f"nothing of it is left in {str(journal.path)!r}")

    def _open(self, account: Account) -> None:
        self._account = account
        self._changes = Tracker(account.provider, account.name, account.clock, account.journal)
        self._operations = Operations(account.provider, account.now, account.plan_id, self._changes)
        preview = account.preview if account.dry_run else None
        self._rules = Rules(account.provider, account.scrub, account.sending.begin, preview)

    def _script(self, operation: str, flow: Flow[T]) -> Script[T]:
        return script(operation, flow, self._rules)

    def _resolve(self, token: str, grace_period: float) -> Script[Resolution]:
        (found,) = yield from self._resolve_all([token], grace_period)
        if isinstance(found, SubhubError):
            raise found
        return found

    def _resolve_all(self, tokens: Iterable[str], grace_period: float) -> Script[list[Found]]:
        intents = [self._changes.intent(each) for each in tokens]
        return Resolver(intents, self._account, self._rules).script(grace_period)

    def _batch(
        self,
        items: Iterable[Item],
        in_flight: int,
        job: str | None,
        key: Callable[[Item], str] | None,
    ) -> Batch[Item]:
        from subhub.client.bulk.batch import Batch  # noqa: PLC0415 - it is rarely needed

        if in_flight < 1:
            raise InvalidRequest.of("in_flight", f"it is a number above zero, not {in_flight!r}")
        if job is None:
            return Batch(items, key, None)
        journal = self._account.journal
        if not job or journal is None:
            raise InvalidRequest.of("job", "it is a name, and needs a client with a `journal`")
        if key is None:
            raise InvalidRequest.of("key", "a job needs it, to tell its items apart in every run")
        from subhub.recovery.journal import Job  # noqa: PLC0415 - it loads SQLite

        return Batch(items, key, Job(journal, self.provider, self._account.name, job))

    def _extension(
        self,
        operation: Callable[Concatenate[AnyProvider, P], Flow[T]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> tuple[str, Flow[T]]:
        """The name and the flow of an operation that only one provider has."""
        name = operation.__name__
        provider = self._account.provider
        if all(vars(each).get(name) is not operation for each in type(provider).__mro__):
            reason = f"the account {self._account.name!r} is billed by {self.provider}"
            raise Unsupported(
                f"`{operation.__qualname__}` is another provider's: {reason}",
                operation=name,
                reason=reason,
                kind="provider",
            )
        flow: Flow[T] = getattr(provider, name)(*args, **kwargs)
        return name, self._changes.carry_out(name, flow)
