"""Changes: the operations that change something, from what is meant to what became of it.

A change is written down before it is sent, where there is a journal, and an error that leaves its
outcome open carries the token to find it out with. Nothing here sends anything.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from subhub.errors import (
    InvalidReply,
    InvalidRequest,
    OutcomeUnknown,
    ProviderUnavailable,
    SubhubError,
)
from subhub.messages import Request
from subhub.plugin.flows import Flow
from subhub.recovery.intents import Intent
from subhub.recovery.reconcile import reread

if TYPE_CHECKING:
    from subhub.models import Record
    from subhub.plugin.provider import Provider
    from subhub.recovery.journal import Journal
    from subhub.recovery.journal.items import PreviousStep
    from subhub.recovery.journal.journal import JournalEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tracker:
    """Carries out the changes of one account; *clock* tells the present."""

    provider: Provider
    account: str
    clock: Callable[[], dt.datetime]
    journal: Journal | None = None

    def carry_out(
        self,
        operation: str,
        flow: Flow[T],
        *,
        fields: Record | Mapping[str, object] | None = None,
        target: str | None = None,
        owner: str | None = None,
        key: str | None = None,
        at_once: bool = False,
    ) -> Flow[T]:
        """*flow*, of which it is known what it is meant to do; see `Intent`."""
        sent_at = self.clock()

        def intent() -> Intent:
            return Intent(
                self.provider.name,
                self.account,
                operation,
                sent_at.isoformat(),
                target=target,
                owner=owner,
                key=key,
                at_once=at_once,
            ).marked(dict(fields or {}))

        return self._noted(operation, flow, intent)

    def intent(self, token: str) -> Intent:
        """The intent of *token*, which has to be this account's."""
        intent = Intent.read(token)
        if (intent.provider, intent.account) != (self.provider.name, self.account):
            problem = f"it is of the account {intent.account!r} at {intent.provider}"
            raise InvalidRequest.of("token", f"{problem}, and this is {self.account!r}")
        return intent

    def _noted(self, operation: str, flow: Flow[T], intent: Callable[[], Intent]) -> Flow[T]:
        entry = self.journal.entry(intent, operation) if self.journal else None
        changing: list[Request] = []
        try:
            previous = entry.previous if entry is not None else None
            if previous is not None and previous.state != "not_done":
                flow.close()
                flow = self._again(previous)
            result = yield from _conversation(flow, entry, changing)
        except SubhubError as error:
            if _is_open(error, changing=bool(changing)):
                meant = entry.intent if entry is not None else intent()
                error.token = error.token or self._lost(meant)
                if entry is not None:
                    entry.lost(error.token)
            elif entry is not None:
                entry.close(done=False)
            raise
        finally:
            flow.close()
        if entry is not None:
            entry.close(done=True, object_id=id_of(result))
        return result

    def _lost(self, intent: Intent) -> str:
        return replace(intent, lost_at=self.clock().isoformat()).token()

    def _again(self, past: PreviousStep) -> Flow[T]:
        """What an earlier run of a job did in the same step, in place of doing it again."""
        if past.state == "open":
            error = OutcomeUnknown(
                f"`{past.operation}` may have been carried out by an earlier run of the job, and "
                "looking at the provider has not decided it: look there yourself"
            )
            error.token = past.token
            raise error
        found: T = yield from reread(past, self.provider)
        return found


def _conversation(flow: Flow[T], entry: JournalEntry | None, changing: list[Request]) -> Flow[T]:
    """*flow*, whose requests that change something are put into *changing* as they go by."""
    try:
        request = next(flow)
        while True:
            if request.mutating:
                changing.append(request)
                request = request if entry is None else replace(request, entry=entry)
            try:
                response = yield request
            except BaseException as lost:  # noqa: BLE001 - the flow hears of every end
                request = flow.throw(lost)
            else:
                request = flow.send(response)
    except StopIteration as stop:
        result: T = stop.value
        return result


def _is_open(error: SubhubError, *, changing: bool) -> bool:
    """Whether a change, or a part of it, may have been carried out."""
    answered_badly = isinstance(error, (ProviderUnavailable, InvalidReply))
    partly = bool(error.completed)
    return isinstance(error, OutcomeUnknown) or (changing and (answered_badly or partly))


def id_of(result: object) -> str | None:
    """The id of what a change returned, where it has one; of a move, the new subscription's."""
    found = getattr(getattr(result, "new", None) or result, "id", None)
    return found if isinstance(found, str) else None
