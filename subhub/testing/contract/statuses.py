"""Contract tests of a subscription's status: a word keeps its meaning, and no word is a guess."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from subhub.models import Status
from subhub.sandbox import Reply
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import call_of, rehearsed, with_status
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, Harness, Outcome
from subhub.testing.contract.interceptor import Intercept, changed_all

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

NEW_WORD: Final = "a_new_status"
_NOT_YET: Final = frozenset({Status.PENDING, Status.SCHEDULED})
_STOPPED: Final = frozenset({Status.PAUSED, Status.PAST_DUE, Status.PENDING})
_UNPAID: Final = frozenset({Status.PAST_DUE, Status.PENDING, Status.PAUSED, Status.ENDED})
_OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
MEANINGS: Final[Mapping[str, frozenset[Status]]] = {
    **dict.fromkeys(("active", "running", "in_progress", "live"), frozenset({Status.ACTIVE})),
    **dict.fromkeys(("pending", "incomplete", "draft", "created", "open", "new"), _NOT_YET),
    **dict.fromkeys(("scheduled", "planned", "future", "upcoming"), _NOT_YET),
    **dict.fromkeys(("suspended", "paused", "on_hold", "inactive", "stopped"), _STOPPED | _OVER),
    **dict.fromkeys(("past_due", "unpaid", "overdue", "failed", "halted", "dunning"), _UNPAID),
    **dict.fromkeys(("canceled", "cancelled", "terminated", "deleted", "revoked"), _OVER),
    **dict.fromkeys(("ended", "expired", "completed", "finished", "incomplete_expired"), _OVER),
}
"""What the words of providers can mean; all of them may also be `UNKNOWN`."""


def _canceled(provider: type[Provider]) -> Iterator[Case]:
    supports = provider.capabilities().supports
    if supports("get_subscription"):  # without it, nobody can say that it is over already
        names = (f"cancel_subscription:{when}" for when in ("now", "period_end"))
        yield from (Case(name) for name in names if supports(name))


def _uncanceled(provider: type[Provider]) -> Iterator[Case]:
    needed = ("uncancel_subscription", "cancel_subscription:period_end", "get_subscription")
    if all(map(provider.capabilities().supports, needed)):
        yield Case("uncancel_subscription")


def _canceled_now(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("cancel_subscription:now"):
        yield Case("cancel_subscription:now")


class StatusTests(ContractConfig):
    """The provider's words for a status."""

    @for_each(with_status)
    def test_an_unknown_status_is_unknown(self, case: Case) -> None:
        """A subscription status that the plugin does not know is `UNKNOWN`, never a guess."""
        words: set[str] = set()
        for known in _subscriptions(rehearsed(type(self), case.capability)):
            silent = known.raw_status is None
            expect(
                not silent or known.status is Status.UNKNOWN,
                f"the status is {known.status!r}, and `raw_status` lacks the provider's word",
            )
            words |= set() if silent else {known.raw_status}
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call, intercept=_renamed(words))
        _ = outcome.returned()
        for found in _subscriptions(outcome):
            expect(found.status is Status.UNKNOWN, f"an unknown word became {found.status!r}")
            kept = not words or found.raw_status == NEW_WORD
            expect(kept, f"raw_status is {found.raw_status!r}")

    @for_each(with_status)
    def test_a_status_keeps_its_meaning(self, case: Case) -> None:
        """No word for a canceled, suspended, pending or ended subscription is read as active."""
        expect_none(self._misread(case))

    @for_each(with_status)
    def test_a_configured_word_is_read(self, case: Case) -> None:
        """A word that the account's configuration adds to the plugin's `statuses` is read."""
        if self.provider.statuses:
            expect_none(self._unread(case))

    @for_each(_canceled_now)
    def test_a_subscription_canceled_now_is_over(self, case: Case) -> None:
        """After a cancellation with immediate effect, it is `CANCELED`, `ENDED` or `UNKNOWN`."""
        harness = Harness(self)
        outcome = harness.perform(call_of(case.capability, harness))
        canceled = outcome.returned()
        found = [("the result", canceled)]
        if harness.supports("get_subscription"):
            read = harness.perform(Call("get_subscription", (canceled.id,))).returned()
            found.append(("`get_subscription`", read))
        for where, subscription in found:
            over = subscription.status in _OVER | {Status.UNKNOWN}
            word = subscription.raw_status
            expect(over, f"{where} is {subscription.status!r} (the provider's word: {word!r})")

    @for_each(_canceled)
    def test_canceling_twice_is_canceling_once(self, case: Case) -> None:
        """A second cancellation is accepted, and changes neither the status nor the end."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        first, second = harness.perform(call).returned(), harness.perform(call).returned()
        for name in ("id", "status", "raw_status", "ends_at", "scheduled"):
            was, now = getattr(first, name), getattr(second, name)
            expect(was == now, f"canceled again, its `.{name}` is {now!r}, and was {was!r}")

    @for_each(_uncanceled)
    def test_a_cancellation_that_is_undone_leaves_no_trace(self, case: Case) -> None:
        """A subscription whose cancellation was undone reads as before, and renews."""
        harness = Harness(self)
        read = Call("get_subscription", (harness.subscription,))
        before = harness.perform(read).returned()
        result = harness.perform(call_of(case.capability, harness)).returned()
        after = harness.perform(read).returned()
        expect(after == before, f"it must read as before, {before!r}, got {after!r}")
        ends = (result.ends_at, result.scheduled)
        expect(ends == (None, None), f"the result still has an end: {ends!r}")

    def _misread(self, case: Case) -> Iterator[str]:
        plugin = self.provider()
        for word, allowed in MEANINGS.items():
            for read in self._readings(case, plugin, word):
                if read not in allowed | {Status.UNKNOWN}:
                    yield f"{word!r} is read as {read!r}"

    def _unread(self, case: Case) -> Iterator[str]:
        plugin = self.provider()
        plugin.status_words = {**plugin.statuses, NEW_WORD: Status.ACTIVE}
        for read in self._readings(case, plugin, NEW_WORD):
            if read is not Status.ACTIVE:
                yield f"{NEW_WORD!r} is read as {read!r}: look it up in `self.status_words`"

    def _readings(self, case: Case, plugin: Provider, word: str) -> Iterator[Status]:
        """Yield what *word* is read as, in place of each word for a status of the replies."""
        replay = FlowReplay.of(self, case.capability)
        words = {found.raw_status for found in replay.results(self.provider())} - {None}
        for step in replay.steps:
            for found in replay.reworded(step, words, word).accepted(plugin):
                if found.raw_status == word:
                    yield found.status


def _subscriptions(outcome: Outcome) -> list[Any]:
    return [
        part
        for result in outcome.results
        for part in (getattr(result, "old", result), getattr(result, "new", None))
        if part is not None
    ]


def _renamed(words: Iterable[str]) -> Intercept:
    """Replace each of *words* in every reply by a new one."""

    def change(reply: Reply) -> Reply:
        content = reply.content
        for word in words:
            content = content.replace(json.dumps(word).encode(), json.dumps(NEW_WORD).encode())
        return replace(reply, content=content)

    return changed_all(change)
