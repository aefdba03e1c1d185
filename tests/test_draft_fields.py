"""Fields of drafts as capabilities: what a provider does with them is what its flows do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie

from subhub import Client, Interval, InvalidRequest, Money, Unsupported
from subhub.client.configuration import Configuration
from subhub.errors import ConfigError, MissingNeed, NotFound
from subhub.models import PlanDraft
from subhub.plugin import Absence, Evidence, Flow, Provider, Request, done
from subhub.plugin.conversations import MOST
from subhub.plugin.operations import FIELD_NAMES
from tests.cli.conftest import CliToy

if TYPE_CHECKING:
    from subhub.models import CustomerDraft
    from subhub.sandbox import Fake

PAGE = Evidence("docs", "https://picky.test/docs")
PHONES = Evidence("docs-old", "https://picky.test/phones")


class Picky(Provider):
    """A provider that treats each field in another way; it sells in dollars and by the year."""

    name = "picky"
    base_url = "https://picky.test"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        "create_plan": PAGE,
        "create_customer": PAGE,
        "create_customer:phone": PHONES,
        "create_customer:city": Absence("cities come from postal codes", "leave it out"),
        "subscribe": PAGE,
        "subscribe:inline_plan": PAGE,
    }
    started: ClassVar[list[str]] = []

    def create_plan(self, draft: PlanDraft) -> Flow[Any]:
        self.started.append("create_plan")
        if draft.price.currency != "USD" or draft.interval.unit != "year":
            raise InvalidRequest("only dollars a year")
        if draft.tax_rate != 20:
            raise InvalidRequest.of("tax_rate", f"must be 20, got {draft.tax_rate}. Do as we do.")
        return (yield Request("POST", "/plans", {"text": draft.description}))

    def create_customer(self, draft: CustomerDraft) -> Flow[Any]:
        self.started.append("create_customer")
        if draft.address is None:
            raise InvalidRequest("an address is required")
        if draft.country is not None:
            raise Unsupported(
                "no countries",
                operation="create_customer",
                reason="there are none",
                alternative="move",
                kind="plugin",
            )
        if draft.external_id is not None:
            raise LookupError("a mistake of the plugin's")
        return (yield Request("POST", "/customers", {"call": draft.phone}))

    def subscribe(self, *, plan: str | PlanDraft, customer: str, **_: Any) -> Flow[Any]:
        self.started.append("subscribe")
        if isinstance(plan, PlanDraft) and plan.tax_rate not in {None, 21}:
            raise InvalidRequest.of("tax_rate", "must be 21")
        return (yield Request("POST", "/subscriptions", {"plan": plan, "of": customer}))


class Closed(Picky):
    """A provider that accepts no draft at all."""

    name = "closed"

    def create_plan(self, draft: PlanDraft) -> Flow[Any]:
        raise InvalidRequest(f"no plans. Not even {draft.name} ({draft.description})")

    def create_customer(self, draft: CustomerDraft) -> Flow[Any]:
        del draft
        return done(None)


@pytest.mark.parametrize(
    ("name", "use", "found"),
    [
        ("create_customer:address", "required", PAGE),
        ("create_customer:phone", "kept", PHONES),
        (
            "create_customer:city",
            "dropped",
            Absence("cities come from postal codes", "leave it out"),
        ),
        (
            "create_customer:postal_code",
            "dropped",
            Absence(
                "it is accepted, and no request has it",
                "leave it out, and keep the value in your application",
                "plugin",
            ),
        ),
        ("create_customer:country", "refused", Absence("there are none", "move", "plugin")),
        (
            "create_customer:external_id",
            "refused",
            Absence('its flow fails: LookupError("a mistake of the plugin\'s")', kind="plugin"),
        ),
        ("create_plan:tax_rate", "required", PAGE),
        ("create_plan:description", "kept", PAGE),
        ("subscribe:tax_rate", "kept", PAGE),
        (
            "create_signup_link:phone",
            None,
            Absence("the plugin does not say that it can", kind="plugin"),
        ),
    ],
)
def test_a_field_is_supported_if_a_request_has_it(
    name: str, use: str | None, found: Evidence | Absence
) -> None:
    capability = Picky.capabilities()[name]

    assert (capability.field, capability.found) == (use, found)
    assert Picky.capabilities().supports(name) is isinstance(found, Evidence)
    assert not capability.extension


def test_where_no_draft_is_accepted_every_field_is_refused_with_the_reason_for_the_smallest() -> (
    None
):
    found = Closed.capabilities()["create_plan:description"]

    assert found.found == Absence("no plans", "not even Test Company BV (None)")


def test_what_an_operation_without_requests_is_given_is_dropped() -> None:
    assert Closed.capabilities()["create_customer:phone"].field == "dropped"


@pytest.mark.parametrize(
    ("field", "value", "use", "reason"),
    [
        ("tax_rate", 20, "required", ""),
        ("tax_rate", 21, "refused", "`tax_rate` must be 20, got 21"),
        ("price", Money("1", "USD"), "required", ""),
        ("price", Money("1", "EUR"), "refused", "only dollars a year"),
        ("code", "phone", "dropped", "it is accepted, and no request has it"),
    ],
)
def test_a_value_can_be_tried_as_well(field: str, value: Any, use: str, reason: str) -> None:
    found = Picky.capabilities().fields("create_plan").use_of(field, value)

    assert (found.use, found.reason) == (use, reason)


class TwoSteps(CliToy):
    """A provider whose plan is two objects; the code is only in the second request."""

    name = "twosteps"

    def create_plan(self, draft: PlanDraft, *, colour: str = "grey") -> Flow[Any]:
        try:
            _ = yield Request("GET", "/plans/gone")
        except NotFound:
            _ = yield Request("POST", "/customers", {"name": draft.name})
        return (yield Request("POST", "/plans", {"code": draft.code, "colour": colour}))

    def create_customer(self, draft: CustomerDraft) -> Flow[Any]:
        number = 0
        while True:
            number += 1
            asked = draft.phone if number == MOST + 1 else None
            _ = yield Request("POST", "/customers", {"name": draft.name, "phone": asked})


class NoSandbox(TwoSteps):
    name = "nosandbox"

    @classmethod
    def sandbox(cls) -> Fake:
        return super(CliToy, cls).sandbox()


@pytest.mark.parametrize(
    ("provider", "name", "use"),
    [
        (TwoSteps, "create_plan:code", "kept"),
        (TwoSteps, "create_plan:public", "dropped"),
        (TwoSteps, "create_customer:phone", "dropped"),  # nothing waits for an endless flow
        (NoSandbox, "create_plan:code", "dropped"),
    ],
)
def test_later_requests_are_compared_on_the_sandbox(
    provider: type[Provider], name: str, use: str
) -> None:
    assert provider.capabilities()[name].field == use


def test_a_value_that_holds_without_being_sent_is_kept() -> None:
    fields = MijnKlantportaal.capabilities().fields

    assert fields("create_signup_link").use("country").use == "refused"
    assert fields("create_signup_link").use_of("country", "NL").use == "kept"
    assert fields("create_signup_link").use_of("country", "BE").use == "refused"
    assert fields("create_plan").use_of("public", value=False).use == "kept"


def test_the_flows_are_started_when_a_field_is_asked_for_and_only_then() -> None:
    class Fresh(Picky):
        name = "fresh"
        started: ClassVar[list[str]] = []

    with Client(Fresh, api_key="k") as client:
        assert client.supports("create_customer")
        assert len(client.capabilities) > len(FIELD_NAMES)
        assert Fresh.started == []
        assert client.supports("create_customer:phone")
        assert set(Fresh.started) == {"create_customer"}
        times = len(Fresh.started)
        assert (
            client.capabilities["create_customer:phone"]
            is Fresh.capabilities()["create_customer:phone"]
        )
    with Client(Fresh, api_key="k") as another:
        assert another.supports("create_customer:phone")
    assert len(Fresh.started) == times


def test_an_unknown_field_is_refused_with_the_name_that_was_meant() -> None:
    hint = "unknown capability 'create_customer:fone': did you mean 'create_customer:phone'?"
    with pytest.raises(InvalidRequest, match=re.escape(hint)):
        _ = Mollie.capabilities().supports("create_customer:fone")


class Untaxed(Picky):
    """A provider that knows no tax, and sells in dollars and euros."""

    name = "untaxed"

    def create_plan(self, draft: PlanDraft) -> Flow[Any]:
        if draft.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", "must be left out")
        return (yield Request("POST", "/plans", {"text": draft.description}))


@pytest.mark.parametrize(
    ("provider", "sold"),
    [
        (Untaxed, None),
        (Mollie, None),
        (MijnKlantportaal, 21),
        (Afternoon, 21),  # its plans are created by hand
        (Closed, 21),  # it refuses the plan for another reason
    ],
)
def test_an_example_is_sold_without_tax_where_only_that_is_refused(
    provider: type[Provider], sold: int | None
) -> None:
    plan = PlanDraft(
        name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
    )

    found = provider.capabilities().sellable(plan)

    assert found.tax_rate == sold
    assert found.model_copy(update={"tax_rate": plan.tax_rate}) == plan


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (
            MijnKlantportaal,
            {
                "create_plan:tax_rate": "required",
                "create_plan:code": "dropped",
                "create_customer:address": "required",
                "create_customer:country": "kept",
                "create_customer:phone": "refused",
                "create_customer:external_id": "refused",
                "create_customer:vat_id": "refused",
                "create_signup_link:phone": "refused",
                "subscribe:tax_rate": "required",
                "subscribe:description": "dropped",
            },
        ),
        (
            Afternoon,
            {
                "create_plan:tax_rate": None,
                "create_customer:address": "dropped",
                "create_customer:country": "kept",
                "create_customer:phone": "kept",
                "create_customer:external_id": "kept",
                "create_customer:vat_id": "refused",
                "create_signup_link:city": "dropped",
                "create_signup_link:external_id": "kept",
                "subscribe:tax_rate": None,
            },
        ),
        (
            Mollie,
            {
                "create_customer:vat_id": "kept",
                "create_plan:tax_rate": None,
                "create_customer:address": "kept",
                "create_customer:external_id": "kept",
                "subscribe:tax_rate": "refused",
                "subscribe:code": "kept",
            },
        ),
    ],
)
def test_the_plugins_of_this_project_treat_fields_as_their_pages_say(
    provider: type[Provider], expected: dict[str, str | None]
) -> None:
    found = provider.capabilities()

    assert {name: found[name].field for name in expected} == expected
    for name in FIELD_NAMES:  # every absence has a reason, and what to do instead
        if isinstance(lack := found[name].found, Absence):
            assert lack.reason, name
            assert lack.alternative, name
            with pytest.raises(Unsupported, match=re.escape(f"{provider.name} has no `{name}`")):
                found.require(name)


ACCOUNTS = """
[accounts.main]
provider = "afternoon"
api_key = "ak_test_1"
[accounts.next]
provider = "mijnklantportaal"
api_key = "key"
"""


def configured(folder: Path, need: str) -> Configuration:
    path = folder / "subhub.toml"
    _ = path.write_text(f"account = 'main'\nneeds = ['{need}']\n{ACCOUNTS}")
    return Configuration.read(path)


def test_needs_may_name_a_field_which_is_checked_at_every_account(tmp_path: Path) -> None:
    configured(tmp_path, "create_customer:country").open().close()

    with pytest.raises(MissingNeed) as caught:
        _ = configured(tmp_path, "create_customer:external_id").open()

    (line,) = str(caught.value).splitlines()[1:]
    assert line == (
        "  accounts.next (mijnklantportaal): mijnklantportaal has no `create_customer:external_id` "
        "(the provider cannot): your own id cannot be stored; instead: leave it out, and store the "
        "`cst_...` id"
    )


def test_a_misspelt_field_in_needs_is_refused_with_the_name_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="did you mean 'create_customer:phone'"):
        _ = configured(tmp_path, "create_customer:fone")
