"""A plugin that sells by signup links only: customers and subscriptions are made by paying them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub import CustomerDraft, Interval, InvalidRequest, Money, NotFound, PlanDraft
from subhub.models import Customer, Plan, Refund, SignupLink, Status, Subscription, When
from subhub.plugin import Absence, Evidence, Flow, Page, Provider, Request, Wire, get, path, post
from subhub.sandbox import Fake, JsonObject, Received, Refusal, Reply, route
from subhub.testing import ProviderContract

if TYPE_CHECKING:
    from subhub import Client

DOCS = Evidence("docs", "https://kiosk.example/docs")


class Ware(Wire):
    id: str
    name: str
    price: str
    interval: str

    def to_plan(self) -> Plan:
        return Plan(
            provider="kiosk",
            id=self.id,
            name=self.name,
            price=Money.parse(self.price),
            interval=Interval.parse(self.interval),
            raw=self.raw,
        )


class Wares(Wire):
    tariffs: list[Ware]


class Person(Wire):
    id: str
    email: str


class Checkout(Wire):
    id: str
    url: str


class Order(Wire):
    id: str
    person: str
    state: str

    def to_subscription(self) -> Subscription:
        known = {"on": Status.ACTIVE, "off": Status.CANCELED}
        return Subscription(
            provider="kiosk",
            id=self.id,
            customer_id=self.person,
            status=known.get(self.state, Status.UNKNOWN),
            raw_status=self.state,
            raw=self.raw,
        )


class Orders(Wire):
    orders: list[Order]


class Kiosk(Provider):
    """A provider without `subscribe` and without `create_customer`."""

    name = "kiosk"
    base_url = "https://kiosk.example"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = dict.fromkeys(
        (
            "create_plan",
            "list_plans",
            "find_customer",
            "find_customer:email",
            "create_signup_link",
            "create_signup_link:new_customer",
            "get_subscription",
            "list_subscriptions",
            "cancel_subscription",
            "cancel_subscription:now",
        ),
        DOCS,
    )

    @classmethod
    def sandbox(cls) -> Fake:
        return KioskFake()

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        if draft.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", "must be left out")
        terms = {"price": str(draft.price), "interval": str(draft.interval)}
        ware = yield from post("/tariffs", Ware, {"name": draft.name, **terms})
        return ware.to_plan()

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        del cursor
        found = yield from get("/tariffs", Wares)
        return Page([each.to_plan() for each in found.tariffs])

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        del external_id
        try:
            found = yield from get("/people", Person, {"email": str(email)})
        except NotFound:
            return None
        return Customer(provider="kiosk", id=found.id, email=found.email, raw=found.raw)

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
        del return_url, back_url, replaces, when, refund, trial_days, quantity
        email = customer.email if isinstance(customer, CustomerDraft) else customer
        page = yield from post("/pages", Checkout, {"tariff": plan, "emails": [email]})
        return SignupLink(provider="kiosk", id=page.id, url=page.url, raw=page.raw)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        order = yield from get(path("/orders/{}", subscription_id), Order)
        return order.to_subscription()

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        del cursor, customer
        found = yield from get("/orders", Orders)
        return Page([each.to_subscription() for each in found.orders])

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        del when, refund, now
        _ = yield Request("DELETE", path("/orders/{}", subscription_id))
        return (yield from self.get_subscription(subscription_id))


class KioskFake(Fake):
    """Its fake; what it deletes is answered by nothing at all."""

    api_key = "kiosk_sandbox_key"

    def __init__(self) -> None:
        super().__init__()
        self.tariffs: dict[str, JsonObject] = {}
        self.people: dict[str, JsonObject] = {}
        self.orders: dict[str, JsonObject] = {}
        self.pages: dict[str, str] = {}

    @route("GET", "/tariffs")
    def list_tariffs(self, received: Received) -> Reply:
        del received
        return Reply.json(200, {"tariffs": [*self.tariffs.values()]})

    @route("POST", "/tariffs")
    def make_tariff(self, received: Received) -> Reply:
        ware = {**self.body(received), "id": self.ids.text(8)}
        self.tariffs[ware["id"]] = ware
        return Reply.json(201, ware)

    @route("GET", "/people")
    def find_person(self, received: Received) -> Reply:
        found = self.people.get(received.query["email"])
        return Reply.json(200, found) if found else self.not_found()

    @route("POST", "/pages")
    def make_page(self, received: Received) -> Reply:
        body = self.body(received)
        if body["tariff"] not in self.tariffs:
            return self.not_found()
        page = {"id": self.ids.text(8), "url": f"https://kiosk.example/pay/{self.ids.text(8)}"}
        self.pages[page["url"]] = body["emails"][0]
        return Reply.json(201, page)

    @route("GET", "/orders")
    def list_orders(self, received: Received) -> Reply:
        del received
        return Reply.json(200, {"orders": [*self.orders.values()]})

    @route("GET", "/orders/{}")
    def read_order(self, received: Received, order_id: str) -> Reply:
        del received
        found = self.orders.get(order_id)
        return Reply.json(200, found) if found else self.not_found()

    @route("DELETE", "/orders/{}")
    def stop_order(self, received: Received, order_id: str) -> Reply:
        del received
        if order_id not in self.orders:
            return self.not_found()
        self.orders[order_id]["state"] = "off"
        return Reply(204)

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        terms = {"price": str(draft.price), "interval": str(draft.interval)}
        self.tariffs[key] = {"id": key, "name": draft.name, **terms}
        return key

    def pay(self, url: str) -> None:
        email = self.pages[url]
        person = self.people.setdefault(email, {"id": self.ids.text(8), "email": email})
        order = {"id": self.ids.text(8), "person": person["id"], "state": "on"}
        self.orders[order["id"]] = order

    def authenticate(self, received: Received) -> None:
        if received.headers.get("authorization") != f"Bearer {self.api_key}":
            raise Refusal(Reply.json(401, {"message": "who is it?"}))

    def not_found(self) -> Reply:
        return Reply.json(404, {"message": "there is no such thing"})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(422, {"message": problem})


class KioskContract(ProviderContract):
    """What is said of it to the suite."""

    provider = Kiosk
    plan = PlanDraft(name="Basic", price=Money("5", "EUR"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test BV", email="test@example.com")

    def make_customer(self, client: Client, draft: CustomerDraft) -> str:
        fake = client.sandbox
        assert isinstance(fake, KioskFake)
        plan = fake.add_plan("a_first_plan", self.plan)
        fake.pay(client.create_signup_link(plan=plan, customer=draft).url)
        found = client.find_customer(email=draft.email)
        assert found is not None
        return found.id
