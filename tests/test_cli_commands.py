"""The commands that call a provider, tried on a toy provider with a toy sandbox."""

# ruff: noqa: ARG002 - a toy has the signatures of a provider and uses less of them

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pytest
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from subhub.errors import OutcomeUnknown
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    Plan,
    PlanDraft,
    PlanUpdate,
    Refund,
    SignupLink,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.record import Result as Answer
from subhub.plugin import Absence, Evidence, Flow, Page, Provider, Request, path
from subhub.sandbox import Fake, Received, Refusal, Reply, route
from subhub.wire import json_of

A = TypeVar("A", bound=Answer)
SEEN = Evidence("docs", "the toy's own page")
VARIANTS = (
    "find_customer:email",
    "create_signup_link:new_customer",
    "create_signup_link:existing_customer",
    "create_signup_link:return_url",
    "create_signup_link:back_url",
    "create_signup_link:replaces",
    "create_signup_link:prorated",
    "subscribe:inline_plan",
    "subscribe:starts_on",
    "subscribe:payment_method",
    "change_subscription:now",
    "change_subscription:period_end",
    "cancel_subscription:now",
    "cancel_subscription:period_end",
)


def ask(model: type[A], method: str, where: str, body: Any = None) -> Flow[A]:
    """The toy's wire format is the neutral one, with the provider's name left out."""
    sent = None if body is None else json.loads(json.dumps(body, default=_text))
    response = yield Request(method, where, sent)
    return model(provider="clitoy", **json_of(response))


def _text(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


class CliToy(Provider):
    name = "clitoy"
    base_url = "https://clitoy.example"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **dict.fromkeys(VARIANTS, SEEN),
        "cancel_subscription:prorated": Absence("it never pays back", "send the money yourself"),
    }

    @classmethod
    def sandbox(cls) -> Fake:
        return ToyFake()

    def create_plan(self, draft: PlanDraft, *, colour: str = "grey") -> Flow[Plan]:
        return ask(Plan, "POST", "/plans", {**draft.model_dump(), "colour": colour})

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        return ask(Plan, "GET", path("/plans/{}", plan_id))

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        first = yield from ask(Plan, "GET", path("/plans/{}", "plan_phone"))
        return Page([first])

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        return ask(Plan, "PATCH", path("/plans/{}", plan_id), changes.changes())

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        if draft.name == "Lost":
            message = "the connection broke"
            raise OutcomeUnknown(message)
        return (yield from ask(Customer, "POST", "/customers", draft.model_dump()))

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        if customer_id == "slow":
            raise KeyboardInterrupt
        return (yield from ask(Customer, "GET", path("/customers/{}", customer_id)))

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        number = int(cursor or "1")
        here = yield from ask(Customer, "GET", path("/customers/{}", f"cst_{number}"))
        return Page([here], str(number + 1) if number < 3 else None)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        found = yield from ask(Customer, "GET", path("/customers/{}", "cst_1"))
        return found if found.email == email else None

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        return ask(Customer, "PATCH", path("/customers/{}", customer_id), changes.changes())

    def create_signup_link(
        self,
        *,
        plan: str,
        customer: str | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | None = None,
        when: When | None = None,
        refund: Refund | None = None,
    ) -> Flow[SignupLink]:
        asked = (plan, customer, return_url, back_url, replaces, when, refund)
        return ask(SignupLink, "POST", "/links", {"asked": asked})

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
    ) -> Flow[Subscription]:
        body = {
            "plan_id": plan if isinstance(plan, str) else plan.name,
            "customer_id": customer,
            "starts_on": starts_on or now.date(),
            "description": payment_method,
        }
        return ask(Subscription, "POST", "/subscriptions", body)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        return ask(Subscription, "GET", path("/subscriptions/{}", subscription_id))

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        first = yield from ask(Subscription, "GET", "/subscriptions/sub_1")
        return Page([first])

    def change_subscription(
        self, subscription_id: str, *, plan: str, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[SubscriptionChange]:
        where = path("/subscriptions/{}", subscription_id)
        old = yield from ask(Subscription, "GET", where)
        if when == "period_end":
            return SubscriptionChange(provider=self.name, old=old)
        new = yield from ask(Subscription, "PATCH", where, {"id": "sub_9", "plan_id": plan})
        return SubscriptionChange(provider=self.name, old=old, new=new)

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate
    ) -> Flow[Subscription]:
        where = path("/subscriptions/{}", subscription_id)
        return ask(Subscription, "PATCH", where, changes.changes())

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        where = path("/subscriptions/{}", subscription_id)
        return ask(Subscription, "PATCH", where, {"status": "canceled", "description": when})

    def error_fields(self, body: Any) -> Mapping[str, str]:
        found: dict[str, str] = body.get("fields", {})
        return found


