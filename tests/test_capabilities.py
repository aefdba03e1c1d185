"""Capabilities: derived from a plugin's methods, with evidence, before any call."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from subhub import Client, InvalidRequest, PluginError, Unsupported
from subhub.plugin import Absence, Evidence, Flow, Provider, done
from subhub.plugin.capabilities import Capabilities, options_of
from subhub.plugin.operations import KNOWN, METHODS, OPERATIONS

if TYPE_CHECKING:
    from subhub.models import Plan, PlanDraft, Subscription
    from tests.conftest import Caller, Desk, Toy

PAGE = Evidence("docs", "https://part.test/docs")


class Part(Provider):
    """A provider that can do a part."""

    name = "part"
    base_url = "https://part.test"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        "create_plan": PAGE,
        "get_plan": Absence("it says no, but the plugin has it"),
        "update_plan": Absence("never changes", "make another"),
        "update_customer": PAGE,
        "create_signup_link:replaces": PAGE,
        "cancel_subscription:now": PAGE,
        "cancel_subscription:prorated": Absence("money never comes back"),
        "count": PAGE,
        "recount": Absence("counting once is enough", kind="plugin"),
    }

    def create_plan(
        self,
        draft: PlanDraft,
        *,
        colour: str = "red",  # noqa: ARG002 - read from the signature
        shade: int | None = None,  # noqa: ARG002
    ) -> Flow[Plan]:
        return super().create_plan(draft)

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        return super().get_plan(plan_id)

    def cancel_subscription(self, subscription_id: str, **terms: Any) -> Flow[Subscription]:
        return super().cancel_subscription(subscription_id, **terms)

    def count(self) -> Flow[int]:
        return done(1)


class PartOfPart(Part):
    name = "partofpart"

    def update_plan(self, plan_id: str, changes: Any) -> Flow[Plan]:
        return super().update_plan(plan_id, changes)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("create_plan", PAGE),
        ("get_plan", Evidence("inferred", "not stated")),
        ("update_plan", Absence("never changes", "make another")),
        ("update_customer", Absence("the plugin does not implement it", kind="plugin")),
        ("subscribe", Absence("the plugin does not implement it", kind="plugin")),
        ("cancel_subscription:now", PAGE),
        ("cancel_subscription:prorated", Absence("money never comes back")),
        (
            "cancel_subscription:period_end",
            Absence("the plugin does not say that it can", kind="plugin"),
        ),
        (
            "create_signup_link:replaces",
            Absence("the plugin does not say that it can", kind="plugin"),
        ),
        ("count", PAGE),
        ("recount", Absence("counting once is enough", kind="plugin")),
    ],
)
def test_what_is_overridden_is_supported_and_variants_as_far_as_the_plugin_says(
    name: str, found: Evidence | Absence
) -> None:
    capability = Part.capabilities()[name]

    assert capability.found == found
    assert capability.supported is isinstance(found, Evidence)
    assert Part.capabilities().supports(name) is capability.supported
    assert capability.extension is (name in {"count", "recount"})


def test_the_options_of_an_operation_are_its_parameters_beyond_the_neutral_ones() -> None:
    capabilities = Part.capabilities()

    assert capabilities["create_plan"].options == ("colour", "shade")
    assert capabilities["get_plan"].options == ()
    assert options_of(Part, "create_plan")["colour"].default == "red"


def test_every_neutral_capability_is_told_of_every_provider_in_the_same_order() -> None:
    for provider in (Provider, Part):
        names = [each for each in provider.capabilities() if each in KNOWN]
        assert sorted(names) == sorted(KNOWN)
        assert [each for each in names if ":" not in each] == [*OPERATIONS, "webhooks"]
    assert len(Part.capabilities()) == len(KNOWN) + 2


def test_capabilities_are_worked_out_once_for_each_class() -> None:
    assert Part.capabilities() is Part.capabilities()
    assert PartOfPart.capabilities() is not Part.capabilities()
    assert PartOfPart.capabilities().supports("update_plan")
    assert PartOfPart.capabilities().supports("create_plan")
    assert not Part.capabilities().supports("update_plan")


@pytest.mark.parametrize(
    ("name", "hint"),
    [("create_plam", "did you mean 'create_plan'?"), ("zzz", "see `subhub capabilities`")],
)
def test_a_name_that_nobody_knows_is_refused_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(f"unknown capability {name!r}: {hint}")):
        _ = Part.capabilities().supports(name)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "update_plan",
            "part has no `update_plan` (the provider cannot): never changes; instead: make another",
        ),
        (
            "subscribe",
            "part has no `subscribe` (this plugin does not yet): the plugin does not implement it",
        ),
    ],
)
def test_asking_for_what_is_lacking_says_whose_lack_it_is_and_what_to_do(
    name: str, text: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        Part.capabilities().require(name)

    assert str(caught.value) == text
    assert caught.value.operation == name


def test_a_client_tells_its_capabilities_before_any_call(billing: Caller, desk: Desk) -> None:
    assert billing.capabilities["create_plan"].options == ("colour",)
    assert billing.supports("subscribe:inline_plan")
    assert isinstance(billing.capabilities, Capabilities)
    with pytest.raises(InvalidRequest):
        billing.supports("fly")
    assert desk.sent == []


def _required(owner: type[object], operation: str) -> dict[str, Any]:
    """Return an argument for each that is required; `find_customer` requires one of two."""
    name = METHODS[operation] if owner is Client else operation
    _, *parameters = inspect.signature(getattr(owner, name)).parameters.values()
    required = [each.name for each in parameters if each.default is inspect.Parameter.empty]
    return {"email": "a@b.c"} if operation == "find_customer" else dict.fromkeys(required, "1")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("stated", [True, False], ids=["stated", "silent"])
def test_every_operation_that_is_not_overridden_is_unsupported_and_says_why(
    connect: Callable[..., Caller],
    desk: Desk,
    operation: str,
    stated: bool,  # noqa: FBT001
) -> None:
    class Bare(Provider):
        name = "bare"
        base_url = "https://bare.test"
        evidence: ClassVar[Mapping[str, Evidence | Absence]] = (
            {operation: Absence("it is bare", "dress it")} if stated else {}
        )

    bare = connect(Bare, api_key="k", transport=desk.transport)

    with pytest.raises(Unsupported) as caught:
        _ = getattr(bare, METHODS[operation])(**_required(Client, operation))

    error = caught.value
    assert error.operation == operation
    assert (error.reason, error.alternative, error.kind) == (
        ("it is bare", "dress it", "provider")
        if stated
        else ("the plugin does not implement it", "", "plugin")
    )
    assert desk.sent == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_provider_without_the_operation_refuses_it_also_without_a_client(operation: str) -> None:
    with pytest.raises(Unsupported) as caught:
        getattr(Provider(), operation)(**_required(Provider, operation))

    assert caught.value.operation == operation


def test_an_extension_of_another_provider_is_unsupported(
    connect: Callable[..., Caller], desk: Desk, toy: type[Toy]
) -> None:
    part = connect(Part, api_key="k", transport=desk.transport)

    asks: list[Callable[[], Any]] = [
        lambda: part.call(toy.ping, 1),
        lambda: part.walk(toy.list_events),
    ]
    for ask in asks:
        with pytest.raises(Unsupported, match="is another provider's: the account") as caught:
            ask()
        assert caught.value.kind == "provider"
        assert caught.value.reason == "the account 'part' is billed by part"
    assert desk.sent == []


def test_an_extension_is_called_on_the_class_that_declares_it_or_on_one_below(
    connect: Callable[..., Caller],
) -> None:
    assert connect(Part, api_key="k").call(Part.count) == 1
    assert connect(PartOfPart, api_key="k").call(Part.count) == 1
    with pytest.raises(Unsupported):
        connect(Part, api_key="k").call(PartOfPart.update_plan, "1", None)


def test_a_plugin_without_a_sandbox_says_so() -> None:
    with pytest.raises(PluginError, match="the plugin of 'part' ships no sandbox"):
        _ = Client(Part, sandbox=True)
