"""The fake, through the client: what Stripe documents and localstripe does not have."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Generator
from typing import Any

import pytest
from subhub_stripe import Stripe

from subhub import (
    AuthenticationFailed,
    Client,
    CustomerDraft,
    Interval,
    InvoiceStatus,
    Money,
    NotFound,
    OutcomeUnknown,
    PlanDraft,
    RateLimit,
    RateLimited,
    Rejected,
    Status,
)
from subhub.sandbox import Fault
from subhub.testing import Sandbox, sandbox

START = dt.datetime(2026, 1, 31, 9, tzinfo=dt.UTC)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"), code="phone"
)
YEARLY = PlanDraft(name="Yearly", price=Money(5, "ISK"), interval=Interval(1, "year"))
WEEKLY = PlanDraft(name="Weekly", price=Money(5, "EUR"), interval=Interval(2, "week"))
COMPANY = CustomerDraft(name="Acme", email="a@acme.example", external_id="o'acct [1]", city="Ede")


@pytest.fixture
def box() -> Generator[Sandbox]:
    plans = {"phone": PHONE, "yearly": YEARLY, "weekly": WEEKLY}
    with sandbox(Stripe, plans=plans, start=START) as found:
        yield found


def test_plans_created_in_the_dashboard_read_as_drafted(box: Sandbox) -> None:
    found = {plan.id: plan for plan in box.client.list_plans()}
    for key, draft in (("phone", PHONE), ("yearly", YEARLY), ("weekly", WEEKLY)):
        plan = found[box.plan_ids[key]]
        assert (plan.name, plan.price, plan.interval) == (draft.name, draft.price, draft.interval)
        assert plan.code == draft.code


def test_a_customer_is_found_by_external_id(box: Sandbox) -> None:
    created = box.client.create_customer(COMPANY)
    assert box.client.find_customer(external_id="o'acct [1]") == created
    assert box.client.find_customer(external_id="acct") is None


def test_a_request_is_shown_as_data_and_not_as_a_form(box: Sandbox) -> None:
    created = box.client.create_customer(COMPANY)
    asked = {
        "name": "Acme",
        "email": "a@acme.example",
        "address": {"city": "Ede"},
        "metadata": {"external_id": "o'acct [1]"},
        "expand": ["tax_ids"],
    }
    assert box.assert_asked("POST", "/customers", json=asked).body == asked
    assert box.client.get_customer(created.id) == created


def test_a_call_repeated_with_its_key_creates_nothing_twice(box: Sandbox) -> None:
    options = {"stripe": {"idempotency_key": "order-7"}}
    box.faults.next(Fault("dropped", after=True), method="POST")
    with pytest.raises(OutcomeUnknown):
        _ = box.client.create_customer(COMPANY, provider_options=options)
    again = box.client.create_customer(COMPANY, provider_options=options)
    assert list(box.client.list_customers()) == [again]


def test_a_key_is_for_one_request(box: Sandbox) -> None:
    options = {"stripe": {"idempotency_key": "order-7"}}
    _ = box.client.create_customer(COMPANY, provider_options=options)
    with pytest.raises(Rejected, match="same parameters") as caught:
        _ = box.client.create_customer(
            COMPANY.model_copy(update={"external_id": "B"}), provider_options=options
        )
    assert caught.value.code == "idempotency_error"


def test_a_link_sells_the_plan_once_and_for_a_day(box: Sandbox) -> None:
    plan = box.plan_ids["phone"]
    link = box.client.create_signup_link(plan=plan, customer=COMPANY, return_url="https://a.nl/")
    assert link.expires_at == START + dt.timedelta(days=1)
    box.fake.decline(link.url)
    box.fake.pay(link.url)
    (created,) = box.client.list_subscriptions(customer=link.customer_id)
    assert (created.plan_id, created.status) == (plan, Status.ACTIVE)
    signup = box.client.follow(link)
    assert (signup.state, signup.subscription) == ("completed", created)
    assert signup.customer == box.client.get_customer(created.customer_id or "")
    with pytest.raises(ValueError, match="cannot pay at"):
        box.fake.pay(link.url)
    late = box.client.create_signup_link(plan=plan, customer=COMPANY)
    assert box.client.follow(late).state == "open"
    _ = box.clock.advance(hours=24)
    assert box.client.follow(late).state == box.client.follow(late).state == "expired"
    with pytest.raises(ValueError, match="cannot pay at"):
        box.fake.pay(late.url)
    unknown = "https://sandbox.invalid/c/pay/cs_test_unknown"
    assert box.fake.checkout_page(unknown) is None
    with pytest.raises(LookupError, match="cannot pay at"):
        box.fake.pay(unknown)


@pytest.mark.parametrize(
    ("key", "days"),
    [
        ("phone", (dt.date(2026, 2, 28), dt.date(2026, 3, 28))),
        ("weekly", (dt.date(2026, 2, 14), dt.date(2026, 3, 14))),
        ("yearly", (dt.date(2027, 1, 31), dt.date(2027, 1, 31))),
    ],
)
def test_periods_follow_each_other(box: Sandbox, key: str, days: tuple[dt.date, dt.date]) -> None:
    created = box.client.subscribe(plan=box.plan_ids[key], customer=COMPANY)
    assert created.renews_on == days[0]
    _ = box.clock.advance(days=29)
    assert box.client.get_subscription(created.id).renews_on == days[1]


def test_a_canceled_subscription_ends_with_its_period(box: Sandbox) -> None:
    created = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    ending = box.client.cancel_subscription(created.id, when="period_end")
    assert (ending.status, ending.renews_on) == (Status.ACTIVE, None)
    _ = box.clock.advance(days=60)
    ended = box.client.get_subscription(created.id)
    assert (ended.status, ended.ends_at) == (Status.CANCELED, ending.ends_at)
    assert box.client.cancel_subscription(created.id, when="now") == ended


@pytest.mark.parametrize(("to", "moves"), [("weekly", True), ("phone", False)])
def test_a_change_to_another_interval_starts_a_new_period(
    box: Sandbox,
    to: str,
    moves: bool,  # noqa: FBT001 - a case of the rule
) -> None:
    created = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    _ = box.clock.advance(days=1)
    new = box.client.change_subscription(created.id, plan=box.plan_ids[to], when="now").new
    assert new is not None
    assert (new.renews_on != created.renews_on) is moves


def test_each_period_has_an_invoice(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=customer)
    _ = box.fake.clock.advance(days=31)
    invoices = list(box.client.list_invoices(customer=customer))
    assert [invoice.issued_on for invoice in invoices] == [
        dt.date(2026, 2, 28),
        dt.date(2026, 1, 31),
    ]
    assert [invoice.total for invoice in invoices] == [PHONE.price, PHONE.price]
    assert {invoice.status for invoice in invoices} == {InvoiceStatus.PAID}
    assert list(box.client.list_invoices(subscription=sold)) == invoices
    assert len({invoice.number for invoice in invoices}) == 2


def test_units_are_billed_together(box: Sandbox) -> None:
    phone = box.plan_ids["phone"]
    sold = box.client.subscribe(plan=phone, customer=COMPANY, quantity=3)
    assert (sold.quantity, sold.price) == (3, Money("38.85", "EUR"))
    (invoice,) = box.client.list_invoices(subscription=sold)
    assert invoice.total == Money("38.85", "EUR")
    more = box.client.change_subscription(sold, plan=phone, when="now", quantity=5).new
    assert more is not None
    same = box.client.change_subscription(sold, plan=box.plan_ids["weekly"], when="now").new
    assert same is not None
    assert (more.quantity, same.quantity) == (5, 5)
    link = box.client.create_signup_link(plan=phone, customer=COMPANY, quantity=2)
    box.fake.pay(link.url)
    found = box.client.follow(link).subscription
    assert found is not None
    assert found.quantity == 2


def test_a_trial_is_not_charged_until_it_ends(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    sold = box.client.subscribe(plan=box.plan_ids["phone"], customer=customer, trial_days=14)
    assert (sold.status, sold.raw_status) == (Status.ACTIVE, "trialing")
    assert sold.trial_ends_at == START + dt.timedelta(days=14)
    assert sold.renews_on == dt.date(2026, 2, 14)
    _ = box.clock.advance(days=14)
    assert box.client.get_subscription(sold).raw_status == "active"
    paid = [invoice.total for invoice in box.client.list_invoices(customer=customer)]
    assert paid == [PHONE.price, Money(0, "EUR")]


def test_a_link_can_begin_with_a_trial(box: Sandbox) -> None:
    link = box.client.create_signup_link(plan=box.plan_ids["phone"], customer=COMPANY, trial_days=7)
    box.fake.pay(link.url)
    signup = box.client.follow(link)
    assert signup.subscription is not None
    assert signup.subscription.trial_ends_at == START + dt.timedelta(days=7)


@pytest.mark.parametrize("days", [731, 10_000])
def test_a_trial_is_of_two_years_at_most(box: Sandbox, days: int) -> None:
    with pytest.raises(Rejected, match="trial_period_days"):
        _ = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY, trial_days=days)


def test_invoices_are_filtered_by_their_status(box: Sandbox) -> None:
    customer = box.client.create_customer(COMPANY)
    _ = box.client.subscribe(plan=box.plan_ids["phone"], customer=customer)
    fake: Any = box.fake
    draft = fake.add_draft_invoice(customer.id)
    drafts = list(box.client.list_invoices(provider_options={"stripe": {"status": "draft"}}))
    assert [(found.id, found.status, found.number) for found in drafts] == [
        (draft, InvoiceStatus.DRAFT, None)
    ]
    assert (drafts[0].issued_on, drafts[0].paid_at, drafts[0].subscription_id) == (None, None, None)
    with pytest.raises(NotFound, match="has no PDF: it is a draft"):
        _ = box.client.get_invoice_pdf(draft)


def test_a_first_payment_can_be_outstanding() -> None:
    with sandbox(Stripe, plans={"a": PHONE}, assume={"first_status": "incomplete"}) as box:
        created = box.client.subscribe(plan=box.plan_ids["a"], customer=COMPANY)
        assert created.status is Status.PENDING


@pytest.mark.parametrize(
    ("method", "target", "body", "status", "code"),
    [
        ("POST", "/customers", "favourite=1", 400, "parameter_unknown"),
        ("POST", "/customers", "{}", 400, None),
        ("POST", "/products", "", 400, "parameter_missing"),
        ("POST", "/prices", "product=prod_x", 400, "resource_missing"),
        ("POST", "/checkout/sessions", "mode=payment", 400, None),
        ("POST", "/checkout/sessions", "mode=setup", 400, "parameter_missing"),
        ("POST", "/checkout/sessions", "mode=setup&line_items[0][price]=a", 400, None),
        ("POST", "/checkout/sessions", "mode=setup&payment_method_types[0]=fax", 400, None),
        ("GET", "/customers/cus_x/payment_methods", "", 404, "resource_missing"),
        ("GET", "/customers?limit=101", "", 400, None),
        ("GET", "/customers?starting_after=cus_x", "", 400, "resource_missing"),
        ("GET", "/customers/search?query=name", "", 400, None),
        ("GET", "/subscriptions?customer=cus_x", "", 400, "resource_missing"),
        ("GET", "/invoices?status=lost", "", 400, None),
        ("GET", "/invoices?customer=cus_x", "", 400, "resource_missing"),
        ("GET", "/invoices?subscription=sub_x", "", 400, "resource_missing"),
        ("GET", "/nothing", "", 404, None),
    ],
)
def test_undocumented_requests_are_refused(
    box: Sandbox, method: str, target: str, body: str, status: int, code: str | None
) -> None:
    error = _asked(box, method, target, body, status)
    assert error.get("code") == code
    assert error["message"]


def test_a_product_is_expanded_only_on_request(box: Sandbox) -> None:
    headers = {"Authorization": f"Bearer {box.fake.api_key}"}
    plan = box.plan_ids["phone"]
    for query, kind in (("", str), ("?expand[]=product", dict)):
        answer = box.fake.handle("GET", f"/v1/prices/{plan}{query}", headers, b"")
        assert isinstance(json.loads(answer.content)["product"], kind)


def test_a_price_needs_a_whole_amount_and_a_known_interval(box: Sandbox) -> None:
    product = _id(box, "/products", "name=A")
    terms = f"product={product}&currency=eur&recurring[interval]="
    assert _asked(box, "POST", "/prices", terms + "month&unit_amount=1.5", 400)["param"]
    assert _asked(box, "POST", "/prices", terms + "eon&unit_amount=1", 400)["param"]


def test_an_item_is_changed_by_its_own_id(box: Sandbox) -> None:
    created = box.client.subscribe(plan=box.plan_ids["phone"], customer=COMPANY)
    target = f"/subscriptions/{created.id}"
    assert _asked(box, "POST", target, "items[0][id]=si_x&items[0][price]=p", 400)["param"]
    assert _asked(box, "POST", target, "cancel_at_period_end=false", 200) is None


def test_a_revoked_key_is_refused(box: Sandbox) -> None:
    box.fake.revoke_key()
    with pytest.raises(AuthenticationFailed) as caught:
        _ = list(box.client.list_plans())
    assert caught.value.request_id


def test_more_than_25_requests_in_a_second_are_too_many() -> None:
    fake = Stripe.sandbox()
    unpaced = RateLimit(1000, per=1.0)
    with Client(Stripe, sandbox=fake, rate_limit=unpaced, attempts=1) as client:
        for _ in range(25):
            _ = list(client.list_customers())
        with pytest.raises(RateLimited):
            _ = list(client.list_customers())


def _asked(box: Sandbox, method: str, target: str, body: str, status: int) -> Any:
    headers = {"Authorization": f"Bearer {box.fake.api_key}"}
    answer = box.fake.handle(method, f"/v1{target}", headers, body.encode())
    assert answer.status == status
    return json.loads(answer.content).get("error")


def _id(box: Sandbox, target: str, body: str) -> str:
    headers = {"Authorization": f"Bearer {box.fake.api_key}"}
    answer = box.fake.handle("POST", f"/v1{target}", headers, body.encode())
    found: str = json.loads(answer.content)["id"]
    return found


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("customers", "name=a&name[b]=c"),
        ("customers", "metadata=a"),
        ("customers", "[]=a"),
        ("subscriptions", "customer={customer}&items=a"),
        ("subscriptions", "customer={customer}&items[0][price]={plan}&items[0][quantity]=x"),
        ("subscriptions", "customer[a]={customer}&items[0][price]={plan}"),
        ("checkout/sessions", "mode=subscription&customer={customer}&line_items[0]=a"),
        ("prices", "product=a&currency=eur&unit_amount[a]=1&recurring[interval]=month"),
    ],
)
def test_a_form_of_another_shape_is_refused_and_breaks_nothing(
    box: Sandbox, path: str, form: str
) -> None:
    customer = box.client.create_customer(COMPANY).id
    headers = {"authorization": f"Bearer {box.fake.api_key}"}
    content = form.format(customer=customer, plan=box.plan_ids["phone"]).encode()

    reply = box.fake.handle("POST", f"/v1/{path}", headers, content)

    assert reply.status == 400
    assert [found.id for found in box.client.list_customers()] == [customer]
    assert list(box.client.list_subscriptions()) == []


def test_a_price_is_charged_at_least_every_so_often(box: Sandbox) -> None:
    product = _id(box, "/products", "name=Phone")
    terms = f"product={product}&currency=eur&unit_amount=1&recurring[interval]=month"
    error = _asked(box, "POST", "/prices", f"{terms}&recurring[interval_count]=0", 400)
    assert error["param"] == "recurring[interval_count]"


@pytest.mark.parametrize("written", ["expand[]", "expand[0]"])
def test_a_list_in_a_query_may_be_numbered(box: Sandbox, written: str) -> None:
    """subhub writes it without a number, and Stripe's own SDK with one."""
    headers = {"authorization": f"Bearer {box.fake.api_key}"}
    path = f"/v1/prices/{box.plan_ids['phone']}?{written}=product"
    shown = json.loads(box.fake.handle("GET", path, headers, b"").content)
    assert shown["product"]["name"] == "Phone"


def test_what_a_fake_without_books_says_of_charges() -> None:
    fake: Any = Stripe.sandbox()

    assert fake.email_of("cus_1") == ""
    assert fake.is_owed(object())
    assert fake.charge_made(object()) is None