class ToyFake(Fake):
    api_key = "toy_key"

    def __init__(self) -> None:
        super().__init__(start=dt.datetime(2024, 5, 1, tzinfo=dt.UTC))
        self.stored: dict[str, dict[str, Any]] = {
            "cst_1": {"id": "cst_1", "name": "Test Company BV", "email": "john.doe@test.com"},
            "cst_2": {"id": "cst_2", "name": "[bold]\x1b[31mÉva[/bold]"},
            "cst_3": {"id": "cst_3", "country": "NL"},
            "sub_1": {"id": "sub_1", "customer_id": "cst_1", "status": "active"},
        }

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        self.stored[f"plan_{key}"] = {"id": f"plan_{key}", **draft.model_dump(mode="json")}
        return f"plan_{key}"

    def pay(self, url: str) -> None:
        pytest.fail(f"no command pays, and {url} was paid")

    def authenticate(self, received: Received) -> None:
        assert received.headers["authorization"] == "Bearer toy_key"

    def not_found(self) -> Reply:
        return Reply.json(404, {"message": "no such thing", "code": "missing"})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(400, {"message": problem})

    @route("POST", "/plans")
    def make_plan(self, received: Received) -> Reply:
        body = self.body(received)
        colour = body.pop("colour")
        return Reply.json(201, {**body, "id": "plan_1", "description": colour})

    @route("POST", "/customers")
    def make_customer(self, received: Received) -> Reply:
        body = self.body(received)
        if body["name"] == "Refused":
            return Reply.json(422, {"message": "bad data", "fields": {"email": "is taken"}})
        return Reply.json(201, {**body, "id": "cst_9"})

    @route("POST", "/links")
    def make_link(self, received: Received) -> Reply:
        asked = json.dumps(self.body(received)["asked"], separators=(",", ":"))
        return Reply.json(
            201, {"id": asked, "url": "https://pay.example/" + "x" * 120, "customer_id": None}
        )

    @route("POST", "/subscriptions")
    def make_subscription(self, received: Received) -> Reply:
        body = self.body(received)
        if body["plan_id"] == "gone":
            return self.not_found()
        return Reply.json(201, {**body, "id": "sub_2", "status": "pending"})

    @route("GET", "/plans/{}")
    @route("GET", "/customers/{}")
    @route("GET", "/subscriptions/{}")
    def read(self, received: Received, found: str) -> Reply:
        if found not in self.stored:
            raise Refusal(self.not_found())
        return Reply.json(200, self.stored[found])

    @route("PATCH", "/plans/{}")
    @route("PATCH", "/customers/{}")
    @route("PATCH", "/subscriptions/{}")
    def change(self, received: Received, found: str) -> Reply:
        return Reply.json(200, {**self.stored[found], **self.body(received)})


CONFIGURATION = """
account = "main"

[accounts.main]
provider = "clitoy"
sandbox = true

[accounts.real]
provider = "clitoy"
api_key = "sk_very_secret"

[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program, with the toy installed and configured."""
    info = tmp_path / "cli_toy-1.0.dist-info"
    info.mkdir()
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cli-toy\nVersion: 1.0\n")
    _ = (info / "entry_points.txt").write_text(f"[subhub.providers]\nclitoy = {__name__}:CliToy\n")
    _ = (tmp_path / "subhub.toml").write_text(CONFIGURATION)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.chdir(tmp_path)
    for name in ("SUBHUB_CONFIG", "SUBHUB_ACCOUNT", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)

    def invoke(*words: str) -> Result:
        return CliRunner().invoke(app, list(words), catch_exceptions=False)

    return invoke


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


PLAN = ("--name", "Phone", "--price", "12.95 EUR", "--interval", "6 months", "--tax-rate", "21")
PERSON = ("--name", "Test Company BV", "--email", "john.doe@test.com")


def test_json_holds_every_field_with_amounts_as_text(run: Run) -> None:
    made = as_json(run("plan", "create", *PLAN, "--code", "phone", "--public", "--json"))

    assert made == {
        "provider": "clitoy",
        "id": "plan_1",
        "name": "Phone",
        "price": {"amount": "12.95", "currency": "EUR"},
        "interval": {"count": 6, "unit": "month"},
        "tax_rate": "21",
        "description": "grey",
        "code": "phone",
        "public": True,
    }


