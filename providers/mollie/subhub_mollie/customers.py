"""Customers: https://docs.mollie.com/reference/customers-api.

Mollie keeps a name, an e-mail address and any metadata. What else subhub knows of a customer is
kept in the metadata, under subhub's own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import AwareDatetime, Field

from subhub.errors import InvalidRequest
from subhub.models import Customer, CustomerDraft, CustomerUpdate, DeletedCustomer
from subhub.plugin import (
    Flow,
    Page,
    Records,
    get,
    given,
    is_object,
    only_one,
    patch,
    path,
    post,
    send,
    text_at,
    walk,
)
from subhub_mollie.hal import (
    PROVIDER,
    Errors,
    MollieList,
    MollieObject,
    idempotent,
    page_query,
)

CUSTOMERS: Final = "/customers"
CUSTOMER: Final = "/customers/{}"
KEPT: Final = ("address", "postal_code", "city", "country", "phone", "external_id", "vat_id")
"""The fields for which Mollie has no place but the metadata."""


class MollieCustomer(MollieObject):
    """A `customer` object."""

    id: str
    name: str | None = None
    email: str | None = None
    metadata: Any = None
    created_at: AwareDatetime | None = None

    def to_customer(self) -> Customer:
        """Return the customer in neutral words."""
        kept: dict[str, Any] = {field: text_at(self.metadata, field) for field in KEPT}
        return Customer(
            provider=PROVIDER,
            id=self.id,
            name=self.name,
            email=self.email,
            created_at=self.created_at,
            raw=self.raw,
            **kept,
        )

    def metadata_with(self, changed: Mapping[str, object]) -> dict[str, object]:
        """Return the metadata with *changed* in it, and everything else as it was."""
        if self.metadata is None:
            return dict(changed)
        if is_object(self.metadata):
            return {**self.metadata, **changed}
        field = next(iter(changed))
        problem = (
            f"cannot be kept, because the metadata of {self.id!r} is not an object: pass the whole "
            "metadata in the provider_options to replace it"
        )
        raise InvalidRequest.of(field, problem)


class EmbeddedCustomers(MollieObject):
    """The objects of a page."""

    customers: Records[MollieCustomer]


class CustomerList(MollieList):
    """A page of customers."""

    embedded: EmbeddedCustomers = Field(alias="_embedded")


class Customers(Errors):
    """The operations on customers."""

    def create_customer(
        self,
        draft: CustomerDraft,
        *,
        locale: str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Customer]:
        """Create a customer; Mollie accepts the same one twice."""
        body = given(name=draft.name, email=draft.email, locale=locale)
        kept = _kept(draft)
        if kept or metadata is not None:
            body["metadata"] = {**(metadata or {}), **kept}
        created = yield from post(CUSTOMERS, MollieCustomer, body, idempotent(idempotency_key))
        return created.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read one customer."""
        customer = yield from _customer(customer_id)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """Read one page of the customers, newest first."""
        page = yield from get(CUSTOMERS, CustomerList, page_query(cursor))
        following = page.cursor(self.address)
        return page.embedded.customers.page(MollieCustomer.to_customer, following)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find the one customer with this id of yours or this e-mail address, ignoring case.

        Mollie has no search: the list is read, one request for every 250 customers.
        """

        def fits(customer: Customer) -> bool:
            if external_id is not None:
                return customer.external_id == external_id
            return (customer.email or "").casefold() == (email or "").casefold()

        found = yield from walk(self.list_customers, fits)
        return only_one(found)

    def update_customer(
        self,
        customer_id: str,
        changes: CustomerUpdate,
        *,
        locale: str | None = None,
        metadata: dict[str, str] | None = None,
    ) -> Flow[Customer]:
        """Change a customer; *metadata* replaces what was there.

        Whether Mollie merges metadata is not documented. So a change of what is kept there reads
        the customer first, and sends the whole: two such changes at the same time may overwrite one
        another.
        """
        body = given(name=changes.name, email=changes.email, locale=locale)
        kept = _kept(changes)
        if metadata is not None:
            body["metadata"] = {**metadata, **kept}
        elif kept:
            known = yield from _customer(customer_id)
            body["metadata"] = known.metadata_with(kept)
        customer = yield from patch(path(CUSTOMER, customer_id), MollieCustomer, body)
        return customer.to_customer()

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        """Delete a customer, and cancel its mandates and subscriptions.

        See https://docs.mollie.com/reference/delete-customer.
        """
        yield from send("DELETE", path(CUSTOMER, customer_id))  # 204, without a body
        return DeletedCustomer(provider=PROVIDER, id=customer_id)


def _customer(customer_id: str) -> Flow[MollieCustomer]:
    return get(path(CUSTOMER, customer_id), MollieCustomer)


def _kept(values: CustomerDraft | CustomerUpdate) -> dict[str, str]:
    """Return what is kept in the metadata."""
    return given(**{field: getattr(values, field) for field in KEPT})
