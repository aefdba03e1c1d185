"""The fake's endpoints for subscriptions and credit grants.

See https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/create
"""

from __future__ import annotations

from typing import Any, Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_afternoon.sandbox.company import PENDING
from subhub_afternoon.sandbox.customers import CustomerRoutes
from subhub_afternoon.sandbox.fields import (
    CUID,
    DAY,
    MOMENT,
    NAMED,
    PLAN_CODE,
    POSITIVE,
    REFUND_POLICY,
    TEXT,
    TIMING,
    moment,
    written,
)
from subhub_afternoon.sandbox.ledger import Ledger

POLICY: Final = "cancel_now_prepaid_refund_policy"
PRORATED: Final = "refund_prorated_prepaid_fixed_fees"
CREATE: Final = {
    "customer_id": CUID.needed(),
    "plan_code": PLAN_CODE.needed(),
    "start_date": MOMENT,
    "billing_anchor_day": DAY,
    "initial_status": TEXT,
}
UPDATE: Final = {
    "billing_anchor_day": DAY,
    "status": TEXT,
    "next_renewal_date": MOMENT.or_null(),
}
CANCEL: Final = {"cancel_mode": TIMING.needed(), POLICY: REFUND_POLICY}
CHANGE: Final = {
    "target_plan_code": PLAN_CODE.needed(),
    "change_mode": TIMING.needed(),
    POLICY: REFUND_POLICY,
}
GRANT: Final = {
    "name": NAMED,
    "amount": POSITIVE,
    "pricing_unit_code": TEXT,
    "currency_code": TEXT,
    "expires_at": MOMENT.or_null(),
}


class SubscriptionRoutes(Ledger, CustomerRoutes):
    """The endpoints for subscriptions and credit grants."""

    @route("POST", "/v1/subscriptions")
    def create_subscription(self, received: Received) -> Reply:
        """Create a subscription; by default it is `pending` and billed on the 1st."""
        body = self.accepted(received, CREATE)
        subscription = self.start(
            self.customer(body["customer_id"])["id"],
            self.known_plan(body["plan_code"]),
            body.get("initial_status", PENDING),
            body.get("billing_anchor_day", 1),
            moment(body.get("start_date")),
        )
        return self.success(201, subscription=subscription)

    @route("GET", "/v1/subscriptions")
    def list_subscriptions(self, received: Received) -> Reply:
        """List subscriptions, one page at a time."""
        filters = ("customer_id", "status")
        return self.listed("subscriptions", self.subscriptions, received, *filters)

    @route("GET", "/v1/subscriptions/{}")
    def get_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Read a subscription, if `reads_subscriptions` assumes this endpoint."""
        del received
        if not self.reads_subscriptions:
            return self.not_found()
        return self.success(200, subscription=self.subscription(subscription_id))

    @route("PATCH", "/v1/subscriptions/{}")
    def update_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Change the fields that are sent; the status `canceled` ends the subscription."""
        subscription = self.subscription(subscription_id)
        body = self.accepted(received, UPDATE)
        # as documented, writing this status also sets `canceled_at`
        if body.get("status") == "canceled":
            self.cancel(subscription)
        starts = body.get("status") == self.active_status != subscription["status"]
        subscription.update(body)
        if starts and subscription["next_renewal_date"] is None:
            self.renew(subscription)
        else:
            self.plan_renewal(subscription)
        return self.success(200, subscription=subscription)

    @route("POST", "/v1/subscriptions/{}/cancel")
    def cancel_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Cancel a subscription, now or at the end of the period, with the same response."""
        subscription = self.subscription(subscription_id)
        body = self.accepted(received, CANCEL)
        if body["cancel_mode"] == "now":
            self.pay_back(subscription, body.get(POLICY))
            self.cancel(subscription)
        else:
            self.plan_ahead(subscription)
        return self.success(200, subscription=subscription)

    @route("POST", "/v1/subscriptions/{}/change-plan")
    def change_plan(self, received: Received, subscription_id: str) -> Reply:
        """Replace a subscription with one for another plan."""
        old = self.subscription(subscription_id)
        body = self.accepted(received, CHANGE)
        self._policy_fits(body, "change_mode")
        plan_code = self.known_plan(body["target_plan_code"])
        if old["status"] == "canceled":
            raise self.refused(409, "Subscription is canceled")
        if body["change_mode"] == "end_of_period":
            self.plan_ahead(old, plan_code, replaces=True)
            return self.success(200, status=self.change_scheduled, old_subscription=old)
        self.pay_back(old, body.get(POLICY))
        new = self.replace(old, plan_code)
        return self.success(
            200, status=self.change_done, old_subscription=old, new_subscription=new
        )

    @route("POST", "/v1/subscriptions/{}/credit-grants")
    def create_credit_grant(self, received: Received, subscription_id: str) -> Reply:
        """Grant credits to the customer of a subscription."""
        subscription = self.subscription(subscription_id)
        body = self.accepted(
            received, {**GRANT, "name": GRANT["name"].needed(), "amount": POSITIVE.needed()}
        )
        if not ("pricing_unit_code" in body or "currency_code" in body):
            details = {"currency_code": "is required, or pricing_unit_code is"}
            raise self.refused(400, "Validation failed", details=details)
        grant: JsonObject = {"id": self.cuid(), **body, "created_at": written(self.clock.now())}
        self.grants.append((subscription["customer_id"], grant))
        return self.success(201, credit_grant=grant)

    def pay_back(self, subscription: JsonObject, policy: object) -> None:
        """Pay back what a refund policy says of a subscription that ends or changes now."""
        if policy == PRORATED:
            self.refund(subscription)

    def _policy_fits(self, body: dict[str, Any], timing: str) -> None:
        """Refuse a refund policy without `now`, for which alone it is documented."""
        if POLICY in body and body.get(timing) != "now":
            details = {POLICY: f"is allowed only with {timing} now"}
            raise self.refused(400, "Validation failed", details=details)
