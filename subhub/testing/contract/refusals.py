"""Contract tests of error responses: each raises its error, with the provider's message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import (
    ProviderError,
    ProviderUnavailable,
    SubhubError,
)
from subhub.messages import Response
from subhub.plugin.error_reading import REFUSALS, SERVER_ERROR
from subhub.sandbox import Fake, Reply
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.calls import call_of, changing, conversations, rehearsed
from subhub.testing.contract.cases import Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Harness, Outcome
from subhub.testing.contract.interceptor import refused

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

UNKNOWN: Final = 418
STATUSES: Final = (*REFUSALS, UNKNOWN, 500, 502, 503, 504)
GONE: Final = (404, 410)
GOING_ON: Final = frozenset({"find_customer", "follow_signup_link"})
"""Operations for which a 404 can mean that someone does not exist, or no longer."""
MESSAGE: Final = "the message of the provider"
BODIES: Final = (
    b"",
    b"<html>Bad gateway</html>",
    b"null",
    b"[]",
    b'"refused"',
    b"42",
    b"{}",
    b'{"error": null, "errors": null, "message": null, "code": null, "details": null}',
    b'{"error": "text", "errors": "text", "message": {"a": 1}, "code": [], "details": "text"}',
    b'{"error": [], "errors": [1, null, {}], "message": [], "code": {}, "details": [1]}',
    b'{"error": {"message": {}, "code": [], "details": [null], "param": 1}, "errors": {"a": 1}}',
    b'{"error": {"message": 1, "code": 7}, "errors": {"a": ["b"]}, "message": "a", "code": 7}',
    b"\xff\xfe",
)
"""Bodies that a proxy, or a failing provider, sends with an error status."""


def _several_changes(provider: type[Provider]) -> Iterator[Case]:
    yield from changing(provider)
    if all(map(provider.capabilities().supports, ("subscribe", "create_customer"))):
        yield Case("subscribe", "new_customer")


class RefusalTests(ContractConfig):
    """The error table, at every step of every operation."""

    @for_each(conversations)
    def test_every_refusal_is_its_error(self, case: Case) -> None:
        """A status of 400 or more raises its class, with the provider's message."""
        steps = len(rehearsed(type(self), case.capability).heard)
        expect_none(
            problem
            for step in range(1, steps + 1)
            for status in STATUSES
            for problem in self._refused(case, step, status)
        )

    @for_each(conversations)
    def test_nothing_is_sent_after_a_refusal(self, case: Case) -> None:
        """After a refusal nothing more is sent; only a read may go on after a 404.

        A cancellation that is refused may be a second one: then the subscription is read. So it is
        for a pause and a resumption.
        """
        for status in STATUSES:
            outcome = self._at(case, 1, status)
            expect(
                len(outcome.heard) == 1 or status in GONE or _rereads(case, outcome),
                f"after {status}, {len(outcome.heard) - 1} more requests were sent",
            )

    @for_each(_several_changes)
    def test_a_failure_half_way_says_what_exists(self, case: Case) -> None:
        """`error.completed` holds the objects that the steps before the failed one created."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        call = call.but(customer=harness.numbered(9)) if case.detail else call
        for step in harness.perform(call).changing[1:]:
            harness = Harness(self)
            _ = call_of(case.capability, harness)
            error = harness.perform(call, intercept=refused(step, _refusal(422))).error
            expect(
                isinstance(error, SubhubError) and error.completed,
                f"request {step} was refused after another had created something, and "
                "`error.completed` is empty: use `with completed(...)`",
            )

    @for_each(whole)
    def test_no_body_of_a_refusal_is_too_strange(self, case: Case) -> None:
        """An error response with an undocumented body still raises the error of its status."""
        del case
        plugin = self.provider()
        for body in BODIES:
            for status in STATUSES:
                try:
                    error = plugin.error(Response(status, {}, body))
                except Exception as raised:
                    message = f"{status} with the body {body!r}: {summary(raised)}"
                    raise AssertionError(message) from raised
                expect(type(error) is _kind(status), f"{status} with {body!r} is {summary(error)}")
                fields: list[object] = [*error.fields, *error.fields.values()]
                texts: list[object] = [error.code, error.request_id, *fields]
                strange = [text for text in texts if text is not None and not isinstance(text, str)]
                expect(not strange, f"{status} with {body!r}: {strange!r} is not text")

    def _refused(self, case: Case, step: int, status: int) -> Iterator[str]:
        outcome = self._at(case, step, status)
        error = outcome.error
        place = f"{status} to request {step}"
        if error is None and status in GONE and case.operation in GOING_ON:
            return
        if not isinstance(error, ProviderError):
            yield f"{place}: " + (summary(error) if error else f"it returned {outcome.result!r}")
            return
        facts: tuple[tuple[str, Any, Any], ...] = (
            ("the class", type(error), _kind(status)),
            ("`.provider`", error.provider, self.provider.name),
            ("`.operation`", error.operation, case.operation),
            ("`.status`", error.status, status),
        )
        for what, found, due in facts:
            if found != due:
                yield f"{place}: {what} must be {due!r}, got {found!r}"
        if MESSAGE not in error.message:
            yield (
                f"{place}: the provider's message is not in {error.message!r}: see `error_message`"
            )

    def _at(self, case: Case, step: int, status: int) -> Outcome:
        harness = Harness(self)
        call = call_of(case.capability, harness)
        return harness.perform(call, intercept=refused(step, _refusal(status)), attempts=1)


def _kind(status: int) -> type[ProviderError]:
    unknown = ProviderUnavailable if status >= SERVER_ERROR else ProviderError
    return REFUSALS.get(status, unknown)


def _refusal(status: int) -> Callable[[Fake], Reply]:
    """Return the provider's own error response, with this status."""

    def reply(fake: Fake) -> Reply:
        own = fake.malformed(MESSAGE)
        return Reply(status, own.content, own.headers)

    return reply


_TWICE: Final = frozenset({"cancel_subscription", "pause_subscription", "resume_subscription"})


def _rereads(case: Case, outcome: Outcome) -> bool:
    """Return whether what may be asked for twice was followed by nothing but reads."""
    return case.operation in _TWICE and set(outcome.changing) <= {1}
