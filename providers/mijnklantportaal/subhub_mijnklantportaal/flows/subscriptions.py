"""The flows of signing up and of subscriptions."""

from __future__ import annotations

import datetime as dt

from subhub.errors import InvalidRequest, Unsupported
from subhub.models import (
    CustomerDraft,
    PlanDraft,
    Refund,
    SignupLink,
    Subscription,
    SubscriptionUpdate,
    When,
)
from subhub.plugin import Flow, Page, get, patch, path, post
from subhub_mijnklantportaal.addresses import (
    NAME,
    SIGN_UP_EXISTING,
    SIGN_UP_NEW,
    SUBSCRIPTION,
    SUBSCRIPTIONS,
)
from subhub_mijnklantportaal.objects import Listing, Lists
from subhub_mijnklantportaal.signups import (
    PendingSignUp,
    SignedUp,
    customer_body,
    non_customer_body,
)
from subhub_mijnklantportaal.subscriptions import (
    CustomerSubscription,
    subscription_body,
    subscription_changes,
    termination,
)


class SubscriptionFlows(Lists):
    """Sign up, subscribe, read, change and terminate."""

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
    ) -> Flow[SignupLink]:
        """Make a page on which somebody new pays the first term of a package.

        Nothing documented tells later which customer came of it: keep name and e-mail address.
        """
        del return_url, back_url, replaces, when, refund  # declared as lacking
        place = path(SIGN_UP_NEW, plan)
        pending = yield from post(place, PendingSignUp, non_customer_body(customer))
        return pending.to_signup_link()

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        create_invoice: bool | None = None,
        invoice_text: str | None = None,
        invoice_description: str | None = None,
    ) -> Flow[Subscription]:
        """Subscribe a customer to a package, or to terms of their own.

        *payment_method* is the id of a mandate; without one the customer is not charged
        automatically. *create_invoice* makes an invoice for every charge; its text is
        *invoice_text* for a package and *invoice_description* for an inline plan.
        """
        start = starts_on or now.date()
        if isinstance(plan, PlanDraft):
            if invoice_text is not None:
                raise InvalidRequest.of(
                    "invoice_text", "with an inline plan it is `invoice_description`"
                )
            if payment_method is not None:
                raise _no_mandate()
            body = subscription_body(
                plan,
                customer=customer,
                starts_on=start,
                create_invoice=create_invoice,
                invoice_description=invoice_description,
            )
            made = yield from post(SUBSCRIPTIONS, CustomerSubscription, body)
        else:
            if invoice_description is not None:
                raise InvalidRequest.of(
                    "invoice_description", "with a package it is `invoice_text`"
                )
            body = customer_body(
                customer=customer,
                starts_on=start,
                mandate=payment_method,
                create_invoice=create_invoice,
                invoice_text=invoice_text,
            )
            made = yield from post(path(SIGN_UP_EXISTING, plan), SignedUp, body)
        return made.to_subscription()

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read one subscription."""
        found = yield from get(path(SUBSCRIPTION, subscription_id), CustomerSubscription)
        return found.to_subscription()

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """Read one page of all subscriptions of the portal; no filter is documented."""
        del customer  # the client filters
        return self._read_page(
            SUBSCRIPTIONS,
            Listing[CustomerSubscription],
            CustomerSubscription.to_subscription,
            cursor,
        )

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate
    ) -> Flow[Subscription]:
        """Change the terms; from which period on they apply is not documented."""
        place = path(SUBSCRIPTION, subscription_id)
        changed = yield from patch(place, CustomerSubscription, subscription_changes(changes))
        return changed.to_subscription()

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        """Terminate a subscription at *now*; whether its status follows at once is unknown.

        It is read first: terminating it once more would move the day on which it ended.
        """
        del when, refund  # only "now" and "none" get here: the others are declared as lacking
        place = path(SUBSCRIPTION, subscription_id)
        found = yield from get(place, CustomerSubscription)
        if found.over:
            return found.to_subscription()
        terminated = yield from patch(place, CustomerSubscription, termination(now))
        return terminated.to_subscription()


def _no_mandate() -> Unsupported:
    reason = "a subscription without a package takes no mandate, so nothing would be charged"
    alternative = "make the plan with create_plan, and subscribe to its id"
    return Unsupported(
        f"{NAME} cannot charge `payment_method` for an inline plan: {reason}; "
        f"instead: {alternative}",
        operation="subscribe:payment_method",
        reason=reason,
        alternative=alternative,
        kind="provider",
    )
