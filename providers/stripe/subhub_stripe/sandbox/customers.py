"""The fake's endpoints for customers.

See https://docs.stripe.com/api/customers and https://docs.stripe.com/search.
"""

from __future__ import annotations

import re
from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_stripe.sandbox.ledger import Ledger

FIELDS: Final = ("name", "email", "phone", "address")
_CLAUSE: Final = re.compile(r"(?:metadata\['(\w+)'\]|email):'((?:[^'\\]|\\.)*)'")


class CustomerRoutes(Ledger):
    """The endpoints for customers."""

    @route("POST", "/customers")
    def create_customer(self, received: Received) -> Reply:
        """Create a customer; the same one can be created twice."""
        given = self.accepted(received, *FIELDS)
        new = self.new("customer", "cus", **dict.fromkeys(FIELDS), metadata={})
        customer = _changed(new, given)
        self.customers[customer["id"]] = customer
        return Reply.json(200, customer)

    @route("GET", "/customers")
    def list_customers(self, received: Received) -> Reply:
        """List customers, all or with an e-mail address (case-sensitive), one page at a time."""
        email = received.query.get("email")
        customers = self.customers.values()
        matching = [item for item in customers if email is None or item["email"] == email]
        return self.listed(received, matching)

    @route("GET", "/customers/search")
    def search_customers(self, received: Received) -> Reply:
        """Search customers by e-mail address or a value in their metadata, ignoring case.

        There are no pages, and no delay.
        """
        match = _CLAUSE.fullmatch(received.query.get("query", ""))
        if match is None:
            raise self.refused(400, "We were unable to parse your search query", param="query")
        key, value = match[1], re.sub(r"\\(.)", r"\1", match[2]).casefold()
        found = [
            item
            for item in self.customers.values()
            if (item["metadata"].get(key, "") if key else item["email"] or "").casefold() == value
        ]
        body = {"object": "search_result", "url": received.path, "data": found}
        return Reply.json(200, {**body, "has_more": False, "next_page": None})

    @route("GET", "/customers/{}")
    def get_customer(self, received: Received, customer_id: str) -> Reply:
        """Read a customer."""
        del received
        return Reply.json(200, self.found(self.customers, "customer", customer_id))

    @route("POST", "/customers/{}")
    def update_customer(self, received: Received, customer_id: str) -> Reply:
        """Change the fields that are sent; an address replaces the whole old one."""
        customer = self.found(self.customers, "customer", customer_id)
        return Reply.json(200, _changed(customer, self.accepted(received, *FIELDS)))


def _changed(customer: JsonObject, given: JsonObject) -> JsonObject:
    metadata = {**customer["metadata"], **given.get("metadata", {})}
    customer.update({name: given[name] for name in FIELDS if name in given}, metadata=metadata)
    return customer
