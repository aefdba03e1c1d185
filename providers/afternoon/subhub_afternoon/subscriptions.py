"""Subscriptions.

See https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/create. The object is
not documented in full: fields without evidence are in `raw`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from subhub.errors import InvalidRequest, ProviderError
from subhub.models import PlanDraft, Refund, Status, Subscription, SubscriptionChange, When
from subhub.plugin import (
    Core,
    Day,
    Flow,
    Moment,
    Page,
    Provider,
    Records,
    Text,
    Wire,
    day_in,
    get,
    given,
    path,
    post,
    walk,
)
from subhub_afternoon import inferred
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope
from subhub_afternoon.refusals import anchor_day, cuid, maybe, plan_code, text
from subhub_afternoon.terms import instant, midnight, timing

SUBSCRIPTIONS: Final = "/v1/subscriptions"
STATUSES: Final[Mapping[str, Status]] = {"pending": Status.PENDING, "canceled": Status.CANCELED}
"""The two documented statuses. There must be one for a running subscription; it is not known, and
the owner of an account can name it in its `statuses`."""
UNROUTED: Final = frozenset({404, 405})
"""The statuses with which a server answers a path or method that it does not have."""


class AfternoonSubscription(Wire):
    """A `subscription` object; `customer_id` and `plan_code` are assumed."""

    id: Text
    customer_id: str | None = None
    plan_code: str | None = None
    status: Core[str | None] = None
    next_renewal_date: Day | None = None
    canceled_at: Moment | None = None
    created_at: Moment | None = None  # links have it; for subscriptions it is not documented

    def to_subscription(self, account: Provider, owner: str | None = None) -> Subscription:
        """Convert to a `Subscription`; its plan id is the plan code, as in requests.

        A subscription has ended only if its status says so, because a cancellation at period end
        has the same response as an immediate one.

        Args:
            account: Says what a status means, and which time zone days are in.
            owner: The customer by whom the list was filtered: the filter is documented, a customer
                in the response is not.
        """
        status = account.status_words.get(self.status or "", Status.UNKNOWN)
        return Subscription(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer_id or owner,
            # `plan_id` on the wire is an internal id, which no request takes
            plan_id=self.plan_code,
            status=status,
            raw_status=self.status,
            renews_on=day_in(self.next_renewal_date, account.zone),
            ends_at=self.canceled_at if status is Status.CANCELED else None,
            created_at=self.created_at,
            raw=self.raw,
        )


class SubscriptionEnvelope(Envelope):
    """A response with a subscription."""

    subscription: AfternoonSubscription


class SubscriptionsEnvelope(ListEnvelope):
    """A response with one page of subscriptions."""

    subscriptions: Records[AfternoonSubscription]


class ChangeEnvelope(Envelope):
    """A response to a change of plan; its fields are at the top level."""

    old_subscription: AfternoonSubscription
    new_subscription: Core[AfternoonSubscription | None] = None


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
        billing_anchor_day: int | None = None,
        initial_status: str | None = None,
    ) -> Flow[Subscription]:
        """Subscribe a customer without a signup page.

        Args:
            plan: The plan code.
            customer: The customer's id.
            now: The current time, whose time zone *starts_on* is in.
            starts_on: The first day; by default Afternoon starts it at once.
            payment_method: Not supported.
            trial_days: Not supported.
            quantity: Not supported.
            billing_anchor_day: The day of the month on which it is billed, from 1 to 31. The
                default is the 1st, not the day on which it starts.
            initial_status: Afternoon's default is `pending`; other values are not documented.
        """
        del trial_days, quantity  # the client refuses them: evidence declares them as absent
        if isinstance(plan, PlanDraft):
            self._lacks("subscribe:inline_plan", plan)
        if payment_method is not None:
            self._lacks("subscribe:payment_method", payment_method)
        body = given(
            customer_id=cuid("customer", customer),
            plan_code=plan_code("plan", plan),
            start_date=None if starts_on is None else midnight("starts_on", starts_on, now),
            billing_anchor_day=maybe(anchor_day, "billing_anchor_day", billing_anchor_day),
            initial_status=maybe(text, "initial_status", initial_status),
        )
        answer = yield from inferred.create_subscription(SubscriptionEnvelope, body)
        return answer.whole(answer.subscription.to_subscription(self))

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read a subscription.

        The path is assumed. If it answers 404 or 405, the documented list is read until the id is
        found: one more request per 50 subscriptions of the company.
        """
        found = cuid("subscription_id", subscription_id)
        try:
            answer = yield from inferred.read_subscription(found, SubscriptionEnvelope)
        except ProviderError as refused:
            # a 404 can mean the path or the id, and only the list can tell which
            if refused.status not in UNROUTED:
                raise
            listed = yield from walk(
                self.list_subscriptions, lambda item: item.id == found, limit=1
            )
            if not listed:
                raise
            return listed[0]
        return answer.whole(answer.subscription.to_subscription(self))

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None, status: str | None = None
    ) -> Flow[Page[Subscription]]:
        """List subscriptions, of one customer or of all, one page at a time.

        Args:
            cursor: The cursor of the page; by default the first.
            customer: Only subscriptions of this customer.
            status: Only subscriptions with this status, in Afternoon's words.
        """
        owner = maybe(cuid, "customer", customer)
        query = given(cursor=cursor, customer_id=owner, status=status)
        answer = yield from get(SUBSCRIPTIONS, SubscriptionsEnvelope, query)
        return answer.page(answer.subscriptions, lambda item: item.to_subscription(self, owner))

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        quantity: int | None = None,
    ) -> Flow[SubscriptionChange]:
        """Change the plan of a subscription; the new one may have another id.

        Args:
            subscription_id: The subscription's id.
            plan: The new plan code.
            when: Now or at the end of the period.
            refund: What happens to prepaid fees.
            now: Not used.
            quantity: Not supported.
        """
        del now
        del quantity  # the client refuses it: evidence declares it as absent
        body = {"target_plan_code": plan_code("plan", plan), **timing("change_mode", when, refund)}
        found = cuid("subscription_id", subscription_id)
        answer = yield from inferred.change_plan(found, ChangeEnvelope, body)
        new = answer.new_subscription
        change = SubscriptionChange(
            provider=PROVIDER,
            old=answer.part(answer.old_subscription.to_subscription(self)),
            new=answer.part(new.to_subscription(self)) if new else None,
        )
        return answer.whole(change)

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        """Cancel a subscription; only the status tells whether it has ended already.

        Args:
            subscription_id: The subscription's id.
            when: Now or at the end of the period.
            refund: What happens to prepaid fees.
            now: Not used.
        """
        del now
        address = path(SUBSCRIPTIONS + "/{}/cancel", cuid("subscription_id", subscription_id))
        body = timing("cancel_mode", when, refund)
        answer = yield from post(address, SubscriptionEnvelope, body)
        return answer.whole(answer.subscription.to_subscription(self))

    def update_billing_anchor_day(self, subscription_id: str, day: int) -> Flow[Subscription]:
        """Change the day of the month on which a subscription is billed, from 1 to 31.

        What happens in shorter months is not documented. See
        https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/update.
        """
        return (
            yield from self._updated(subscription_id, billing_anchor_day=anchor_day("day", day))
        )

    def update_next_renewal_date(
        self, subscription_id: str, next_renewal_date: dt.datetime | None
    ) -> Flow[Subscription]:
        """Change the moment of the next renewal; `None` takes it away.

        What Afternoon then charges, and whether the anchor day follows, is not documented. See
        https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/update.
        """
        written = maybe(instant, "next_renewal_date", next_renewal_date)
        return (yield from self._updated(subscription_id, next_renewal_date=written))

    def update_status(self, subscription_id: str, status: str) -> Flow[Subscription]:
        """Write the status of a subscription, in Afternoon's words.

        Other words than `canceled` are not documented, so this is for those that you know.
        `canceled` is refused: `cancel_subscription` does it, and asks for the timing and the
        refund. See
        https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/update.
        """
        if self.status_words.get(text("status", status)) is Status.CANCELED:
            raise InvalidRequest.of("status", "use `cancel_subscription` to cancel a subscription")
        return (yield from self._updated(subscription_id, status=status))

    def _updated(self, subscription_id: str, **fields: Any) -> Flow[Subscription]:
        found = cuid("subscription_id", subscription_id)
        answer = yield from inferred.update_subscription(found, SubscriptionEnvelope, fields)
        return answer.whole(answer.subscription.to_subscription(self))
