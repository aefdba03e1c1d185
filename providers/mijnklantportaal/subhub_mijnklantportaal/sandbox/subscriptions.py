"""The fake's endpoints for subscriptions; their status follows the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from subhub.models import Interval
from subhub.sandbox import (
    Charge,
    JsonObject,
    Received,
    Refusal,
    Reply,
    attempts,
    chargeable,
    collect,
    period_start,
    periods_begun,
    route,
)
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.customers import CustomerRoutes
from subhub_mijnklantportaal.sandbox.portal import ZONE

_TERMS: Final = {
    "description": checks.text,
    "interval": checks.interval,
    "amount": checks.money,
    "vatRate": checks.vat_rate,
}
CREATE: Final = Body(
    required={"customerId": checks.text, "startDate": checks.day, **_TERMS},
    optional={"createInvoice": checks.flag, "invoiceDescription": checks.text},
)
CHANGE: Final = Body(optional={**_TERMS, "terminatedAt": checks.naive})
RENEW: Final = "renew"
"""The task of the agenda that charges a subscription on its renewal."""


@dataclass
class StoredSubscription:
    """A subscription with its mandate, which the wire does not show."""

    id: str
    customer_id: str
    terms: JsonObject
    starts_on: dt.date
    created_at: dt.datetime
    create_invoice: bool
    invoice_description: str | None
    mandate_id: str | None
    anchor_on: dt.date
    """The day from which the periods are counted."""
    billed_until: dt.date
    """The first day that is not charged yet."""
    terminated_at: dt.datetime | None = None

    def status(self, now: dt.datetime, *, at_once: bool) -> str:
        """Return the status at *now*; *at_once* ends a terminated one before its renewal."""
        today = now.astimezone(ZONE).date()
        if self.terminated_at is not None and self.terminated_at <= now:
            never_began = self.terminated_at.astimezone(ZONE).date() < self.starts_on
            over = at_once or never_began or self._renewal(now) <= today
            return "ended" if over else "terminated"
        return "planned" if self.starts_on > today else "in_progress"

    def renews_at(self, now: dt.datetime) -> str:
        """Return the next renewal after *now*, as on the wire."""
        return self._renewal(now).isoformat()

    def options(self) -> dict[str, Any]:
        """Return the options, in the newer of the two documented forms."""
        if not self.create_invoice:
            return {"createInvoice": False}
        return {"createInvoice": True, "invoiceDescription": self.invoice_description}

    def _renewal(self, now: dt.datetime) -> dt.date:
        # a terminated subscription runs to the end of the period in which it was terminated
        until = min(now, self.terminated_at or now).astimezone(ZONE).date()
        if until < self.anchor_on != self.starts_on:
            return self.anchor_on  # a new interval begins on the renewal that was known before
        return renewal_after(until, self.anchor_on, self.terms["interval"])


class SubscriptionRoutes(CustomerRoutes):
    """The endpoints for subscriptions."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.subscriptions: dict[str, StoredSubscription] = {}
        """The subscriptions, by id."""

    @route("POST", "/customer-subscriptions")
    def create_subscription(self, received: Received) -> Reply:
        """Create a subscription without a package."""
        body = self.checked(received, CREATE)
        self.connected()
        return Reply.json(
            201,
            self.add_subscription(
                customer_id=body["customerId"],
                terms={name: body[name] for name in _TERMS},
                starts_on=dt.date.fromisoformat(body["startDate"]),
                create_invoice=body.get("createInvoice", False),
                invoice_description=body.get("invoiceDescription"),
            ),
        )

    @route("GET", "/customer-subscriptions")
    def list_subscriptions(self, received: Received) -> Reply:
        """List subscriptions, one page at a time."""
        return self.listing(received, self.subscriptions.values(), self._shown)

    @route("GET", "/customer-subscriptions/{}")
    def get_subscription(self, _: Received, subscription_id: str) -> Reply:
        """Read a subscription."""
        return Reply.json(200, self._shown(self._subscription(subscription_id)))

    @route("PATCH", "/customer-subscriptions/{}")
    def change_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Change or terminate a subscription."""
        subscription = self._subscription(subscription_id)
        body = self.checked(received, CHANGE)
        # whether a termination can be moved is not documented: an assumption decides
        ended = "terminatedAt" in body and subscription.terminated_at is not None
        if ended and self.terminated_at == "final":
            raise Refusal(self.malformed("The subscription is already terminated."))
        self.set_terms(subscription, {name: body[name] for name in _TERMS if name in body})
        if "terminatedAt" in body:
            subscription.terminated_at = self.moment(body["terminatedAt"])
            # one that had ended, and runs again, was not charged meanwhile
            self._charge(subscription)
        self.emit("subscription-updated", self._shown(subscription))
        return Reply.json(200, self._shown(subscription))

    def add_subscription(
        self,
        *,
        customer_id: str,
        terms: JsonObject,
        starts_on: dt.date,
        create_invoice: bool = False,
        invoice_description: str | None = None,
        mandate_id: str | None = None,
    ) -> JsonObject:
        """Store a new subscription; an unknown customer is a 422.

        Args:
            customer_id: Whose subscription it is.
            terms: Description, interval, amount and VAT rate.
            starts_on: The first day.
            create_invoice: Whether each charge is to be invoiced.
            invoice_description: The text of the invoices.
            mandate_id: The mandate that pays.
        """
        # a customer named in the body is wrong data (422), one named in the path would be a 404
        if customer_id not in self.customers:
            raise Refusal(self.malformed("The customerId field is invalid."))
        subscription = StoredSubscription(
            id=self.new_id("sub__"),  # as in the examples; the documented prefix is `sub_`
            customer_id=customer_id,
            terms=terms,
            starts_on=starts_on,
            created_at=self.clock.now(),
            create_invoice=create_invoice,
            invoice_description=invoice_description,
            mandate_id=mandate_id,
            anchor_on=starts_on,
            billed_until=period_of(self.today(), starts_on, terms["interval"]),
        )
        self.subscriptions[subscription.id] = subscription
        self._plan_renewal(subscription)
        self.emit("subscription-created", self._shown(subscription))
        self._charge(subscription)
        return self._shown(subscription)

    def set_terms(self, subscription: StoredSubscription, terms: JsonObject) -> None:
        """Change the terms of the periods to come; the charged ones stay as they are."""
        if terms.get("interval", subscription.terms["interval"]) != subscription.terms["interval"]:
            subscription.anchor_on = subscription.billed_until
        subscription.terms.update(terms)

    def carry_out(self, task: str, subject: str) -> None:
        """Charge a subscription that renews."""
        if task != RENEW:
            return super().carry_out(task, subject)
        return self._charge(self.subscriptions[subject])

    def charge_made(self, charge: Charge) -> None:
        """Call the webhooks of a payment: the first try creates it, and later ones update it."""
        if not self.webhooks:  # else a year of renewals takes longer
            return
        first = charge.outcome != "refunded" and attempts(self.charges, charge) == 1
        # what a payment looks like is not documented
        payment: JsonObject = {
            "id": charge.subscription_id,
            "customerId": charge.customer_id,
            "amount": f"{charge.amount.amount:f}",
            "status": charge.outcome,
        }
        self.emit(f"subscription-payment-{'created' if first else 'updated'}", payment)

    def is_owed(self, charge: Charge) -> bool:
        """Return whether the subscription has not ended since."""
        return self._status(self.subscriptions[charge.subscription_id]) != "ended"

    def _charge(self, subscription: StoredSubscription) -> None:
        """Charge every period that has begun, and plan the next renewal."""
        today, before = self.today(), subscription.billed_until
        while subscription.billed_until <= today and self._status(subscription) != "ended":
            first_on = subscription.billed_until
            until = renewal_after(first_on, subscription.anchor_on, subscription.terms["interval"])
            subscription.billed_until = until
            self._enter(subscription, first_on, until)
        # otherwise its renewal is planned already
        if subscription.billed_until != before:
            self._plan_renewal(subscription)

    def _enter(self, subscription: StoredSubscription, first_on: dt.date, until: dt.date) -> None:
        amount = chargeable(subscription.terms["amount"], "EUR")
        if amount is not None:
            _ = collect(
                self,
                subscription_id=subscription.id,
                customer_id=subscription.customer_id,
                first_on=first_on,
                last_on=until - dt.timedelta(days=1),
                amount=amount,
            )

    def _plan_renewal(self, subscription: StoredSubscription) -> None:
        renews_at = dt.datetime.combine(subscription.billed_until, dt.time(), ZONE)
        if renews_at > self.clock.now():
            self.agenda.add(renews_at, RENEW, subscription.id)

    def _status(self, subscription: StoredSubscription) -> str:
        return subscription.status(self.clock.now(), at_once=self.termination == "at_once")

    def _subscription(self, subscription_id: str) -> StoredSubscription:
        if subscription_id not in self.subscriptions:
            raise Refusal(self.not_found())
        return self.subscriptions[subscription_id]

    def _shown(self, subscription: StoredSubscription) -> JsonObject:
        now, status = self.clock.now(), self._status(subscription)
        return {
            "id": subscription.id,
            "customerId": subscription.customer_id,
            "description": subscription.terms["description"],
            "startsAt": subscription.starts_on.isoformat(),
            "interval": subscription.terms["interval"],
            "renewsAt": None if status == "ended" else subscription.renews_at(now),
            "currency": "EUR",
            "amount": subscription.terms["amount"],
            "vatRate": subscription.terms["vatRate"],
            "status": status,
            "options": subscription.options(),
            "terminatedAt": self.atom(subscription.terminated_at),
            "createdAt": self.atom(subscription.created_at),
        }


def renewal_after(day: dt.date, starts_on: dt.date, interval: str) -> dt.date:
    """Return the first renewal later than *day*.

    Args:
        day: The day.
        starts_on: The first day of the subscription.
        interval: One of the documented intervals, such as `2 months`.
    """
    begun = periods_begun(starts_on, _interval(interval), day)
    return period_start(starts_on, _interval(interval), max(begun + 1, 1))


def period_of(day: dt.date, starts_on: dt.date, interval: str) -> dt.date:
    """Return the first day of the period that *day* is in, or of the first one if that is later.

    Args:
        day: The day.
        starts_on: The first day of the subscription.
        interval: One of the documented intervals, such as `2 months`.
    """
    begun = periods_begun(starts_on, _interval(interval), day)
    return period_start(starts_on, _interval(interval), max(begun, 0))


_interval: Final = lru_cache(Interval.parse)