def test_people_see_the_fields_that_the_provider_sent_and_that_it_was_a_sandbox(run: Run) -> None:
    result = run("plan", "get", "phone")

    assert result.exit_code == 0
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert ["price", "12.95 EUR"] in lines
    assert ["interval", "1 year"] in lines
    assert "description" not in result.stdout
    assert "raw" not in result.stdout
    assert result.stderr == "sandbox: a fake of clitoy answers, and forgets afterwards\n"


def test_a_long_address_stays_on_one_line_so_that_it_can_be_copied(run: Run) -> None:
    result = run("signup-link", "create", "--plan", "phone", "--customer", "cst_1")

    assert "https://pay.example/" + "x" * 120 in result.stdout


def test_a_list_is_a_table_for_people_and_an_array_for_scripts(run: Run) -> None:
    table = run("customer", "list").stdout.splitlines()
    array = as_json(run("customer", "list", "--json"))

    assert table[0].split() == ["id", "name", "email", "city", "country", "external", "id"]
    assert all(line == line.rstrip() for line in table)
    assert [line.split()[0] for line in table[1:]] == ["cst_1", "cst_2", "cst_3"]
    assert [each["id"] for each in array] == ["cst_1", "cst_2", "cst_3"]


def test_what_a_provider_stored_cannot_steer_the_terminal(run: Run) -> None:
    shown = run("customer", "get", "cst_2").stdout
    listed = run("customer", "list").stdout

    for text in (shown, listed):
        assert "[bold]\ufffd[31mÉva[/bold]" in text
        assert "\x1b" not in text


def test_limit_ends_a_list(run: Run) -> None:
    assert len(as_json(run("customer", "list", "--limit", "2", "--json"))) == 2
    assert as_json(run("customer", "list", "--limit", "0", "--json")) == []


def test_an_empty_list_is_said_in_words(run: Run) -> None:
    result = run("subscription", "list", "--status", "paused")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "no subscriptions" in result.stderr


