"""What the contract tests say of mistakes that the two real plugins cannot show."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import Any

import pytest
from subhub_afternoon import Afternoon

from subhub import Event, InvalidRequest, NotFound, SubhubError, WebhookRefused
from subhub.models import Plan, PlanDraft, Refund, Signup, SignupLink
from subhub.plugin import (
    Absence,
    Delivery,
    Evidence,
    Flow,
    Provider,
    Webhooks,
    path,
    post,
    signed,
)
from subhub.sandbox import Reply
from subhub.testing import ProviderContract
from subhub.testing.contract.assertions import expect_type, summary
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, Harness
from subhub.testing.contract.interceptor import MOST, Interceptor
from subhub.testing.contract.operations import leaves_in, records_in
from subhub.webhooks.headers import Headers
from subhub.webhooks.schemes import StaticSecret
from tests.afternoon.test_afternoon_contract import TestAfternoon
from tests.contract.kiosk import Kiosk, KioskContract
from tests.contract.mini import DOCS, Mini, MiniContract, MiniFake, Order, Tariff
from tests.mutations.workshop import failures


def judged(test: str, base: type[Provider] = Mini, **attributes: Any) -> str:
    """Return what *test* says of a provider with these attributes."""
    provider = type("Changed", (base,), {"__module__": base.__module__, **attributes})
    return "\n".join(failures(contract_of(provider), test))


def contract_of(provider: type[Provider], **attributes: Any) -> type[ProviderContract]:
    """Return the contract class of a changed provider."""
    base: type[ProviderContract] = KioskContract if issubclass(provider, Kiosk) else MiniContract
    made: Any = type("Test", (base,), {"provider": provider, **attributes})
    found: type[ProviderContract] = made
    return found


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("name", "Mini Pay", "`name` must be lower case without blanks, got 'Mini Pay'"),
        ("base_url", "http://api.mini.example/v1", "`base_url` must be an https address"),
        ("base_url", "https://api.mini.example/v1?a=b", "`base_url` must be an https address"),
        ("base_url", "https://api.mini.example/v1/", "`base_url` must not end with a slash"),
        ("base_url", "https://api.mini.example/v2", "the sandbox's routes are below '/v1'"),
        ("api_version", 99, "`api_version` must be 1, got 99"),
        (
            "documentation",
            "see the wiki",
            "`documentation` must be an https address, got 'see the wiki'",
        ),
        ("id_prefixes", {"plans": "pln_"}, "`id_prefixes` has 'plans': known are customer"),
        ("key_prefixes", {"prod": "sk_"}, "`key_prefixes` has 'prod': known are any, live, test"),
    ],
)
def test_the_class_is_well_formed(attribute: str, value: object, problem: str) -> None:
    changed: dict[str, Any] = {attribute: value}

    assert problem in judged("test_the_class_is_well_formed", **changed)


def test_a_zone_that_does_not_exist_is_refused() -> None:
    class Lost(Mini):
        def __init__(self) -> None:
            """It creates no zone from the name."""

    found = judged("test_the_class_is_well_formed", Lost, timezone="Europe/Atlantis")

    assert "`timezone` must be an IANA time zone, got 'Europe/Atlantis'" in found


@pytest.mark.parametrize(
    ("row", "found", "problem"),
    [
        ("create_plan", Absence("there is none at all"), "is implemented, and `evidence` has no"),
        ("get_plan", DOCS, "claims `get_plan`, and no method implements it"),
        ("get_plan", Absence("none"), "needs a reason of a few words, not 'none'"),
        ("create_plan", Evidence("docs", ""), "the evidence of `create_plan` needs a mark"),
        ("create_plan", Evidence("sure", "x"), "the evidence of `create_plan` needs a mark"),  # type: ignore[arg-type]
        ("subscribe:starts_om", DOCS, "did you mean 'subscribe:starts_on'?"),
        ("create_plan:code", DOCS, "than the flow, by which it is dropped"),
        ("subscribe:code", DOCS, "`evidence` says otherwise of `subscribe:code` than the flow"),
        ("xyz", DOCS, "a row 'xyz', which the plugin does not have"),
    ],
)
def test_the_evidence_is_complete_and_true(row: str, found: object, problem: str) -> None:
    evidence = {**Mini.evidence, row: found}

    assert problem in judged("test_the_evidence_is_complete_and_true", evidence=evidence)


def test_a_plan_with_a_tax_rate_that_is_refused_is_tried_without() -> None:
    taxed = MiniContract.plan.model_copy(update={"tax_rate": 21})

    found = failures(contract_of(Mini, plan=taxed), "test_what_is_claimed_is_done")

    assert list(found) == []


def test_a_public_method_without_a_meaning_is_refused() -> None:
    found = judged("test_every_public_method_is_known", qqq=print)
    close = judged("test_every_public_method_is_known", create_plam=print)

    assert "`Changed.qqq` is neither an operation nor a hook: give it evidence or a `_`" in found
    assert (
        "`Changed.create_plam` is neither an operation nor a hook: did you mean 'create_plan'?"
        in close
    )


def test_options_are_keywords_with_default_and_type() -> None:
    def create_plan(
        self: Mini,
        draft: PlanDraft,
        first: str = "",
        *,
        second: str,
        third: Any = None,
        fourth: Any = None,
    ) -> Flow[Plan]:
        raise AssertionError(self, draft, first, second, third, fourth)

    create_plan.__annotations__.pop("fourth")
    found = judged("test_options_are_keywords_with_a_default", create_plan=create_plan)

    assert "option `first`: it must be keyword-only" in found
    assert "option `second`: it must have a default" in found
    assert "option `third`: it must be annotated with its type" in found
    assert "option `fourth`: it must be annotated with its type" in found


def test_an_option_that_takes_anything_is_refused() -> None:
    def create_plan(self: Mini, draft: PlanDraft, *, extra: object = None) -> Flow[Plan]:
        del extra
        return Mini.create_plan(self, draft)

    found = judged("test_every_option_is_typed_and_reaches_the_wire", create_plan=create_plan)

    assert "the option `extra` takes anything: annotate it with its type" in found


# What comes back ----------------------------------------------------------------------------------


def test_an_empty_id_is_refused() -> None:
    def create_plan(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        made = yield from Mini.create_plan(self, draft)
        return made.model_copy(update={"id": ""})

    assert "the id of Plan(" in judged("test_what_is_claimed_is_done", create_plan=create_plan)


def test_a_link_that_is_not_an_address_is_refused() -> None:
    def create_signup_link(self: Kiosk, **terms: Any) -> Flow[SignupLink]:
        made = yield from Kiosk.create_signup_link(self, **terms)
        return made.model_copy(update={"url": "somewhere"})

    found = judged("test_what_is_claimed_is_done", Kiosk, create_signup_link=create_signup_link)

    assert "`.url` is not a web address: 'somewhere'" in found


def test_another_error_than_that_of_a_refusal_is_refused() -> None:
    def create_plan(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        try:
            return (yield from Mini.create_plan(self, draft))
        except Exception as error:
            raise KeyError("message") from error

    def swallowed(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        try:
            return (yield from Mini.create_plan(self, draft))
        except SubhubError:
            return Plan(provider="mini", id="invented")

    raised = judged("test_every_refusal_is_its_error", create_plan=create_plan)
    invented = judged("test_every_refusal_is_its_error", create_plan=swallowed)

    assert "404 to request 1: KeyError: 'message'" in raised
    assert "404 to request 1: it returned Plan(provider='mini', id='invented'" in invented


def test_a_provider_that_takes_no_json_is_not_asked_for_null() -> None:
    class FormFake(MiniFake):
        def decode(self, received: Any) -> object:
            return {"name": received.content.decode(), "cents": 500, "tariff": "t"}

        def make_order(self, received: Any) -> Reply:
            del received
            return Reply.json(201, {"id": "o", "state": "on"})

    def as_text(_: Mini, body: Any) -> tuple[str, bytes]:
        return "text/plain", str(body["name"]).encode()

    changed = judged(
        "test_requests_hold_no_null_and_no_float",
        encode=as_text,
        sandbox=FormFake,
        evidence={"create_plan": DOCS},
        subscribe=Provider.subscribe,
        cancel_subscription=Provider.cancel_subscription,
    )

    assert not changed


# The harness --------------------------------------------------------------------------------------


def test_a_hook_that_cannot_make_what_is_needed_says_which_it_is() -> None:
    def make_subscription(self: MiniContract, client: Any, plan: str, customer: str) -> str:
        del self, client, plan, customer
        raise InvalidRequest("no such luck")

    config = contract_of(Mini, make_subscription=make_subscription)()

    with pytest.raises(
        AssertionError, match=r"no subscription could be created.*no such luck"
    ) as info:
        _ = Harness(config).subscription
    assert "no such luck. See `make_subscription`" in str(info.value)


def test_where_subscriptions_cannot_be_created_an_unknown_id_is_used() -> None:
    nothing = type("Nothing", (Mini,), {"evidence": {}, "subscribe": Provider.subscribe})

    assert Harness(contract_of(nothing)()).subscription == "nobody"


def test_an_operation_that_does_not_end_is_stopped() -> None:
    class Endless(Mini):
        def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
            while True:
                made = yield from post("/tariffs", Tariff, {"name": draft.name, "cents": 1})
                assert made

    harness = Harness(contract_of(Endless)())
    call = Call("create_plan", (harness.config.plan,))

    with pytest.raises(AssertionError, match=f"does not end: {MOST + 1} requests were sent"):
        _ = harness.perform(call)


def test_a_flow_that_sends_more_than_there_are_responses_is_closed() -> None:
    replay = FlowReplay("create_plan", (MiniContract.plan,), {}, answers=())

    replay.play(Mini())

    assert [each.path for each in replay.asked] == ["/tariffs"]


def test_an_interceptor_is_not_a_provider() -> None:
    with pytest.raises(LookupError, match="ask the fake behind it"):
        Interceptor(MiniFake()).pay("https://mini.example")


# The assertions -----------------------------------------------------------------------------------


def test_a_summary_of_an_error_is_one_line() -> None:
    assert summary(NotFound("gone\nfor good")) == "NotFound: gone"
    assert summary(None) == "nothing was raised"
    assert summary(KeyError()) == "KeyError: "


def test_something_of_another_type_is_a_failure() -> None:
    assert expect_type("x", str, "no text") == "x"
    with pytest.raises(AssertionError, match="no text"):
        _ = expect_type(1, str, "no text")


def test_all_of_decoded_json_is_walked() -> None:
    value = {"a": [{"b": None}, 1.5], "c": "x"}

    assert dict(leaves_in(value)) == {"a[].b": None, "a[]": 1.5, "c": "x"}
    assert list(records_in(value)) == [{"b": None}, 1.5]
    assert list(leaves_in("x")) == []


def calls_read_by(read: Callable[[Delivery], list[Event]], test: str, **declared: Any) -> str:
    """Return what *test* says of a provider whose signed calls are read so."""
    scheme = declared.pop("scheme", SIGNED)
    provider = type(
        "Changed",
        (Mini,),
        {
            "__module__": Mini.__module__,
            "webhooks": Webhooks(scheme, read, **declared),
            "evidence": {**Mini.evidence, "webhooks": DOCS},
        },
    )
    contract = contract_of(provider, webhook_calls=(("/hooks", b'{"id": "evt_1"}'),))
    return "\n".join(failures(contract, test))


SIGNED = signed("X-Signature", layout="{signature}", content="{body}")


class TestWebhooks:
    def test_a_careful_reader_passes(self) -> None:
        def read(delivery: Delivery) -> list[Event]:
            return [delivery.event("changed", key=delivery.payload["id"])]

        for test in (
            "test_a_call_is_read_into_events",
            "test_only_a_proven_call_is_read",
            "test_a_strange_body_raises_nothing_else",
            "test_the_evidence_is_complete_and_true",
        ):
            assert calls_read_by(read, test) == ""

    def test_a_call_has_to_be_given(self) -> None:
        provider = type("Changed", (Mini,), {"webhooks": Webhooks(SIGNED, lambda _: [])})

        found = failures(contract_of(provider), "test_a_call_is_read_into_events")

        assert "`webhook_calls` is empty" in "\n".join(found)

    def test_a_call_without_events_is_lost(self) -> None:
        assert "became no event" in calls_read_by(lambda _: [], "test_a_call_is_read_into_events")

    def test_a_key_that_changes_is_found(self) -> None:
        numbers = count()

        def read(delivery: Delivery) -> list[Event]:
            return [delivery.event("changed", key=f"evt_{next(numbers)}")]

        assert "and then [Event" in calls_read_by(read, "test_a_call_is_read_into_events")

    def test_an_extension_that_reads_has_to_be_there(self) -> None:
        found = calls_read_by(
            lambda delivery: [delivery.event("changed")],
            "test_a_call_is_read_into_events",
            reads={"payment": "get_payment"},
        )

        assert "`reads` has 'get_payment' for 'payment', which the plugin" in found

    def test_an_event_of_another_provider_is_found(self) -> None:
        def read(delivery: Delivery) -> list[Event]:
            return [delivery.event("changed").model_copy(update={"provider": "other"})]

        found = calls_read_by(read, "test_a_call_is_read_into_events")

        assert "an event is of 'other': use `delivery.event`" in found

    def test_a_scheme_that_accepts_anything_is_found(self) -> None:
        class Open(StaticSecret):
            def verify(
                self, headers: Headers, body: bytes, secrets: Sequence[str], now: dt.datetime
            ) -> None:
                """Accept everything."""

        found = calls_read_by(
            lambda delivery: [delivery.event("changed")],
            "test_only_a_proven_call_is_read",
            scheme=Open("X-Secret"),
        )

        assert "must be refused with 500: None" in found

    def test_a_body_that_is_refused_as_unproven_is_found(self) -> None:
        def read(_: Delivery) -> list[Event]:
            raise WebhookRefused("who are you?", status=401)

        found = calls_read_by(read, "test_a_strange_body_raises_nothing_else")

        assert "is refused with 401" in found

    def test_the_evidence_has_to_agree(self) -> None:
        test = "test_the_evidence_is_complete_and_true"

        assert "set `webhooks`" in judged(test, evidence={**Mini.evidence, "webhooks": DOCS})
        assert "has no Evidence for it" in judged(test, webhooks=Webhooks(SIGNED, lambda _: []))


class BlindAfternoon(Afternoon):
    """It finds no subscription of a link, paid or not."""

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        found = yield from super().follow_signup_link(link, known=known)
        blind = {"state": "open", "reason": "none was found", "subscription": None}
        return found.model_copy(update=blind)


def test_a_paid_link_must_be_found_out_about() -> None:
    blind = type("Blind", (TestAfternoon,), {"provider": BlindAfternoon})

    said = "\n".join(failures(blind, "test_what_is_claimed_is_done"))

    assert "it was paid, and is open: none was found" in said


@pytest.mark.parametrize(
    ("sent", "pays_back", "problem"),
    [
        ({"none": "keep", "prorated": "pay", "credit": "balance"}, True, ""),
        ({"none": "keep", "credit": "balance"}, False, ""),
        ({"none": "keep", "prorated": "pay", "credit": "pay"}, True, '`refund="prorated"`'),
        ({"none": "keep", "prorated": "pay", "credit": "keep"}, True, '`refund="none"`'),
        ({"none": "keep", "credit": "keep"}, False, '`refund="none"`'),
    ],
    ids=["well", "only credit", "money", "nothing", "only nothing"],
)
def test_credit_that_is_money_or_nothing_is_found(
    sent: dict[str, str],
    pays_back: bool,  # noqa: FBT001 - a case of the rule
    problem: str,
) -> None:
    def cancel(_: Mini, subscription_id: str, *, refund: Refund, **__: object) -> Flow[Any]:
        body = {"rest": sent[refund]}
        order = yield from post(path("/orders/{}/stop", subscription_id), Order, body)
        return order.to_subscription()

    variants = ["credit", *(["prorated"] if pays_back else [])]
    claims = {f"cancel_subscription:{variant}": DOCS for variant in variants}
    said = judged(
        "test_credit_is_neither_money_nor_nothing",
        evidence={**Mini.evidence, **claims},
        cancel_subscription=cancel,
    )
    assert said == "" if not problem else problem in said
