"""`provider_options`: the active provider's part is checked, the others' parts are ignored."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import InvalidRequest
from subhub.models import CustomerDraft, PlanDraft
from subhub.plugin import Flow, Provider, done
from subhub.plugin.provider_options import validated_options

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk


class Rich(Provider):
    name = "rich"

    def create_plan(
        self,
        draft: PlanDraft,
        *,
        colour: Literal["red", "blue"] = "red",
        count: int | None = None,
        public_name: str = "",
    ) -> Flow[Any]:
        return done((draft, colour, count, public_name))


class Optional(Rich):
    name = "optional"

    def create_customer(self, draft: CustomerDraft, vip: bool = False) -> Flow[Any]:  # noqa: FBT001, FBT002
        return done((draft, vip))


@pytest.mark.parametrize(
    ("options", "accepted"),
    [
        (None, {}),
        ({}, {}),
        ({"rich": {}}, {}),
        ({"afternoon": {"anything": object()}}, {}),
        ({"rich": {"colour": "blue"}}, {"colour": "blue"}),
        ({"rich": {"count": None}, "afternoon": {"x": 1}}, {"count": None}),
        ({"rich": {"count": 3, "public_name": " a "}}, {"count": 3, "public_name": " a "}),
    ],
    ids=lambda each: str(each)[:40],
)
def test_only_what_was_given_to_the_active_provider_reaches_it(
    options: Any, accepted: dict[str, Any]
) -> None:
    assert validated_options(Rich, "create_plan", options) == accepted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"color": "red"},
            "`create_plan` has no option color; did you mean 'colour'? known are colour, count, pu",
        ),
        ({"color": 1, "x": 2}, "no option color, x; did you mean 'colour'? known are colour, cou"),
        ({"draft": 1}, "no option draft; known are"),
        ({"colour": "green"}, "colour: must be 'red' or 'blue', got 'green'"),
        ({"count": "3"}, "count: must be a valid integer, got '3'"),
        ({"count": 3.0}, "count: must be a valid integer, got 3.0"),
        ({"count": True}, "count: must be a valid integer, got True"),
    ],
)
def test_a_wrong_option_is_refused_with_what_is_known(given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(said)) as caught:
        _ = validated_options(Rich, "create_plan", {"rich": given})

    assert set(caught.value.fields) <= set(given)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"colour": "red"},
            "'colour' is an option, and stands below its .*: provider_options={'rich': {'colour':",
        ),
        (
            {"color": "red"},
            "'color' is not the name of a .*: did you mean provider_options={'rich': {'colour': ..",
        ),
        ({"ritch": {"colour": "red"}}, "'ritch' is not the name of an .*: did you mean 'rich'?"),
        ({"aftrnoon": {}}, "'aftrnoon' is not the name of an .*: did you mean 'afternoon'?"),
        ({"paypal": {}}, "'paypal' is not the name of an .*: installed are afternoon, mijnkl"),
    ],
)
def test_a_part_that_no_provider_would_take_is_refused(options: Any, said: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(said).replace(r"\.\*", ".*")):
        _ = validated_options(Rich, "create_plan", options)


@pytest.mark.parametrize("given", ["create_invoice", "create_invoce"])
def test_an_option_of_another_provider_is_shown_below_its_name(given: str) -> None:
    """It is also understood after a switch, when another provider is the active one."""
    nested = "provider_options={'mijnklantportaal': {'create_invoice': ...}}"
    options: Any = {given: True}
    for provider in (Rich, MijnKlantportaal):
        with pytest.raises(InvalidRequest, match=re.escape(nested)) as caught:
            _ = validated_options(provider, "subscribe", options)
        assert set(caught.value.fields) == {given}


def test_an_option_that_is_named_like_a_provider_is_the_option() -> None:
    class Risk(Rich):
        name = "risk"

        def create_customer(self, draft: CustomerDraft, *, risky: bool = False) -> Flow[Any]:
            return done((draft, risky))

    options: Any = {"risky": True}
    with pytest.raises(InvalidRequest, match=re.escape("{'risk': {'risky': ...}}")):
        _ = validated_options(Risk, "create_customer", options)


def test_a_broken_neighbour_does_not_disturb_the_hint(offer: Callable[..., None]) -> None:
    offer(type("Broken", (Rich,), {"name": "broken", "__module__": "no_such_module"}))

    options: Any = {"zzz": 1}
    with pytest.raises(InvalidRequest, match="installed are afternoon, broken, "):
        _ = validated_options(Rich, "create_plan", options)


def test_an_operation_without_options_says_that_it_takes_none() -> None:
    with pytest.raises(InvalidRequest, match="`update_plan` has no option colour; it takes none"):
        _ = validated_options(Rich, "update_plan", {"rich": {"colour": "red"}})


def test_a_parameter_without_a_star_before_it_is_an_option_too() -> None:
    options = {"optional": {"vip": True}}

    assert validated_options(Optional, "create_customer", options) == {"vip": True}
    assert validated_options(Optional, "create_plan", {"optional": {"count": 1}}) == {"count": 1}


@pytest.mark.parametrize(
    "options",
    [["rich"], "rich", 7, {"rich": ["colour"]}, {"rich": "colour"}, {"rich": 7}, {"rich": {1: 2}}],
    ids=str,
)
def test_options_are_given_by_provider_and_by_name(options: Any) -> None:
    with pytest.raises(InvalidRequest, match="provider_options"):
        _ = validated_options(Rich, "create_plan", options)


def test_options_reach_the_request_and_what_is_wrong_is_never_sent(
    billing: Caller, desk: Desk, draft: PlanDraft
) -> None:
    desk.answer(201, {"id": "pln_1"})
    calls: list[Callable[[], Any]] = [
        lambda: billing.create_plan(draft, provider_options={"toy": {"colour": 7}}),
        lambda: billing.cancel_subscription("1", when="now", provider_options={"toy": {"x": 1}}),
        lambda: billing.subscribe(plan="1", customer="1", provider_options={"toy": {"x": 1}}),
    ]

    options = {"toy": {"colour": "red"}, "afternoon": {"a": 1}}
    _ = billing.create_plan(draft, provider_options=options)
    for call in calls:
        with pytest.raises(InvalidRequest):
            call()

    assert [json.loads(each.content) for each in desk.sent] == [{"name": "Phone", "colour": "red"}]
