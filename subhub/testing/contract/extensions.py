"""Contract tests of extensions: what only one provider has is held to the same rules."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import InvalidReply, InvalidRequest, SubhubError
from subhub.messages import Response, is_object
from subhub.models import Result, SetupLink, SignupLink
from subhub.plugin.capabilities import Evidence
from subhub.plugin.flows import Page
from subhub.plugin.operations import KNOWN, OPERATIONS
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.bodies import BODIES
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.descriptions import document_for, misdescribed
from subhub.testing.contract.extension_calls import (
    PARTIES,
    accepted_id,
    call_of_extension,
    is_id,
    is_list,
    parameters_of,
    rehearsed_extension,
    succeeded,
    values_of,
)
from subhub.testing.contract.extension_words import NEUTRAL_RESULTS, camel, misread_words
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.flows import IDS, led_astray, spoilt_ids
from subhub.testing.contract.harness import Harness, Outcome
from subhub.testing.contract.interceptor import changed
from subhub.testing.contract.paging import first_of_many
from subhub.testing.contract.replies import record_of
from subhub.testing.provenance import document_of

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

FOREIGN: Final = tuple(body for body in BODIES if body != b"{}")
"""What no response may be; every field of an extension's response may be optional."""


def _extensions(provider: type[Provider]) -> Iterator[Case]:
    for name, found in provider.evidence.items():
        if name not in KNOWN and isinstance(found, Evidence):
            yield Case(name)


