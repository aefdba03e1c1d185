"""The fake's endpoint for payment methods, and the pages on which customers save one.

See https://docs.stripe.com/api/payment_methods and https://docs.stripe.com/payments/save-and-reuse.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_stripe.sandbox.ledger import Ledger

NOT_IN_SETUP: Final = ("line_items", "subscription_data")
DETAILS: Final[JsonObject] = {
    "card": {"brand": "visa", "exp_month": 12, "exp_year": 2034, "last4": "4242"},
    "sepa_debit": {"bank_code": "37040044", "country": "DE", "last4": "3000"},
}
"""What is shown of each kind that the fake knows."""


class PaymentMethodRoutes(Ledger):
    """The payment methods of customers."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.payment_methods: dict[str, JsonObject] = {}
        """The payment methods as on the wire, by id."""

    @route("GET", "/customers/{}/payment_methods")
    def list_payment_methods(self, received: Received, customer_id: str) -> Reply:
        """List what is attached to a customer, newest first."""
        _ = self.found(self.customers, "customer", customer_id)
        methods = self.payment_methods.values()
        return self.listed(received, [item for item in methods if item["customer"] == customer_id])

    def add_payment_method(self, customer_id: str, kind: str = "card") -> str:
        """Attach a payment method to a customer, as a setup page does, and return its id."""
        customer = self.customers[customer_id]
        method = self.new(
            "payment_method",
            "pm",
            type=kind,
            customer=customer_id,
            billing_details={name: customer[name] for name in ("name", "email", "phone")},
            metadata={},
            **{kind: DETAILS[kind]},
        )
        self.payment_methods[method["id"]] = method
        return str(method["id"])

    def saved_kind(self, given: JsonObject) -> str:
        """Return what a page in setup mode saves: the first kind that is asked for, or a card."""
        for name in NOT_IN_SETUP:
            if name in given:
                raise self.refused(400, f"`{name}` is not allowed in setup mode", param=name)
        if "payment_method_types" not in given:
            _ = self.needed(given, "currency")
            return "card"
        kind, *_ = self.needed(given, "payment_method_types")
        if kind not in DETAILS:
            message = f"Invalid payment_method_types: this sandbox knows {' and '.join(DETAILS)}"
            raise self.refused(400, message, param="payment_method_types")
        return str(kind)

    def check_method(self, given: JsonObject, customer: JsonObject) -> None:
        """Refuse a `default_payment_method` that is not one of the customer's."""
        wanted: Any = given.get("default_payment_method")
        if (
            wanted is not None
            and self.payment_methods.get(wanted, {}).get("customer") != (customer["id"])
        ):
            message = f"No such PaymentMethod: '{wanted}'"
            param = "default_payment_method"
            raise self.refused(400, message, code="resource_missing", param=param)
