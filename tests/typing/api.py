"""The public interface as a type checker sees it; never run.

mypy (strict) and pyright (strict) have to agree with every line, also with those that are to be
refused: an ignore comment that is not needed is an error to both.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true
# pyright: reportUnusedCallResult=false
# (`assert_type` returns what it was given.)

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, assert_type

import subhub
from subhub import (
    AsyncClient,
    AsyncPaginator,
    Capabilities,
    Capability,
    Client,
    Customer,
    CustomerDraft,
    DeletedCustomer,
    Interval,
    Invoice,
    InvoicePdf,
    InvoiceStatus,
    Money,
    NotFound,
    Paginator,
    PaymentMethod,
    PaymentMethodStatus,
    Plan,
    PlanDraft,
    PortalLink,
    ProviderError,
    ResultPage,
    SetupLink,
    Signup,
    SignupLink,
    Status,
    Subscription,
    SubscriptionChange,
    Unsupported,
    WouldSend,
)
from subhub.messages import PreparedRequest
from subhub.plugin import Flow, Page, Provider, Request, Wire, done, get, path, post, walk
from subhub.sandbox import Fake
from subhub.testing import Played, play, reply


class Event(Wire):
    id: str


class Toy(Provider):
    """A provider with extensions of its own."""

    name = "toy"
    base_url = "https://toy.test"

    def ingest(self, event_id: str, *, value: int = 1) -> Flow[Event]:
        """An extension that sends."""
        return post(path("/events/{}", event_id), Event, {"value": value})

    def count(self) -> Flow[int]:
        """An extension without arguments."""
        return done(1)

    def list_events(self, cursor: str | None, *, kind: str = "all") -> Flow[Page[Plan]]:
        """An extension that lists."""
        event = yield from get("/events", Event, {"after": cursor or "", "kind": kind})
        assert_type(event, Event)
        return Page([Plan(provider="toy", id=event.id)], None)

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """A neutral operation."""
        event = yield from get(path("/plans/{}", plan_id), Event)
        return Plan(provider="toy", id=event.id, tax_rate="21", raw=event.raw)


PLAN = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
EVENT = subhub.Event(provider="toy", account="toy", about="plan", change="changed", key="evt_1")
SOMEBODY = CustomerDraft(name="Test Company BV", email="john.doe@test.com")


def made() -> None:
    """Both clients, in every way that they are made."""
    assert_type(Client("toy", api_key="k"), Client)
    assert_type(Client(Toy, api_key="k", mode="test", timeout=5, dry_run=True), Client)
    assert_type(AsyncClient(Toy, sandbox=True), AsyncClient)
    assert_type(Client.from_config(), Client)
    assert_type(AsyncClient.from_config("a.toml", account="main"), AsyncClient)
    with Client(Toy) as client:
        assert_type(client, Client)
    _ = Client(Toy, mode="production")  # type: ignore[arg-type]
    _ = Client(Toy, apikey="k")  # type: ignore[call-arg]
    _ = subhub.Cleint  # type: ignore[attr-defined]


def sync(client: Client) -> None:
    """Every operation, waiting."""
    assert_type(client.create_plan(PLAN, provider_options={"toy": {"colour": "red"}}), Plan)
    assert_type(client.get_plan("p"), Plan)
    assert_type(client.list_plans(limit=3), Paginator[Plan])
    assert_type(client.list_plans().first(), Plan | None)
    assert_type(next(client.list_plans().pages(after="x")), ResultPage[Plan])
    assert_type(list(client.list_plans()), list[Plan])
    assert_type(client.update_plan("p", name="A", tax_rate="9"), Plan)
    assert_type(client.create_customer(SOMEBODY), Customer)
    assert_type(client.get_customer("c"), Customer)
    assert_type(client.list_customers(), Paginator[Customer])
    assert_type(client.find_customer(email="a@b.c"), Customer | None)
    assert_type(client.update_customer("c", city="Gouda"), Customer)
    assert_type(client.delete_customer("c"), DeletedCustomer)
    assert_type(client.create_signup_link(plan="p", customer=SOMEBODY), SignupLink)
    assert_type(client.follow("l", plan="p", created_at="2026-12-01T09:30Z"), Signup)
    assert_type(client.create_portal_link("c", return_url="https://a.test"), PortalLink)
    assert_type(client.create_setup_link("c", return_url="https://a.test"), SetupLink)
    assert_type(client.payment_methods("c", limit=3), Paginator[PaymentMethod])
    assert_type(next(client.payment_methods("c")).status, PaymentMethodStatus)
    assert_type(client.subscribe(plan=PLAN, customer="c", starts_on=dt.date.today()), Subscription)  # noqa: DTZ011
    assert_type(client.get_subscription("s"), Subscription)
    assert_type(client.refetch(EVENT), subhub.Refetched)
    assert_type(next(client.changes(since="t", about="plan", pages=1)), subhub.Event)
    assert_type(client.webhooks.read("/", {}, b""), list[subhub.Event])
    assert_type(client.list_subscriptions(status=Status.ACTIVE), Paginator[Subscription])
    assert_type(client.change_subscription("s", plan="p", when="now"), SubscriptionChange)
    assert_type(client.update_subscription("s", price=Money(1, "EUR")), Subscription)
    assert_type(client.cancel_subscription("s", when="period_end", refund="none"), Subscription)
    assert_type(client.cancel_subscription("s", when="now", refund="credit"), Subscription)
    assert_type(client.update_customer("c", vat_id="NL123456789B01"), Customer)
    assert_type(client.uncancel_subscription("s"), Subscription)
    assert_type(client.pause_subscription("s"), Subscription)
    assert_type(client.resume_subscription("s"), Subscription)
    assert_type(client.list_invoices(customer="c"), Paginator[Invoice])
    assert_type(client.get_invoice("i"), Invoice)
    assert_type(client.get_invoice_pdf("i"), InvoicePdf)
    assert_type(client.get_invoice("i").status, InvoiceStatus)
    assert_type(client.close(), None)
    _ = client.cancel_subscription("s", when="later")  # type: ignore[arg-type]
    _ = client.cancel_subscription("s")  # type: ignore[call-arg]
    _ = client.create_plan("Phone")  # type: ignore[arg-type]
    _ = client.create_signup_link(plan=PLAN, customer="c")  # type: ignore[arg-type]


def by_results(client: Client, plan: Plan, customer: Customer, sold: Subscription) -> None:
    """Results in place of ids, waiting."""
    assert_type(client.get_plan(plan), Plan)
    assert_type(client.update_customer(customer, city="Gouda"), Customer)
    assert_type(client.create_signup_link(plan=plan, customer=customer, replaces=sold), SignupLink)
    assert_type(client.create_setup_link(customer), SetupLink)
    method = client.payment_methods(customer).first()
    assert_type(client.subscribe(plan=plan, customer=customer, payment_method=method), Subscription)
    assert_type(client.list_subscriptions(customer=customer), Paginator[Subscription])
    assert_type(client.change_subscription(sold, plan=plan, when="now"), SubscriptionChange)
    assert_type(client.cancel_subscription(sold, when="now"), Subscription)
    _ = client.subscribe(plan=customer, customer=customer)  # type: ignore[arg-type]
    _ = client.get_subscription(plan)  # type: ignore[arg-type]


async def awaiting_by_results(
    client: AsyncClient, plan: Plan, customer: Customer, sold: Subscription
) -> None:
    """Results in place of ids, awaiting."""
    assert_type(await client.update_plan(plan, name="A"), Plan)
    assert_type(await client.get_customer(customer), Customer)
    assert_type(await client.subscribe(plan=plan, customer=customer), Subscription)
    assert_type(await client.update_subscription(sold, description="A"), Subscription)
    _ = await client.cancel_subscription(customer, when="now")  # type: ignore[arg-type]


async def awaiting(client: AsyncClient) -> None:
    """Every operation, awaiting."""
    assert_type(await client.create_plan(PLAN), Plan)
    assert_type(await client.get_plan("p"), Plan)
    assert_type(client.list_plans(limit=3), AsyncPaginator[Plan])
    assert_type(await client.list_plans().first(), Plan | None)
    assert_type(await anext(client.list_plans().pages()), ResultPage[Plan])
    assert_type(await client.update_plan("p", name="A", tax_rate=Decimal(9)), Plan)
    assert_type(await client.create_customer(SOMEBODY), Customer)
    assert_type(await client.get_customer("c"), Customer)
    assert_type(client.list_customers(), AsyncPaginator[Customer])
    assert_type(await client.find_customer(external_id="1"), Customer | None)
    assert_type(await client.update_customer("c", city="Gouda"), Customer)
    assert_type(await client.delete_customer("c"), DeletedCustomer)
    assert_type(await client.create_signup_link(plan="p", customer="c"), SignupLink)
    assert_type(await client.follow("l", known=[]), Signup)
    assert_type(await client.subscribe(plan="p", customer=SOMEBODY), Subscription)
    assert_type(await client.get_subscription("s"), Subscription)
    assert_type(await client.refetch(EVENT), subhub.Refetched)
    assert_type(await anext(client.changes(since="t")), subhub.Event)
    assert_type(client.webhooks.read("/", {}, b""), list[subhub.Event])
    assert_type(client.list_subscriptions(customer="c"), AsyncPaginator[Subscription])
    assert_type(await client.change_subscription("s", plan="p", when="now"), SubscriptionChange)
    assert_type(await client.update_subscription("s", description="A"), Subscription)
    assert_type(await client.cancel_subscription("s", when="now"), Subscription)
    assert_type(await client.uncancel_subscription("s"), Subscription)
    assert_type(await client.pause_subscription("s"), Subscription)
    assert_type(await client.resume_subscription("s"), Subscription)
    assert_type(client.list_invoices(subscription="s"), AsyncPaginator[Invoice])
    assert_type(await client.get_invoice("i"), Invoice)
    assert_type(await client.get_invoice_pdf("i"), InvoicePdf)
    assert_type(await client.close(), None)
    async with client as same:
        assert_type(same, AsyncClient)
    async for plan in client.list_plans():
        assert_type(plan, Plan)


async def extensions(client: Client, other: AsyncClient) -> None:
    """What only one provider has keeps its own signature."""
    assert_type(client.call(Toy.ingest, "e", value=2), Event)
    assert_type(client.call(Toy.count), int)
    assert_type(client.walk(Toy.list_events, kind="paid"), Paginator[Plan])
    assert_type(await other.call(Toy.ingest, "e"), Event)
    assert_type(other.walk(Toy.list_events), AsyncPaginator[Plan])
    _ = client.call(Toy.ingest)  # type: ignore[call-arg]
    _ = client.call(Toy.ingest, 7)  # type: ignore[arg-type]
    _ = client.call(Toy.ingest, "e", vlaue=2)  # type: ignore[call-arg]
    _ = client.walk(Toy.list_events, kind=7)  # type: ignore[arg-type]
    _ = client.walk(Toy.count)  # type: ignore[arg-type]


def told(client: Client) -> None:
    """What a client says of itself."""
    assert_type(client.provider, str)
    assert_type(client.sandbox, Fake | None)
    assert_type(client.capabilities, Capabilities)
    assert_type(client.capabilities["create_plan"], Capability)
    assert_type(client.supports("create_plan"), bool)


def results(plan: Plan, subscription: Subscription, change: SubscriptionChange) -> None:
    """What results hold."""
    assert_type(plan.id, str)
    assert_type(plan.price, Money | None)
    assert_type(plan.raw, Mapping[str, Any])
    assert_type(subscription.status, Status)
    assert_type(subscription.starts_on, dt.date | None)
    assert_type(subscription.ends_at, dt.datetime | None)
    assert_type(change.old, Subscription)
    assert_type(change.new, Subscription | None)
    assert_type(Money.parse("1 EUR").amount, Decimal)
    assert_type(hash(plan), int)
    _ = Money(1.5, "EUR")  # type: ignore[arg-type]
    _ = Interval(1, "decade")  # type: ignore[arg-type]


def errors(client: Client) -> None:
    """What errors tell."""
    try:
        _ = client.get_plan("p")
    except NotFound as error:
        assert_type(error.request_id, str | None)
        assert_type(error.completed, tuple[object, ...])
    except ProviderError as error:
        assert_type(error.retry_after, float | None)
        assert_type(error.fields, dict[str, str])
    except Unsupported as error:
        assert_type(error.alternative, str)
    except WouldSend as error:
        assert_type(error.request, PreparedRequest)


def flows(toy: Toy) -> None:
    """What a plugin author writes and plays."""
    played = play(toy.get_plan("p"), reply(200, {"id": "p"}), provider=toy)
    assert_type(played, Played[Plan])
    assert_type(played.result, Plan)
    assert_type(played.requests, tuple[Request, ...])
    pages = walk(lambda cursor: toy.list_events(cursor), lambda each: each.public is True)  # noqa: PLW0108
    assert_type(play(pages).result, list[Plan])
