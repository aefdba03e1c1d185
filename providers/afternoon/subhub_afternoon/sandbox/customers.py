"""The fake's endpoints for customers.

See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/create.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from subhub.models import ARITHMETIC
from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_afternoon.sandbox.company import Company
from subhub_afternoon.sandbox.fields import ADDRESS, EMAIL, PLACE, problems, text

CUSTOMER: Final = {
    "name": text(255),
    "first_name": text(255),
    "last_name": text(255),
    "email": EMAIL,
    "phone": text(50),
    "url": ADDRESS,
    "external_id": text(255),
    "billing_address": PLACE,
    "shipping_address": PLACE,
}
SEARCH: Final = {
    name: CUSTOMER[name] for name in ("name", "first_name", "last_name", "external_id")
}


class CustomerRoutes(Company):
    """The endpoints for customers."""

    def customer(self, customer_id: str) -> JsonObject:
        """Return the customer with this id, or refuse the request with 404."""
        if customer_id not in self.customers:
            raise self.missing("Customer")
        return self.customers[customer_id]

    def email_of(self, customer_id: str) -> str:
        """Return the e-mail address of a customer."""
        return self.customers.get(customer_id, {}).get("email") or ""

    @route("POST", "/v1/customers")
    def create_customer(self, received: Received) -> Reply:
        """Create a customer; the same one can be created twice."""
        body = self.accepted(received, CUSTOMER)
        # the response shows every field, null if unset; its real form is not documented
        customer: JsonObject = {"id": self.cuid(), **dict.fromkeys(CUSTOMER), **body}
        self.customers[customer["id"]] = customer
        return self.success(201, customer=customer)

    @route("GET", "/v1/customers")
    def list_customers(self, received: Received) -> Reply:
        """List customers, one page at a time."""
        return self.listed("customers", self.customers, received)

    @route("GET", "/v1/customers/search")
    def search_customers(self, received: Received) -> Reply:
        """Search customers by exact values, without pages."""
        wrong = problems(received.query, SEARCH)
        if wrong:
            raise self.refused(400, "Validation failed", details=wrong)
        found = [
            customer
            for customer in self.customers.values()
            if all(customer[name] == value for name, value in received.query.items())
        ]
        return self.success(200, customers=found)

    @route("GET", "/v1/customers/{}")
    def get_customer(self, received: Received, customer_id: str) -> Reply:
        """Read a customer."""
        del received
        return self.success(200, customer=self.customer(customer_id))

    @route("PATCH", "/v1/customers/{}")
    def update_customer(self, received: Received, customer_id: str) -> Reply:
        """Change the fields that are sent, and keep the others."""
        customer = self.customer(customer_id)
        customer.update(self.accepted(received, CUSTOMER))
        return self.success(200, customer=customer)

    @route("DELETE", "/v1/customers/{}")
    def delete_customer(self, received: Received, customer_id: str) -> Reply:
        """Delete a customer; the response has a body."""
        del received
        del self.customers[self.customer(customer_id)["id"]]
        return self.success(200)

    @route("GET", "/v1/customers/{}/balances")
    def list_balances(self, received: Received, customer_id: str) -> Reply:
        """List the credits granted to the customer, by unit or currency."""
        del received
        customer = self.customer(customer_id)
        totals: dict[str, Decimal] = {}
        for owner, grant in self.grants:
            if owner == customer["id"]:
                field = "pricing_unit_code" if "pricing_unit_code" in grant else "currency_code"
                unit = grant[field]
                totals[unit] = ARITHMETIC.add(
                    totals.get(unit, Decimal()), Decimal(str(grant["amount"]))
                )
        balances = [
            {"denomination": unit, "amount": f"{total:f}"} for unit, total in totals.items()
        ]
        return self.success(200, balances=balances)
