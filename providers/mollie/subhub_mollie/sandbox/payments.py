"""Payments of the fake, and what a customer does on their pages.

https://docs.mollie.com/docs/recurring-payments
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import CheckoutPage, CheckoutState, JsonObject, Received, Reply, route
from subhub_mollie.sandbox.customers import CustomerRoutes
from subhub_mollie.sandbox.fields import (
    ADDRESS,
    AMOUNT,
    CUSTOMER,
    FIRST,
    LOCALE,
    METADATA,
    METHOD,
    TEXT,
)

CHECKOUT: Final = "/checkout/select-method"
FIRST_PAYMENT: Final = {
    "amount": AMOUNT.needed(),
    "description": TEXT.needed(),
    "redirectUrl": ADDRESS.needed(),
    "cancelUrl": ADDRESS,
    "webhookUrl": ADDRESS,
    "locale": LOCALE,
    "method": METHOD,
    "metadata": METADATA,
    "sequenceType": FIRST.needed(),
    "customerId": CUSTOMER.needed(),
}
WITHOUT_MONEY: Final = frozenset({"creditcard", "paypal"})
"""The methods that can be agreed to with a payment of zero."""


class PaymentRoutes(CustomerRoutes):
    """The endpoints of payments, and the page to pay on."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.clock.watch(self.expire)

    @route("POST", "/payments")
    def create_payment(self, received: Received) -> Reply:
        """Create a first payment, open until it expires."""
        body = self.accepted(received, FIRST_PAYMENT)
        if not self.sees(self.customers.get(body["customerId"], {"mode": None})):
            raise self.refused(422, "The customer id is invalid", "customerId")
        free = not body["amount"]["value"].strip("0.")
        if free and body.get("method") not in WITHOUT_MONEY:
            raise self.refused(422, "The amount is lower than the minimum", "amount")
        payment: JsonObject = {
            **self.new_payment(body["amount"], body["description"]),
            "status": "open",
            "isCancelable": False,
            "method": None,
            **body,
            "expiresAt": (self.clock.now() + dt.timedelta(minutes=self.expires_after)).isoformat(),
        }
        self.payments[payment["id"]] = payment
        return self.answer(201, self._payment_shown(payment))

    @route("GET", "/payments/{}")
    def get_payment(self, received: Received, payment_id: str) -> Reply:
        """Return one payment."""
        del received
        found = self.payments.get(payment_id)
        if found is None or not self.sees(found):
            raise self.missing(payment_id)
        return self.answer(200, self._payment_shown(found))

    @route("GET", "/customers/{}/subscriptions/{}/payments")
    def list_subscription_payments(
        self, received: Received, customer_id: str, subscription_id: str
    ) -> Reply:
        """Return one page of the payments of a subscription."""
        _ = self.customer(customer_id)
        if self.subscriptions.get(subscription_id, {}).get("customerId") != customer_id:
            raise self.missing(subscription_id)
        shown = [
            self._payment_shown(payment)
            for payment in self.payments.values()
            if payment.get("subscriptionId") == subscription_id
            and payment["profileId"] == self.profile_id
        ]
        return self.listed(received, "payments", shown)

    def pay(self, url: str) -> None:
        """Pay on the page at *url*, which creates a mandate.

        `ValueError` says why the page does not allow it.
        """
        payment = self._payment_at(url)
        if payment is None or payment["status"] != "open":
            state = "not a page of this sandbox" if payment is None else payment["status"]
            raise ValueError(f"{url!r} cannot be paid: it is {state}")
        method = payment["method"] or self.checkout_method
        kind = method if method in WITHOUT_MONEY else "directdebit"
        mandate = self.add_mandate(payment["customerId"], method=kind)
        paid = self.clock.now().isoformat()
        payment.update(status="paid", method=method, mandateId=mandate, paidAt=paid)
        del payment["expiresAt"], payment["isCancelable"]
        self.declined.discard(url)
        self.call_webhook(payment)

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """Return what the page at *url* shows."""
        payment = self._payment_at(url)
        if payment is None:
            return None
        customer = self.customers.get(payment["customerId"], {})
        amount = payment["amount"]
        return CheckoutPage(
            title="Pay, and agree to later payments",
            plan=payment["description"],
            price=f"{amount['value']} {amount['currency']}",
            interval="",
            customer=customer.get("name") or customer.get("email") or payment["customerId"],
            state=self._state(url, payment),
            done_url=payment["redirectUrl"],
            back_url=payment.get("cancelUrl") or payment["redirectUrl"],
        )

    def expire(self) -> None:
        """Let open payments expire that were not paid in time."""
        now = self.clock.now()
        for payment in self.payments.values():
            ends = payment.get("expiresAt")
            if ends is not None and dt.datetime.fromisoformat(ends) <= now:
                payment.update(status="expired", expiredAt=ends)
                del payment["expiresAt"], payment["isCancelable"]
                self.call_webhook(payment)

    def _state(self, url: str, payment: JsonObject) -> CheckoutState:
        if payment["status"] == "paid":
            return "paid"
        if payment["status"] == "expired":
            return "expired"
        return "declined" if url in self.declined else "open"

    def _payment_at(self, url: str) -> JsonObject | None:
        payments = self.payments.values()
        return next((payment for payment in payments if self._checkout(payment) == url), None)

    def _checkout(self, payment: JsonObject) -> str:
        return self.page_address(f"{CHECKOUT}/{payment['id'].removeprefix('tr_')}")

    def _payment_shown(self, payment: JsonObject) -> JsonObject:
        place = f"/customers/{payment['customerId']}"
        links: JsonObject = {
            "self": self.link(f"/payments/{payment['id']}"),
            "dashboard": self.dashboard(f"payments/{payment['id']}"),
            "customer": self.link(place),
            "documentation": self.documentation("reference/get-payment"),
        }
        for name in ("mandate", "subscription"):
            if f"{name}Id" in payment:
                links[name] = self.link(f"{place}/{name}s/{payment[f'{name}Id']}")
        if payment["status"] == "open":
            links["checkout"] = {"href": self._checkout(payment), "type": "text/html"}
        return {**payment, "_links": links}
