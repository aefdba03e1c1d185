"""Customers, and the fields of a draft that MijnKlantportaal cannot store.

See https://docs.developers.mijnklantportaal.nl/api-reference/customers-api/create-customer
"""

from __future__ import annotations

from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import Customer, CustomerDraft, CustomerUpdate
from subhub.plugin import (
    Flow,
    Json,
    Moment,
    Page,
    Text,
    get,
    given,
    only_one,
    patch,
    path,
    post,
    walk,
)
from subhub_mijnklantportaal.addresses import CUSTOMER, CUSTOMERS, NAME
from subhub_mijnklantportaal.wire import Listing, Lists, PortalObject

REQUIRED: Final = ("address", "postal_code", "city")
"""Fields required here, in addition to name and e-mail address."""

_NOT_STORED: Final = {
    "phone": "no request has a phone number. Leave it out, and enter it in the portal",
    "external_id": "your own id cannot be stored. Leave it out, and store the `cst_...` id",
    "vat_id": "no request has a VAT number. Leave it out, and keep it in the bookkeeping",
}
_NO_NEW_COUNTRY: Final = {
    "country": "changing it is not documented. Leave it out, and change it in the portal"
}


class PortalCustomer(PortalObject):
    """A customer of the portal; `countryCode` is only in the newer documentation."""

    id: Text
    company_name: str | None = None
    address: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None  # not in the older documentation
    primary_email: str | None = None
    phone: str | None = None  # in responses only
    created_at: Moment | None = None

    def to_customer(self) -> Customer:
        """Convert to a `Customer`."""
        return Customer(
            provider=NAME,
            id=self.id,
            name=self.company_name,
            email=self.primary_email,
            address=self.address,
            postal_code=self.zip_code,
            city=self.city,
            country=self.country_code,
            phone=self.phone,
            created_at=self.created_at,
            raw=self.raw,
        )


def customer_body(draft: CustomerDraft) -> Json:
    """Return the body that creates a customer; the default country is the Netherlands."""
    return given(**new_customer(draft, email="primaryEmail"), countryCode=draft.country)


def customer_changes(changes: CustomerUpdate) -> Json:
    """Return the body that changes a customer."""
    _refuse_given(changes, {**_NOT_STORED, **_NO_NEW_COUNTRY})
    return given(**_contact(changes, email="primaryEmail"))


def new_customer(draft: CustomerDraft, *, email: str) -> Json:
    """Return the five required fields of a customer.

    *email* is the name of the e-mail field: sign-ups and customers call it differently.
    """
    missing = [field for field in REQUIRED if getattr(draft, field) is None]
    if missing:
        required = ", ".join(f"`{field}`" for field in missing)
        message = f"{NAME} requires {required} for a customer"
        raise InvalidRequest(message, fields=dict.fromkeys(missing, "is required"))
    _refuse_given(draft, _NOT_STORED)
    return _contact(draft, email=email)


def _contact(customer: CustomerDraft | CustomerUpdate, *, email: str) -> Json:
    return {
        "companyName": customer.name,
        "address": customer.address,
        "zipCode": customer.postal_code,
        "city": customer.city,
        email: customer.email,
    }


def _refuse_given(customer: CustomerDraft | CustomerUpdate, reasons: dict[str, str]) -> None:
    """Refuse the given fields that have a reason; values are personal data and not repeated."""
    found = {
        field: reason for field, reason in reasons.items() if getattr(customer, field) is not None
    }
    if found:
        message = "; ".join(f"`{field}`: {reason}" for field, reason in found.items())
        raise InvalidRequest(message, fields=found)


class CustomerFlows(Lists):
    """The operations on customers."""

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        """Create a customer.

        Whether an e-mail address that is already in use is accepted is not documented.
        """
        customer = yield from post(CUSTOMERS, PortalCustomer, customer_body(draft))
        return customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read a customer."""
        customer = yield from get(path(CUSTOMER, customer_id), PortalCustomer)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """List customers, one page at a time."""
        return self._read_page(
            CUSTOMERS, Listing[PortalCustomer], PortalCustomer.to_customer, cursor
        )

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find a customer by e-mail address, ignoring case.

        The API has no search. All pages are read: one request per 15 customers, 60 per minute.
        """
        del external_id  # the client refuses it: evidence declares it as absent
        sought = (email or "").casefold()
        found = yield from walk(
            self.list_customers, lambda customer: (customer.email or "").casefold() == sought
        )
        return only_one(found)

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer."""
        place = path(CUSTOMER, customer_id)
        customer = yield from patch(place, PortalCustomer, customer_changes(changes))
        return customer.to_customer()
