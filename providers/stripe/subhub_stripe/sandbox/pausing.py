"""The fake's endpoints that pause and resume subscriptions.

See https://docs.stripe.com/api/subscriptions/pause.
"""

from __future__ import annotations

from typing import Final

from subhub.sandbox import Received, Reply, route
from subhub_stripe.sandbox.billing import BillingRoutes
from subhub_stripe.sandbox.prorations import price_of

PAUSED: Final = "paused"
BEHAVIORS: Final = {"resume_on_payment_attempt", "resume_on_payment_success"}


class PausingRoutes(BillingRoutes):
    """The endpoints that pause and resume subscriptions."""

    @route("POST", "/subscriptions/{}/pause")
    def pause_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Pause an active subscription: its periods do not continue."""
        found = self.running(subscription_id)
        given = self.accepted(received, "type")
        if given.get("type", "subscription") != "subscription":
            raise self.refused(400, "Invalid type: must be subscription", param="type")
        if found["status"] != "active":
            message = f"This subscription cannot be paused: its status is {found['status']}."
            raise self.refused(400, message)
        paused = {"type": "subscription", "subscription": {"type": "pause_requested"}}
        details = {"paused": {**paused, "transitioned_at": self.now()}}
        self.credit_rest(found)  # on the next invoice
        found["items"]["data"][0]["current_period_end"] = self.now()
        found.update(status=PAUSED, status_details=details)
        return Reply.json(200, found)

    @route("POST", "/subscriptions/{}/resume")
    def resume_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Begin a new period of a paused subscription, if it is paid at once."""
        found = self.running(subscription_id)
        given = self.accepted(received, "payment_behavior")
        behavior = given.get("payment_behavior", "resume_on_payment_attempt")
        if behavior not in BEHAVIORS:
            raise self.refused(400, "Invalid payment_behavior", param="payment_behavior")
        if found["status"] != PAUSED:
            raise self.refused(400, "This subscription cannot be resumed: it is not paused.")
        pays = behavior == "resume_on_payment_success" and self.first_status == "active"
        (item,) = found["items"]["data"]
        invoice = self.add_invoice(found, self.now(), price_of(item), paid=pays)
        if invoice["status"] == "paid":  # also one for which the credit is enough
            self.begin(item, self.now())
            self.debit_period(found)
            found.update(status="active", status_details={})
        return Reply.json(200, found)
