"""Settling: finding out what became of lost calls, of many as of one.

What one listing tells of several calls is listed once, and there is one pause for all of them.
Nothing here changes anything at the provider; a journal is told at once of what is decided.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
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
from subhub.recovery.reconcile import Resolution, lookup, together
from subhub.recovery.tracking import id_of
from subhub.sending.engine import Rules, script
from subhub.sending.steps import Pause, Script

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.messages import Request
    from subhub.recovery.intents import Intent
    from subhub.sending.steps import Exchange

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
"""The errors that the next call would have as well: there is no use in going on."""

Found: TypeAlias = Resolution | SubhubError
"""What became of a call, or why that could not be looked for."""


class Resolver:
    """Finds out about *intents*, which may be there twice.

    That nothing was done takes two looks, the second one later: what was sent late may be carried
    out late, and a first look could come too soon.
    """

    def __init__(self, intents: Sequence[Intent], account: Account, rules: Rules) -> None:
        self._intents = intents
        self._account = account
        self._rules = _page_by_page(rules)
        self._began = account.now()
        self._found: dict[str, Found] = {}

    def script(self, grace_period: float) -> Script[list[Found]]:
        """What became of each; a second look is at least *grace_period* seconds after the call."""
        groups = together({each.salt: each for each in self._intents}.values())
        for group in groups:
            yield from self._look(group, group)
            self._note(group, "done")
        late = [(group, missed) for group in groups if (missed := self._missed(group))]
        if late:
            yield self._pause([each for _, missed in late for each in missed], grace_period)
        for group, missed in late:
            yield from self._look(group, missed)
            self._note(missed, "done", "not_done")
        return [self._found[each.salt] for each in self._intents]

    def _look(self, group: Sequence[Intent], sought: Sequence[Intent]) -> Script[None]:
        """Look for *sought*; what is found may also be of the others of *group*."""
        made = {each.salt: id_of(found.result) for each, found in self._resolved(group, "done")}
        left = [each for each in group if each.salt not in made]
        looked: Sequence[Found]
        try:
            flow = lookup(left, self._account.provider, list(filter(None, made.values())))
            looked = yield from script("resolve", flow, self._rules)
        except ENDING:
            raise
        except SubhubError as error:
            looked = [error] * len(left)
        names = {each.salt for each in sought}
        for intent, found in zip(left, looked, strict=True):
            if intent.salt in names:
                self._found[intent.salt] = found

    def _resolved(
        self, group: Sequence[Intent], *outcomes: str
    ) -> Iterator[tuple[Intent, Resolution]]:
        for each in group:
            found = self._found.get(each.salt)
            if isinstance(found, Resolution) and found.outcome in outcomes:
                yield each, found

    def _missed(self, group: Sequence[Intent]) -> list[Intent]:
        return [each for each, _ in self._resolved(group, "not_done")]

    def _pause(self, missed: Sequence[Intent], grace_period: float) -> Pause:
        lost_at = max(
            self._began if each.lost_at is None else dt.datetime.fromisoformat(each.lost_at)
            for each in missed
        )
        passed = (self._account.now() - lost_at).total_seconds()
        return Pause(max(1.0, grace_period - passed))

    def _note(self, group: Sequence[Intent], *decided: str) -> None:
        journal = self._account.journal
        if journal is None:
            return
        for each, found in self._resolved(group, *decided):
            done = found.outcome == "done"
            _ = journal.mark_resolved(each, done=done, object_id=id_of(found.result))


def _page_by_page(rules: Rules) -> Rules:
    """A list to look through may be long: each of its pages has the deadline to itself."""

    def begin(operation: str) -> Callable[[Request], Exchange]:
        return lambda request: rules.begin(operation)(request)  # noqa: PLW0108 - each begins anew

    return replace(rules, begin=begin)
