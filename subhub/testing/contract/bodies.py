"""Contract tests of responses: invalid ones are `InvalidReply`, additions are read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast

from subhub.errors import InvalidReply, SubhubError
from subhub.messages import is_object
from subhub.plugin.operations import OPERATIONS
from subhub.sandbox import Fault
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.calls import call_of, claimed, conversations, rehearsed
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Harness
from subhub.testing.contract.interceptor import changed, disturbed

BODIES: Final = (b"", b"{", b"[]", b'"text"', b"42", b"null", b"{}", b"<html></html>", b"\xff\xfe")
"""What no provider documents as a successful response."""
STRANGE: Final[tuple[Any, ...]] = (None, "", "strange", -1, True, 1.5, [], {}, [None], 10**30)
"""Unexpected values of a field."""


class BodyTests(ContractConfig):
    """Responses that are broken, strange, or newer than the plugin."""

    @for_each(conversations)
    def test_an_invalid_body_is_an_invalid_reply(self, case: Case) -> None:
        """Broken, empty or foreign bodies raise `InvalidReply`; nothing is sent again."""
        for step, exchange in enumerate(rehearsed(type(self), case.capability).heard, 1):
            whole = exchange.reply.content
            for body in (*BODIES, whole[: len(whole) // 2]) if whole else ():
                if body == b"{}" and OPERATIONS[case.operation].deletes:
                    continue  # the status says it all
                harness = Harness(self)
                call = call_of(case.capability, harness)
                invalid = changed(step, lambda _, new=body: new)  # type: ignore[misc]
                outcome = harness.perform(call, intercept=invalid)
                place = f"response {step} was {body[:40]!r}"
                expect(
                    isinstance(outcome.error, InvalidReply), f"{place}: {summary(outcome.error)}"
                )
                expect(len(outcome.heard) == step, f"{place}, and more was sent after it")

    @for_each(conversations)
    def test_a_strange_field_is_never_a_crash(self, case: Case) -> None:
        """Whatever a field holds, the response is read, or raises an error of subhub's."""
        expect_none(self._crashes(case))

    @for_each(claimed)
    def test_unknown_fields_are_tolerated(self, case: Case) -> None:
        """Undocumented fields in every object of a response change nothing."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        normal = rehearsed(type(self), case.capability)
        for _ in normal.heard:
            harness.fake.faults.next(Fault("unknown_fields"))
        found = harness.perform(call).returned()
        expect(found == normal.result, f"it must return {normal.result!r}, got {found!r}")

    @for_each(conversations)
    def test_a_redirect_is_not_followed(self, case: Case) -> None:
        """A redirect is `InvalidReply`: following it would send the key elsewhere."""
        for step in range(1, len(rehearsed(type(self), case.capability).heard) + 1):
            harness = Harness(self)
            call = call_of(case.capability, harness)
            outcome = harness.perform(call, intercept=disturbed(step, "redirect"))
            expect(isinstance(outcome.error, InvalidReply), summary(outcome.error))
            expect(len(outcome.heard) == step, "after the redirect more was sent")

    def _crashes(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        for step in replay.steps:
            for place, strange in _strange(replay.body(step)):
                try:
                    _ = replay.but(step, strange).play(plugin)
                except SubhubError:
                    continue
                except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash
                    yield f"response {step}, {place}: {summary(error)}"


def _strange(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield *value*, decoded JSON, with each field in turn holding each strange value."""
    if is_object(value):
        for name, member in value.items():
            for strange in STRANGE:
                yield f"`{name}` = {strange!r}", {**value, name: strange}
            rest = {key: other for key, other in value.items() if key != name}
            yield f"no `{name}`", rest
            for place, inner in _strange(member):
                yield f"`{name}`.{place}", {**value, name: inner}
    elif isinstance(value, list) and value:
        items = cast("list[object]", value)
        for place, inner in _strange(items[0]):
            yield f"[0].{place}", [inner, *items[1:]]
