"""The main job is played as far as a provider goes, recorded anywhere, and replayed from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie

from subhub import AuthenticationFailed, Client, InvalidRequest, OutcomeUnknown, TransportError
from subhub.client.opening import open_account
from subhub.models import Interval, Plan, PlanDraft, Refund, Subscription, When
from subhub.plugin import Absence, Evidence, Provider
from subhub.plugin.flows import Flow
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving
from subhub.testing.cassettes import Cassette, provenance_of
from subhub.testing.cassettes.checking import findings
from subhub.testing.cassettes.scenario_recording import (
    LiveRecording,
    record_in_sandbox,
    source_of,
)
from subhub.testing.cassettes.scenarios import COMPANY, PLAN, PLAN_KEY, MainJob, ScenarioStep
from subhub.testing.cassettes.scrubbing.allowlist import EXAMPLES
from subhub.testing.provenance import MADE_UP, REAL
from subhub.testing.session import Sessions

PROVIDERS: tuple[type[Provider], ...] = (Afternoon, MijnKlantportaal)
NOW = dt.datetime(2026, 11, 21, 9, 0, 0, 5, tzinfo=dt.UTC)
STEPS = [
    "create_customer",
    "get_customer",
    "create_signup_link",
    "subscribe",
    "get_subscription",
    "list_subscriptions",
    "cancel_subscription",
]


@pytest.fixture(params=PROVIDERS, ids=lambda each: each.name)
def provider(request: pytest.FixtureRequest) -> type[Provider]:
    found: type[Provider] = request.param
    return found


@pytest.fixture
def served(provider: type[Provider]) -> Iterator[ServedAccount]:
    """The provider's fake, on a port of this machine."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        account = sandbox.add(provider, "main", {PLAN_KEY: PLAN})
        with serving(Application(sandbox), listening):
            yield account


@pytest.fixture
def path(tmp_path: Path, provider: type[Provider]) -> Path:
    return tmp_path / provider.name / "main-job.yaml"


def live(served: ServedAccount, **settings: Any) -> LiveRecording:
    given: dict[str, Any] = {"api_key": served.fake.api_key, "base_url": served.base_url}
    plan = served.plan_ids[PLAN_KEY] if served.provider is Afternoon else None
    return LiveRecording(open_account(served.provider, **{**given, **settings}), plan)


def test_where_plans_are_terms_the_terms_are_sold_without_a_tax_that_is_refused(
    tmp_path: Path,
) -> None:
    path = tmp_path / "mollie" / "main-job.yaml"

    steps = {step.operation: step.outcome for step in record_in_sandbox(Mollie, path)}

    assert steps["create_customer"] == "done"
    assert steps["subscribe"].startswith("Rejected: ")  # the sandbox: there is no mandate yet
    sent = path.read_text("utf-8")
    assert "/v2/customers/" in sent
    assert "12.95" in sent


def replayed_from(path: Path, provider: type[Provider]) -> list[ScenarioStep]:
    """Run the main job again on the cassette at *path*, with the plan that its header names."""
    head = provenance_of(path)
    plan = head.scenario.partition(" --plan ")[2] or None
    with closing(Sessions(path.parents[1], recording=False)) as sessions:
        job = MainJob(sessions.cassette(provider, path.stem).client, plan)
        job.play(dt.datetime.fromisoformat(head.clock).date())
    return job.steps


class TestInASandbox:
    def test_all_that_the_provider_can_do_is_done(
        self, provider: type[Provider], path: Path
    ) -> None:
        steps = record_in_sandbox(provider, path)
        assert {each.outcome for each in steps} == {"done"}
        assert [each.operation for each in steps][-len(STEPS) :] == STEPS

    def test_the_cassette_is_honest_and_names_the_scenario(
        self, provider: type[Provider], path: Path
    ) -> None:
        _ = record_in_sandbox(provider, path)
        found = provenance_of(path)
        assert (found.source, found.scenario) == ("sandbox", "main-job")
        assert found.scrubbing == MADE_UP
        assert findings(path, today=NOW.date()) == []

    def test_recording_again_changes_nothing(self, provider: type[Provider], path: Path) -> None:
        _ = record_in_sandbox(provider, path)
        before = path.read_text("utf-8")
        _ = record_in_sandbox(provider, path)
        assert path.read_text("utf-8") == before


