"""A result is taken wherever an id is, and one of another provider or kind is refused."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import (
    Client,
    Customer,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    Plan,
    PlanDraft,
    SignupLink,
    Subscription,
    SubscriptionChange,
)
from subhub.sending.transport import fake_transport

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk

PLAN = Plan(provider="toy", id="pln_1")
CUSTOMER = Customer(provider="toy", id="cst_1")
SUBSCRIPTION = Subscription(provider="toy", id="sub_1", customer_id="cst_1")
LINK = SignupLink(provider="toy", id="lnk_1", url="https://toy.test/pay")
CHANGE = SubscriptionChange(provider="toy", old=SUBSCRIPTION)

BEFORE = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

Call = tuple[str, tuple[Any, ...], dict[str, Any]]
CALLS: list[Call] = [
    ("get_plan", (PLAN,), {}),
    ("update_plan", (PLAN,), {"name": "Other"}),
    ("get_customer", (CUSTOMER,), {}),
    ("update_customer", (CUSTOMER,), {"name": "Other"}),
    ("delete_customer", (CUSTOMER,), {}),
    ("create_signup_link", (), {"plan": PLAN, "customer": CUSTOMER}),
    (
        "create_signup_link",
        (),
        {"plan": PLAN, "customer": CUSTOMER, "replaces": SUBSCRIPTION, "when": "now"},
    ),
    ("subscribe", (), {"plan": PLAN, "customer": CUSTOMER}),
    ("get_subscription", (SUBSCRIPTION,), {}),
    ("list_subscriptions", (), {"customer": CUSTOMER}),
    ("change_subscription", (SUBSCRIPTION,), {"plan": PLAN, "when": "now"}),
    ("update_subscription", (SUBSCRIPTION,), {"description": "Other"}),
    ("cancel_subscription", (SUBSCRIPTION,), {"when": "now"}),
]
each_call = pytest.mark.parametrize("call", CALLS, ids=lambda call: "-".join([call[0], *call[2]]))


def with_ids(value: Any) -> Any:
    return getattr(value, "id", value)


def answer(desk: Desk, call: Call) -> None:
    """Queue the answer to a call: a list for a list, and else the object that is asked for."""
    listed = {"items": [{"id": "sub_1", "customer": "cst_1", "status": "active"}]}
    about = with_ids(call[1][0]) if call[1] else "new_1"
    one = {"id": about, "status": "active", "customer": "cst_1"}
    desk.answer(200, listed if call[0].startswith("list_") else one)


@each_call
def test_a_result_sends_what_its_id_sends(billing: Caller, desk: Desk, call: Call) -> None:
    name, args, kwargs = call
    answer(desk, call)
    answer(desk, call)

    by_result = getattr(billing, name)(*args, **kwargs)
    plain = {key: with_ids(value) for key, value in kwargs.items()}
    by_id = getattr(billing, name)(*map(with_ids, args), **plain)

    assert by_result == by_id
    (first, *_) = by_id if name.startswith("list_") else [by_id]
    assert first.account == "toy"
    first, second = desk.sent
    assert (first.method, first.url, first.content) == (second.method, second.url, second.content)


@each_call
def test_a_result_of_another_provider_is_refused_unsent(
    billing: Caller, desk: Desk, call: Call
) -> None:
    name, args, kwargs = call

    def foreign(value: Any) -> Any:
        return value.model_copy(update={"provider": "other"}) if hasattr(value, "id") else value

    message = r"is a \w+ of other, and this account, 'toy', is billed by toy: pass one of toy, or"
    with pytest.raises(InvalidRequest, match=message) as caught:
        getattr(billing, name)(
            *map(foreign, args), **{key: foreign(value) for key, value in kwargs.items()}
        )

    assert len(caught.value.fields) == 1
    assert not desk.sent


@each_call
def test_a_result_of_another_account_is_refused_unsent(
    billing: Caller, desk: Desk, call: Call
) -> None:
    name, args, kwargs = call

    def moved(value: Any) -> Any:
        return value.model_copy(update={"account": "old"}) if hasattr(value, "id") else value

    message = r"is a \w+ of the account 'old', and this client is of the account 'toy': use the cli"
    with pytest.raises(InvalidRequest, match=message) as caught:
        getattr(billing, name)(
            *map(moved, args), **{key: moved(value) for key, value in kwargs.items()}
        )

    assert len(caught.value.fields) == 1
    assert not desk.sent


@each_call
def test_a_result_of_this_account_is_taken(billing: Caller, desk: Desk, call: Call) -> None:
    name, args, kwargs = call
    answer(desk, call)

    def here(value: Any) -> Any:
        return value.model_copy(update={"account": "toy"}) if hasattr(value, "id") else value

    getattr(billing, name)(*map(here, args), **{key: here(value) for key, value in kwargs.items()})

    assert len(desk.sent) == 1


def test_a_link_and_known_subscriptions_of_another_account_are_refused(
    billing: Caller, desk: Desk
) -> None:
    link = SignupLink(provider="toy", id="lnk_1", url="", plan_id="p", created_at=BEFORE)
    old = link.model_copy(update={"account": "old"})
    with pytest.raises(InvalidRequest, match=r"`link`: is a SignupLink of the account 'old', and"):
        billing.follow(old)
    subscription = SUBSCRIPTION.model_copy(update={"account": "old"})
    with pytest.raises(InvalidRequest, match=r"`known`: is a Subscription of the account 'old'"):
        billing.follow(link, known=[subscription])
    assert not desk.sent


def test_a_result_that_was_stored_as_text_does_not_know_its_account(
    billing: Caller, desk: Desk
) -> None:
    desk.answer(200, {"id": "cst_1"})
    desk.answer(200, {"id": "cst_1"})
    stored = billing.get_customer("cst_1").model_dump_json()

    assert billing.get_customer(Customer.model_validate_json(stored)).id == "cst_1"


OTHER_KINDS: list[tuple[Call, str]] = [
    (
        ("subscribe", (), {"plan": CUSTOMER, "customer": CUSTOMER}),
        "`plan` must be the id of a plan, or a Plan, got a Customer",
    ),
    (
        ("subscribe", (), {"plan": PLAN, "customer": PLAN}),
        "`customer` must be the id of a customer, or a Customer, got a Plan",
    ),
    (
        ("subscribe", (), {"plan": PLAN, "customer": CUSTOMER, "payment_method": CUSTOMER}),
        "must be the id of a payment method, or a PaymentMethod, got a Customer",
    ),
    (
        ("cancel_subscription", (CHANGE,), {"when": "now"}),
        "or a Subscription, got a SubscriptionChange: pass its `.new`",
    ),
    (
        ("get_customer", (LINK,), {}),
        "`customer_id` must be the id of a customer, or a Customer, got a SignupLink",
    ),
    (
        ("get_customer", (CustomerDraft(name="A", email="a@b.c"),), {}),
        "`customer_id` must be an id (text), got CustomerDraft",
    ),
    (("list_subscriptions", (), {"customer": PLAN}), "`customer` must be the id of a customer"),
]


@pytest.mark.parametrize(("call", "said"), OTHER_KINDS)
def test_a_result_of_another_kind_is_refused_unsent(
    billing: Caller, desk: Desk, call: Call, said: str
) -> None:
    name, args, kwargs = call

    with pytest.raises(InvalidRequest, match=re.escape(said)):
        getattr(billing, name)(*args, **kwargs)

    assert not desk.sent


def test_a_plan_is_itself_and_not_what_a_key_of_the_configuration_means(
    folder: Path, desk: Desk, offer: Callable[..., None], toy: Any
) -> None:
    offer(toy)
    _ = (folder / "subhub.toml").write_text(
        "[accounts.main]\nprovider = 'toy'\napi_key = 'test_1'\nplans = {phone = 'pln_1'}\n"
        "[plans.phone]\nname = 'Phone'\nprice = '1 EUR'\ninterval = '1 year'\n"
    )
    desk.answer(200, {"id": "phone"})

    with Client.from_config(transport=desk.transport) as billing:
        _ = billing.get_plan(Plan(provider="toy", id="phone"))

    assert desk.asked == ["GET /v1/plans/phone"]


def test_a_bulk_job_takes_results(tmp_path: Path) -> None:
    fake = MijnKlantportaalFake()
    address = {"address": "Teststreet 123", "postal_code": "1234AB", "city": "Amsterdam"}
    people = [
        CustomerDraft(name=f"Test {number}", email=f"{number}@test.com", **address)
        for number in range(3)
    ]
    phone = PlanDraft(
        name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
    )
    settings: Any = {"api_key": fake.api_key, "transport": fake_transport(fake)}
    with Client(MijnKlantportaal, **settings, journal=tmp_path / "journal.db") as billing:
        plan = billing.create_plan(phone)
        customers = [billing.create_customer(draft) for draft in people]

        def sell(customer: Customer) -> Subscription:
            return billing.subscribe(plan=plan, customer=customer)

        for _ in range(2):
            with billing.bulk(sell, customers, job="move", key=lambda one: one.id) as run:
                results = list(run)
            assert [result.error for result in results] == [None] * len(customers)
        sold = {subscription.customer_id for subscription in billing.list_subscriptions()}
    assert sold == {customer.id for customer in customers}
    assert len(fake.subscriptions) == 3
