"""Customers: the companies and people who are billed.

Personal fields are left out of reprs, because reprs end up in logs.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from subhub.models.record import Record, Result, Update


def _email_shaped(value: str) -> str:
    # Only the shape is checked: no pattern can decide whether an address exists.
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        message = "not an e-mail address: expected for example 'name@example.com'"
        raise ValueError(message)
    return value


def _vat_id_shaped(value: str) -> str:
    # Only what all of them have in common: each country has a form of its own, and changes it.
    if not re.fullmatch(r"[A-Z]{2}[0-9A-Z+*]{2,13}", value):
        message = (
            "not a VAT id: expected the two letters of its country, then letters and digits, "
            "without blanks and dots, for example 'NL123456789B01'"
        )
        raise ValueError(message)
    return value


Text = Annotated[str, Field(min_length=1, max_length=255)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_email_shaped)]
Phone = Annotated[str, Field(min_length=1, max_length=50)]
ExternalId = Annotated[str, Field(min_length=1, max_length=255)]
VatId = Annotated[str, AfterValidator(_vat_id_shaped)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class CustomerDraft(Record):
    """A customer to create.

    Args:
        name: The name of the company or person.
        email: The e-mail address.
        address: Street and number.
        postal_code: The postal code.
        city: The city.
        country: The two-letter code of ISO 3166-1 ("NL").
        phone: The phone number, beginning with the country code.
        external_id: Your own id for the customer. A provider that stores it can find the customer
            by it.
        vat_id: The VAT number of a company, beginning with the two letters of its country
            ("NL123456789B01"; Greece is EL). Whether it was issued is not checked.
    """

    name: Text = Field(repr=False)
    email: Email = Field(repr=False)
    address: Text | None = Field(default=None, repr=False)
    postal_code: Text | None = Field(default=None, repr=False)
    city: Text | None = Field(default=None, repr=False)
    country: Country | None = None
    phone: Phone | None = Field(default=None, repr=False)
    external_id: ExternalId | None = None
    vat_id: VatId | None = Field(default=None, repr=False)


class CustomerUpdate(Update):
    """The fields of a customer to change, as in `CustomerDraft`; one that is `None` stays."""

    name: Text | None = Field(default=None, repr=False)
    email: Email | None = Field(default=None, repr=False)
    address: Text | None = Field(default=None, repr=False)
    postal_code: Text | None = Field(default=None, repr=False)
    city: Text | None = Field(default=None, repr=False)
    country: Country | None = None
    phone: Phone | None = Field(default=None, repr=False)
    external_id: ExternalId | None = None
    vat_id: VatId | None = Field(default=None, repr=False)


class Customer(Result):
    """A customer at a provider; a field that the provider did not send is `None`.

    `id` is the provider's, and `created_at` when the customer was created, by the provider's clock;
    the other fields are as in `CustomerDraft`.
    """

    id: str
    name: str | None = Field(default=None, repr=False)
    email: str | None = Field(default=None, repr=False)
    address: str | None = Field(default=None, repr=False)
    postal_code: str | None = Field(default=None, repr=False)
    city: str | None = Field(default=None, repr=False)
    country: str | None = None
    phone: str | None = Field(default=None, repr=False)
    external_id: str | None = None
    vat_id: str | None = Field(default=None, repr=False)
    created_at: AwareDatetime | None = None


class DeletedCustomer(Result):
    """A customer who was deleted; what happens to their subscriptions is the provider's rule."""

    id: str
