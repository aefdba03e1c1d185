"""Subscriptions; see https://docs.stripe.com/api/subscriptions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Literal

from pydantic import AwareDatetime

from subhub.errors import Ambiguous, Conflict, InvalidRequest
from subhub.models import (
    ARITHMETIC,
    Money,
    PlanDraft,
    Refund,
    Status,
    Subscription,
    SubscriptionChange,
    When,
)
from subhub.plugin import (
    Core,
    Flow,
    Page,
    Provider,
    Records,
    Wire,
    get,
    given,
    path,
    post,
    send,
    text_at,
)
from subhub_stripe.keys import keyed
from subhub_stripe.lists import StripeList, page_query
from subhub_stripe.plans import PROVIDER, StripePrice

SUBSCRIPTIONS: Final = "/subscriptions"
STATUSES: Final[Mapping[str, Status]] = {
    "incomplete": Status.PENDING,  # the customer has 23 hours for the first payment
    "incomplete_expired": Status.ENDED,
    "trialing": Status.ACTIVE,  # the customer can use the service
    "active": Status.ACTIVE,
    "past_due": Status.PAST_DUE,
    "unpaid": Status.PAST_DUE,  # Stripe stopped collecting, but the subscription continues
    "paused": Status.PAUSED,
    "canceled": Status.CANCELED,
}
REFERENCE: Final = ("metadata", "subhub_reference")
"""Where subhub's own text is kept: https://docs.stripe.com/api/metadata."""
OVER: Final = frozenset({"canceled", "incomplete_expired"})

PaymentBehavior = Literal[
    "allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"
]


class StripeItem(Wire):
    """A `subscription_item` object: a price with a quantity."""

    id: str
    price: StripePrice
    quantity: Core[int | None] = None
    current_period_end: Core[AwareDatetime | None] = None


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
    trial_end: AwareDatetime | None = None
    cancel_at: Core[AwareDatetime | None] = None
    cancel_at_period_end: bool = False
    ended_at: Core[AwareDatetime | None] = None

    def only_item(self) -> StripeItem | None:
        """Return the item if there is exactly one: several have no single price."""
        return self.items.data[0] if len(self.items.data) == 1 else None

    def to_subscription(self, account: Provider) -> Subscription:
        """Convert to a `Subscription` with the days and the words of *account*."""
        item = self.only_item()
        # a paused subscription does not advance to a new period
        stands = self._ends_at() or self.status == "paused"
        renews_at = None if stands else _period_end(item)
        return Subscription(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer,
            plan_id=item.price.id if item else None,
            description=self.description,
            status=account.status_words.get(self.status, Status.UNKNOWN),
            raw_status=self.status,
            price=_cost(item),
            quantity=item.quantity if item else None,
            interval=item.price.interval() if item else None,
            starts_on=self.start_date.astimezone(account.zone).date() if self.start_date else None,
            renews_on=renews_at.astimezone(account.zone).date() if renews_at else None,
            trial_ends_at=self.trial_end,
            ends_at=self._ends_at(),
            created_at=self.created,
            reference=text_at(self.raw, *REFERENCE),
            raw=self.raw,
        )

    def _ends_at(self) -> dt.datetime | None:
        """Return the end; a subscription that ends with its period is `active` until then."""
        at_period_end = _period_end(self.only_item()) if self.cancel_at_period_end else None
        return self.ended_at or self.cancel_at or at_period_end


class LatestInvoice(Wire):
    """The `invoice` object that a subscription has as its latest."""

    id: str
    status: Core[str | None] = None


class BilledSubscription(StripeSubscription):
    """A `subscription` object with its latest invoice: https://docs.stripe.com/expand."""

    latest_invoice: Core[LatestInvoice | None] = None

    def check_paid(self) -> None:
        """Raise `Conflict` if the latest invoice is not paid.

        Stripe credits the rest of a period whether or not it was paid for. See
        https://docs.stripe.com/billing/subscriptions/prorations, "Prorations and unpaid invoices".
        """
        latest = self.latest_invoice
        if latest is not None and latest.status != "paid":
            message = (
                f"`refund='credit'` would credit time of the subscription {self.id!r} that is not "
                f"paid for: its latest invoice, {latest.id!r}, is {latest.status!r}. Pass "
                "`refund='none'`, or try again when the invoice is paid"
            )
            raise Conflict(message, provider=PROVIDER, raw=self.raw)


class SubscriptionList(StripeList):
    """One page of subscriptions."""

    data: Records[StripeSubscription]