class TestWithAKey:
    """What is asked here is a fake on a real socket; the providers themselves were never asked."""

    def test_the_cassette_is_scrubbed_and_addressed_to_the_provider(
        self, served: ServedAccount, path: Path
    ) -> None:
        recording = live(served)
        recording.record(path, clock=lambda: NOW)
        found = provenance_of(path)
        text = path.read_text("utf-8")
        assert {each.outcome for each in recording.steps} == {"done"}
        assert found.scrubbing == REAL
        assert found.clock == "2026-11-21T09:00:00+00:00"
        assert "127.0.0.1" not in text
        assert served.fake.api_key not in text
        assert not [each for each in recording.steps if each.object_id and each.object_id in text]
        assert findings(path, today=NOW.date()) == []

    def test_an_answer_from_this_machine_is_recorded_as_a_sandbox(
        self, served: ServedAccount, path: Path
    ) -> None:
        live(served).record(path, clock=lambda: NOW)
        assert provenance_of(path).source == "sandbox"

    def test_the_cassette_replays_what_it_was_recorded_from(
        self, served: ServedAccount, path: Path
    ) -> None:
        recording = live(served)
        recording.record(path, clock=lambda: NOW)
        replayed = replayed_from(path, served.provider)
        assert [step.operation for step in replayed] == [step.operation for step in recording.steps]
        assert {step.outcome for step in replayed} == {"done"}

    def test_recording_again_changes_no_id(self, served: ServedAccount, path: Path) -> None:
        live(served).record(path, clock=lambda: NOW)
        first = Cassette.at(path)
        live(served).record(path, clock=lambda: NOW)
        uris = [
            [each["request"]["uri"] for each in found.interactions]
            for found in (first, Cassette.at(path))
        ]
        assert uris[0] == uris[1]

    def test_what_is_left_is_listed_and_what_ran_is_ended(
        self, served: ServedAccount, path: Path
    ) -> None:
        recording = live(served)
        recording.record(path, clock=lambda: NOW)
        kinds = [each.partition(":")[0] for each in recording.left]
        assert kinds[-3:] == ["a customer", "a signup link", "its subscription, ended"]

    def test_what_broke_off_leaves_the_old_cassette_and_nothing_running(
        self, served: ServedAccount, path: Path
    ) -> None:
        path.parent.mkdir()
        _ = path.write_text("the one before")
        served.fake.faults.next("dropped", method="GET", path="*subscriptions/*")
        recording = live(served, attempts=1)
        with pytest.raises(TransportError, match="was not answered"):
            recording.record(path, clock=lambda: NOW)
        assert path.read_text() == "the one before"
        assert list(path.parent.iterdir()) == [path]
        assert recording.left[-1].startswith("its subscription, ended: ")

    def test_what_cannot_be_ended_is_listed_as_running(
        self, served: ServedAccount, path: Path
    ) -> None:
        served.fake.faults.next("dropped", path="*subscriptions/*", times=9)
        recording = live(served, attempts=1)
        with pytest.raises(TransportError, match="was not answered"):
            recording.record(path, clock=lambda: NOW)
        assert recording.left[-1].startswith("a subscription: ")
        assert "cancel_subscription" in [each.operation for each in recording.steps]

    def test_a_lost_change_is_not_recorded(self, served: ServedAccount, path: Path) -> None:
        served.fake.faults.next("dropped", method="POST", path="*customers")
        recording = live(served)
        with pytest.raises(OutcomeUnknown):
            recording.record(path, clock=lambda: NOW)
        assert not path.exists()

    def test_a_wrong_key_is_no_conversation(self, served: ServedAccount, path: Path) -> None:
        key = served.fake.api_key[:-1] + "x"
        with pytest.raises(AuthenticationFailed):
            live(served, api_key=key).record(path, clock=lambda: NOW)
        assert not path.exists()


