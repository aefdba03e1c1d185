"""The contract at a real account: with a test key alone, saying what it creates and leaves out."""

from __future__ import annotations

import json
import runpy
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import Client, ConfigError, CustomerDraft, Interval, Money, PlanDraft
from subhub.models import Customer, Plan
from subhub.plugin import Absence, Evidence, Flow, Page, Provider
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault
from subhub.sending.transport import fake_transport
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving
from subhub.testing import live_contract
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.levels import support_of
from subhub.testing.contract.report import Report, runs
from subhub.testing.live_contract import LiveRun, main, play, report_of

KEY = Stripe.sandbox().api_key


class StripeContract(ContractConfig):
    provider: ClassVar[type[Provider]] = Stripe
    plan = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test BV", email="test@example.com")


@pytest.fixture
def fake() -> Fake:
    fake = Stripe.sandbox()
    fake.enforce_limits = False
    return fake


def played(fake: Fake, **given: Any) -> tuple[LiveRun, list[str]]:
    """Play at an account that answers as Stripe's sandbox does."""
    said: list[str] = []
    transport = fake_transport(fake)
    run = play(StripeContract, KEY, say=said.append, transport=transport, rate_limit=None, **given)
    return run, said


@pytest.fixture(scope="module")
def ran() -> tuple[LiveRun, list[str]]:
    """One run, which several tests look at."""
    fake = Stripe.sandbox()
    fake.enforce_limits = False
    return played(fake)


def test_claims_are_played_and_what_is_created_is_named(ran: tuple[LiveRun, list[str]]) -> None:
    run, said = ran
    assert run.failed == {}
    assert {"create_plan", "create_customer", "subscribe", "list_plans", "plugin"} <= {*run.passed}
    assert said == [f"created: {one}" for one in run.created]
    assert any(one.startswith("customer cus_") for one in run.created)


def test_what_a_real_account_cannot_play_is_left_out(ran: tuple[LiveRun, list[str]]) -> None:
    run, _ = ran
    assert run.left_out["follow_signup_link"] == "a person has to pay the page"
    assert "`make_payment_method`" in run.left_out["subscribe:payment_method"]


@pytest.mark.slow
def test_a_payment_method_of_the_contract_class_is_used() -> None:
    fake = StripeFake()
    fake.enforce_limits = False

    class PayingContract(StripeContract):
        def make_payment_method(self, client: Client, customer: str) -> str:
            del client
            return fake.add_payment_method(customer)

    run = play(PayingContract, KEY, say=str, transport=fake_transport(fake), rate_limit=None)
    assert "subscribe:payment_method" in run.passed


def test_its_report_is_marked_live_and_holds(ran: tuple[LiveRun, list[str]]) -> None:
    run, _ = ran
    report = Report.model_validate_json(report_of(StripeContract, run, "live"))
    (found,) = runs(Stripe, [report])
    assert found.stale == ()
    assert found.proof("create_plan").state == "proven"
    assert found.proof("follow_signup_link").state == "left_out"
    assert support_of(found).live


@pytest.mark.slow
def test_a_wrong_answer_fails_the_capability(fake: Fake) -> None:
    fake.faults.rule(Fault("server_error"), path="*prices", method="GET")
    run, _ = played(fake, attempts=1)
    assert "ProviderUnavailable" in run.failed["list_plans"]
    assert "list_plans" not in run.passed


@pytest.mark.slow
def test_what_cannot_be_created_leaves_its_cases_out(fake: Fake) -> None:
    fake.faults.rule(Fault("server_error"), path="*customers", method="POST")
    run, _ = played(fake, attempts=1)
    assert "what it needs could not be created: " in run.left_out["get_customer"]
    assert "ProviderUnavailable" in run.failed["create_customer"]


class PlanlessStripe(Stripe):
    """It has no way to create a plan."""

    create_plan = Provider.create_plan  # type: ignore[assignment]  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]


class PlanlessContract(StripeContract):
    provider = PlanlessStripe


