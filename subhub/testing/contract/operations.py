"""Contract tests: what is claimed is done, told in neutral words, and nothing of it is made up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from subhub.messages import Response
from subhub.models import Money, SignupLink, SubscriptionChange
from subhub.plugin.decoding import json_of
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import (
    READING,
    RESULTS,
    call_of,
    claimed,
    conversations,
    rehearsed,
)
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness
from subhub.testing.contract.values import leaves_in, objects_in, results_in

if TYPE_CHECKING:
    from subhub.models.record import Result
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Exchange
    from subhub.testing.openapi import Document

AMOUNTS: Final = (1999, 29, 435, 100010)
"""Cents that become one less when they pass through a float of euros."""


def _priced(provider: type[Provider]) -> Iterator[Case]:
    for name in ("create_plan", "subscribe:inline_plan"):
        if provider.capabilities().supports(name):
            yield Case(name)


def _described(provider: type[Provider]) -> Iterator[Case]:
    return conversations(provider) if document_of(provider) else iter(())


class OperationTests(ContractConfig):
    """The happy path of every claim."""

    @for_each(claimed, BOTH)
    def test_what_is_claimed_is_done(self, case: Case, colour: ClientKind) -> None:
        """Every claimed capability works on the plugin's own sandbox, with both clients."""
        desk = Harness(self)
        outcome = desk.perform(call_of(case.capability, desk), colour)
        results = results_in(outcome.returned())
        expect(outcome.heard, "nothing was asked: was a flow called without `yield from`?")
        expect(results, f"nothing came back but {outcome.result!r}")
        for each in results:
            expect(
                isinstance(each, RESULTS[case.operation]),
                f"a {RESULTS[case.operation].__name__} was to come back, not {each!r}",
            )
            expect_none(_unfit(each, self.provider.name))

    @for_each(conversations)
    def test_what_only_reads_changes_nothing(self, case: Case) -> None:
        """Reads are made of GET requests, and a change sends one that is not."""
        changing = rehearsed(type(self), case.capability).changing
        if case.operation in READING:
            expect(not changing, f"`{case.operation}` only reads, and its requests may change")
        else:
            expect(changing, f"`{case.operation}` changes something, and sent only GET requests")

    @for_each(claimed)
    def test_the_answer_agrees_with_what_was_asked(self, case: Case) -> None:
        """What the answer says about name, price, customer, plan and days is what was asked."""
        desk = Harness(self)
        call = call_of(case.capability, desk)
        for result in results_in(desk.perform(call).returned()):
            expect_none(_contradictions(_asked(desk, case, call.kwargs), result))

    @for_each(claimed)
    def test_the_providers_own_answer_is_in_raw(self, case: Case) -> None:
        """`.raw` is an object of the provider's answer, as it came."""
        outcome = rehearsed(type(self), case.capability)
        answers = [_decoded(each) for each in outcome.heard]
        for result in results_in(outcome.returned()):
            raw = result.raw
            expect(raw, f"`.raw` is empty: pass `raw=` to {type(result).__name__}")
            expect(
                any(raw == part for answer in answers for part in objects_in(answer)),
                f"`.raw` is no object of any answer: {raw!r}",
            )

    @for_each(conversations)
    def test_requests_hold_no_null_and_no_float(self, case: Case) -> None:
        """What is not given is left out, and no number went through binary fractions."""
        for each in rehearsed(type(self), case.capability).heard:
            place = f"{each.received.method} {each.received.path}"
            for name, value in leaves_in(_sent(each)):
                expect(value is not None, f"{place}: `{name}` is null: leave it out")
                expect(
                    not isinstance(value, float),
                    f"{place}: `{name}` is {value!r}, a float: send text or minor units",
                )

    @for_each(_priced)
    def test_amounts_are_exact(self, case: Case) -> None:
        """No amount loses a cent on its way to the provider and back."""
        for amount in AMOUNTS:
            price = Money.from_minor(amount, self.plan.price.currency)
            plan = self.plan.model_copy(update={"price": price})
            desk = Harness(self)
            call = call_of(case.capability, desk)
            call = call.but(plan=plan) if call.kwargs else type(call)(call.operation, (plan,))
            found = desk.perform(call).returned().price
            expect(found in (None, price), f"{price} was asked, and {found} came back")

    @for_each(_described)
    def test_requests_are_those_of_the_api_description(self, case: Case) -> None:
        """Path, query and body of every request are in the `openapi.yaml` that the plugin ships."""
        document = document_of(self.provider)
        for each in rehearsed(type(self), case.capability).heard:
            _ = document and document.check_request(each.received)


def document_of(provider: type[Provider]) -> Document | None:
    """The API description that the plugin ships, if it ships one."""
    from subhub.testing.openapi import Document  # noqa: PLC0415 - it loads YAML and JSON Schema

    try:
        return Document.of(provider)
    except (FileNotFoundError, NotADirectoryError, TypeError):  # a module is no folder of files
        return None


def _unfit(result: Result, provider: str) -> Iterator[str]:
    if result.provider != provider:
        yield f"`.provider` is {result.provider!r}, not {provider!r}"
    if isinstance(result, SubscriptionChange):
        for each in (result.old, result.new):
            yield from _unfit(each, provider) if each else ()
        return
    if not getattr(result, "id", ""):
        yield f"the id of {result!r} is empty"
    if isinstance(result, SignupLink) and not result.url.startswith(("https://", "http://")):
        yield f"`.url` is no web address: {result.url!r}"


def _asked(desk: Harness, case: Case, kwargs: Mapping[str, object]) -> Mapping[str, object]:
    """What the fields of the answer should be, where the answer has them."""
    plan, customer = desk.terms.plan, desk.draft
    if case.operation.startswith("update_"):
        return kwargs
    if case.operation in {"create_plan", "get_plan"}:
        return {each: getattr(plan, each) for each in ("name", "price", "interval", "tax_rate")}
    if case.operation in {"create_customer", "get_customer", "find_customer"}:
        return {each: getattr(customer, each) for each in ("name", "email", "external_id")}
    if case.operation in {"subscribe", "get_subscription", "cancel_subscription"}:
        asked = {"customer_id": desk.customer, "plan_id": desk.plan}
        inline = {"price": plan.price, "interval": plan.interval, "plan_id": None}
        on = {"starts_on": kwargs.get("starts_on")}
        return {**asked, **on, **(inline if case.capability == "subscribe:inline_plan" else {})}
    known = kwargs.get("customer")
    return {"customer_id": known} if isinstance(known, str) else {}


def _contradictions(asked: Mapping[str, object], result: Result) -> Iterator[str]:
    for name, value in asked.items():
        found = getattr(result, name, None)
        if value is not None and found is not None and found != value:
            yield f"`.{name}` is {found!r}, and {value!r} was asked"


def _decoded(exchange: Exchange) -> Any:
    reply = exchange.reply
    return json_of(Response(reply.status, {}, reply.content)) if reply.content else None


def _sent(exchange: Exchange) -> Any:
    try:
        return json.loads(exchange.received.content or b"null")
    except ValueError:  # a provider may take another form than JSON
        return {}
