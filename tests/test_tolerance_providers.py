"""What is the core of each provider's objects, and that everything else may be odd."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import CustomerDraft, Interval, InvalidReply, Money, PlanDraft, Status, SubhubError
from subhub.models.record import ORIGIN
from subhub.plugin import Flow, Provider, Wire
from subhub.plugin.decorations import is_decoration
from subhub.testing import play, reply, scripted
from subhub.testing.contract.replies import record_of
from subhub.testing.openapi import Document

NOW = dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC)
CUID = "cm5x9z8nv0001h85r7l9p2k2m"
PLAN = PlanDraft(name="Phone", price=Money("1", "EUR"), interval=Interval(1, "year"), tax_rate=21)
PERSON = CustomerDraft(
    name="Test BV", email="a@b.nl", address="Street 1", postal_code="1234AB", city="Amsterdam"
)

CORE: Mapping[str, set[str]] = {
    # MijnKlantportaal
    "Listing": {"data", "next_page_url"},
    "Package": {"id", "amount", "currency"},
    "PortalCustomer": {"id"},
    "PendingSignUp": {"id", "paymentLink"},
    "CustomerSubscription": {"id", "status", "amount", "currency"},
    "SignedUp": {"id", "status", "amount", "currency"},
    "WirePaymentLink": {"id", "status", "amount", "currency", "checkoutUrl"},
    "WirePayment": {"id", "status", "amount", "currency"},
    "WireInvoice": {"id", "paidAt", "amount", "currency"},
    "CloudFile": {"link"},
    "InvoiceLinks": set(),
    "Webhook": {"id", "type", "secret"},
    "Link": set(),
    # Afternoon
    "Envelope": {"success"},
    "ListEnvelope": {"success", "pagination"},
    "Pagination": set(),
    "CustomerEnvelope": {"success", "customer"},
    "CustomersEnvelope": {"success", "pagination", "customers"},
    "AfternoonCustomer": {"id"},
    "AfternoonAddress": set(),
    "LinkEnvelope": {"success", "subscription_signup_link"},
    "SubscriptionSignupLink": {"id", "url"},
    "SubscriptionEnvelope": {"success", "subscription"},
    "SubscriptionsEnvelope": {"success", "pagination", "subscriptions"},
    "ChangeEnvelope": {"success", "old_subscription", "new_subscription"},
    "AfternoonSubscription": {"id", "status"},
    "InvoiceEnvelope": {"success", "invoice"},
    "InvoicesEnvelope": {"success", "pagination", "invoices"},
    "AfternoonInvoice": {"id", "status"},  # its cents have no documented currency
    "CreditGrantEnvelope": {"success", "credit_grant"},
    "AfternoonCreditGrant": {"id"},
    "IngestEnvelope": {"success", "usage_id", "status"},
}


def models(of: type[Wire] = Wire) -> Iterator[type[Wire]]:
    for model in of.__subclasses__():
        if model.__module__.startswith(("subhub_afternoon", "subhub_mijnklantportaal")):
            yield model
        yield from models(model)


def core(model: type[Wire]) -> set[str]:
    return {
        str(field.validation_alias or name)
        for name, field in model.model_fields.items()
        if not is_decoration(field)
    }


def test_the_core_of_each_object_is_its_id_its_state_and_its_amount() -> None:
    found = {model.__name__: core(model) for model in models() if "[" not in model.__name__}

    assert found | {"PortalObject": set()} == {**CORE, "PortalObject": set()}


def example(name: str) -> dict[str, Any]:
    content = Document.of(MijnKlantportaal).content
    return {**content["components"]["examples"][name]["value"]}


SUBSCRIPTION = {
    "id": CUID,
    "customer_id": CUID,
    "plan_code": "phone",
    "status": "canceled",
    "next_renewal_date": "2026-12-01T00:00:00Z",
    "canceled_at": "2026-11-01T09:00:00Z",
}
CUSTOMER = {
    "id": CUID,
    "name": "Test",
    "email": "a@b.nl",
    "phone": "+31",
    "external_id": "x",
    "billing_address": {"country": "NL"},
}
LINK = {
    "id": CUID,
    "customer_id": CUID,
    "url": "https://pay.example/1",
    "token_expiration": "2026-11-02T09:00:00Z",
}
PENDING = {
    "id": "9b0c",
    "paymentLink": "https://pay.example/1",
    "expiresAt": "2026-11-02T09:00:00+01:00",
}
PACKAGE = {
    "id": "spg_1",
    "name": "Phone",
    "description": "1GB",
    "interval": "1 year",
    "currency": "EUR",
    "amount": "12.95",
    "vatRate": 21,
    "availableForSale": True,
}


def enveloped(name: str) -> Callable[[object], object]:
    return lambda value: {"success": True, name: value, "request_id": 7}


def bare(value: object) -> object:
    return value


def portal(call: Callable[[MijnKlantportaal], Flow[Any]]) -> tuple[Provider, Flow[Any]]:
    provider = MijnKlantportaal()
    return provider, call(provider)


def company(call: Callable[[Afternoon], Flow[Any]]) -> tuple[Provider, Flow[Any]]:
    provider = Afternoon()
    return provider, call(provider)


Begin = Callable[[], tuple[Provider, Flow[Any]]]
ANSWERS: Mapping[str, tuple[Begin, Mapping[str, Any], Callable[[object], object], str]] = {
    "portal create_plan": (
        lambda: portal(lambda it: it.create_plan(PLAN)),
        PACKAGE,
        bare,
        "Package",
    ),
    "portal create_customer": (
        lambda: portal(lambda it: it.create_customer(PERSON)),
        example("Customer"),
        bare,
        "PortalCustomer",
    ),
    "portal create_signup_link": (
        lambda: portal(lambda it: it.create_signup_link(plan="spg_1", customer=PERSON)),
        PENDING,
        bare,
        "PendingSignUp",
    ),
    "portal subscribe": (
        lambda: portal(lambda it: it.subscribe(plan="spg_1", customer="cst_1", now=NOW)),
        example("CustomerSubscription"),
        bare,
        "SignedUp",
    ),
    "portal get_subscription": (
        lambda: portal(lambda it: it.get_subscription("sub_1")),
        {**example("CustomerSubscription"), "status": "ended"},
        bare,
        "CustomerSubscription",
    ),
    "company create_customer": (
        lambda: company(lambda it: it.create_customer(PERSON)),
        CUSTOMER,
        enveloped("customer"),
        "AfternoonCustomer",
    ),
    "company create_signup_link": (
        lambda: company(lambda it: it.create_signup_link(plan="phone", customer=CUID)),
        LINK,
        enveloped("subscription_signup_link"),
        "SubscriptionSignupLink",
    ),
    "company subscribe": (
        lambda: company(lambda it: it.subscribe(plan="phone", customer=CUID, now=NOW)),
        SUBSCRIPTION,
        enveloped("subscription"),
        "AfternoonSubscription",
    ),
    "company cancel_subscription": (
        lambda: company(
            lambda it: it.cancel_subscription(CUID, when="now", refund="none", now=NOW)
        ),
        SUBSCRIPTION,
        enveloped("subscription"),
        "AfternoonSubscription",
    ),
}
ODD: tuple[object, ...] = (
    *("", "0000-00-00 00:00:00", "2026-12-01 10:00:00", "A\ud83d", "9" * 4000),
    *(0, -1, 10**30, 1.5, True, [], {}, [None], {"a": []}),
)


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_but_its_core_can_make_an_answer_unreadable(name: str) -> None:
    begin, sent, envelope, model = ANSWERS[name]
    provider, flow = begin()
    expected = play(flow, reply(200, envelope(sent)), provider=provider).result
    for field in set(sent) - CORE[model]:
        for value in ODD:
            provider, flow = begin()
            response = reply(200, envelope({**sent, field: value}))
            found = play(flow, response, provider=provider).result
            changed = {key for key, other in found if other != getattr(expected, key)} - ORIGIN
            assert found.id == expected.id, (field, value)
            assert len(changed) <= 1, (field, value)
            assert str(record_of(found)[field]) == str(value), (field, value)


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}], ids=str)
def test_a_core_of_another_type_is_an_invalid_reply(name: str, value: object) -> None:
    begin, sent, envelope, model = ANSWERS[name]
    for field in CORE[model] & set(sent):
        if field == "amount" and value == 7:  # a number is an amount
            continue
        provider, flow = begin()
        with pytest.raises(InvalidReply, match=field):
            _ = play(flow, reply(200, envelope({**sent, field: value})), provider=provider)


@pytest.mark.parametrize("name", [name for name in ANSWERS if "ubscri" in name])
@pytest.mark.parametrize("absent", [True, False], ids=["missing", "null"])
def test_a_subscription_without_a_status_is_of_unknown_status(name: str, *, absent: bool) -> None:
    begin, sent, envelope, _ = ANSWERS[name]
    rest = {key: value for key, value in sent.items() if key != "status"}
    provider, flow = begin()
    shown = envelope(rest if absent else {**rest, "status": None})
    found = play(flow, reply(200, shown), provider=provider).result

    assert (found.status, found.raw_status) == (Status.UNKNOWN, None)


ODD_RECORDS: Mapping[str, object] = {"a number for an id": {"id": 7}, "null": None}


@pytest.mark.parametrize("record", ODD_RECORDS.values(), ids=ODD_RECORDS)
def test_a_customer_is_not_said_to_be_missing_from_a_list_that_could_not_be_read(
    record: object,
) -> None:
    good = {"id": "cst_1", "primaryEmail": "a@b.nl"}
    listing = reply(200, {"data": [record, good], "next_page_url": None})
    with scripted("mijnklantportaal", listing, listing) as box:
        found = box.client.find_customer(email="a@b.nl")
        assert found is not None
        assert found.id == "cst_1"
        with pytest.raises(InvalidReply, match="record 0"):
            _ = box.client.find_customer(email="c@d.nl")

    known = {"id": CUID, "external_id": "a"}
    searched = reply(200, {"success": True, "customers": [record, known]})
    with scripted("afternoon", searched, searched) as box:
        found = box.client.find_customer(external_id="a")
        assert found is not None
        assert found.id == CUID
        with pytest.raises(InvalidReply, match="record 0"):
            _ = box.client.find_customer(external_id="b")


def test_a_subscription_is_not_said_to_be_missing_from_a_list_that_could_not_be_read() -> None:
    unrouted = reply(404, {"success": False, "error": {"code": "X", "message": "no route"}})
    listing = reply(200, {"success": True, "subscriptions": [{"id": 7}], "pagination": []})
    with scripted("afternoon", unrouted, listing) as box, pytest.raises(InvalidReply):
        _ = box.client.get_subscription(CUID)


@pytest.mark.parametrize("pagination", ["", 7, ["a"], "2"])
def test_the_end_of_a_list_is_not_read_from_an_odd_pagination(pagination: object) -> None:
    answer = reply(200, {"success": True, "subscriptions": [], "pagination": pagination})
    with scripted("afternoon", answer) as box, pytest.raises(SubhubError, match="pagination"):
        _ = list(box.client.list_subscriptions())


@pytest.mark.parametrize("following", [7, [], {}, True])
def test_the_end_of_a_list_is_not_read_from_an_odd_next_page(following: object) -> None:
    answer = reply(200, {"data": [], "next_page_url": following})
    with scripted("mijnklantportaal", answer) as box, pytest.raises(InvalidReply, match="next_pag"):
        _ = list(box.client.list_customers())
