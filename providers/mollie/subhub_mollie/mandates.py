"""Mandates: the consent to charge a customer's bank account, card or PayPal account.

See https://docs.mollie.com/reference/mandates-api. A mandate is the payment method of a
subscription.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from pydantic import AwareDatetime, Field

from subhub.models import Result
from subhub.plugin import Flow, Page, Records, get, path, send
from subhub_mollie.hal import PROVIDER, Errors, MollieList, MollieObject, page_query

MANDATES: Final = "/customers/{}/mandates"
MANDATE: Final = "/customers/{}/mandates/{}"


class Mandate(Result):
    """A mandate.

    *status* is `valid`, `pending`, `invalid` or a later word; *method* is `directdebit`,
    `creditcard`, `paypal` or a later word. Account and card are in `raw`.
    """

    id: str
    customer_id: str | None = None
    status: str | None = None
    method: str | None = None
    reference: str | None = None
    signed_on: dt.date | None = None
    created_at: AwareDatetime | None = None


class RevokedMandate(Result):
    """A revoked mandate; its subscriptions were canceled with it."""

    id: str


class MollieMandate(MollieObject):
    """A `mandate` object."""

    id: str
    status: str
    method: str | None = None
    customer_id: str | None = None
    mandate_reference: str | None = None
    signature_date: dt.date | None = None
    created_at: AwareDatetime | None = None

    def to_mandate(self, owner: str) -> Mandate:
        """Return the mandate as a result; *owner* is the customer whose mandates were listed."""
        return Mandate(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer_id or owner,
            status=self.status,
            method=self.method,
            reference=self.mandate_reference,
            signed_on=self.signature_date,
            created_at=self.created_at,
            raw=self.raw,
        )


class EmbeddedMandates(MollieObject):
    """The objects of a page."""

    mandates: Records[MollieMandate]


class MandateList(MollieList):
    """A page of mandates."""

    embedded: EmbeddedMandates = Field(alias="_embedded")


class Mandates(Errors):
    """The operations on mandates, reached by `client.call` and `client.walk`."""

    def list_mandates(self, cursor: str | None = None, *, customer: str) -> Flow[Page[Mandate]]:
        """Read one page of the mandates of a customer, newest first.

        See https://docs.mollie.com/reference/list-mandates.
        """
        page = yield from get(path(MANDATES, customer), MandateList, page_query(cursor))
        following = page.cursor(self.address)
        return page.embedded.mandates.page(lambda found: found.to_mandate(customer), following)

    def revoke_mandate(self, mandate_id: str, *, customer: str) -> Flow[RevokedMandate]:
        """Revoke a mandate, and cancel the subscriptions that use it.

        See https://docs.mollie.com/reference/revoke-mandate.
        """
        yield from send("DELETE", path(MANDATE, customer, mandate_id))  # 204, without a body
        return RevokedMandate(provider=PROVIDER, id=mandate_id)
