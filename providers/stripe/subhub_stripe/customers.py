"""Customers; see https://docs.stripe.com/api/customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import AwareDatetime

from subhub.errors import Ambiguous
from subhub.models import Customer, CustomerDraft, CustomerUpdate
from subhub.plugin import Flow, Page, Provider, Records, Wire, get, path, post
from subhub_stripe.keys import keyed
from subhub_stripe.lists import StripeList, page_query

PROVIDER: Final = "stripe"
CUSTOMERS: Final = "/customers"
EXTERNAL_ID: Final = "external_id"
"""The key of the application's own id in `metadata`."""
ADDRESS: Final[Mapping[str, str]] = {
    "address": "line1",
    "postal_code": "postal_code",
    "city": "city",
    "country": "country",
}


class StripeAddress(Wire):
    """An address."""

    line1: str | None = None
    postal_code: str | None = None
    city: str | None = None
    country: str | None = None


class StripeMetadata(Wire):
    """The `metadata` of an object, with the key that subhub uses."""

    external_id: str | None = None


class StripeCustomer(Wire):
    """A `customer` object; a deleted one has only its id."""

    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    address: StripeAddress | None = None
    metadata: StripeMetadata | None = None
    created: AwareDatetime | None = None

    def to_customer(self) -> Customer:
        """Convert to a `Customer`."""
        place = self.address or StripeAddress()
        return Customer(
            provider=PROVIDER,
            id=self.id,
            name=self.name,
            email=self.email,
            phone=self.phone,
            address=place.line1,
            postal_code=place.postal_code,
            city=place.city,
            country=place.country,
            external_id=self.metadata.external_id if self.metadata else None,
            created_at=self.created,
            raw=self.raw,
        )


class CustomerList(StripeList):
    """One page of customers."""

    data: Records[StripeCustomer]


class Customers(Provider):
    """The operations on customers."""

    def create_customer(
        self, draft: CustomerDraft, *, idempotency_key: str | None = None
    ) -> Flow[Customer]:
        """Create a customer; Stripe accepts the same one twice."""
        body = customer_body(draft.model_dump())
        customer = yield from post(CUSTOMERS, StripeCustomer, body, keyed(idempotency_key))
        return customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read a customer."""
        customer = yield from _customer(customer_id)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """List customers, one page at a time."""
        answer = yield from get(CUSTOMERS, CustomerList, page_query(cursor))
        return answer.page(answer.data, StripeCustomer.to_customer)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find the customer with your own id or an e-mail address.

        The capitals of an e-mail address do not matter. The list of customers is case-sensitive,
        and Stripe's search is not, so both are asked. The search includes a new customer only after
        a delay, usually under a minute: do not use an id, or an address with other capitals, to
        check whether a customer was just created. See https://docs.stripe.com/search.
        """
        if external_id is not None:
            pages = [(yield from _search(f"metadata['{EXTERNAL_ID}']", external_id))]
        else:
            listed = yield from get(CUSTOMERS, CustomerList, page_query(None, email=email))
            pages = [listed, (yield from _search("email", email or ""))]
        read = [answer.data.page(StripeCustomer.to_customer, None) for answer in pages]
        found = {
            customer.id: customer
            for page in read
            for customer in page.items
            if _fits(customer, external_id, email)
        }
        if len(found) > 1:
            message = f"{len(found)} customers match. Choose one of `candidates`, and use its id."
            raise Ambiguous(message, candidates=list(found.values()))
        for error in [] if found else [error for page in read for error in page.unreadable]:
            raise error  # it may be the one
        return next(iter(found.values()), None)

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer.

        Whether Stripe keeps the rest of an address when it is sent a part is not documented, so the
        rest is read first and the whole address is sent.
        """
        changed = changes.changes()
        if ADDRESS.keys() & changed.keys():
            known = (yield from _customer(customer_id)).to_customer()
            changed = {**{name: getattr(known, name) for name in ADDRESS}, **changed}
        address = path(CUSTOMERS + "/{}", customer_id)
        customer = yield from post(address, StripeCustomer, customer_body(changed))
        return customer.to_customer()


def customer_body(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request."""
    given = {name: value for name, value in values.items() if value is not None}
    place = {ADDRESS[name]: given.pop(name) for name in ADDRESS if name in given}
    own = {EXTERNAL_ID: given.pop(EXTERNAL_ID)} if EXTERNAL_ID in given else {}
    nested = {"address": place, "metadata": own}
    return {**given, **{name: value for name, value in nested.items() if value}}


def _customer(customer_id: str) -> Flow[StripeCustomer]:
    return get(path(CUSTOMERS + "/{}", customer_id), StripeCustomer)


def _search(field: str, value: str) -> Flow[CustomerList]:
    """Ask for the customers whose *field* is *value*, ignoring case."""
    query = {"query": f"{field}:'{_escaped(value)}'"}
    return get(CUSTOMERS + "/search", CustomerList, query)


def _fits(customer: Customer, external_id: str | None, email: str | None) -> bool:
    if external_id is not None:
        return customer.external_id == external_id
    return (customer.email or "").casefold() == (email or "").casefold()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
