"""Contract tests: an answer that is not as documented is `InvalidReply`, and a new one is read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from subhub.errors import InvalidReply, SubhubError
from subhub.messages import is_object
from subhub.models import Status
from subhub.sandbox import Fault, Reply
from subhub.testing.contract.assertions import expect, expect_none, told
from subhub.testing.contract.calls import call_of, claimed, conversations, rehearsed, with_status
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness
from subhub.testing.contract.interceptor import Intercept, changed, changed_all, disturbed
from subhub.testing.contract.scripts import Script
from subhub.testing.contract.values import is_list, results_in

NEW_WORD: Final = "status_of_tomorrow"
BODIES: Final = (b"", b"{", b"[]", b'"text"', b"42", b"null", b"{}", b"<html></html>", b"\xff\xfe")
"""What no document of any provider shows as the answer of success."""
STRANGE: Final[tuple[Any, ...]] = (None, "", "strange", -1, True, 1.5, [], {}, [None], 10**30)
"""What a field may hold that was not expected."""


class BodyTests(ContractConfig):
    """Answers that are broken, strange, or of a later day."""

    @for_each(conversations, BOTH)
    def test_a_body_that_is_no_answer_is_an_invalid_reply(
        self, case: Case, colour: ClientKind
    ) -> None:
        """Broken, empty or foreign bodies raise `InvalidReply`; nothing is asked again."""
        for step, exchange in enumerate(rehearsed(type(self), case.capability).heard, 1):
            whole = exchange.reply.content
            for body in (*BODIES, whole[: len(whole) // 2]) if whole else ():
                desk = Harness(self)
                call = call_of(case.capability, desk)
                outcome = desk.perform(call, colour, changed(step, lambda _, new=body: new))  # type: ignore[misc]
                place = f"answer {step} was {body[:40]!r}"
                expect(isinstance(outcome.error, InvalidReply), f"{place}: {told(outcome.error)}")
                expect(len(outcome.heard) == step, f"{place}, and more was asked after it")

    @for_each(conversations)
    def test_a_strange_field_is_never_a_crash(self, case: Case) -> None:
        """Whatever a field holds, the answer is read or refused, and nothing else is raised."""
        expect_none(self._crashes(case))

    @for_each(with_status)
    def test_a_status_word_of_tomorrow_is_unknown(self, case: Case) -> None:
        """A word for a subscription's status that is not known is `UNKNOWN`, never a guess."""
        words: set[str] = set()
        for known in _subscriptions(rehearsed(type(self), case.capability).result):
            silent = known.raw_status is None
            expect(
                not silent or known.status is Status.UNKNOWN,
                f"the status is {known.status!r}, and `raw_status` does not keep the word for it",
            )
            words |= set() if silent else {known.raw_status}
        desk = Harness(self)
        call = call_of(case.capability, desk)
        for each in _subscriptions(desk.perform(call, meddle=_renamed(words)).returned()):
            expect(each.status is Status.UNKNOWN, f"an unknown word became {each.status!r}")
            expect(not words or each.raw_status == NEW_WORD, f"raw_status is {each.raw_status!r}")

    @for_each(claimed)
    def test_fields_of_tomorrow_are_tolerated(self, case: Case) -> None:
        """Fields that nobody knows yet, in every object of an answer, change nothing."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        self_result = rehearsed(type(self), case.capability).result
        steps = len(rehearsed(type(self), case.capability).heard)
        for _ in range(steps):
            desk.fake.faults.next(Fault("unknown_fields"))
        found = desk.perform(call).returned()
        expect(found == self_result, f"{found!r} came back in place of {self_result!r}")

    @for_each(conversations)
    def test_a_redirect_is_not_followed(self, case: Case) -> None:
        """An answer that points elsewhere is `InvalidReply`: following would hand over the key."""
        for step in range(1, len(rehearsed(type(self), case.capability).heard) + 1):
            desk = Harness(self)
            call = call_of(case.capability, desk)
            outcome = desk.perform(call, meddle=disturbed(step, "redirect"))
            expect(isinstance(outcome.error, InvalidReply), told(outcome.error))
            expect(len(outcome.heard) == step, "after the redirect more was asked")

    def _crashes(self, case: Case) -> Iterator[str]:
        script, connector = Script.of(self, case.capability), self.provider()
        for step, answer in enumerate(script.answers, 1):
            for place, strange in _strange(json.loads(answer.content or b"null")):
                try:
                    script.but(step, json.dumps(strange).encode()).play(connector)
                except SubhubError:
                    continue
                except Exception as error:  # noqa: BLE001 - whatever it is, it is a crash
                    yield f"answer {step}, {place}: {told(error)}"


def _subscriptions(result: Any) -> list[Any]:
    return [
        part
        for each in results_in(result)
        for part in (getattr(each, "old", each), getattr(each, "new", None))
        if part is not None
    ]


def _renamed(words: Iterable[str]) -> Intercept:
    """Every answer has another word where it had one of *words*."""

    def change(reply: Reply) -> Reply:
        content = reply.content
        for word in words:
            content = content.replace(json.dumps(word).encode(), json.dumps(NEW_WORD).encode())
        return replace(reply, content=content)

    return changed_all(change)


def _strange(value: Any) -> Iterator[tuple[str, Any]]:
    """*value*, decoded JSON, with each of its fields in turn holding each of the strange things."""
    if is_object(value):
        for name, each in value.items():
            for strange in STRANGE:
                yield f"`{name}` = {strange!r}", {**value, name: strange}
            rest = {key: other for key, other in value.items() if key != name}
            yield f"no `{name}`", rest
            for place, inner in _strange(each):
                yield f"`{name}`.{place}", {**value, name: inner}
    elif is_list(value) and value:
        for place, inner in _strange(value[0]):
            yield f"[0].{place}", [inner, *value[1:]]