@pytest.mark.parametrize(
    ("base_url", "source"),
    [
        ("https://api.afternoon.co", "live"),
        ("https://93.184.216.34/v1", "live"),
        ("http://127.0.0.1:8420/x", "sandbox"),
        ("http://[::1]:8420", "sandbox"),
        ("http://localhost", "sandbox"),
        ("https://api.localhost/v1", "sandbox"),
    ],
)
def test_only_what_answers_elsewhere_is_live(base_url: str, source: str) -> None:
    assert source_of(base_url) == source


def test_all_that_a_scenario_says_is_made_up() -> None:
    said = {
        PLAN.name,
        PLAN.description,
        *(vars(COMPANY)[each] for each in ("name", "email", "city")),
    }
    said |= {COMPANY.address, COMPANY.postal_code}
    assert said <= EXAMPLES


class Refusing(MijnKlantportaal):
    """A portal where no package can be made, and nothing ends at once."""

    evidence = {  # noqa: RUF012 - a ClassVar of Provider
        **MijnKlantportaal.evidence,
        "cancel_subscription:now": Absence("it never does"),
        "cancel_subscription:period_end": Evidence("docs", "made up"),
        "subscribe:starts_on": Absence("it begins at once"),
    }

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        return super().create_plan(draft.model_copy(update={"interval": Interval(7, "day")}))

    def cancel_subscription(
        self,
        subscription_id: str,
        *,
        when: When,
        refund: Refund,
        now: dt.datetime,
        terminated_at: dt.datetime | None = None,
    ) -> Flow[Subscription]:
        assert (when, terminated_at) == ("period_end", None)
        return super().cancel_subscription(subscription_id, when="now", refund=refund, now=now)


class NoCustomers(MijnKlantportaal):
    evidence = {  # noqa: RUF012 - a ClassVar of Provider
        **MijnKlantportaal.evidence,
        "subscribe:inline_plan": Absence("it never does"),
    }
    create_customer = Provider.create_customer
    create_plan = Provider.create_plan


class NoSubscriptions(MijnKlantportaal):
    def subscribe(self, **_: object) -> Flow[Subscription]:
        raise InvalidRequest.of("plan", "nobody is billed here")


Play = Callable[[type[Provider]], tuple[MainJob, dict[str, str]]]


@pytest.fixture
def play() -> Play:
    def playing(provider: type[Provider]) -> tuple[MainJob, dict[str, str]]:
        job = MainJob(Client(provider, sandbox=True))
        job.play(NOW.date())
        return job, {each.operation: each.outcome for each in job.steps}

    return playing


class TestWhatCannotBeDone:
    def test_is_told_when_the_provider_refuses_it(self, play: Play) -> None:
        job, outcomes = play(Refusing)
        assert "create_plan" in outcomes
        assert outcomes["create_plan"] != "done"
        assert "create_signup_link" not in outcomes
        assert outcomes["subscribe"] == "done", "a plan that is not stored will do"
        assert outcomes["cancel_subscription"] == "done"
        assert [each.partition(":")[0] for each in job.tidy()] == ["a customer", "a subscription"]

    def test_is_not_asked_about_any_further(self, play: Play) -> None:
        _, outcomes = play(NoSubscriptions)
        assert outcomes["subscribe"] == "InvalidRequest: `plan`: nobody is billed here"
        assert "get_subscription" not in outcomes

    def test_is_left_out_with_all_that_needs_it(self, play: Play) -> None:
        job, outcomes = play(NoCustomers)
        assert outcomes == {
            "create_plan": "left out: the provider has no way to do it",
            "create_customer": "left out: the provider has no way to do it",
            "subscribe": "left out: there is no plan, or no customer",
        }
        assert job.tidy() == []