class Subscriptions(Provider):
    """The operations on subscriptions."""

    statuses: ClassVar[Mapping[str, Status]] = STATUSES

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
        payment_behavior: PaymentBehavior | None = None,
        default_tax_rates: list[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Subscription]:
        """Subscribe a customer; the subscription is pending until the first payment succeeds.

        Args:
            plan: The id of a Stripe price.
            customer: The customer's id.
            now: Not used.
            starts_on: Not supported.
            payment_method: The id of a payment method.
            trial_days: For how many days nothing is charged, 730 at most.
            quantity: How many units are billed.
            payment_behavior: What Stripe does if the first payment fails.
            default_tax_rates: The ids of Stripe tax rates.
            idempotency_key: With a key, the call is safe to repeat.
        """
        if isinstance(plan, PlanDraft):
            self._lacks("subscribe:inline_plan", plan)
        if starts_on is not None:
            self._lacks("subscribe:starts_on", starts_on, now)
        body = {
            "customer": customer,
            "items": [{"price": plan, "quantity": quantity}],
            "default_payment_method": payment_method,
            "trial_period_days": trial_days,
            "payment_behavior": payment_behavior,
            "default_tax_rates": default_tax_rates,
        }
        created = yield from post(SUBSCRIPTIONS, StripeSubscription, body, keyed(idempotency_key))
        return created.to_subscription(self)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read a subscription."""
        found = yield from _subscription(subscription_id)
        return found.to_subscription(self)

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """List subscriptions, one page at a time."""
        # without `status=all`, Stripe leaves out canceled subscriptions
        query = page_query(cursor, customer=customer, status="all")
        answer = yield from get(SUBSCRIPTIONS, SubscriptionList, query)
        return answer.page(answer.data, lambda item: item.to_subscription(self))

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        quantity: int | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SubscriptionChange]:
        """Change the price of the subscription's item, and its quantity if one is given.

        Args:
            subscription_id: The subscription's id.
            plan: The id of the new Stripe price.
            when: Only "now".
            refund: "none" or "credit". With "credit", an invoice is created at once, for the rest
                of the period on the new plan less the rest on the old one. Below zero, it goes to
                the customer's invoice balance, which later invoices use.
            now: Not used.
            quantity: How many units are billed; by default as many as before.
            idempotency_key: With a key, the call is safe to repeat.
        """
        if when != "now":
            self._lacks("change_subscription:period_end", plan, now)
        if refund == "prorated":
            self._lacks("change_subscription:prorated", now)
        found = _paid_subscription if refund == "credit" else _subscription
        old = yield from found(subscription_id)
        item = old.only_item()
        if item is None:
            message = (
                f"the subscription {old.id!r} has several plans. Change one in Stripe's dashboard."
            )
            raise Ambiguous(message, candidates=old.items.data)
        body: dict[str, Any] = {
            "items": [{"id": item.id, "price": plan, "quantity": quantity or item.quantity}],
            "proration_behavior": "always_invoice" if refund == "credit" else "none",
        }
        address = path(SUBSCRIPTIONS + "/{}", subscription_id)
        new = yield from post(address, StripeSubscription, body, keyed(idempotency_key))
        return SubscriptionChange(
            provider=PROVIDER,
            old=old.to_subscription(self),
            new=new.to_subscription(self),
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
        """Cancel a subscription.

        Args:
            subscription_id: The subscription's id.
            when: Now or at the end of the period.
            refund: "none" or "credit": with "credit", the rest of the period goes to the customer's
                invoice balance, which later invoices use.
            now: Not used.
            prorate: Credit the rest of the period on an invoice, by default the next one.
            invoice_now: Invoice what is not invoiced yet.
        """
        if refund == "prorated":
            self._lacks("cancel_subscription:prorated", now)
        address = path(SUBSCRIPTIONS + "/{}", subscription_id)
        options = given(prorate=prorate, invoice_now=invoice_now)
        if refund == "credit":
            for field in options:
                raise InvalidRequest.of(field, "`refund='credit'` decides it: leave it out")
            _ = yield from _paid_subscription(subscription_id)
            options = {"prorate": True, "invoice_now": True}
        if when == "period_end":
            for field in options:
                raise InvalidRequest.of(field, f"is only possible with when='now', got {when!r}")
            found = yield from post(address, StripeSubscription, {"cancel_at_period_end": True})
        else:
            found = yield from send("DELETE", address, StripeSubscription, options or None)
        return found.to_subscription(self)

    def uncancel_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Undo a cancellation at period end, as long as that has not come.

        See https://docs.stripe.com/billing/subscriptions/cancel.
        """
        address = path(SUBSCRIPTIONS + "/{}", subscription_id)
        found = yield from post(address, StripeSubscription, {"cancel_at_period_end": False})
        return found.to_subscription(self)


def _subscription(subscription_id: str) -> Flow[StripeSubscription]:
    return get(path(SUBSCRIPTIONS + "/{}", subscription_id), StripeSubscription)


def _paid_subscription(subscription_id: str) -> Flow[StripeSubscription]:
    """Read a subscription whose rest may become credit."""
    address, expand = path(SUBSCRIPTIONS + "/{}", subscription_id), {"expand[]": "latest_invoice"}
    found = yield from get(address, BilledSubscription, expand)
    found.check_paid()
    return found


def _period_end(item: StripeItem | None) -> dt.datetime | None:
    return item.current_period_end if item else None


def _cost(item: StripeItem | None) -> Money | None:
    """Return the price of one interval; a metered item has no quantity and no fixed price."""
    unit = item.price.price() if item else None
    if item is None or unit is None or item.quantity is None:
        return None
    return Money(ARITHMETIC.multiply(unit.amount, item.quantity), unit.currency)
