"""What the two clients share: everything but sending and sleeping."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from subhub.capabilities import Capabilities
from subhub.engine import Rules, Script, script
from subhub.errors import Unsupported
from subhub.flow import Flow
from subhub.operations import Operations
from subhub.outcomes import Intents, Resolution, lookup
from subhub.provider import Provider
from subhub.sending import Pause

if TYPE_CHECKING:
    from subhub.account import Account
    from subhub.sandbox import Fake

T = TypeVar("T")
P = ParamSpec("P")
AnyProvider = TypeVar("AnyProvider", bound=Provider)


class Session:
    """One account, ready to turn an operation into a script for a client to perform."""

    _account: Account
    _operations: Operations
    _rules: Rules

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

    def _open(self, account: Account) -> None:
        self._account = account
        intents = Intents(account.provider.name, account.name, account.clock)
        self._operations = Operations(account.provider, account.now, account.plan_id, intents)
        preview = account.preview if account.dry_run else None
        self._rules = Rules(account.provider, account.scrub, account.sending.begin, preview)

    def _script(self, operation: str, flow: Flow[T]) -> Script[T]:
        return script(operation, flow, self._rules)

    def _resolve(self, token: str, settle: float) -> Script[Resolution]:
        """Look for an outcome; that nothing was done takes two looks, the second after *settle*.

        What was sent late may be carried out late: a first look could come too soon.
        """
        intent = self._operations.intents.read(token)
        provider = self._account.provider
        found = yield from self._script("resolve", lookup(intent, provider))
        if found.outcome != "not_done":
            return found
        since = dt.datetime.fromisoformat(intent.sent_at)
        passed = (self._account.now() - since).total_seconds()
        _ = yield Pause(max(1.0, settle - passed))
        return (yield from self._script("resolve", lookup(intent, provider)))

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
        return name, flow
