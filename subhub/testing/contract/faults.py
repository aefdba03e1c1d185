"""Contract tests of faults: a change is carried out once or not at all.

Time in a sandbox is virtual, so waiting between attempts costs nothing.
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
from subhub.models import InvoicePdf
from subhub.plugin.idempotency import DRAWN
from subhub.plugin.operations import OPERATIONS
from subhub.plugin.references import without_references
from subhub.sandbox import Fault
from subhub.testing.contract.assertions import expect, expect_type, summary
from subhub.testing.contract.calls import (
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
"""Ways in which a response is lost: the change may have been carried out, or not."""
PASSING: Final = (Fault("unreachable"), Fault("rate_limited"))
"""Requests that had no effect, and succeed when they are retried."""
SERVER_ERRORS: Final = tuple(
    Fault("server_error", after=after, status=status)
    for status in (500, 502, 503, 504)
    for after in (False, True)
)
REPEATED: Final = (
    *LOST,
    *(fault for fault in SERVER_ERRORS if fault.status != SERVER_ERRORS[0].status),
    Fault("cut_body"),
)
"""After which a request with an idempotency key is sent again."""
REREAD: Final = (
    *PASSING,
    Fault("dropped"),
    Fault("reset"),
    Fault("cut_body"),
    Fault("slow"),
    Fault("server_error", status=503),
)
"""After which a read is retried."""


def _keyed(provider: type[Provider]) -> Iterator[Case]:
    """Yield what changes something, at a provider that recognizes a request by its key."""
    return iter(()) if provider.idempotency is None else changing(provider)


def _counted(provider: type[Provider]) -> Iterator[Case]:
    """Yield the conversations that create an object that can be listed."""
    for case in changing(provider):
        lister = OPERATIONS[case.operation].listed_by
        if lister and provider.capabilities().supports(lister):
            yield case


class FaultTests(ContractConfig):
    """Faults before and after sending, at every step that changes something."""

    @for_each(changing, BOTH)
    def test_a_lost_response_is_never_retried(self, case: Case, kind: ClientKind) -> None:
        """A change without a response raises `OutcomeUnknown` with a token, and is sent once.

        A request with a key that the provider recognizes is another matter.
        """
        for step, fault in _at_changes(type(self), case, LOST, keyed=False):
            outcome, place = self._disturbed(case, step, fault, kind)
            expect(isinstance(outcome.error, OutcomeUnknown), place + summary(outcome.error))
            expect(_token(outcome), place + "`error.token` is missing")
            expect(len(outcome.heard) == step, place + "and more was sent after it")

    @for_each(changing)
    def test_a_request_without_effect_is_retried(self, case: Case) -> None:
        """A request that was not sent, or refused with 429, is retried and carried out once."""
        normal = rehearsed(type(self), case.capability)
        for step, fault in _at_changes(type(self), case, PASSING):
            outcome, place = self._disturbed(case, step, fault)
            expect(outcome.error is None, place + summary(outcome.error))
            expect(outcome.result, place + f"it returned {outcome.result!r}")
            extra = len(outcome.heard) - len(normal.heard)
            expect(extra == 1, place + f"{extra} requests more than usual were sent, not one")

    @for_each(changing)
    def test_a_server_error_on_a_change_is_not_retried(self, case: Case) -> None:
        """After a 5xx the outcome of a change is unknown: the error has a token.

        With a key, that is so after a 500 alone.
        """
        keyed = _at_changes(type(self), case, SERVER_ERRORS[:2], keyed=True)
        others = _at_changes(type(self), case, SERVER_ERRORS, keyed=False)
        for step, fault in (*keyed, *others):
            outcome, place = self._disturbed(case, step, fault)
            expect(isinstance(outcome.error, ProviderUnavailable), place + summary(outcome.error))
            expect(_token(outcome), place + "`error.token` is missing")
            expect(len(outcome.heard) == step, place + "and more was sent after it")

    @for_each(changing)
    def test_a_truncated_response_is_not_retried(self, case: Case) -> None:
        """A success with half of a body: the change was carried out, its response is unreadable."""
        for step, fault in _at_changes(type(self), case, (Fault("cut_body"),), keyed=False):
            outcome, place = self._disturbed(case, step, fault)
            expect(isinstance(outcome.error, InvalidReply), place + summary(outcome.error))
            expect(len(outcome.heard) == step, place + "and more was sent after it")

    @for_each(_keyed, BOTH)
    def test_a_request_with_a_key_is_repeated(self, case: Case, kind: ClientKind) -> None:
        """Where a provider recognizes a key, a change without an answer is sent again, and done.

        It is the same request with the same key, so it is carried out once.
        """
        normal = rehearsed(type(self), case.capability)
        for step, fault in _at_changes(type(self), case, REPEATED, keyed=True):
            outcome, place = self._disturbed(case, step, fault, kind)
            expect(outcome.error is None, place + summary(outcome.error))
            expect(outcome.result, place + f"it returned {outcome.result!r}")
            extra = len(outcome.heard) - len(normal.heard)
            expect(extra == 1, place + f"{extra} requests more than usual were sent, not one")
            first, second = (exchange.received for exchange in outcome.heard[step - 1 : step + 1])
            same = (first.path, first.headers, first.content) == (
                second.path,
                second.headers,
                second.content,
            )
            expect(same, place + "the request was not repeated as it was, with its key")

    @for_each(changing)
    def test_an_unreachable_provider_has_changed_nothing(self, case: Case) -> None:
        """When no attempt gets through, `NotSent` is raised."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        harness.fake.faults.rule("unreachable")
        outcome = harness.perform(call)
        expect(isinstance(outcome.error, NotSent), summary(outcome.error))

    @for_each(_counted)
    def test_a_failed_create_creates_at_most_one_object(self, case: Case) -> None:
        """Whatever goes wrong, the provider has at most one object more than before."""
        lister = OPERATIONS[case.operation].listed_by
        for step, fault in _at_changes(type(self), case, (*LOST, *PASSING, *SERVER_ERRORS)):
            harness = Harness(self)
            call = call_of(case.capability, harness)
            # Counted without an intercept: the fault is for the call under test alone.
            before = _count(harness, lister)
            outcome = harness.perform(call, intercept=disturbed(step, fault))
            created = _count(harness, lister) - before
            place = f"request {step}, {fault.kind}, {'after' if fault.after else 'before'}: "
            expect(created <= 1, place + f"{created} objects were created")
            lacks = outcome.error is None and not created
            expect(not lacks, place + "the call returned, and nothing was created")

    @for_each(reading)
    def test_a_read_is_retried(self, case: Case) -> None:
        """A read without a response, or with a passing refusal, is retried and returns the same."""
        normal = rehearsed(type(self), case.capability)
        for step in range(1, len(normal.heard) + 1):
            for fault in REREAD:
                outcome, place = self._disturbed(case, step, fault)
                expect(outcome.error is None, place + summary(outcome.error))
                same = _lasting(outcome.result) == _lasting(normal.result)
                expect(same, place + f"it returned {outcome.result!r}")

    @for_each(conversations)
    def test_a_provider_that_keeps_refusing_is_rate_limited(self, case: Case) -> None:
        """A provider that keeps answering 429 raises `RateLimited` in the end."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call, intercept=refused(1, lambda fake: fake.too_many(1)))
        expect(isinstance(outcome.error, RateLimited), summary(outcome.error))

    @for_each(changing)
    def test_a_dry_run_changes_nothing(self, case: Case) -> None:
        """The first request that would change something is raised as `WouldSend`, and not sent."""
        normal = rehearsed(type(self), case.capability)
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call, dry_run=True)
        problem = f"it must raise `WouldSend`: {summary(outcome.error)}"
        shown = expect_type(outcome.error, WouldSend, problem).request
        expect(not outcome.changing, "a request that may change something was sent")
        due = normal.heard[normal.changing[0] - 1].received
        content = without_references(shown.content)
        expect(
            (shown.method, content) == (due.method, without_references(due.content)),
            f"the dry run shows another request than is sent: {shown!r}",
        )

    def _disturbed(
        self, case: Case, step: int, fault: Fault, kind: ClientKind = "sync"
    ) -> tuple[Outcome, str]:
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call, kind, disturbed(step, fault))
        when = "after the change" if fault.after else "before"
        return outcome, f"request {step}, {fault.kind} {when}: "


def _at_changes(
    config: type[ContractConfig],
    case: Case,
    faults: tuple[Fault, ...],
    *,
    keyed: bool | None = None,
) -> Iterator[tuple[int, Fault]]:
    """Yield each request that changes something, with each of *faults*.

    Args:
        config: The contract class.
        case: What is called.
        faults: What happens to the request.
        keyed: Only those that carry a key of the client's, or only those that carry none.
    """
    normal = rehearsed(config, case.capability)
    for step in normal.changing:
        headers = normal.heard[step - 1].received.headers
        has_key = any(value.startswith(DRAWN) for value in headers.values())
        if keyed is None or keyed is has_key:
            for fault in faults:
                yield step, fault


def _token(outcome: Outcome) -> bool:
    error = outcome.error
    return isinstance(error, SubhubError) and bool(error.token)


def _count(harness: Harness, lister: str) -> int:
    """Return how many objects a list has."""
    return len(harness.perform(Call(lister)).returned())


def _lasting(result: object) -> object:
    """Return *result* without the address of a file, which may be another one each time."""
    lasting = {"url": "", "expires_at": None}
    return result.model_copy(update=lasting) if isinstance(result, InvoicePdf) else result
