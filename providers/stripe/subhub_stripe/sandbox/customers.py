"""The fake's endpoints for customers.

See https://docs.stripe.com/api/customers and https://docs.stripe.com/search.
"""

from __future__ import annotations

import re
from typing import Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_stripe.sandbox.ledger import Ledger

FIELDS: Final = ("name", "email", "phone", "address")
FORMS: Final = {
    "eu_vat": re.compile(r"(?!GB)[A-Z]{2}[0-9A-Z+*]{2,13}"),
    "gb_vat": re.compile(r"GB[0-9A-Z]{2,13}"),
}
"""The types of tax ids that this sandbox knows, and as much of their form as is certain."""
_CLAUSE: Final = re.compile(r"(?:metadata\['(\w+)'\]|email):'((?:[^'\\]|\\.)*)'")


class CustomerRoutes(Ledger):
    """The endpoints for customers."""

    @route("POST", "/customers")
    def create_customer(self, received: Received) -> Reply:
        """Create a customer; the same one can be created twice."""
        given = self.accepted(received, *FIELDS, "tax_id_data")
        empty = {**dict.fromkeys(FIELDS), "balance": 0, "currency": None}
        new = self.new("customer", "cus", **empty, metadata={})
        customer = _changed(new, given)
        tax_ids = [self._tax_id(customer["id"], terms) for terms in given.get("tax_id_data", [])]
        self.customers[customer["id"]] = customer
        self.tax_ids.update({tax_id["id"]: tax_id for tax_id in tax_ids})
        return Reply.json(200, self._with_tax_ids(customer, self.expanded(received)))

    @route("GET", "/customers")
    def list_customers(self, received: Received) -> Reply:
        """List customers, all or with an e-mail address (case-sensitive), one page at a time."""
        email = received.query.get("email")
        customers = self.customers.values()
        matching = [item for item in customers if email is None or item["email"] == email]
        below = self.expanded(received, "data.")
        return self.listed(received, [self._with_tax_ids(item, below) for item in matching])

    @route("GET", "/customers/search")
    def search_customers(self, received: Received) -> Reply:
        """Search customers by e-mail address or a value in their metadata, ignoring case.

        There are no pages, and no delay.
        """
        match = _CLAUSE.fullmatch(received.query.get("query", ""))
        if match is None:
            raise self.refused(400, "We were unable to parse your search query", param="query")
        key, value = match[1], re.sub(r"\\(.)", r"\1", match[2]).casefold()
        below = self.expanded(received, "data.")
        found = [
            self._with_tax_ids(item, below)
            for item in self.customers.values()
            if (item["metadata"].get(key, "") if key else item["email"] or "").casefold() == value
        ]
        body = {"object": "search_result", "url": received.path, "data": found}
        return Reply.json(200, {**body, "has_more": False, "next_page": None})

    @route("GET", "/customers/{}")
    def get_customer(self, received: Received, customer_id: str) -> Reply:
        """Read a customer."""
        customer = self.found(self.customers, "customer", customer_id)
        return Reply.json(200, self._with_tax_ids(customer, self.expanded(received)))

    @route("POST", "/customers/{}")
    def update_customer(self, received: Received, customer_id: str) -> Reply:
        """Change the fields that are sent; an address replaces the whole old one."""
        customer = self.found(self.customers, "customer", customer_id)
        changed = _changed(customer, self.accepted(received, *FIELDS))
        return Reply.json(200, self._with_tax_ids(changed, self.expanded(received)))

    @route("POST", "/customers/{}/tax_ids")
    def create_tax_id(self, received: Received, customer_id: str) -> Reply:
        """Add a tax id to a customer."""
        customer = self.found(self.customers, "customer", customer_id)
        tax_id = self._tax_id(customer["id"], self.accepted(received, "type", "value"))
        self.tax_ids[tax_id["id"]] = tax_id
        return Reply.json(200, tax_id)

    @route("GET", "/customers/{}/tax_ids")
    def list_tax_ids(self, received: Received, customer_id: str) -> Reply:
        """List the tax ids of a customer, one page at a time."""
        customer = self.found(self.customers, "customer", customer_id)
        return self.listed(received, self._tax_ids_of(customer)[::-1])

    @route("DELETE", "/customers/{}/tax_ids/{}")
    def delete_tax_id(self, received: Received, customer_id: str, tax_id: str) -> Reply:
        """Delete a tax id."""
        del received
        found = self.found(self.tax_ids, "tax id", tax_id)
        if found["customer"] != customer_id:
            raise self.refused(404, f"No such tax id: '{tax_id}'", code="resource_missing")
        del self.tax_ids[tax_id]
        return Reply.json(200, {"id": tax_id, "object": "tax_id", "deleted": True})

    def _tax_id(self, customer_id: str, terms: JsonObject) -> JsonObject:
        kind, value = self.needed(terms, "type"), self.needed(terms, "value")
        if kind not in FORMS:
            raise self.refused(400, f"Invalid type: {kind}", param="type")
        if not FORMS[kind].fullmatch(value):
            raise self.refused(400, f"Invalid value for {kind}", code="tax_id_invalid")
        pending = {"status": "pending", "verified_address": None, "verified_name": None}
        return self.new(
            "tax_id",
            "txi",
            country=value[:2],
            customer=customer_id,
            type=kind,
            value=value,
            verification=pending,
        )

    def _tax_ids_of(self, customer: JsonObject) -> list[JsonObject]:
        """Return the tax ids of a customer, newest first."""
        known = [found for found in self.tax_ids.values() if found["customer"] == customer["id"]]
        return known[::-1]

    def _with_tax_ids(self, customer: JsonObject, expand: set[str]) -> JsonObject:
        if "tax_ids" not in expand:
            return customer
        url = f"/v1/customers/{customer['id']}/tax_ids"
        found = {"object": "list", "url": url, "has_more": False}
        return {**customer, "tax_ids": {**found, "data": self._tax_ids_of(customer)}}


def _changed(customer: JsonObject, given: JsonObject) -> JsonObject:
    metadata = {**customer["metadata"], **given.get("metadata", {})}
    customer.update({name: given[name] for name in FIELDS if name in given}, metadata=metadata)
    return customer
