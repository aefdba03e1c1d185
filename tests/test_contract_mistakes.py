"""Each rule about a plugin's declarations, and the messages that say how to keep it."""

from __future__ import annotations

import ast
import linecache
import sys
import types
from typing import Any

import pytest

from subhub import InvalidRequest, NotFound, SubhubError
from subhub.models import Plan, PlanDraft, SignupLink
from subhub.plugin import Absence, Evidence, Flow, Provider, post
from subhub.sandbox import Reply
from subhub.testing import ProviderContract
from subhub.testing.contract.assertions import of_kind, told
from subhub.testing.contract.harness import Call, Harness
from subhub.testing.contract.interceptor import MOST, Interceptor
from subhub.testing.contract.scripts import Script
from subhub.testing.contract.source_code import Source, called, functions, is_flow, sources_of
from subhub.testing.contract.values import leaves_in, objects_in
from tests.contract.kiosk import Kiosk, KioskContract
from tests.contract.mini import DOCS, Mini, MiniContract, MiniFake, Tariff
from tests.mutations.workshop import failures


def judged(test: str, base: type[Provider] = Mini, **attributes: Any) -> str:
    """What *test* says of a provider with these attributes."""
    provider = type("Changed", (base,), {"__module__": base.__module__, **attributes})
    return "\n".join(failures(contract_of(provider), test))


def contract_of(provider: type[Provider], **attributes: Any) -> type[ProviderContract]:
    """The contract class of a changed provider."""
    base: type[ProviderContract] = KioskContract if issubclass(provider, Kiosk) else MiniContract
    made: Any = type("Test", (base,), {"provider": provider, **attributes})
    found: type[ProviderContract] = made
    return found


@pytest.mark.parametrize(
    ("attribute", "value", "problem"),
    [
        ("name", "Mini Pay", "`name` is 'Mini Pay': write it in lower case"),
        ("base_url", "http://api.mini.example/v1", "and no https address"),
        ("base_url", "https://api.mini.example/v1?a=b", "and no https address"),
        ("base_url", "https://api.mini.example/v1/", "leave out the slash at its end"),
        ("base_url", "https://api.mini.example/v2", "the sandbox's routes are below '/v1'"),
        ("api_version", 99, "`api_version` is 99, and the core's is 1"),
        ("documentation", "see the wiki", "`documentation` is 'see the wiki'"),
        ("id_prefixes", {"plans": "pln_"}, "`id_prefixes` has 'plans': known are customer"),
        ("key_prefixes", {"prod": "sk_"}, "`key_prefixes` has 'prod': known are live, test"),
    ],
)
def test_the_class_is_well_formed(attribute: str, value: object, problem: str) -> None:
    changed: dict[str, Any] = {attribute: value}

    assert problem in judged("test_the_class_is_well_formed", **changed)


def test_a_zone_that_is_none_is_told() -> None:
    class Lost(Mini):
        def __init__(self) -> None:
            """It makes no zone of the name."""

    found = judged("test_the_class_is_well_formed", Lost, timezone="Europe/Atlantis")

    assert "`timezone` is 'Europe/Atlantis', which is no zone" in found


@pytest.mark.parametrize(
    ("row", "found", "problem"),
    [
        ("create_plan", Absence("there is none at all"), "is implemented, and `evidence` has no"),
        ("get_plan", DOCS, "claims `get_plan`, and no method implements it"),
        ("get_plan", Absence("none"), "needs a reason of a few words, not 'none'"),
        ("create_plan", Evidence("docs", ""), "the evidence of `create_plan` needs a mark"),
        ("create_plan", Evidence("sure", "x"), "the evidence of `create_plan` needs a mark"),  # type: ignore[arg-type]
        ("subscribe:starts_om", DOCS, "did you mean 'subscribe:starts_on'?"),
        ("xyz", DOCS, "a row 'xyz', which is nothing that the plugin has"),
    ],
)
def test_the_evidence_is_whole_and_true(row: str, found: object, problem: str) -> None:
    evidence = {**Mini.evidence, row: found}

    assert problem in judged("test_the_evidence_is_whole_and_true", evidence=evidence)


def test_a_public_method_without_a_meaning_is_told() -> None:
    found = judged("test_every_public_method_is_known", qqq=print)
    close = judged("test_every_public_method_is_known", create_plam=print)

    assert "`Changed.qqq` is no operation and no hook: give it evidence or a `_`" in found
    assert "`Changed.create_plam` is no operation and no hook: did you mean 'create_plan'?" in close


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

    assert "option `first`: make it a keyword of its own" in found
    assert "option `second`: give it a default" in found
    assert "option `third`: annotate it with its type" in found
    assert "option `fourth`: annotate it with its type" in found


def test_an_option_that_takes_anything_is_no_typed_option() -> None:
    def create_plan(self: Mini, draft: PlanDraft, *, extra: object = None) -> Flow[Plan]:
        del extra
        return Mini.create_plan(self, draft)

    found = judged("test_every_option_is_typed_and_reaches_the_wire", create_plan=create_plan)

    assert "the option `extra` takes anything: annotate it with its type" in found


# What is read in the source -----------------------------------------------------------------------

SOURCE = """
import os
from time import monotonic
import datetime as dt

def plain(): ...
def quoted() -> "Flow[int]": ...
def flow(self) -> Flow[int]:
    quoted()
    _ = self.flow()
    found = quoted()
    self.rows[0]()
    next(found)
    next(found, None)
    open("x")
    return dt.datetime.now()
"""


def source() -> Source:
    return Source("mine", ast.parse(SOURCE))


