"""Customers, in Afternoon's words: https://docs.afternoon.co/api-reference/afternoon-events-api/customers/create.

Subscriptions and links of a customer are not dealt with here.
"""

from __future__ import annotations

from typing import Any, Final

from subhub.errors import Ambiguous, InvalidRequest
from subhub.models import Customer, CustomerDraft, CustomerUpdate, Result
from subhub.plugin import Flow, Page, Provider, Wire, delete, get, path, post
from subhub_afternoon import inferred
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope, page_query
from subhub_afternoon.refusals import LONGEST_TEXT, LONGEST_URL, cuid, text

CUSTOMERS: Final = "/v1/customers"
NOT_EXPRESSIBLE: Final = ("address", "postal_code", "city")
"""What a customer has here and Afternoon's documents show no key for."""


class DeletedCustomer(Result):
    """A customer that is gone for good; what became of its subscriptions is not documented."""

    id: str


class AfternoonAddress(Wire):
    """A billing address; only its country was seen."""

    country: str | None = None


class AfternoonCustomer(Wire):
    """A `customer` object."""

    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    billing_address: AfternoonAddress | None = None

    def to_customer(self) -> Customer:
        """The customer in neutral words."""
        return Customer(
            provider=PROVIDER,
            id=self.id,
            name=self.name,
            email=self.email,
            phone=self.phone,
            country=self.billing_address.country if self.billing_address else None,
            external_id=self.external_id,
            raw=self.raw,
        )


class CustomerEnvelope(Envelope):
    """An answer with one customer."""

    customer: AfternoonCustomer


class CustomersEnvelope(ListEnvelope):
    """An answer with customers."""

    customers: list[AfternoonCustomer]


class Customers(Provider):
    """The operations on customers."""

    def create_customer(
        self,
        draft: CustomerDraft,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        url: str | None = None,
    ) -> Flow[Customer]:
        """Make a customer.

        Street, postal code and city are not sent, because no key for them is documented; of the
        address only the country goes out. Afternoon takes the same customer twice without a word.
        """
        body = customer_body(draft, first_name, last_name, url)
        answer = yield from post(CUSTOMERS, CustomerEnvelope, body)
        return answer.customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read one customer."""
        address = path(CUSTOMERS + "/{}", cuid("customer_id", customer_id))
        answer = yield from get(address, CustomerEnvelope)
        return answer.customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """Read one page of the customers; the shape of the answer is inferred."""
        answer = yield from get(CUSTOMERS, CustomersEnvelope, page_query(cursor))
        return answer.page([each.to_customer() for each in answer.customers])

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find the one customer with this id of yours; Afternoon cannot search by e-mail.

        What comes back is compared once more: the path is inferred, and a search that ignored its
        question would otherwise have a stranger billed.
        """
        if external_id is None:
            self._lacks("find_customer:email", email)
        query = {"external_id": text("external_id", external_id)}
        answer = yield from inferred.search_customers(CustomersEnvelope, query)
        found = [each.to_customer() for each in answer.customers if each.external_id == external_id]
        if len(found) > 1:
            message = (
                f"{len(found)} customers have the external id {external_id!r}: choose one of "
                "`candidates` by its id"
            )
            raise Ambiguous(message, candidates=found)
        return found[0] if found else None

    def update_customer(
        self,
        customer_id: str,
        changes: CustomerUpdate,
        *,
        first_name: str | None = None,
        last_name: str | None = None,
        url: str | None = None,
    ) -> Flow[Customer]:
        """Change a customer; street, postal code and city are refused.

        A country is sent as the billing address. Whether Afternoon then keeps the rest of an
        address that was entered elsewhere is not documented.
        """
        for field in NOT_EXPRESSIBLE:
            if field in changes.changes():
                problem = "Afternoon documents no key for it (of an address, only the country)"
                raise InvalidRequest.of(field, f"{problem}: change it in Afternoon's dashboard")
        body = customer_body(changes, first_name, last_name, url)
        found = cuid("customer_id", customer_id)
        answer = yield from inferred.update_customer(found, CustomerEnvelope, body)
        return answer.customer.to_customer()

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        """Remove a customer for good.

        See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/delete.
        """
        address = path(CUSTOMERS + "/{}", cuid("customer_id", customer_id))
        answer = yield from delete(address, Envelope)
        return DeletedCustomer(provider=PROVIDER, id=customer_id, raw=answer.raw)


def customer_body(
    values: CustomerDraft | CustomerUpdate,
    first_name: str | None,
    last_name: str | None,
    url: str | None,
) -> dict[str, Any]:
    """The fields of a request, without those that have no value: Afternoon takes no null."""
    body: dict[str, Any] = {
        "name": values.name,
        "first_name": _checked("first_name", first_name),
        "last_name": _checked("last_name", last_name),
        "email": values.email,
        "phone": values.phone,
        "url": _checked("url", url, LONGEST_URL),
        "external_id": values.external_id,
    }
    if values.country is not None:
        body["billing_address"] = inferred.billing_address(values.country)
    return {name: value for name, value in body.items() if value is not None}


def _checked(field: str, value: str | None, longest: int = LONGEST_TEXT) -> str | None:
    return None if value is None else text(field, value, longest)
