"""Customers, and what of a neutral customer has no place there.

See https://docs.developers.mijnklantportaal.nl/api-reference/customers-api/create-customer
"""

from __future__ import annotations

from typing import Final

from subhub.errors import Ambiguous, InvalidRequest
from subhub.models import Customer, CustomerDraft, CustomerUpdate
from subhub.plugin import Flow, Json, Page, get, patch, path, post, walk
from subhub_mijnklantportaal.addresses import CUSTOMER, CUSTOMERS, NAME
from subhub_mijnklantportaal.wire import Listing, Lists, Moment, PortalObject, given

REQUIRED: Final = ("address", "postal_code", "city")
"""What every customer must have here, beside a name and an e-mail address."""

_NO_PLACE: Final = {
    "phone": "no request takes a phone number: leave it out, and enter it in the portal",
    "external_id": "it keeps no id of yours: leave it out, and keep the `cst_...` id on your side",
}
_NO_NEW_COUNTRY: Final = {
    "country": "changing it is not documented: leave it out, and change it in the portal"
}


class PortalCustomer(PortalObject):
    """A customer of the portal; `countryCode` is only in the newer documentation."""

    id: str
    company_name: str | None = None
    address: str | None = None
    zip_code: str | None = None
    city: str | None = None
    country_code: str | None = None
    primary_email: str | None = None
    phone: str | None = None
    created_at: Moment = None

    def to_customer(self) -> Customer:
        """The customer in neutral words."""
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
    """The request that makes a customer; without a country the portal takes the Netherlands."""
    return given({**new_customer(draft, email="primaryEmail"), "countryCode": draft.country})


def customer_changes(changes: CustomerUpdate) -> Json:
    """The request that changes a customer."""
    _refuse_given(changes, {**_NO_PLACE, **_NO_NEW_COUNTRY})
    return given(_contact(changes, email="primaryEmail"))


def new_customer(draft: CustomerDraft, *, email: str) -> Json:
    """The five required fields; *email* is what this request calls the e-mail address."""
    missing = [field for field in REQUIRED if getattr(draft, field) is None]
    if missing:
        problem = "it is required here"
        message = f"a customer of {NAME} needs {', '.join(missing)} too: give all of {REQUIRED}"
        raise InvalidRequest(message, fields=dict.fromkeys(missing, problem))
    _refuse_given(draft, _NO_PLACE)
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
    """Refuse what cannot be expressed; the values are personal, so they are not repeated."""
    found = {
        field: reason for field, reason in reasons.items() if getattr(customer, field) is not None
    }
    if found:
        message = "; ".join(f"`{field}`: {reason}" for field, reason in found.items())
        raise InvalidRequest(message, fields=found)


class CustomerFlows(Lists):
    """Make, read, find and change customers."""

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        """Make a customer; what becomes of an e-mail address in use is not documented."""
        customer = yield from post(CUSTOMERS, PortalCustomer, customer_body(draft))
        return customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read one customer."""
        customer = yield from get(path(CUSTOMER, customer_id), PortalCustomer)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """Read one page of the customers."""
        return self._read_page(
            CUSTOMERS, Listing[PortalCustomer], PortalCustomer.to_customer, cursor
        )

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find a customer by e-mail address, capitals aside, on all pages of the list.

        That is one request for every 15 customers, at 60 requests a minute.
        """
        del external_id  # declared as lacking
        sought = (email or "").casefold()
        found = yield from walk(
            self.list_customers, lambda each: (each.email or "").casefold() == sought
        )
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            message = f"{len(found)} customers have this e-mail address ({ids}): use an id"
            raise Ambiguous(message, candidates=found)
        return found[0] if found else None

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer."""
        place = path(CUSTOMER, customer_id)
        customer = yield from patch(place, PortalCustomer, customer_changes(changes))
        return customer.to_customer()
