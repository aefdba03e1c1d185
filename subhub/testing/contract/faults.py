"""Contract tests: a change is made once or not at all, whatever the network does.

Time in a sandbox is virtual, so that all the waiting between attempts costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from subhub.errors import (
    InvalidReply,
    NotSent,
    OutcomeUnknown,
    ProviderUnavailable,
    RateLimited,
    SubhubError,
    WouldSend,
)
from subhub.sandbox import Fault
from subhub.testing.contract.assertions import expect, of_kind, told
from subhub.testing.contract.calls import (
    LISTERS,
    call_of,
    changing,
    conversations,
    reading,
    rehearsed,
)
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Call, ClientKind, Harness, Outcome
from subhub.testing.contract.interceptor import disturbed, refused

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

LOST: Final = (
    Fault("dropped"),
    Fault("dropped", after=True),
    Fault("reset"),
    Fault("reset", after=True),
    Fault("slow"),
)
"""Ways in which an answer is lost: the change may have been made, or not."""
PASSING: Final = (Fault("unreachable"), Fault("rate_limited"))
"""What provably was not carried out, and works when it is tried again."""
SERVER_ERRORS: Final = tuple(
    Fault("server_error", after=after, status=status)
    for status in (500, 502, 503, 504)
    for after in (False, True)
)
REREAD: Final = (
    *PASSING,
    Fault("dropped"),
    Fault("reset"),
    Fault("cut_body"),
    Fault("slow"),
    Fault("server_error", status=503),
)
"""After which a read is simply made again."""


def _counted(provider: type[Provider]) -> Iterator[Case]:
    """What makes one of the objects that are listed."""
    for case in changing(provider):
        lister = LISTERS.get(case.operation)
        if lister is not None and provider.capabilities().supports(lister):
            yield case


class FaultTests(ContractConfig):
    """Faults before and after sending, at every step that changes something."""

    @for_each(changing, BOTH)
    def test_a_lost_answer_is_never_sent_again(self, case: Case, colour: ClientKind) -> None:
        """A change whose answer is lost raises `OutcomeUnknown` with a token, and is sent once."""
        for step, fault in _at_changes(type(self), case, LOST):
            outcome, place = self._disturbed(case, colour, step, fault)
            expect(isinstance(outcome.error, OutcomeUnknown), place + told(outcome.error))
            expect(_token(outcome), place + "`error.token` is missing")
            expect(len(outcome.heard) == step, place + "and more was asked after it")

    @for_each(changing, BOTH)
    def test_a_change_that_was_not_made_is_made_once(self, case: Case, colour: ClientKind) -> None:
        """What was not sent, or was one too many (429), is tried again, and made exactly once."""
        normal = rehearsed(type(self), case.capability)
        for step, fault in _at_changes(type(self), case, PASSING):
            outcome, place = self._disturbed(case, colour, step, fault)
            expect(outcome.error is None, place + told(outcome.error))
            expect(outcome.result, place + f"{outcome.result!r} came back")
            extra = len(outcome.heard) - len(normal.heard)
            expect(extra == 1, place + f"{extra} requests more than usual were made, not one")

    @for_each(changing, BOTH)
    def test_a_server_error_on_a_change_is_not_sent_again(
        self, case: Case, colour: ClientKind
    ) -> None:
        """After a 5xx nobody knows whether the change was made: it is told, with a token."""
        for step, fault in _at_changes(type(self), case, SERVER_ERRORS):
            outcome, place = self._disturbed(case, colour, step, fault)
            expect(isinstance(outcome.error, ProviderUnavailable), place + told(outcome.error))
            expect(_token(outcome), place + "`error.token` is missing")
            expect(len(outcome.heard) == step, place + "and more was asked after it")

    @for_each(changing)
    def test_an_answer_that_breaks_off_is_not_asked_for_again(self, case: Case) -> None:
        """A status of success with half of a body: the change is made, its answer unreadable."""
        for step, fault in _at_changes(type(self), case, (Fault("cut_body"),)):
            outcome, place = self._disturbed(case, "sync", step, fault)
            expect(isinstance(outcome.error, InvalidReply), place + told(outcome.error))
            expect(len(outcome.heard) == step, place + "and more was asked after it")

    @for_each(changing)
    def test_a_provider_that_cannot_be_reached_has_changed_nothing(self, case: Case) -> None:
        """When no attempt gets through, `NotSent` says so; nothing has happened."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        desk.fake.faults.rule("unreachable")
        outcome = desk.perform(call)
        expect(isinstance(outcome.error, NotSent), told(outcome.error))

    @for_each(_counted, BOTH)
    def test_what_fails_is_made_at_most_once(self, case: Case, colour: ClientKind) -> None:
        """Whatever goes wrong, the provider has at most one object more than before."""
        lister = LISTERS[case.operation]
        for step, fault in _at_changes(type(self), case, (*LOST, *PASSING, *SERVER_ERRORS)):
            desk = Harness(self)
            call = call_of(case.capability, desk)
            before = _count(desk, lister)
            outcome = desk.perform(call, colour, disturbed(step, fault))
            made = _count(desk, lister) - before
            place = f"request {step}, {fault.kind}, {'after' if fault.after else 'before'}: "
            expect(made <= 1, place + f"{made} objects were made")
            lacks = outcome.error is None and not made
            expect(not lacks, place + "the call returned, and nothing was made")

    @for_each(reading, BOTH)
    def test_a_read_is_tried_again(self, case: Case, colour: ClientKind) -> None:
        """A read that got no answer, or a passing refusal, is made again and returns the same."""
        normal = rehearsed(type(self), case.capability)
        for step in range(1, len(normal.heard) + 1):
            for fault in REREAD:
                outcome, place = self._disturbed(case, colour, step, fault)
                expect(outcome.error is None, place + told(outcome.error))
                expect(outcome.result == normal.result, place + f"{outcome.result!r} came back")

    @for_each(conversations)
    def test_too_many_requests_in_the_end_are_rate_limited(self, case: Case) -> None:
        """A provider that goes on refusing with 429 raises `RateLimited`, and changed nothing."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        outcome = desk.perform(call, meddle=refused(1, lambda fake: fake.too_many(1)))
        expect(isinstance(outcome.error, RateLimited), told(outcome.error))

    @for_each(changing, BOTH)
    def test_a_dry_run_changes_nothing(self, case: Case, colour: ClientKind) -> None:
        """The first request that would change something is raised as `WouldSend`, and not sent."""
        normal = rehearsed(type(self), case.capability)
        desk = Harness(self)
        call = call_of(case.capability, desk)
        outcome = desk.perform(call, colour, dry_run=True)
        problem = f"`WouldSend` was to be raised: {told(outcome.error)}"
        shown = of_kind(outcome.error, WouldSend, problem).request
        expect(not outcome.changing, "a request that may change something was sent")
        due = normal.heard[normal.changing[0] - 1].received
        expect(
            (shown.method, shown.content) == (due.method, due.content),
            f"the dry run shows another request than is sent: {shown!r}",
        )

    def _disturbed(
        self, case: Case, colour: ClientKind, step: int, fault: Fault
    ) -> tuple[Outcome, str]:
        desk = Harness(self)
        call = call_of(case.capability, desk)
        outcome = desk.perform(call, colour, disturbed(step, fault))
        when = "after the change" if fault.after else "before"
        return outcome, f"request {step}, {fault.kind} {when}: "


def _at_changes(
    terms: type[ContractConfig], case: Case, faults: tuple[Fault, ...]
) -> Iterator[tuple[int, Fault]]:
    for step in rehearsed(terms, case.capability).changing:
        for fault in faults:
            yield step, fault


def _token(outcome: Outcome) -> bool:
    error = outcome.error
    return isinstance(error, SubhubError) and bool(error.token)


def _count(desk: Harness, lister: str) -> int:
    """How many objects there are of the kind that is made."""
    return len(desk.perform(Call(lister)).returned())
