"""The fake's endpoints for customers."""

from __future__ import annotations

import datetime as dt
from typing import Final

from subhub.sandbox import JsonObject, Received, Refusal, Reply, route
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.portal import Portal

_CONTACT: Final = {
    "companyName": checks.text,
    "address": checks.text,
    "zipCode": checks.text,
    "city": checks.text,
    "primaryEmail": checks.email,
}
CREATE: Final = Body(required=_CONTACT, optional={"countryCode": checks.country})
EDIT: Final = Body(optional=_CONTACT, at_least=1)


class CustomerRoutes(Portal):
    """The endpoints for customers."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.sign_up_country = "NL"
        """The country of customers created without one."""
        self.customers: dict[str, JsonObject] = {}
        """The customers as on the wire, by id."""

    @route("POST", "/customers")
    def create_customer(self, received: Received) -> Reply:
        """Create a customer."""
        body = self.checked(received, CREATE)
        self.unused(body["primaryEmail"])
        return self.created(self.add_customer(body))

    @route("GET", "/customers")
    def list_customers(self, received: Received) -> Reply:
        """List customers, one page at a time."""
        return self.listing(received, self.customers.values())

    @route("GET", "/customers/{}")
    def get_customer(self, _: Received, customer_id: str) -> Reply:
        """Read a customer."""
        return Reply.json(200, self.customer(customer_id))

    @route("PATCH", "/customers/{}")
    def edit_customer(self, received: Received, customer_id: str) -> Reply:
        """Edit a customer."""
        customer = self.customer(customer_id)
        body = self.checked(received, EDIT)
        # an edit may repeat the customer's own address
        if body.get("primaryEmail", customer["primaryEmail"]) != customer["primaryEmail"]:
            self.unused(body["primaryEmail"])
        customer.update({name: body[name] for name in EDIT.optional if name in body})
        return Reply.json(200, customer)

    def customer(self, customer_id: str) -> JsonObject:
        """Return the customer with this id, or refuse the request with 404."""
        if customer_id not in self.customers:
            raise Refusal(self.not_found())
        return self.customers[customer_id]

    def email_of(self, customer_id: str) -> str:
        """Return the e-mail address of a customer."""
        return str(self.customers.get(customer_id, {}).get("primaryEmail", ""))

    def unused(self, email: str) -> None:
        """Refuse an e-mail address in use, if two customers may not have the same."""
        if self.email_in_use == "refused" and any(
            customer["primaryEmail"] == email for customer in self.customers.values()
        ):
            raise Refusal(self.malformed("The e-mail address is in use."))

    def add_customer(self, contact: JsonObject) -> JsonObject:
        """Store a new customer."""
        customer: JsonObject = {
            "id": self.new_id("cst_"),
            **{name: contact[name] for name in _CONTACT},
            "countryCode": contact.get("countryCode", self.sign_up_country),
            "phone": None,
            "integration": None,
            "integrationId": None,
            "customerGroups": [],
            "createdAt": self.atom(self.clock.now()),
        }
        self.customers[customer["id"]] = customer
        self.emit("customer-created", customer)
        return customer