@pytest.mark.slow
def test_a_plan_that_exists_is_passed_where_none_can_be_created(fake: Fake) -> None:
    plan = fake.add_plan("phone", StripeContract.plan)
    transport = fake_transport(fake)
    without = play(PlanlessContract, KEY, say=str, transport=transport)
    given = play(PlanlessContract, KEY, say=str, transport=transport, plan=plan)
    assert without.left_out["subscribe"] == "it needs a plan that exists: pass its id"
    assert "subscribe" in given.passed


class Lists(Provider):
    """It has one list, and creates customers whom it cannot find again."""

    name = "stripe"
    base_url = Stripe.base_url
    key_prefixes = Stripe.key_prefixes
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = dict.fromkeys(
        ("list_plans", "create_customer"), Evidence("docs", "page")
    )

    @classmethod
    def sandbox(cls) -> Fake:
        return Stripe.sandbox()

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        return Stripe().create_customer(draft)

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        return Stripe().list_plans(cursor)


class OnlyLists(StripeContract):
    provider: ClassVar[type[Provider]] = Lists


class Odd(Stripe):
    """Its declarations are wrong."""

    name = "Odd One"


class OddContract(StripeContract):
    provider = Odd


@pytest.mark.slow
def test_wrong_declarations_fail_the_plugin(fake: Fake) -> None:
    run = play(OddContract, KEY, say=str, transport=fake_transport(fake))
    assert "`name` must be lower case" in run.failed["plugin"]


class PortalContract(StripeContract):
    provider = MijnKlantportaal


@pytest.mark.parametrize(
    ("contract", "key", "said"),
    [
        (StripeContract, "sk_live_0123456789", "not one of test mode: those of stripe begin with"),
        (StripeContract, "", "not one of test mode"),
        (PortalContract, "x", "documents no test mode that its keys show"),
    ],
)
def test_a_key_that_is_not_known_to_be_one_of_test_mode_is_refused(
    contract: type[ContractConfig], key: str, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        _ = play(contract, key)


@pytest.fixture
def served() -> Iterator[str]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(Stripe, "main", {})
        account = sandbox.accounts["stripe/main"]
        account.fake.enforce_limits = False
        with serving(Application(sandbox), listening):
            yield account.base_url


def run_program(*more: str) -> int:
    name = f"{__name__}:StripeContract"
    return main([name, "--key-variable", "STRIPE_TEST_KEY", *more])


def test_without_a_confirmation_nothing_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program() == 2
    assert capsys.readouterr().out.splitlines() == [
        "this creates customers, plans and subscriptions at https://api.stripe.com/v1",
        "to confirm, add --yes",
    ]


@pytest.mark.slow
def test_the_program_writes_the_report_of_who_answered(
    served: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_TEST_KEY", KEY)
    path = tmp_path / "report.json"
    assert run_program("--base-url", served, "--report", str(path), "--yes") == 0
    assert " passed, 0 failed, " in capsys.readouterr().out
    (tested,) = json.loads(path.read_text("utf-8"))["providers"]
    assert tested["source"] == "sandbox"  # on this machine, it cannot be the provider


def test_a_key_that_is_not_accepted_ends_it(
    served: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_TEST_KEY", "sk_test_another0123456789")
    assert run_program("--base-url", served, "--yes") == 2
    assert "Invalid API Key provided" in capsys.readouterr().out


def test_a_failure_is_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STRIPE_TEST_KEY", KEY)
    nowhere = "http://127.0.0.1:9/v1"
    words = [f"{__name__}:OnlyLists", "--key-variable", "STRIPE_TEST_KEY", "--base-url", nowhere]
    assert main([*words, "--plan", "price_1", "--yes"]) == 1
    assert "FAILED: list_plans: the call failed: NotSent: " in capsys.readouterr().out


def test_it_is_a_program(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [f"{__name__}:StripeContract", "--key-variable", "STRIPE_TEST_KEY"]
    monkeypatch.setattr(sys, "argv", ["live_contract", *words])
    with pytest.raises(SystemExit) as ended:
        _ = runpy.run_path(str(live_contract.__file__), run_name="__main__")
    assert ended.value.code == 2
    assert "to confirm, add --yes" in capsys.readouterr().out
