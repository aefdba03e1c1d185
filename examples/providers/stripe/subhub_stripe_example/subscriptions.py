"""Subscriptions, in Stripe's words: https://docs.stripe.com/api/subscriptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import AwareDatetime
from subhub.errors import Ambiguous, InvalidRequest
from subhub.models import (
    Money,
    PlanDraft,
    Refund,
    Status,
    Subscription,
    SubscriptionChange,
    When,
)
from subhub.plugin import Flow, Page, Provider, Wire, get, path, post, send

from subhub_stripe_example.keys import keyed
from subhub_stripe_example.lists import StripeList, page_query
from subhub_stripe_example.plans import PROVIDER, StripePrice

SUBSCRIPTIONS: Final = "/subscriptions"
STATUSES: Final[Mapping[str, Status]] = {
    "incomplete": Status.PENDING,  # the first payment has 23 hours
    "incomplete_expired": Status.ENDED,
    "trialing": Status.ACTIVE,  # the customer is served
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.PAST_DUE,  # Stripe gave up collecting, and the subscription goes on
    "paused": Status.PAUSED,
    "canceled": Status.CANCELED,
}
OVER: Final = frozenset({"canceled", "incomplete_expired"})

PaymentBehavior = Literal[
    "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"
]


class StripeItem(Wire):
    """A `subscription_item` object: one price, so many times."""

    id: str
    price: StripePrice
    quantity: int | None = None
    current_period_end: AwareDatetime | None = None


class StripeItems(Wire):
    """The items of a subscription."""

    data: list[StripeItem]


class StripeSubscription(Wire):
    """A `subscription` object."""

    id: str
    customer: str
    status: str
    items: StripeItems
    description: str | None = None
    start_date: AwareDatetime | None = None
    created: AwareDatetime | None = None
    cancel_at: AwareDatetime | None = None
    cancel_at_period_end: bool = False
    ended_at: AwareDatetime | None = None

    def only_item(self) -> StripeItem | None:
        """The item, where there is one: what several of them cost together is no one price."""
        return self.items.data[0] if len(self.items.data) == 1 else None

    def to_subscription(self, zone: dt.tzinfo) -> Subscription:
        """The subscription in neutral words, its days in *zone*."""
        item = self.only_item()
        renews_at = None if self._ends_at() else _period_end(item)
        return Subscription(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer,
            plan_id=item.price.id if item else None,
            description=self.description,
            status=STATUSES.get(self.status, Status.UNKNOWN),
            raw_status=self.status,
            price=_cost(item),
            interval=item.price.interval() if item else None,
            starts_on=self.start_date.astimezone(zone).date() if self.start_date else None,
            renews_on=renews_at.astimezone(zone).date() if renews_at else None,
            ends_at=self._ends_at(),
            created_at=self.created,
            raw=self.raw,
        )

    def _ends_at(self) -> dt.datetime | None:
        """One that is to end with its period has the status `active` until then."""
        at_period_end = _period_end(self.only_item()) if self.cancel_at_period_end else None
        return self.ended_at or self.cancel_at or at_period_end


class SubscriptionList(StripeList):
    """A page of subscriptions."""

    data: list[StripeSubscription]


class Subscriptions(Provider):
    """The operations on subscriptions."""

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        payment_behavior: PaymentBehavior | None = None,
        default_tax_rates: list[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Subscription]:
        """Start billing a customer; one whose first payment is not through yet is pending."""
        if isinstance(plan, PlanDraft):
            self._lacks("subscribe:inline_plan", plan)
        if starts_on is not None:
            self._lacks("subscribe:starts_on", starts_on, now)
        body = {
            "customer": customer,
            "items": [{"price": plan}],
            "default_payment_method": payment_method,
            "payment_behavior": payment_behavior,
            "default_tax_rates": default_tax_rates,
        }
        made = yield from post(SUBSCRIPTIONS, StripeSubscription, body, keyed(idempotency_key))
        return made.to_subscription(self.zone)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read one subscription."""
        found = yield from _subscription(subscription_id)
        return found.to_subscription(self.zone)

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """Read one page of the subscriptions; without `status=all`, canceled ones are left out."""
        query = page_query(cursor, customer=customer, status="all")
        answer = yield from get(SUBSCRIPTIONS, SubscriptionList, query)
        found = [each.to_subscription(self.zone) for each in answer.data]
        return answer.page(found, found[-1].id if found else None)

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        idempotency_key: str | None = None,
    ) -> Flow[SubscriptionChange]:
        """Put another price into the subscription's item, which keeps its quantity.

        `refund="prorated"` credits the rest of the old plan against the next invoice.
        """
        if when != "now":
            self._lacks("change_subscription:period_end", plan, now)
        old = yield from _subscription(subscription_id)
        item = old.only_item()
        if item is None:
            message = f"the subscription {old.id!r} has several plans: change one in the dashboard"
            raise Ambiguous(message, candidates=old.items.data)
        body: dict[str, Any] = {
            "items": [{"id": item.id, "price": plan, "quantity": item.quantity}],
            "proration_behavior": "create_prorations" if refund == "prorated" else "none",
        }
        address = path(SUBSCRIPTIONS + "/{}", subscription_id)
        new = yield from post(address, StripeSubscription, body, keyed(idempotency_key))
        return SubscriptionChange(
            provider=PROVIDER,
            old=old.to_subscription(self.zone),
            new=new.to_subscription(self.zone),
            raw=new.raw,
        )

    def cancel_subscription(
        self,
        subscription_id: str,
        *,
        when: When,
        refund: Refund,
        now: dt.datetime,
        prorate: bool | None = None,
        invoice_now: bool | None = None,
    ) -> Flow[Subscription]:
        """Stop a subscription.

        `prorate` makes a credit for the rest of the period and pays nothing back, which is why it
        is an option, and not what `refund` means.
        """
        if refund != "none":
            self._lacks("cancel_subscription:prorated", now)
        address = path(SUBSCRIPTIONS + "/{}", subscription_id)
        options = {"prorate": prorate, "invoice_now": invoice_now}
        given = {name: value for name, value in options.items() if value is not None}
        if when == "period_end":
            for field in given:
                raise InvalidRequest.of(field, "it goes with when='now'")
            found = yield from post(address, StripeSubscription, {"cancel_at_period_end": True})
        else:
            found = yield from send("DELETE", address, StripeSubscription, given or None)
        return found.to_subscription(self.zone)


def _subscription(subscription_id: str) -> Flow[StripeSubscription]:
    return get(path(SUBSCRIPTIONS + "/{}", subscription_id), StripeSubscription)


def _period_end(item: StripeItem | None) -> dt.datetime | None:
    return item.current_period_end if item else None


def _cost(item: StripeItem | None) -> Money | None:
    """What one interval costs; what is metered has no quantity, and costs what was used."""
    unit = item.price.price() if item else None
    if item is None or unit is None or item.quantity is None:
        return None
    return Money(unit.amount * item.quantity, unit.currency)
