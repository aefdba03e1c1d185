"""`subhub demo`: on the two providers that come with subhub, and on whatever else is installed."""

# ruff: noqa: ARG002 - a toy has the signatures of a provider and uses less of them

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.errors import InvalidRequest
from subhub.models import Customer, CustomerDraft, Plan, PlanDraft, SignupLink, Subscription
from subhub.plugin import Absence, Evidence, Flow, Provider, Request, done
from subhub.plugin.decoding import json_of
from subhub.sandbox import Fake, Received, Reply, route

SEEN = Evidence("docs", "the toy's own page")
COMPLETE = (
    "find_customer:email",
    "create_signup_link:new_customer",
    "create_signup_link:existing_customer",
    "create_signup_link:return_url",
    "create_signup_link:back_url",
    "create_signup_link:replaces",
    "create_signup_link:period_end",
    "create_signup_link:prorated",
    "subscribe:inline_plan",
    "subscribe:payment_method",
)


class ForgetfulDemoToy(Provider):
    """It has all of the main job but a first day, and forgets who has paid."""

    name = "forgetful"
    base_url = "https://demo.example"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = dict.fromkeys(COMPLETE, SEEN)

    @classmethod
    def sandbox(cls) -> Fake:
        return DemoFake()

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        return done(Plan(provider=self.name, id="plan_1", name=draft.name))

    def create_signup_link(
        self, *, plan: str, customer: str | CustomerDraft, **_: Any
    ) -> Flow[Any]:
        return done(SignupLink(provider=self.name, id="lnk_1", url="https://pay.example/1"))

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        return done(None)

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        return done(Customer(provider=self.name, id="cst_1"))

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[Subscription]:
        first = starts_on or now.date()
        return done(Subscription(provider=self.name, id="sub_1", starts_on=first))


class CompleteDemoToy(ForgetfulDemoToy):
    """It has all of the main job."""

    name = "complete"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = dict.fromkeys(
        (*COMPLETE, "subscribe:starts_on"), SEEN
    )


class RefusingDemoToy(ForgetfulDemoToy):
    """It refuses to make a signup link."""

    name = "refusing"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **dict.fromkeys(COMPLETE, SEEN),
        "subscribe:inline_plan": Absence("it wants a plan"),
    }

    def create_signup_link(
        self, *, plan: str, customer: str | CustomerDraft, **_: Any
    ) -> Flow[Any]:
        response = yield Request("POST", "/links", {"plan": plan})
        return SignupLink(provider=self.name, **json_of(response))


class UntaxedDemoToy(CompleteDemoToy):
    """It knows no tax."""

    name = "untaxed"

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        if draft.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", "must be left out")
        return super().create_plan(draft)


class HomelessDemoToy(ForgetfulDemoToy):
    """It ships no sandbox."""

    name = "homeless"

    @classmethod
    def sandbox(cls) -> Fake:
        return super(ForgetfulDemoToy, cls).sandbox()


