"""Contract tests: a refusal of the provider's is the right error, in the provider's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import (
    ProviderError,
    ProviderUnavailable,
    SubhubError,
)
from subhub.messages import Response
from subhub.plugin.provider import REFUSALS, SERVER_ERROR
from subhub.sandbox import Fake, Reply
from subhub.testing.contract.assertions import expect, expect_none, told
from subhub.testing.contract.calls import READING, call_of, conversations, rehearsed
from subhub.testing.contract.cases import BOTH, Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness, Outcome
from subhub.testing.contract.interceptor import refused

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

UNKNOWN: Final = 418
STATUSES: Final = (*REFUSALS, UNKNOWN, 500, 502, 503, 504)
NOT_FOUND: Final = 404
WORDS: Final = "the very words of the provider"
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
"""What a proxy, or a provider on a bad day, sends with a refusal."""


def _several_changes(provider: type[Provider]) -> Iterator[Case]:
    for case in conversations(provider):
        if case.operation not in READING:
            yield case
    if all(map(provider.capabilities().supports, ("subscribe", "create_customer"))):
        yield Case("subscribe", "new_customer")


class RefusalTests(ContractConfig):
    """The error table, at every step of every operation."""

    @for_each(conversations, BOTH)
    def test_every_refusal_is_its_error(self, case: Case, colour: ClientKind) -> None:
        """A status of 400 or more raises its class, with provider, operation, status and words."""
        steps = len(rehearsed(type(self), case.capability).heard)
        expect_none(
            problem
            for step in range(1, steps + 1)
            for status in STATUSES
            for problem in self._refused(case, colour, step, status)
        )

    @for_each(conversations)
    def test_nothing_is_tried_in_place_of_what_was_refused(self, case: Case) -> None:
        """After a refusal nothing more is asked; only a 404 may send a reader elsewhere."""
        for status in STATUSES:
            outcome = self._at(case, 1, status, "sync")
            expect(
                len(outcome.heard) == 1 or status == NOT_FOUND,
                f"after {status}, {len(outcome.heard) - 1} more requests were made",
            )

    @for_each(_several_changes)
    def test_a_failure_half_way_says_what_exists(self, case: Case) -> None:
        """`error.completed` holds what the steps before the failed one have made."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        call = call.but(customer=desk.numbered(9)) if case.detail else call
        for step in desk.perform(call).changing[1:]:
            desk = Harness(self)
            _ = call_of(case.capability, desk)
            error = desk.perform(call, meddle=refused(step, _refusal(422))).error
            expect(
                isinstance(error, SubhubError) and error.completed,
                f"request {step} was refused, the one before it made something, and "
                "`error.completed` is empty: use `with completed(...)`",
            )

    @for_each(whole)
    def test_no_body_of_a_refusal_is_too_strange(self, case: Case) -> None:
        """A refusal whose body is not as documented is still the error of its status."""
        del case
        connector = self.provider()
        for body in BODIES:
            for status in STATUSES:
                try:
                    error = connector.error(Response(status, {}, body))
                except Exception as raised:
                    message = f"{status} with the body {body!r}: {told(raised)}"
                    raise AssertionError(message) from raised
                expect(type(error) is _kind(status), f"{status} with {body!r} is {told(error)}")
                fields: list[object] = [*error.fields, *error.fields.values()]
                texts: list[object] = [error.code, error.request_id, *fields]
                strange = [each for each in texts if each is not None and not _is_text(each)]
                expect(not strange, f"{status} with {body!r}: {strange!r} is no text")

    def _refused(self, case: Case, colour: ClientKind, step: int, status: int) -> Iterator[str]:
        outcome = self._at(case, step, status, colour)
        error = outcome.error
        place = f"{status} to request {step}"
        if error is None and status == NOT_FOUND and case.operation == "find_customer":
            return
        if not isinstance(error, ProviderError):
            yield f"{place}: " + (told(error) if error else f"{outcome.result!r} came back")
            return
        facts: tuple[tuple[str, Any, Any], ...] = (
            ("the class", type(error), _kind(status)),
            ("`.provider`", error.provider, self.provider.name),
            ("`.operation`", error.operation, case.operation),
            ("`.status`", error.status, status),
        )
        for what, found, due in facts:
            if found != due:
                yield f"{place}: {what} is {found!r}, not {due!r}"
        if WORDS not in error.message:
            yield f"{place}: the provider's words are not in {error.message!r}: see `error_message`"

    def _at(self, case: Case, step: int, status: int, colour: ClientKind) -> Outcome:
        desk = Harness(self)
        call = call_of(case.capability, desk)
        return desk.perform(call, colour, refused(step, _refusal(status)), attempts=1)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _kind(status: int) -> type[ProviderError]:
    unknown = ProviderUnavailable if status >= SERVER_ERROR else ProviderError
    return REFUSALS.get(status, unknown)


def _refusal(status: int) -> Callable[[Fake], Reply]:
    """The provider's own way to refuse, with this status."""

    def reply(fake: Fake) -> Reply:
        own = fake.malformed(WORDS)
        return Reply(status, own.content, own.headers)

    return reply
