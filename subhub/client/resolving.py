"""Resolving: were lost calls carried out? It is found out for many as for one.

A list that can show the result of several calls is read once for all of them, and there is one
pause for all. Nothing here changes anything at the provider; a journal hears at once of what is
decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from subhub.errors import (
    AuthenticationFailed,
    ConfigError,
    LicenseRequired,
    PermissionDenied,
    PluginError,
    PreconditionFailed,
    SubhubError,
    Unsupported,
    WouldSend,
)
from subhub.recovery.judgement import Resolution
from subhub.recovery.reconcile import lookup, together
from subhub.recovery.tracking import id_of
from subhub.sending.engine import Rules, steps
from subhub.sending.steps import Pause, Steps, StoreCall

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.recovery.intents import Intent

ENDING: Final = (
    AuthenticationFailed,
    ConfigError,
    LicenseRequired,
    PermissionDenied,
    PluginError,
    PreconditionFailed,
    Unsupported,
    WouldSend,
)
"""The errors that the next call would have as well: going on is pointless."""

Found: TypeAlias = Resolution | SubhubError
"""The outcome of a call, or why that could not be looked for."""


class Resolver:
    """Finds out about *intents*; one may be there twice.

    That nothing was done takes two looks, the second one later: what was sent late may be carried
    out late, and a first look could come too soon.
    """

    def __init__(self, intents: Sequence[Intent], account: Account, rules: Rules) -> None:
        self._intents = intents
        self._account = account
        self._rules = rules
        self._began = account.now()
        self._found: dict[str, Found] = {}

    def steps(self, grace_period: float) -> Steps[list[Found]]:
        """Look for each; a second look is at least *grace_period* seconds after the call."""
        groups = together({intent.salt: intent for intent in self._intents}.values())
        for group in groups:
            yield from self._look(group, group)
            yield from self._note(group, "done")
        late = [(group, missed) for group in groups if (missed := self._missed(group))]
        if late:
            yield self._pause([intent for _, missed in late for intent in missed], grace_period)
        for group, missed in late:
            yield from self._look(group, missed)
            yield from self._note(missed, "done", "not_done")
        return [self._found[intent.salt] for intent in self._intents]

    def _look(self, group: Sequence[Intent], sought: Sequence[Intent]) -> Steps[None]:
        """Look for *sought*; what is found may also be of the others of *group*."""
        made = {intent.salt: id_of(found.result) for intent, found in self._decided(group, "done")}
        left = [intent for intent in group if intent.salt not in made]
        account, taken = self._account, list(filter(None, made.values()))
        flow = lookup(left, account.provider, account.clock_ahead, taken)
        operation = self._rules.begin("resolve")
        operation.page_by_page = True  # the list to look through may be long
        looked: Sequence[Found]
        try:
            looked = yield from steps(operation, flow, None, self._rules)
        except ENDING:
            raise
        except SubhubError as error:
            looked = [error] * len(left)
        names = {intent.salt for intent in sought}
        for intent, found in zip(left, looked, strict=True):
            if intent.salt in names:
                self._found[intent.salt] = found

    def _decided(
        self, group: Sequence[Intent], *outcomes: str
    ) -> Iterator[tuple[Intent, Resolution]]:
        for intent in group:
            found = self._found.get(intent.salt)
            if isinstance(found, Resolution) and found.outcome in outcomes:
                yield intent, found

    def _missed(self, group: Sequence[Intent]) -> list[Intent]:
        return [intent for intent, _ in self._decided(group, "not_done")]

    def _pause(self, missed: Sequence[Intent], grace_period: float) -> Pause:
        lost_at = max(
            self._began if intent.lost_at is None else dt.datetime.fromisoformat(intent.lost_at)
            for intent in missed
        )
        passed = (self._account.now() - lost_at).total_seconds()
        return Pause(max(1.0, grace_period - passed))

    def _note(self, group: Sequence[Intent], *outcomes: str) -> Steps[None]:
        """Note in the journal which of *group* are decided, by one of the *outcomes*."""
        journal = self._account.journal
        if journal is None:
            return
        for intent, found in self._decided(group, *outcomes):
            done = found.outcome == "done"
            note = partial(journal.mark_resolved, intent, done=done, object_id=id_of(found.result))
            yield StoreCall(note)
