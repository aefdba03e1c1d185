"""Customers of the fake: https://docs.mollie.com/reference/customers-api."""

from __future__ import annotations

from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_mollie.sandbox.fields import EMAIL, LOCALE, METADATA, NAME
from subhub_mollie.sandbox.mandates import MandateRoutes

CUSTOMER: Final = {"name": NAME, "email": EMAIL, "locale": LOCALE, "metadata": METADATA}


class CustomerRoutes(MandateRoutes):
    """The endpoints of customers."""

    @route("POST", "/customers")
    def create_customer(self, received: Received) -> Reply:
        """Create a customer; nothing prevents two equal ones."""
        body = self.accepted(received, CUSTOMER)
        customer: JsonObject = {
            "resource": "customer",
            "id": f"cst_{self.ids.text(10)}",
            "mode": self.mode,
            **dict.fromkeys(CUSTOMER),
            **body,
            "createdAt": self.clock.now().isoformat(),
        }
        self.customers[customer["id"]] = customer
        return self.answer(201, self._customer_shown(customer))

    @route("GET", "/customers")
    def list_customers(self, received: Received) -> Reply:
        """Return one page of the customers."""
        seen = filter(self.sees, self.customers.values())
        shown = [self._customer_shown(customer) for customer in seen]
        return self.listed(received, "customers", shown)

    @route("GET", "/customers/{}")
    def get_customer(self, received: Received, customer_id: str) -> Reply:
        """Return one customer."""
        del received
        return self.answer(200, self._customer_shown(self.customer(customer_id)))

    @route("PATCH", "/customers/{}")
    def update_customer(self, received: Received, customer_id: str) -> Reply:
        """Change the fields that are sent."""
        customer = self.customer(customer_id)
        customer.update(self.accepted(received, CUSTOMER))
        return self.answer(200, self._customer_shown(customer))

    @route("DELETE", "/customers/{}")
    def delete_customer(self, received: Received, customer_id: str) -> Reply:
        """Delete a customer, and cancel its mandates and subscriptions."""
        del received
        _ = self.customer(customer_id)
        for mandate in self.mandates_of(customer_id):
            self.end_mandate(mandate["id"])
        for subscription in self.subscriptions_of(customer_id):
            self.cancel(subscription)
        del self.customers[customer_id]
        self.deleted.add(customer_id)
        return Reply(204)

    def _customer_shown(self, customer: JsonObject) -> JsonObject:
        links: JsonObject = {
            "self": self.link(f"/customers/{customer['id']}"),
            "dashboard": self.dashboard(f"customers/{customer['id']}"),
            "documentation": self.documentation("reference/get-customer"),
        }
        return {**customer, "_links": links}
