"""Customers; see https://docs.stripe.com/api/customers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import AwareDatetime

from subhub.models import Customer, CustomerDraft, CustomerUpdate
from subhub.plugin import (
    Flow,
    Page,
    Provider,
    Records,
    Wire,
    completed,
    get,
    given,
    only_one,
    path,
    post,
    send,
)
from subhub_stripe.keys import keyed
from subhub_stripe.lists import StripeList, page_query
from subhub_stripe.tax_ids import StripeTaxId, StripeTaxIds, newest, tax_id_data

PROVIDER: Final = "stripe"
CUSTOMERS: Final = "/customers"
EXTERNAL_ID: Final = "external_id"
"""The key of the application's own id in `metadata`."""
TAX_IDS: Final = "tax_ids"
"""What a response has only if it is asked for: https://docs.stripe.com/expand."""
EACH: Final = {"expand[]": f"data.{TAX_IDS}"}
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
    tax_ids: StripeTaxIds | None = None
    created: AwareDatetime | None = None

    def vat_id(self) -> StripeTaxId | None:
        """Return the VAT id, as far as `tax_ids` were asked for."""
        return newest(self.tax_ids.data) if self.tax_ids else None

    def to_customer(self) -> Customer:
        """Convert to a `Customer`."""
        vat_id = self.vat_id()
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
            vat_id=vat_id.value if vat_id else None,
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
        values = draft.model_dump(exclude={"vat_id"})
        body = {**customer_body(values), "expand": [TAX_IDS]}
        if draft.vat_id is not None:
            body["tax_id_data"] = [tax_id_data(draft.vat_id)]
        customer = yield from post(CUSTOMERS, StripeCustomer, body, keyed(idempotency_key))
        return customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read a customer."""
        customer = yield from _customer(customer_id)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """List customers, one page at a time."""
        answer = yield from get(CUSTOMERS, CustomerList, page_query(cursor, **EACH))
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
            listed = yield from get(CUSTOMERS, CustomerList, page_query(None, email=email, **EACH))
            pages = [listed, (yield from _search("email", email or ""))]
        read = [answer.data.page(StripeCustomer.to_customer, None) for answer in pages]
        found = {
            customer.id: customer
            for page in read
            for customer in page.items
            if _fits(customer, external_id, email)
        }
        known = only_one(list(found.values()))
        for error in [] if known else [error for page in read for error in page.unreadable]:
            raise error  # it may be the one
        return known

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer.

        Whether Stripe keeps the rest of an address when it is sent a part is not documented, so the
        rest is read first and the whole address is sent. A VAT id cannot be changed either: the new
        one is added, and then the old one is deleted.
        """
        changed = changes.changes()
        vat_id = changed.pop("vat_id", None)
        added = None if vat_id is None else tax_id_data(vat_id)
        moved = ADDRESS.keys() & changed.keys()
        if not (added or moved):
            return (yield from _change(customer_id, changed)).to_customer()
        known = yield from _customer(customer_id)
        if moved:
            shown = known.to_customer()
            changed = {**{name: getattr(shown, name) for name in ADDRESS}, **changed}
        if changed:
            known = yield from _change(customer_id, changed)
        if added:
            with completed(*([known.to_customer()] if changed else ())):
                known = yield from _with_vat_id(known, added)
        return known.to_customer()


def customer_body(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body of a request."""
    fields = given(**values)
    place = {ADDRESS[name]: fields.pop(name) for name in ADDRESS if name in fields}
    own = {EXTERNAL_ID: fields.pop(EXTERNAL_ID)} if EXTERNAL_ID in fields else {}
    nested = {"address": place, "metadata": own}
    return {**fields, **{name: value for name, value in nested.items() if value}}


def _customer(customer_id: str) -> Flow[StripeCustomer]:
    return get(path(CUSTOMERS + "/{}", customer_id), StripeCustomer, {"expand[]": TAX_IDS})


def _change(customer_id: str, changed: Mapping[str, Any]) -> Flow[StripeCustomer]:
    body = {**customer_body(changed), "expand": [TAX_IDS]}
    return post(path(CUSTOMERS + "/{}", customer_id), StripeCustomer, body)


def _with_vat_id(known: StripeCustomer, added: Mapping[str, str]) -> Flow[StripeCustomer]:
    """Add a VAT id, and delete the one that *known* had; other tax ids stay."""
    tax_ids, old = f"{CUSTOMERS}/{{}}/{TAX_IDS}", known.vat_id()
    shown = [tax_id.value for tax_id in known.tax_ids.data] if known.tax_ids else []
    if added["value"] not in shown:
        _ = yield from post(path(tax_ids, known.id), StripeTaxId, dict(added))
    with completed(known.to_customer().model_copy(update={"vat_id": added["value"]})):
        if old and old.value != added["value"]:
            yield from send("DELETE", path(tax_ids + "/{}", known.id, old.id))
        return (yield from _customer(known.id))


def _search(field: str, value: str) -> Flow[CustomerList]:
    """Ask for the customers whose *field* is *value*, ignoring case."""
    query = {"query": f"{field}:'{_escaped(value)}'", **EACH}
    return get(CUSTOMERS + "/search", CustomerList, query)


def _fits(customer: Customer, external_id: str | None, email: str | None) -> bool:
    if external_id is not None:
        return customer.external_id == external_id
    return (customer.email or "").casefold() == (email or "").casefold()


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
