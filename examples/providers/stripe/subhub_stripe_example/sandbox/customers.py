"""Customers of the fake: https://docs.stripe.com/api/customers and https://docs.stripe.com/search."""

from __future__ import annotations

import re
from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route

from subhub_stripe_example.sandbox.ledger import Ledger

FIELDS: Final = ("name", "email", "phone", "address")
_METADATA: Final = re.compile(r"metadata\['(\w+)'\]:'((?:[^'\\]|\\.)*)'")


class CustomerRoutes(Ledger):
    """The endpoints of customers."""

    @route("POST", "/customers")
    def create_customer(self, received: Received) -> Reply:
        """Make a customer; nothing makes two of them the same."""
        given = self.accepted(received, *FIELDS)
        customer = self.new("customer", "cus", **dict.fromkeys(FIELDS), metadata={})
        self.customers[customer["id"]] = customer
        return Reply.json(200, _changed(customer, given))

    @route("GET", "/customers")
    def list_customers(self, received: Received) -> Reply:
        """One page of the customers, of all or of those with an address written in this way."""
        email = received.query.get("email")
        fitting = [e for e in self.customers.values() if email is None or e["email"] == email]
        return self.listed(received, fitting)

    @route("GET", "/customers/search")
    def search_customers(self, received: Received) -> Reply:
        """The customers with a value in their metadata, unpaged and without the delay."""
        match = _METADATA.fullmatch(received.query.get("query", ""))
        if match is None:
            raise self.refused(400, "We were unable to parse your search query", param="query")
        key, value = match[1], re.sub(r"\\(.)", r"\1", match[2])
        found = [e for e in self.customers.values() if e["metadata"].get(key) == value]
        body = {"object": "search_result", "url": received.path, "data": found}
        return Reply.json(200, {**body, "has_more": False, "next_page": None})

    @route("GET", "/customers/{}")
    def get_customer(self, received: Received, customer_id: str) -> Reply:
        """Read one customer."""
        del received
        return Reply.json(200, self.found(self.customers, "customer", customer_id))

    @route("POST", "/customers/{}")
    def update_customer(self, received: Received, customer_id: str) -> Reply:
        """Change what is sent; an address takes the place of the one before."""
        customer = self.found(self.customers, "customer", customer_id)
        return Reply.json(200, _changed(customer, self.accepted(received, *FIELDS)))


def _changed(customer: JsonObject, given: JsonObject) -> JsonObject:
    metadata = {**customer["metadata"], **given.get("metadata", {})}
    customer.update({name: given[name] for name in FIELDS if name in given}, metadata=metadata)
    return customer
