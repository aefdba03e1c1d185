"""What the tests of the commands share: a toy provider with a toy sandbox, and the program."""

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
    DeletedCustomer,
    Invoice,
    InvoicePdf,
    PaymentMethod,
    Plan,
    PlanDraft,
    PlanUpdate,
    PortalLink,
    Refund,
    SetupLink,
    SignupLink,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.record import Result as Answer
from subhub.plugin import Absence, Evidence, Flow, Page, Provider, Request, path
from subhub.plugin.decoding import json_of
from subhub.sandbox import Fake, Received, Refusal, Reply, route

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
    "create_signup_link:credit",
    "create_setup_link:return_url",
    "create_portal_link:return_url",
    "create_setup_link:back_url",
    "subscribe:inline_plan",
    "subscribe:starts_on",
    "subscribe:payment_method",
    "change_subscription:now",
    "change_subscription:period_end",
    "cancel_subscription:now",
    "cancel_subscription:period_end",
    "list_invoices:subscription",
)


def ask(model: type[A], method: str, where: str, body: Any = None) -> Flow[A]:
    """The toy's wire format is the neutral one, with the provider's name left out."""
    sent = None if body is None else json.loads(json.dumps(body, default=_text))
    response = yield Request(method, where, sent)
    return model(provider="clitoy", raw=json_of(response), **json_of(response))


def _text(value: Any) -> Any:
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else str(value)


class CliToy(Provider):
    name = "clitoy"
    base_url = "https://clitoy.example"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **dict.fromkeys(VARIANTS, SEEN),
        "cancel_subscription:prorated": Absence("it never pays back", "send the money yourself"),
        "cancel_subscription:credit": Absence("it keeps no balance", "charge less next time"),
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

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        return ask(DeletedCustomer, "DELETE", path("/customers/{}", customer_id))

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
        trial_days: int | None = None,
        quantity: int | None = None,
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
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[Subscription]:
        body = {
            "plan_id": plan if isinstance(plan, str) else plan.name,
            "customer_id": customer,
            "starts_on": starts_on or now.date(),
            "description": payment_method,
        }
        return ask(Subscription, "POST", "/subscriptions", body)

    def create_setup_link(
        self, *, customer: str, return_url: str | None = None, back_url: str | None = None
    ) -> Flow[SetupLink]:
        return ask(SetupLink, "POST", "/links", {"asked": (customer, return_url, back_url)})

    def create_portal_link(
        self, *, customer: str, return_url: str | None = None
    ) -> Flow[PortalLink]:
        return ask(PortalLink, "POST", "/links", {"asked": (customer, return_url)})

    def payment_methods(
        self, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        first = yield from ask(PaymentMethod, "GET", path("/customers/{}/methods", customer))
        return Page([first])

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        return ask(Subscription, "GET", path("/subscriptions/{}", subscription_id))

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        first = yield from ask(Subscription, "GET", "/subscriptions/sub_1")
        return Page([first])

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        quantity: int | None = None,
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

    def uncancel_subscription(self, subscription_id: str) -> Flow[Subscription]:
        where = path("/subscriptions/{}", subscription_id)
        return ask(Subscription, "PATCH", where, {"description": "it goes on"})

    def pause_subscription(self, subscription_id: str) -> Flow[Subscription]:
        where = path("/subscriptions/{}", subscription_id)
        return ask(Subscription, "PATCH", where, {"status": "paused"})

    def resume_subscription(self, subscription_id: str) -> Flow[Subscription]:
        where = path("/subscriptions/{}", subscription_id)
        return ask(Subscription, "PATCH", where, {"status": "active"})

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
    ) -> Flow[Page[Invoice]]:
        first = yield from ask(Invoice, "GET", "/invoices/inv_1")
        return Page([first])

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        return ask(Invoice, "GET", path("/invoices/{}", invoice_id))

    def get_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        return ask(InvoicePdf, "GET", path("/pdfs/{}", invoice_id))

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
            "inv_1": {
                "id": "inv_1",
                "customer_id": "cst_1",
                "subscription_id": "sub_1",
                "status": "paid",
                "total": {"amount": "12.95", "currency": "EUR"},
            },
        }

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        self.stored[f"plan_{key}"] = {"id": f"plan_{key}", **draft.model_dump(mode="json")}
        return f"plan_{key}"

    def pay(self, url: str) -> None:
        if url.endswith("/silent"):
            raise LookupError
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
    @route("GET", "/invoices/{}")
    def read(self, received: Received, found: str) -> Reply:
        if found not in self.stored:
            raise Refusal(self.not_found())
        return Reply.json(200, self.stored[found])

    @route("GET", "/customers/{}/methods")
    def methods(self, received: Received, found: str) -> Reply:
        return Reply.json(
            200, {"id": "mdt_1", "customer_id": found, "kind": "card", "status": "valid"}
        )

    @route("GET", "/pdfs/{}")
    def pdf(self, received: Received, found: str) -> Reply:
        return Reply.json(200, {"id": found, "url": "https://files.example/1.pdf"})

    @route("GET", "/report")
    def report(self, received: Received) -> Reply:
        return Reply(200, b"a,b\n\x1b[31m1,2", {"content-type": "text/csv"})

    @route("HEAD", "/report")
    def report_head(self, received: Received) -> Reply:
        return Reply(200, b"")

    @route("DELETE", "/customers/{}")
    def remove(self, received: Received, found: str) -> Reply:
        del received, self.stored[found]
        return Reply.json(200, {"id": found})

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


@pytest.fixture
def as_json() -> Callable[[Result], Any]:
    """Read what a command that succeeded printed for scripts."""
    return _as_json


def _as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)