def test_a_terminal_sees_how_far_a_list_is_and_stdout_stays_clean(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")

    result = run("customer", "list", "--json")

    assert "3 customers read" in result.stderr
    assert len(json.loads(result.stdout)) == 3


def test_plans_are_listed_and_changed(run: Run) -> None:
    listed = as_json(run("plan", "list", "--json"))
    words = ("--name", "New", "--price", "1 EUR", "--interval", "1 week", "--tax-rate", "9")
    more = ("--description", "all", "--no-public", "--json")
    changed = as_json(run("plan", "update", "phone", *words, *more))

    assert [each["id"] for each in listed] == ["plan_phone"]
    assert changed["name"] == "New"
    assert changed["price"] == {"amount": "1", "currency": "EUR"}
    assert changed["interval"] == {"count": 1, "unit": "week"}
    assert changed["tax_rate"] == "9"
    assert changed["description"] == "all"
    assert changed["public"] is False


def test_customers_are_made_found_and_changed(run: Run) -> None:
    made = as_json(run("customer", "create", *PERSON, "--country", "NL", "--json"))
    found = as_json(run("customer", "find", "--email", "john.doe@test.com", "--json"))
    nobody = as_json(run("customer", "find", "--email", "nobody@test.com", "--json"))
    changed = as_json(run("customer", "update", "cst_1", "--city", "Amsterdam", "--json"))

    assert (made["id"], made["country"]) == ("cst_9", "NL")
    assert found["id"] == "cst_1"
    assert nobody is None
    assert (changed["id"], changed["city"]) == ("cst_1", "Amsterdam")


def test_nobody_found_is_said_in_words(run: Run) -> None:
    result = run("customer", "find", "--email", "nobody@test.com")

    assert result.exit_code == 0
    assert result.stdout == ""
    assert "there is none" in result.stderr


def test_a_signup_link_hands_on_all_that_was_asked(run: Run) -> None:
    urls = ("--return-url", "https://a.example/", "--back-url", "https://b.example/")
    old = ("--replaces", "sub_1", "--when", "now", "--refund", "prorated")
    link = as_json(
        run(
            "signup-link", "create", "--plan", "phone", "--customer", "cst_1", *urls, *old, "--json"
        )
    )

    assert json.loads(link["id"]) == [
        "plan_phone",
        "cst_1",
        "https://a.example/",
        "https://b.example/",
        "sub_1",
        "now",
        "prorated",
    ]


def test_a_signup_link_can_be_for_somebody_new(run: Run) -> None:
    link = as_json(run("signup-link", "create", "--plan", "phone", *PERSON, "--json"))

    assert json.loads(link["id"])[1]["email"] == "john.doe@test.com"


@pytest.mark.parametrize("who", [(), ("--customer", "cst_1", *PERSON)], ids=["nobody", "both"])
def test_a_customer_is_either_known_or_new(run: Run, who: tuple[str, ...]) -> None:
    result = run("signup-link", "create", "--plan", "phone", *who)

    assert result.exit_code == 2
    assert "either --customer ID, or --name and --email" in result.stderr


@pytest.mark.parametrize(
    "what", [(), ("--plan", "phone", "--plan-name", "Phone")], ids=["nothing", "both"]
)
def test_a_plan_is_either_stored_or_inline(run: Run, what: tuple[str, ...]) -> None:
    result = run("subscribe", "--customer", "cst_1", *what)

    assert result.exit_code == 2
    assert "either --plan, or --plan-name" in result.stderr


def test_subscribe_takes_a_day_and_a_payment_method(run: Run) -> None:
    terms = ("--starts-on", "2024-05-04", "--payment-method", "mdt_1")
    made = as_json(run("subscribe", "--plan", "phone", "--customer", "cst_1", *terms, "--json"))

    assert made["id"] == "sub_2"
    assert made["plan_id"] == "plan_phone"
    assert made["customer_id"] == "cst_1"
    assert made["starts_on"] == "2024-05-04"
    assert made["description"] == "mdt_1"
    assert made["status"] == "pending"


def test_subscribe_takes_a_plan_and_a_customer_that_do_not_exist_yet(run: Run) -> None:
    terms = ("--plan-name", "Only you", "--plan-price", "5 EUR", "--plan-interval", "month")
    made = as_json(run("subscribe", *terms, *PERSON, "--json"))

    assert (made["plan_id"], made["customer_id"]) == ("Only you", "cst_9")
    assert made["starts_on"] == "2024-05-01"


def test_subscriptions_are_read_changed_and_canceled(run: Run) -> None:
    read = as_json(run("subscription", "get", "sub_1", "--json"))
    listed = as_json(run("subscription", "list", "--customer", "cst_1", "--json"))
    terms = ("--price", "7 EUR", "--interval", "month", "--description", "less", "--tax-rate", "21")
    canceled = as_json(run("subscription", "cancel", "sub_1", "--when", "period_end", "--json"))

    assert read["status"] == "active"
    assert listed == [read]
    assert canceled["status"] == "canceled"
    assert canceled["description"] == "period_end"
    updated = run("subscription", "update", "sub_1", *terms, "--dry-run", "--json")
    sent = json.loads(json.loads(updated.stdout)["would_send"]["body"])
    assert sent == {
        "price": {"amount": "7", "currency": "EUR"},
        "interval": {"count": 1, "unit": "month"},
        "description": "less",
        "tax_rate": "21",
    }


def test_an_updated_subscription_is_shown(run: Run) -> None:
    updated = as_json(run("subscription", "update", "sub_1", "--description", "less", "--json"))

    assert (updated["id"], updated["description"]) == ("sub_1", "less")


def test_a_change_shows_the_old_and_the_new_side_by_side(run: Run) -> None:
    words = ("subscription", "change", "sub_1", "--plan", "phone", "--when", "now")
    rows = [line.split() for line in run(*words).stdout.splitlines()]
    told = as_json(run(*words, "--json"))

    assert rows[0] == ["old", "new"]
    assert ["id", "sub_1", "sub_9"] in rows
    assert ["plan", "id", "plan_phone"] in rows
    assert "raw" not in [row[0] for row in rows]
    assert (told["old"]["id"], told["new"]["id"]) == ("sub_1", "sub_9")


def test_a_scheduled_change_says_so(run: Run) -> None:
    words = ("subscription", "change", "sub_1", "--plan", "phone", "--when", "period_end")
    result = run(*words)

    assert result.exit_code == 0
    assert "scheduled" in result.stderr
    assert as_json(run(*words, "--json"))["new"] is None


def test_a_dry_run_prints_the_curl_command_without_the_key(run: Run) -> None:
    result = run("plan", "create", *PLAN, "--account", "real", "--dry-run")

    assert result.exit_code == 0
    assert result.stdout.startswith("curl --request POST https://clitoy.example/plans ")
    assert "[redacted]" in result.stdout
    assert "sk_very_secret" not in result.output


def test_a_dry_run_for_scripts_is_an_object(run: Run) -> None:
    told = as_json(run("plan", "create", *PLAN, "--account", "real", "--dry-run", "--json"))

    sent = told["would_send"]
    assert (sent["method"], sent["url"]) == ("POST", "https://clitoy.example/plans")
    assert sent["headers"]["Authorization"] == "Bearer [redacted]"
    assert json.loads(sent["body"])["name"] == "Phone"
    assert sent["curl"].startswith("curl ")


def test_a_dry_run_lets_reads_through(run: Run) -> None:
    assert as_json(run("plan", "get", "phone", "--dry-run", "--json"))["id"] == "plan_phone"


@pytest.mark.parametrize("value", ["red", '"red"'], ids=["text", "JSON"])
def test_an_option_goes_to_the_provider_that_is_in_use(run: Run, value: str) -> None:
    made = as_json(run("plan", "create", *PLAN, "--option", f"colour={value}", "--json"))

    assert made["description"] == "red"


def test_an_option_is_checked_as_the_type_that_it_has_in_json(run: Run) -> None:
    result = run("plan", "create", *PLAN, "--option", "colour=3")

    assert result.exit_code == 2
    assert "colour" in result.stderr


@pytest.mark.parametrize("text", ["colour", "=red"])
def test_an_option_without_key_or_value_is_refused(run: Run, text: str) -> None:
    result = run("plan", "create", *PLAN, "--option", text)

    assert result.exit_code == 2
    assert f"{text!r} is no option: write it as key=value" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("customer", "get", "cst_0"), 1, "NotFound"),
        (("customer", "get", "a/b"), 2, "InvalidRequest"),
        (("plan", "create", "--name", "Phone"), 2, "InvalidRequest"),
        (("subscribe", "--starts-on", "4 May"), 2, "InvalidRequest"),
        (("customer", "list", "--config", "nowhere.toml"), 2, "ConfigError"),
        (("customer", "list", "--account", "other"), 2, "UnknownAccount"),
        (("customer", "find", "--external-id", "7"), 3, "Unsupported"),
        (("customer", "create", "--name", "Lost", "--email", "a@b.c"), 4, "OutcomeUnknown"),
        (("customer", "get", "slow"), 130, "Interrupted"),
    ],
)
def test_each_kind_of_failure_has_its_exit_code_in_words_and_in_json(
    run: Run, words: tuple[str, ...], code: int, kind: str
) -> None:
    plain = run(*words)
    told = run(*words, "--json")

    assert (plain.exit_code, told.exit_code) == (code, code)
    assert (plain.stdout, told.stdout) == ("", "")
    assert "error: " in plain.stderr
    assert "Traceback" not in plain.stderr
    error = json.loads(told.stderr)["error"]
    assert error["type"] == kind
    assert error["message"] in plain.stderr


