"""Customers: who is billed.

Personal fields are left out of reprs, which end up in logs.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from subhub.models.record import Record, Result, Update


def _one_at(value: str) -> str:
    """Only the shape: whether an address exists, no pattern can tell."""
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        message = "not an e-mail address: write it as name@example.com"
        raise ValueError(message)
    return value


Text = Annotated[str, Field(min_length=1, max_length=255)]
Email = Annotated[str, Field(max_length=254), AfterValidator(_one_at)]
Phone = Annotated[str, Field(min_length=1, max_length=50)]
ExternalId = Annotated[str, Field(min_length=1, max_length=255)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]


class CustomerDraft(Record):
    """A customer who does not exist at the provider yet.

    *name* is that of the company or person; *address* is street and number; *country* is the
    two capitals of ISO 3166-1 ("NL"); *phone* begins with the country code; *external_id* is your
    own id for the customer, by which a provider that keeps it can find the customer again.
    """

    name: Text = Field(repr=False)
    email: Email = Field(repr=False)
    address: Text | None = Field(default=None, repr=False)
    postal_code: Text | None = Field(default=None, repr=False)
    city: Text | None = Field(default=None, repr=False)
    country: Country | None = None
    phone: Phone | None = Field(default=None, repr=False)
    external_id: ExternalId | None = None


class CustomerUpdate(Update):
    """The fields of a customer to change; `None` leaves one as it is."""

    name: Text | None = Field(default=None, repr=False)
    email: Email | None = Field(default=None, repr=False)
    address: Text | None = Field(default=None, repr=False)
    postal_code: Text | None = Field(default=None, repr=False)
    city: Text | None = Field(default=None, repr=False)
    country: Country | None = None
    phone: Phone | None = Field(default=None, repr=False)
    external_id: ExternalId | None = None


class Customer(Result):
    """A customer at a provider; what the provider did not say is `None`."""

    id: str
    name: str | None = Field(default=None, repr=False)
    email: str | None = Field(default=None, repr=False)
    address: str | None = Field(default=None, repr=False)
    postal_code: str | None = Field(default=None, repr=False)
    city: str | None = Field(default=None, repr=False)
    country: str | None = None
    phone: str | None = Field(default=None, repr=False)
    external_id: str | None = None
    created_at: AwareDatetime | None = None
