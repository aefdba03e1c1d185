"""Customers.

See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/create.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from subhub.errors import Ambiguous, InvalidReply, InvalidRequest
from subhub.models import Customer, CustomerDraft, CustomerUpdate, DeletedCustomer
from subhub.plugin import Flow, Page, Provider, Records, Text, Wire, delete, get, given, path, post
from subhub_afternoon import inferred
from subhub_afternoon.envelope import PROVIDER, Envelope, ListEnvelope
from subhub_afternoon.refusals import address, cuid, maybe, text

CUSTOMERS: Final = "/v1/customers"
NOT_EXPRESSIBLE: Final = ("address", "postal_code", "city")
"""Fields of a customer for which Afternoon documents no key."""


class AfternoonAddress(Wire):
    """A billing address; only its country is documented."""

    country: str | None = None


class AfternoonCustomer(Wire):
    """A `customer` object."""

    id: Text
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    billing_address: AfternoonAddress | None = None

    def to_customer(self) -> Customer:
        """Convert to a `Customer`."""
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
    """A response with a customer."""

    customer: AfternoonCustomer


class CustomersEnvelope(ListEnvelope):
    """A response with customers."""

    customers: Records[AfternoonCustomer]


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
        """Create a customer; Afternoon accepts the same one twice.

        Of the address only the country is sent: no keys are documented for the rest. A draft with
        more is not refused, so that one draft works for every provider: MijnKlantportaal requires
        an address. The result shows that it is not stored.

        Args:
            draft: The customer.
            first_name: The first name of the contact.
            last_name: The last name of the contact.
            url: The customer's website.
        """
        body = customer_body(draft, first_name, last_name, url)
        answer = yield from post(CUSTOMERS, CustomerEnvelope, body)
        return answer.whole(answer.customer.to_customer())

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read a customer."""
        place = path(CUSTOMERS + "/{}", cuid("customer_id", customer_id))
        answer = yield from get(place, CustomerEnvelope)
        return answer.whole(answer.customer.to_customer())

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """List customers, one page at a time; the shape of the response is assumed."""
        answer = yield from get(CUSTOMERS, CustomersEnvelope, given(cursor=cursor))
        return answer.page(answer.customers, AfternoonCustomer.to_customer)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find the customer with your own id; Afternoon cannot search by e-mail.

        The found customers are compared with the id again: the path is assumed, and a search that
        ignored its query would bill the wrong customer. The search is documented without pages: an
        answer that may have more of them is an `InvalidReply`, because a customer who is not on the
        first one is not a new customer. A customer whose id is the same but for case and blanks is
        `Ambiguous`: it may be the one, as Afternoon wrote it.
        """
        if external_id is None:
            self._lacks("find_customer:email", email)
        query = {"external_id": text("external_id", external_id)}
        answer = yield from inferred.search_customers(CustomersEnvelope, query)
        page = answer.page(answer.customers, AfternoonCustomer.to_customer)
        if page.next is not None:
            message = "the search for a customer has more than one page, and only one can be read"
            raise InvalidReply(message, body=str(answer.pagination))
        exact = [customer for customer in page.items if customer.external_id == external_id]
        if len(exact) == 1:
            return exact[0]
        alike = exact or [item for item in page.items if _same_but_for_case(item, query)]
        if alike:
            message = (
                f"{len(alike)} customers have the external id {external_id!r}, or nearly. Choose "
                "one of `candidates`, and use its id."
            )
            raise Ambiguous(message, candidates=alike)
        for error in page.unreadable:
            raise error  # it may be the one
        return None

    def search_customers(
        self,
        cursor: str | None = None,
        *,
        name: str | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        external_id: str | None = None,
    ) -> Flow[Page[Customer]]:
        """Find the customers whose fields are exactly these; at least one is given.

        Use `client.walk(Afternoon.search_customers, name="Acme Corp")`. See
        https://docs.afternoon.co/api-reference/afternoon-events-api/customers/search.

        Args:
            cursor: The cursor of the page; the search is documented without pages.
            name: The name of the company or person.
            first_name: The first name of the contact.
            last_name: The last name of the contact.
            external_id: Your own id.
        """
        sought = given(
            name=name, first_name=first_name, last_name=last_name, external_id=external_id
        )
        if not sought:
            names = "name, first_name, last_name, external_id"
            raise InvalidRequest.of("name", f"give at least one of {names}")
        query = {field: text(field, value) for field, value in sought.items()}
        query |= given(cursor=cursor)
        answer = yield from inferred.search_customers(CustomersEnvelope, query)
        return answer.page(answer.customers, AfternoonCustomer.to_customer)

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

        A country is sent as a billing address with nothing else in it. Whether Afternoon then keeps
        the rest of an address is not documented.

        Args:
            customer_id: The customer's id.
            changes: The fields to change.
            first_name: The first name of the contact.
            last_name: The last name of the contact.
            url: The customer's website.
        """
        for field in NOT_EXPRESSIBLE:
            if field in changes.changes():
                problem = "Afternoon documents no key for it. Change it in Afternoon's dashboard"
                raise InvalidRequest.of(field, problem)
        body = customer_body(changes, first_name, last_name, url)
        found = cuid("customer_id", customer_id)
        answer = yield from inferred.update_customer(found, CustomerEnvelope, body)
        return answer.whole(answer.customer.to_customer())

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        """Delete a customer; what happens to its subscriptions is not documented.

        See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/delete.
        """
        place = path(CUSTOMERS + "/{}", cuid("customer_id", customer_id))
        # the response has a body, with fields that are not documented
        answer = yield from delete(place, Envelope)
        return answer.whole(DeletedCustomer(provider=PROVIDER, id=customer_id))


def _same_but_for_case(customer: Customer, query: Mapping[str, str]) -> bool:
    shown = (customer.external_id or "").strip().casefold()
    return shown == query["external_id"].strip().casefold()


def customer_body(
    values: CustomerDraft | CustomerUpdate,
    first_name: str | None,
    last_name: str | None,
    url: str | None,
) -> dict[str, Any]:
    """Return the body of a request, without unset fields: Afternoon accepts no null.

    Args:
        values: The customer or the changes.
        first_name: The first name of the contact.
        last_name: The last name of the contact.
        url: The customer's website.
    """
    if values.vat_id is not None:  # unlike an address, it decides what tax is charged
        problem = "Afternoon documents no key for it. Leave it out, and keep it in your application"
        raise InvalidRequest.of("vat_id", problem)
    country = values.country
    return given(
        name=values.name,
        first_name=maybe(text, "first_name", first_name),
        last_name=maybe(text, "last_name", last_name),
        email=values.email,
        phone=values.phone,
        url=maybe(address, "url", url),
        external_id=values.external_id,
        # addresses are objects with undocumented keys, except for this one
        billing_address=None if country is None else inferred.billing_address(country),
    )