def test_a_flow_is_known_by_its_annotation() -> None:
    assert [each.name for each in functions(source()) if is_flow(each)] == ["quoted", "flow"]


def test_what_is_called_is_known_by_its_last_name() -> None:
    names = {called(each) for each in ast.walk(source().tree)} - {""}

    assert names == {"quoted", "flow", "next", "open", "now"}


def test_every_way_to_the_outside_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told_of(SOURCE, "test_flows_have_no_way_to_the_outside", monkeypatch)

    assert "line 2: it imports os" in found
    assert "line 3: it imports time" in found
    assert "line 13: a bare `next()` ends the flow: give it a default" in found
    assert "line 15: it calls `open`: use the argument `now`" in found
    assert "line 16: it calls `now`: use the argument `now`" in found
    assert "line 14" not in found


def told_of(text: str, test: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What *test* says of a plugin in a module of this text."""
    module = types.ModuleType("mine")
    module.__file__ = "<mine>"
    monkeypatch.setitem(sys.modules, "mine", module)
    monkeypatch.setitem(
        linecache.cache, "<mine>", (len(text), None, text.splitlines(keepends=True), "<mine>")
    )
    return judged(test, __module__="mine")


def test_a_plugin_without_source_cannot_be_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nowhere", types.ModuleType("nowhere"))
    provider = type("Changed", (Mini,), {"__module__": "nowhere"})

    with pytest.raises(AssertionError, match="the source of nowhere cannot be read"):
        _ = sources_of(provider)


# What comes back ----------------------------------------------------------------------------------


def test_an_id_that_is_empty_is_told() -> None:
    def create_plan(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        made = yield from Mini.create_plan(self, draft)
        return made.model_copy(update={"id": ""})

    assert "the id of Plan(" in judged("test_what_is_claimed_is_done", create_plan=create_plan)


def test_a_link_that_is_no_address_is_told() -> None:
    def create_signup_link(self: Kiosk, **terms: Any) -> Flow[SignupLink]:
        made = yield from Kiosk.create_signup_link(self, **terms)
        return made.model_copy(update={"url": "somewhere"})

    found = judged("test_what_is_claimed_is_done", Kiosk, create_signup_link=create_signup_link)

    assert "`.url` is no web address: 'somewhere'" in found


def test_another_error_than_that_of_a_refusal_is_told() -> None:
    def create_plan(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        try:
            return (yield from Mini.create_plan(self, draft))
        except Exception as error:
            raise KeyError("message") from error

    def swallowed(self: Mini, draft: PlanDraft) -> Flow[Plan]:
        try:
            return (yield from Mini.create_plan(self, draft))
        except SubhubError:
            return Plan(provider="mini", id="made up")

    raised = judged("test_every_refusal_is_its_error", create_plan=create_plan)
    made_up = judged("test_every_refusal_is_its_error", create_plan=swallowed)

    assert "404 to request 1: KeyError: 'message'" in raised
    assert "404 to request 1: Plan(provider='mini', id='made up'" in made_up


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


# The desk -----------------------------------------------------------------------------------------


def test_a_hook_that_cannot_make_what_is_needed_says_which_it_is() -> None:
    def make_subscription(self: MiniContract, client: Any, plan: str, customer: str) -> str:
        del self, client, plan, customer
        raise InvalidRequest("no such luck")

    terms = contract_of(Mini, make_subscription=make_subscription)()

    with pytest.raises(
        AssertionError, match=r"no subscription could be made.*no such luck"
    ) as info:
        _ = Harness(terms).subscription
    assert "no such luck. See `make_subscription`" in str(info.value)


def test_where_subscriptions_cannot_be_made_an_id_of_nobody_stands_in() -> None:
    nothing = type("Nothing", (Mini,), {"evidence": {}, "subscribe": Provider.subscribe})

    assert Harness(contract_of(nothing)()).subscription == "nobody"


def test_an_operation_that_does_not_end_is_stopped() -> None:
    class Endless(Mini):
        def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
            while True:
                made = yield from post("/tariffs", Tariff, {"name": draft.name, "cents": 1})
                assert made

    desk = Harness(contract_of(Endless)())
    call = Call("create_plan", (desk.terms.plan,))

    with pytest.raises(AssertionError, match=f"does not end: {MOST + 1} requests were made"):
        _ = desk.perform(call)


def test_a_flow_that_asks_more_than_there_are_answers_is_closed() -> None:
    script = Script("create_plan", (MiniContract.plan,), {}, answers=())

    script.play(Mini())

    assert [each.path for each in script.asked] == ["/tariffs"]


def test_a_wiretap_is_no_provider() -> None:
    with pytest.raises(LookupError, match="ask the fake behind it"):
        Interceptor(MiniFake()).pay("https://mini.example")


# The words ----------------------------------------------------------------------------------------


def test_what_is_told_of_an_error_is_one_line() -> None:
    assert told(NotFound("gone\nfor good")).startswith("NotFound: None refused: gone")
    assert told(None) == "nothing was raised"
    assert told(KeyError()) == "KeyError: "


def test_something_of_another_kind_is_a_failure() -> None:
    assert of_kind("x", str, "no text") == "x"
    with pytest.raises(AssertionError, match="no text"):
        _ = of_kind(1, str, "no text")


def test_all_of_decoded_json_is_walked() -> None:
    value = {"a": [{"b": None}, 1.5], "c": "x"}

    assert dict(leaves_in(value)) == {"a[].b": None, "a[]": 1.5, "c": "x"}
    assert list(objects_in(value)) == [value, {"b": None}]
    assert list(leaves_in("x")) == []