class DemoFake(Fake):
    api_key = "toy_key"
    assumptions: ClassVar[Mapping[str, str]] = {"weather": "it does not rain"}

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        return pytest.fail("the toy makes its plans over its API")

    def pay(self, url: str) -> None:
        assert url == "https://pay.example/1"

    def authenticate(self, received: Received) -> None:
        assert received.headers["authorization"] == "Bearer toy_key"

    def not_found(self) -> Reply:
        return Reply.json(404, {"message": "no such thing"})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(400, {"message": problem})

    @route("POST", "/links")
    def make_link(self, received: Received) -> Reply:
        return Reply.json(409, {"message": "no links today"})


Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the demo in an empty folder; what *offers* names is installed in place of the real.

    Mollie and Stripe are hidden, so that the runs are short.
    """
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*words: str, **offers: Mapping[str, str]) -> Result:
        hidden: dict[str, Mapping[str, str]] = {"subhub_mollie": {}, "subhub_stripe": {}}
        for package, plugins in {**hidden, **offers}.items():
            info = tmp_path / f"{package}-9.9.dist-info"
            info.mkdir(exist_ok=True)
            meta = f"Metadata-Version: 2.1\nName: {package}\nVersion: 9.9\n"
            _ = (info / "METADATA").write_text(meta)
            lines = [f"{plugin} = {where}" for plugin, where in plugins.items()]
            _ = (info / "entry_points.txt").write_text("\n".join(["[subhub.providers]", *lines]))
        with monkeypatch.context() as patch:
            patch.setattr(sys, "path", [str(tmp_path), *sys.path])
            return CliRunner().invoke(app, ["demo", *words], catch_exceptions=False)

    return invoke


def toy(kind: type[Provider]) -> Mapping[str, str]:
    return {kind.name: f"{__name__}:{kind.__name__}"}


def facts(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_a_provider_without_tax_is_shown_the_plan_without_it(run: Run) -> None:
    (shown,) = [
        each
        for each in facts(run("--json", demo_toys=toy(UntaxedDemoToy)))["providers"]
        if each["provider"] == "untaxed"
    ]

    assert [step["error"] for step in shown["steps"]] == [None] * len(shown["steps"])
    assert shown["steps"][-1]["call"] == "subscribe"


# The two providers --------------------------------------------------------------------------------


def test_the_main_job_runs_on_both_providers_with_nothing_configured(run: Run) -> None:
    data = facts(run("--json"))
    first, second = data["providers"][:2]

    assert data["sandbox"] is True
    assert data["notice"].endswith("Nothing was tried live.")
    assert data["problems"] == []
    assert data["switch"][:2] == ['provider = "mijnklantportaal"', 'provider = "afternoon"']
    for each in (first, second):
        last = each["steps"][-1]
        assert (last["call"], last["error"]) == ("subscribe", None)
        assert last["result"]["provider"] == each["provider"]
        assert each["assumptions"]


def test_the_demo_shows_what_went_over_the_wire(run: Run) -> None:
    first, second = facts(run("--json"))["providers"][:2]
    create_plan, signup = first["steps"][:2]
    link = second["steps"][1]

    assert [step["call"] for step in first["steps"]] == [
        "create_plan",
        "create_signup_link",
        "find_customer",
        "subscribe",
    ]
    (asked,) = create_plan["asked"]
    assert (asked["method"], asked["path"]) == ("POST", "/v1/customer-subscription-packages")
    assert asked["body"]["amount"] == "12.95"
    assert asked["body"]["interval"] == "1 year"
    assert signup["asked"][0]["path"].endswith("/sign-up/")
    assert [each["path"] for each in link["asked"]] == [
        "/v1/customers",
        "/v1/subscription-signup-links",
    ]
    assert link["asked"][1]["body"]["plan_code"] == "phone"


def test_what_a_provider_cannot_do_is_shown_with_its_alternative(run: Run) -> None:
    second = facts(run("--json"))["providers"][1]
    create_plan = second["steps"][0]

    assert create_plan["call"] == "create_plan"
    assert create_plan["asked"] == []
    assert create_plan["result"] is None
    assert create_plan["error"]["type"] == "Unsupported"
    assert create_plan["error"]["alternative"]
    assert "create_plan" in [each["operation"] for each in second["lacks"]]


def test_no_key_appears_in_the_demo(run: Run) -> None:
    for result in (run(), run("--json")):
        assert "Bearer" not in result.output
        assert "ak_test_" not in result.output


def test_people_see_both_side_by_side_and_that_the_switch_is_one_line(run: Run) -> None:
    result = run()
    lines = result.stdout.splitlines()

    assert result.exit_code == 0
    assert lines[0] == "All of this ran in sandboxes on this machine. Nothing was tried live."
    assert ["mijnklantportaal", "1", "1", "1", "1", "6"] in [line.split() for line in lines]
    assert ["afternoon", "no", "2", "-", "1", "3"] in [line.split() for line in lines]
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    removed = lines.index('- provider = "mijnklantportaal"')
    assert lines[removed + 1] == '+ provider = "afternoon"'


def test_every_request_is_shown_if_that_is_asked_for(run: Run) -> None:
    shown = run("--verbose").stdout

    assert "POST /v1/subscriptions -> 201" in shown
    assert "then the customer pays on that page" in shown


def test_the_demo_is_the_same_each_time(run: Run) -> None:
    assert run("--json").stdout == run("--json").stdout


# Other installations ------------------------------------------------------------------------------


def test_a_missing_plugin_is_named_with_the_way_to_install_it(run: Run) -> None:
    others: dict[str, Any] = {"subhub_afternoon": {}, "subhub_mijnklantportaal": {}}
    result = run("-v", **others, toys=toy(CompleteDemoToy))

    assert result.exit_code == 0
    assert "complete 9.9" in result.stdout
    assert "mijnklantportaal is not installed: pip install subhub-mijnklantportaal" in result.stdout
    assert "afternoon is not installed: pip install subhub-afternoon" in result.stdout
    assert "The switch" not in result.stdout
    assert "lacking of the main job: nothing" in result.stdout
    assert "-> nothing found" in result.stdout
    assert "starts_on: 2024-05-04" in result.stdout


def test_without_any_provider_the_demo_says_what_to_install(run: Run) -> None:
    result = run(subhub_afternoon={}, subhub_mijnklantportaal={})

    assert result.exit_code == 2
    assert "pip install subhub-mijnklantportaal" in result.stderr
    assert "pip install subhub-afternoon" in result.stderr


def test_a_broken_plugin_does_not_stop_the_others(run: Run) -> None:
    data = facts(
        run(
            "--json",
            subhub_afternoon={},
            subhub_mijnklantportaal={},
            toys={
                **toy(ForgetfulDemoToy),
                **toy(HomelessDemoToy),
                "torn": "no_such_module_here:Torn",
            },
        )
    )

    assert [each["provider"] for each in data["providers"]] == ["forgetful"]
    assert data["providers"][0]["version"] == "9.9"
    *absent, homeless, broken = data["problems"]
    assert len(absent) == 2
    assert "no_such_module_here" in broken
    assert "ships no sandbox" in homeless


def test_a_step_that_fails_ends_the_job_of_that_provider_alone(run: Run) -> None:
    shadow: dict[str, Mapping[str, str]] = {"subhub_afternoon": {}, "subhub_mijnklantportaal": {}}
    toys = {**toy(ForgetfulDemoToy), **toy(RefusingDemoToy)}

    forgetful, refusing = facts(run("--json", **shadow, toys=toys))["providers"]
    shown = run("-v", **shadow, toys=toys).stdout
    rows = [line.split() for line in run(**shadow, toys=toys).stdout.splitlines()]

    assert forgetful["steps"][-1]["result"]["starts_on"] == "2024-05-01"
    assert [step["call"] for step in refusing["steps"]] == ["create_plan", "create_signup_link"]
    assert refusing["steps"][-1]["asked"] == [
        {"method": "POST", "path": "/links", "body": {"plan": "plan_1"}, "status": 409}
    ]
    assert refusing["steps"][-1]["error"]["type"] == "Conflict"
    assert "no links today" in shown
    assert ["refusing", "0", "error", "409", "-", "-", "2"] in rows
    assert "subscribe:inline_plan: it wants a plan" in shown


def test_a_call_that_is_never_made_has_no_row(run: Run) -> None:
    others: dict[str, Any] = {"subhub_afternoon": {}, "subhub_mijnklantportaal": {}}
    shown = run("-v", **others, toys=toy(RefusingDemoToy)).stdout

    assert "create_signup_link" in shown
    assert "find_customer" not in shown