class ExtensionTests(ContractConfig):
    """Operations that only this provider has."""

    @for_each(_extensions)
    def test_an_extension_does_what_it_claims(self, case: Case) -> None:
        """It is called, sends what is described, and returns what the provider answered."""
        outcome = rehearsed_extension(type(self), case.capability)
        if outcome is None:  # nothing is known to call it with
            return
        expect_none(self._undescribed(outcome))
        _ = outcome.returned()
        expect(outcome.heard, "nothing was sent: was a flow called without `yield from`?")
        expect(outcome.results or is_list(self.provider, case.capability), "it returned nothing")
        for result in outcome.results:
            expect_none(self._unlike(result))
        expect_none(misread_words(self._replay(case.capability), self.provider()))
        expect_none(self._ended_early(case.capability, outcome))
        expect_none(self._merged(case.capability))

    @for_each(_extensions)
    def test_every_argument_of_an_extension_is_sent(self, case: Case) -> None:
        """Another value of an argument changes the request, or is refused by its name."""
        plain = rehearsed_extension(type(self), case.capability)
        if plain is None or plain.error is not None:
            return
        for name, other in self._other_arguments(case.capability):
            harness = Harness(self)
            call = call_of_extension(
                harness, case.capability, accepted_id(type(self), case.capability)
            )
            outcome = harness.perform(call.but(**{name: other}))
            named = isinstance(outcome.error, InvalidRequest) and name in str(outcome.error)
            expect(
                outcome.wire != plain.wire or named,
                f"`{name}` makes no difference: the same is sent for {other!r}",
            )

    @for_each(_extensions)
    def test_an_id_of_an_extension_is_one_segment_of_the_path(self, case: Case) -> None:
        """Every id is quoted, as in the neutral operations."""
        usual = self._replay(case.capability)
        if usual is None:
            return
        with suppress(SubhubError):
            _ = usual.play(self.provider())
        for hostile in IDS:
            for identity in spoilt_ids(hostile):
                kwargs = {
                    name: identity(value) if is_id(name) and isinstance(value, str) else value
                    for name, value in usual.kwargs.items()
                }
                replay = FlowReplay(usual.operation, usual.args, kwargs, usual.answers)
                with suppress(SubhubError):  # it may refuse a strange id itself
                    _ = replay.play(self.provider())
                expect_none(
                    problem
                    for request, normal in zip(replay.asked, usual.asked, strict=False)
                    for problem in led_astray(request, normal, hostile)
                )

    @for_each(_extensions)
    def test_an_invalid_body_for_an_extension_is_an_invalid_reply(self, case: Case) -> None:
        """Broken, empty or foreign bodies raise `InvalidReply`."""
        plain = rehearsed_extension(type(self), case.capability)
        for step, exchange in enumerate(plain.heard if plain else (), 1):
            for body in FOREIGN if exchange.reply.content and succeeded(exchange) else ():
                harness = Harness(self)
                found = accepted_id(type(self), case.capability)
                call = call_of_extension(harness, case.capability, found)
                invalid = changed(step, lambda _, new=body: new)  # type: ignore[misc]
                error = harness.perform(call, intercept=invalid).error
                expect(
                    isinstance(error, InvalidReply),
                    f"response {step} was {body[:40]!r}: {summary(error)}",
                )

    def _merged(self, name: str) -> Iterator[str]:
        """Yield that the second of two equal orders returned what the first one created."""
        harness = Harness(self)
        call = call_of_extension(harness, name, accepted_id(type(self), name))
        if name.startswith("create"):
            first, second = harness.perform(call), harness.perform(call)
            if second.error is None and first.returned().id == second.result.id:
                yield (
                    f"two equal calls returned one object, {second.result.id!r}: an idempotency "
                    "key must not follow from the arguments"
                )

    def _undescribed(self, outcome: Outcome) -> Iterator[str]:
        if document_of(self.provider) is None:
            return
        document = document_for(self.provider)
        for exchange in outcome.heard:
            try:
                _ = document.check_request(exchange.received)
            except AssertionError as mismatch:
                yield f"it sends what `openapi.yaml` does not describe: {mismatch}"
                return
        yield from misdescribed(self.provider, [*filter(succeeded, outcome.heard)])

    def _unlike(self, result: Any) -> Iterator[str]:
        """Yield what a result of an extension says that the provider's answer does not."""
        if not isinstance(result, Result) or result.provider != self.provider.name:
            yield f"it must return results with `provider={self.provider.name!r}`: {result!r}"
            return
        if isinstance(result, SignupLink | SetupLink) and result.url.startswith(
            self.provider.stand_in_address()
        ):
            yield f"`.url` is an address of the API, and not of a page: {result.url!r}"
        harness = Harness(self)
        own_record = record_of(result)
        for name, value in result:
            said = own_record.get(camel(name), own_record.get(name))
            own = type(result) not in NEUTRAL_RESULTS and not is_id(name)
            if own and isinstance(value, str) and isinstance(said, str) and said != value:
                yield f"`.{name}` is {value!r}, and the provider says {said!r}"
            party = name.removesuffix("_id")
            getter = f"get_{party}"
            if party in PARTIES and name != party and value and harness.supports(getter):
                yield from self._unreadable(name, value, getter)

    def _unreadable(self, name: str, value: str, getter: str) -> Iterator[str]:
        """Yield that the id in a result is not one that the getter takes, by its parts."""
        own = getattr(Harness(self), getter.removeprefix("get_"))
        if len(re.findall("[:|;,~]", value)) != len(re.findall("[:|;,~]", own)):
            yield f"`.{name}` is {value!r}, and `{getter}` takes an id such as {own!r}"

    def _ended_early(self, name: str, outcome: Outcome) -> Iterator[str]:
        """Yield that a list takes a page for the last that leads on as the neutral lists do."""
        if not (is_list(self.provider, name) and outcome.heard):
            return
        body = json.loads(outcome.heard[-1].reply.content)
        listers = (row.listed_by for row in OPERATIONS.values())
        for lister in filter(Harness(self).supports, listers):
            first = first_of_many(type(self), lister)
            replay = self._replay(name)
            if first is None or replay is None or not is_object(body):
                continue
            page = json.loads(first.reply.content)
            lead = {
                key: value for key, value in page.items() if key in body and not _has_items(value)
            }
            with suppress(SubhubError):
                read = replay.but(1, {**body, **lead}).play(self.provider())
                if lead and isinstance(read, Page) and read.next is None:
                    yield (
                        f"a page that says, as those of `{lister}`, that there is a next one, was "
                        "taken for the last: return `Page(items, next)`"
                    )
            return

    def _replay(self, name: str) -> FlowReplay | None:
        """Return the flow of the extension, with the responses of its rehearsal."""
        outcome = rehearsed_extension(type(self), name)
        if outcome is None:
            return None
        harness = Harness(self)
        call = call_of_extension(harness, name, accepted_id(type(self), name))
        answers = [
            Response(exchange.reply.status, exchange.reply.headers, exchange.reply.content)
            for exchange in outcome.heard
        ]
        cursor = (None,) if is_list(self.provider, name) else ()
        return FlowReplay(name, cursor, call.kwargs, answers)

    def _other_arguments(self, name: str) -> Iterator[tuple[str, object]]:
        harness = Harness(self)
        call = call_of_extension(harness, name, accepted_id(type(self), name))
        for parameter, annotation in parameters_of(self.provider, name):
            if is_id(parameter.name):
                yield parameter.name, self.provider.stand_in_id
                continue
            for value in values_of(parameter.name, annotation):
                if value != call.kwargs.get(parameter.name, parameter.default):
                    yield parameter.name, value
                    break


def _has_items(value: object) -> bool:
    return isinstance(value, list) or (
        is_object(value) and any(isinstance(member, list) for member in value.values())
    )
