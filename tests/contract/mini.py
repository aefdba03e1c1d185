"""The smallest plugin that sells something: three operations, and customers made by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar

from subhub import CustomerDraft, Interval, InvalidRequest, Money, PlanDraft
from subhub.models import Plan, Refund, Status, Subscription, When
from subhub.plugin import Absence, Evidence, Flow, Provider, Wire, path, post
from subhub.sandbox import Fake, JsonObject, Received, Refusal, Reply, route
from subhub.testing import ProviderContract

DOCS = Evidence("docs", "https://mini.example/docs")


class Tariff(Wire):
    """A plan."""

    id: str
    name: str
    cents: int

    def to_plan(self) -> Plan:
        price = Money.from_minor(self.cents, "EUR")
        return Plan(provider="mini", id=self.id, name=self.name, price=price, raw=self.raw)


class Order(Wire):
    """A subscription."""

    id: str
    state: str

    def to_subscription(self) -> Subscription:
        known = {"on": Status.ACTIVE, "off": Status.CANCELED}
        status = known.get(self.state, Status.UNKNOWN)
        return Subscription(
            provider="mini", id=self.id, status=status, raw_status=self.state, raw=self.raw
        )


class Mini(Provider):
    """A provider with few operations."""

    name = "mini"
    base_url = "https://api.mini.example/v1"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        "create_plan": DOCS,
        "subscribe": DOCS,
        "cancel_subscription": DOCS,
        "cancel_subscription:now": DOCS,
    }

    @classmethod
    def sandbox(cls) -> Fake:
        return MiniFake()

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        if draft.price.currency != "EUR":
            raise InvalidRequest.of("price", "must be in EUR")
        if draft.interval != Interval(1, "month"):
            raise InvalidRequest.of("interval", "must be a month")
        if draft.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", "must be left out")
        cents = int(draft.price.amount.scaleb(2))
        tariff = yield from post("/tariffs", Tariff, {"name": draft.name, "cents": cents})
        return tariff.to_plan()

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
        mood: str | None = None,
    ) -> Flow[Subscription]:
        del now, starts_on, payment_method, trial_days, quantity
        body = {"tariff": plan, "customer": customer} | ({"mood": mood} if mood else {})
        order = yield from post("/orders", Order, body)
        return order.to_subscription()

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        del when, refund, now
        order = yield from post(path("/orders/{}/stop", subscription_id), Order)
        return order.to_subscription()


class MiniFake(Fake):
    """Its fake."""

    prefix = "/v1"
    api_key = "mini_sandbox_key"

    def __init__(self) -> None:
        super().__init__()
        self.tariffs: dict[str, JsonObject] = {}
        self.orders: dict[str, JsonObject] = {}

    @route("POST", "/tariffs")
    def make_tariff(self, received: Received) -> Reply:
        return Reply.json(201, self._tariff(self.body(received)))

    @route("POST", "/orders")
    def make_order(self, received: Received) -> Reply:
        if self.body(received)["tariff"] not in self.tariffs:
            raise Refusal(self.not_found())
        order = {"id": self.ids.text(8), "state": "on"}
        self.orders[order["id"]] = order
        return Reply.json(201, order)

    @route("POST", "/orders/{}/stop")
    def stop_order(self, received: Received, order_id: str) -> Reply:
        del received
        if order_id not in self.orders:
            raise Refusal(self.not_found())
        self.orders[order_id]["state"] = "off"
        return Reply.json(200, self.orders[order_id])

    def _tariff(self, terms: Mapping[str, object]) -> JsonObject:
        tariff = {"id": self.ids.text(8), **terms}
        self.tariffs[str(tariff["id"])] = tariff
        return tariff

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        cents = int(draft.price.amount.scaleb(2))
        return str(self._tariff({"name": draft.name, "cents": cents, "key": key})["id"])

    def pay(self, url: str) -> None:
        raise LookupError(url)

    def authenticate(self, received: Received) -> None:
        if received.headers.get("authorization") != f"Bearer {self.api_key}":
            raise Refusal(Reply.json(401, {"message": "who is it?"}))

    def not_found(self) -> Reply:
        return Reply.json(404, {"message": "there is no such thing"})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(422, {"message": problem})


class MiniContract(ProviderContract):
    """What is said of it to the suite."""

    provider = Mini
    plan = PlanDraft(name="Basic", price=Money("5", "EUR"), interval=Interval(1, "month"))
    customer = CustomerDraft(name="Test BV", email="test@example.com")
