"""Subscriptions: https://docs.mollie.com/reference/subscriptions-api.

Mollie has no plans: price, interval and description belong to each subscription.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from pydantic import AwareDatetime, Field

from subhub.errors import InvalidReply, InvalidRequest
from subhub.models import (
    PlanDraft,
    Refund,
    Status,
    Subscription,
    SubscriptionUpdate,
    When,
)
from subhub.plugin import (
    Flow,
    Page,
    Provider,
    Records,
    delete,
    get,
    given,
    join_id,
    patch,
    path,
    post,
    text_at,
)
from subhub_mollie.hal import (
    PROVIDER,
    Errors,
    MollieList,
    MollieObject,
    idempotent,
    page_query,
)
from subhub_mollie.ids import customer_in, subscription_path
from subhub_mollie.terms import MollieAmount, amount_body, interval_text, read_interval

SUBSCRIPTIONS: Final = "/subscriptions"
CUSTOMER_SUBSCRIPTIONS: Final = "/customers/{}/subscriptions"
STATUSES: Final[Mapping[str, Status]] = {
    "pending": Status.PENDING,  # waits for a valid mandate
    "active": Status.ACTIVE,
    "suspended": Status.PAUSED,  # its mandate became invalid, so nothing is charged
    "canceled": Status.CANCELED,
    "completed": Status.ENDED,  # as many payments as `times`
}
REFERENCE: Final = ("metadata", "subhub_reference")
"""Where subhub's own text is kept: https://docs.mollie.com/reference/create-subscription."""
NO_TAX: Final = (
    "Mollie charges the price as it is and knows no tax. Give the price with tax included, and "
    "leave the rate out"
)

Method = Literal["creditcard", "directdebit", "paypal"]


class MollieSubscription(MollieObject):
    """A `subscription` object."""

    id: str
    status: str
    amount: MollieAmount
    customer_id: str | None = None
    description: str | None = None
    interval: str | None = None
    start_date: dt.date | None = None
    next_payment_date: dt.date | None = None
    canceled_at: AwareDatetime | None = None
    created_at: AwareDatetime | None = None

    def to_subscription(self, account: Provider, owner: str | None = None) -> Subscription:
        """Return the subscription in neutral words, its status as *account* reads it.

        *owner* is the customer whose subscriptions were asked for: examples of older answers leave
        `customerId` out. Without either there is no id to read the subscription by.
        """
        customer = self.customer_id or owner
        if not customer:
            raise InvalidReply(f"the subscription {self.id!r} has no `customerId`")
        status = account.status_words.get(self.status, Status.UNKNOWN)
        return Subscription(
            provider=PROVIDER,
            id=join_id(self.id, customer),
            customer_id=customer,
            description=self.description,
            status=status,
            raw_status=self.status,
            price=self.amount.to_money(),
            interval=read_interval(self.interval),
            starts_on=self.start_date,
            renews_on=self.next_payment_date,
            ends_at=self.canceled_at if status is Status.CANCELED else None,
            created_at=self.created_at,
            reference=text_at(self.raw, *REFERENCE),
            raw=self.raw,
        )


class EmbeddedSubscriptions(MollieObject):
    """The objects of a page."""

    subscriptions: Records[MollieSubscription]


class SubscriptionList(MollieList):
    """A page of subscriptions."""

    embedded: EmbeddedSubscriptions = Field(alias="_embedded")


class Subscriptions(Errors):
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
        times: int | None = None,
        method: Method | None = None,
        webhook_url: str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Subscription]:
        """Charge a customer who has a mandate, from *starts_on* or today on.

        The plan's name is the description, which appears on the customer's bank statement; its code
        and description are kept in the metadata. Two active subscriptions of a customer need
        different names.

        Args:
            plan: The terms. Mollie has no plans, so there are no ids of plans.
            customer: The customer's id.
            now: Not used: without a first day, Mollie takes the current one.
            starts_on: The day of the first payment.
            payment_method: The id of a mandate; without it, any valid one of the customer's.
            trial_days: Not supported.
            quantity: Not supported.
            times: How many payments there are; without it, they go on until canceled.
            method: The kind of mandate to use; it does not go with *payment_method*.
            webhook_url: What Mollie calls when a payment of the subscription changes.
            metadata: What else to keep with the subscription and its payments.
            idempotency_key: Makes the request repeatable for an hour.
        """
        del now
        del trial_days, quantity  # the client refuses them: evidence declares them as absent
        if not isinstance(plan, PlanDraft):
            self._lacks("subscribe:plan_id", plan)
        if plan.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", NO_TAX)
        if plan.tax == "exclusive":  # nothing is ever added, so the price is what is paid
            raise InvalidRequest.of("tax", NO_TAX)
        kept = given(code=plan.code, description=plan.description)
        body = given(
            amount=amount_body(plan.price),
            interval=interval_text(plan.interval),
            description=plan.name,
            startDate=starts_on and starts_on.isoformat(),
            mandateId=payment_method,
            times=times,
            method=method,
            webhookUrl=webhook_url,
            metadata={**(metadata or {}), **kept} if kept or metadata is not None else None,
        )
        place = path(CUSTOMER_SUBSCRIPTIONS, customer)
        created = yield from post(place, MollieSubscription, body, idempotent(idempotency_key))
        return created.to_subscription(self, customer)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read one subscription."""
        found = yield from get(subscription_path(subscription_id), MollieSubscription)
        return found.to_subscription(self, customer_in(subscription_id))

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """Read one page of the subscriptions of a customer, or of all, newest first."""
        place = SUBSCRIPTIONS if customer is None else path(CUSTOMER_SUBSCRIPTIONS, customer)
        page = yield from get(place, SubscriptionList, page_query(cursor))
        following = page.cursor(self.address)
        found = page.embedded.subscriptions
        return found.page(lambda listed: listed.to_subscription(self, customer), following)

    def update_subscription(
        self,
        subscription_id: str,
        changes: SubscriptionUpdate,
        *,
        start_date: dt.date | None = None,
        times: int | None = None,
        mandate_id: str | None = None,
        webhook_url: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Flow[Subscription]:
        """Change the terms of the payments to come; a canceled subscription cannot be changed.

        Args:
            subscription_id: The id that results hold.
            changes: Price, interval or description; a tax rate is refused.
            start_date: The first day, as long as nothing was charged.
            times: How many payments there are in all.
            mandate_id: The mandate to charge.
            webhook_url: What Mollie calls when a payment of the subscription changes.
            metadata: Replaces what was kept with the subscription.
        """
        place = subscription_path(subscription_id)
        if changes.tax_rate is not None:
            raise InvalidRequest.of("tax_rate", NO_TAX)
        body = given(
            amount=changes.price and amount_body(changes.price),
            interval=changes.interval and interval_text(changes.interval),
            description=changes.description,
            startDate=start_date and start_date.isoformat(),
            times=times,
            mandateId=mandate_id,
            webhookUrl=webhook_url,
            metadata=metadata,
        )
        changed = yield from patch(place, MollieSubscription, body)
        return changed.to_subscription(self, customer_in(subscription_id))

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        """Cancel a subscription at once; its mandate stays, and what was paid stays paid."""
        if when != "now":
            self._lacks("cancel_subscription:period_end", now)
        if refund != "none":
            self._lacks(f"cancel_subscription:{refund}", now)
        place = subscription_path(subscription_id)
        canceled = yield from delete(place, MollieSubscription)
        return canceled.to_subscription(self, customer_in(subscription_id))
