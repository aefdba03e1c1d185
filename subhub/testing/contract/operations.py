"""Contract tests of operations: what is claimed works, the rest is refused unsent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, cast

from subhub.errors import Unsupported
from subhub.messages import Response, is_object
from subhub.models import PortalLink, SetupLink, Signup, SignupLink, SubscriptionChange
from subhub.plugin.capabilities import Absence
from subhub.plugin.decoding import json_of
from subhub.plugin.operations import OPERATIONS
from subhub.testing.contract.assertions import expect, expect_none, expect_type, summary
from subhub.testing.contract.calls import call_of, claimed, conversations, lacking, rehearsed
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import ClientKind, Harness, has_plans
from subhub.testing.contract.replies import places_in, sent_body

if TYPE_CHECKING:
    from subhub.models.record import Result
    from subhub.sandbox import Exchange


class OperationTests(ContractConfig):
    """The happy path of every claim, and the refusal of what is not claimed."""

    @for_each(claimed, BOTH)
    def test_what_is_claimed_is_done(self, case: Case, kind: ClientKind) -> None:
        """Every claimed capability works on the plugin's own sandbox, with both clients."""
        harness = Harness(self)
        outcome = harness.perform(call_of(case.capability, harness), kind)
        _ = outcome.returned()
        expect(outcome.heard, "nothing was sent: was a flow called without `yield from`?")
        expect(outcome.results, f"it returned {outcome.result!r}")
        due = OPERATIONS[case.operation].result
        for result in outcome.results:
            expect(isinstance(result, due), f"it must return a {due.__name__}, got {result!r}")
            expect_none(unfit(result, self.provider.name))

    @for_each(lacking)
    def test_what_is_not_claimed_is_refused_unsent(self, case: Case) -> None:
        """It raises `Unsupported` with reason and kind, and nothing is sent."""
        harness = Harness(self, strangers=True)
        outcome = harness.perform(call_of(case.capability, harness))
        problem = f"it must raise `Unsupported`: {summary(outcome.error)}"
        error = expect_type(outcome.error, Unsupported, problem)
        expect(not outcome.heard, "requests were sent before it was refused")
        about = error.operation or ""
        expect(about.startswith(case.operation), f"the refusal is about {about!r}")
        problem = f"`{about}` is claimed, and was refused: {error.reason!r}"
        found = expect_type(self.provider.capabilities()[about].found, Absence, problem)
        expect(
            (error.reason, error.kind) == (found.reason, found.kind),
            f"the error has another reason than the evidence of `{about}`: {error.reason!r}",
        )

    @for_each(conversations)
    def test_what_only_reads_changes_nothing(self, case: Case) -> None:
        """Reads send GET requests only, and a change sends one of another method."""
        changing = rehearsed(type(self), case.capability).changing
        if OPERATIONS[case.operation].changes:
            expect(changing, f"`{case.operation}` changes something, and sent only GET requests")
        else:
            expect(not changing, f"`{case.operation}` only reads, and sent another method than GET")

    @for_each(claimed)
    def test_the_answer_agrees_with_what_was_asked(self, case: Case) -> None:
        """Name, price, customer, plan and dates in the result are those that were asked for."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call)
        _ = outcome.returned()
        for result in outcome.results:
            expect_none(contradictions(asked(harness, case, call.kwargs), result))

    @for_each(claimed)
    def test_the_providers_own_answer_is_in_raw(self, case: Case) -> None:
        """`.raw` is the whole response, or a record of a list in it, unchanged."""
        outcome = rehearsed(type(self), case.capability)
        answers = [_decoded(exchange) for exchange in outcome.heard]
        for result in outcome.results:
            raw = result.raw
            if not raw and not any(answers):
                continue  # a deletion may be answered without a body
            expect(raw, f"`.raw` is empty: pass `raw=` to {type(result).__name__}")
            expect(
                any(raw == part for answer in answers for part in (answer, *records_in(answer))),
                f"`.raw` is neither a whole response nor a record of a list in one: {raw!r}",
            )

    @for_each(conversations)
    def test_requests_hold_no_null_and_no_float(self, case: Case) -> None:
        """A value that is not given is left out, and no number is a binary fraction."""
        for exchange in rehearsed(type(self), case.capability).heard:
            place = f"{exchange.received.method} {exchange.received.path}"
            for name, value in leaves_in(sent_body(exchange.received)):
                expect(value is not None, f"{place}: `{name}` is null: leave it out")
                expect(
                    not isinstance(value, float),
                    f"{place}: `{name}` is {value!r}, a float: send text or minor units",
                )


def unfit(result: Result, provider: str) -> Iterator[str]:
    """Yield what keeps *result* from being one of *provider*."""
    if result.provider != provider:
        yield f"`.provider` is {result.provider!r}, not {provider!r}"
    if isinstance(result, SubscriptionChange):
        for part in (result.old, result.new):
            yield from unfit(part, provider) if part else ()
        return
    if isinstance(result, Signup):
        if result.subscription is None:
            yield f"it was paid, and is {result.state}: {result.reason}"
        else:
            yield from unfit(result.subscription, provider)
        return
    if not getattr(result, "id", "") and not isinstance(result, PortalLink):
        yield f"the id of {result!r} is empty"
    url = result.url if isinstance(result, SignupLink | SetupLink | PortalLink) else "https://"
    if not url.startswith(("https://", "http://")):
        yield f"`.url` is not a web address: {url!r}"


def asked(harness: Harness, case: Case, kwargs: Mapping[str, object]) -> Mapping[str, object]:
    """Return what the fields of the result must be, where the result has them."""
    plan, customer = harness.plan_draft, harness.draft
    if case.operation.startswith("update_"):
        return kwargs
    if case.operation in {"create_plan", "get_plan"}:
        return {name: getattr(plan, name) for name in ("name", "price", "interval", "tax_rate")}
    if case.operation in {"create_customer", "get_customer", "find_customer"}:
        return {name: getattr(customer, name) for name in ("name", "email", "external_id")}
    if case.operation in {"subscribe", "get_subscription", "cancel_subscription"}:
        asked: dict[str, object] = {"customer_id": harness.customer}
        asked["quantity"] = kwargs.get("quantity")
        if has_plans(harness.provider):
            asked["plan_id"] = harness.plan
        inline = {"price": plan.price, "interval": plan.interval, "plan_id": None}
        on = {"starts_on": kwargs.get("starts_on")}
        return {**asked, **on, **(inline if case.capability == "subscribe:inline_plan" else {})}
    if case.operation == "get_invoice":
        return {"customer_id": harness.customer}
    known = kwargs.get("customer")
    return {"customer_id": known} if isinstance(known, str) else {}


def contradictions(due: Mapping[str, object], result: Result) -> Iterator[str]:
    """Yield each field of *result* that is shown and is not as it is *due*."""
    for name, value in due.items():
        found = getattr(result, name, None)
        if value is not None and found is not None and found != value:
            yield f"`.{name}` is {found!r}, and {value!r} was asked for"


def _decoded(exchange: Exchange) -> Any:
    reply = exchange.reply
    return json_of(Response(reply.status, {}, reply.content)) if reply.content else None


def records_in(value: Any) -> Iterator[Any]:
    """Yield every member of a list in decoded JSON, at any depth."""
    return (member for place, member in places_in(value) if isinstance(place[-1], int))


def leaves_in(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value in decoded JSON that holds no other, with its place."""
    if is_object(value):
        for name, member in value.items():
            yield from leaves_in(member, f"{place}.{name}".lstrip("."))
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from leaves_in(item, place + "[]")
    elif place:
        yield place, value