def test_scripts_learn_what_the_provider_said(run: Run) -> None:
    words = ("customer", "create", "--name", "Refused", "--email", "a@b.c")
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert error["provider"] == "clitoy"
    assert error["operation"] == "create_customer"
    assert error["status"] == 422
    assert error["fields"] == {"email": "is taken"}
    assert "email: is taken" in run(*words).stderr


def test_what_a_failed_call_has_made_already_is_told(run: Run) -> None:
    words = ("subscribe", "--plan", "gone", *PERSON)
    result = run(*words)
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert result.exit_code == 1
    assert "Made already, and not to be made again: Customer cst_9" in result.stderr
    assert error["completed"][0]["id"] == "cst_9"
    assert error["code"] == "missing"


def test_an_unknown_outcome_says_to_look_first(run: Run) -> None:
    result = run("customer", "create", "--name", "Lost", "--email", "a@b.c")

    assert "look at the provider before you repeat it" in result.stderr


def test_what_a_provider_lacks_comes_with_the_alternative(run: Run) -> None:
    words = ("subscription", "cancel", "sub_1", "--when", "now", "--refund", "prorated")
    result = run(*words)
    error = json.loads(run(*words, "--json").stderr)["error"]

    assert result.exit_code == 3
    assert "it never pays back; instead: send the money yourself" in result.stderr
    assert error["reason"] == "it never pays back"
    assert error["alternative"] == "send the money yourself"


def test_a_day_that_is_none_names_the_form(run: Run) -> None:
    words = ("--plan", "phone", "--customer", "cst_1", "--starts-on", "4 May")
    result = run("subscribe", *words)

    assert result.exit_code == 2
    assert "'4 May' is no day: write it as 2024-05-04" in result.stderr


def test_a_misspelled_option_is_a_usage_error(run: Run) -> None:
    result = run("plan", "list", "--acount", "main")

    assert result.exit_code == 2
    assert "--acount" in result.stderr
