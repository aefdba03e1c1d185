"""Mandates: the consent to charge a customer's bank account, card or PayPal account.

See https://docs.mollie.com/reference/mandates-api. A mandate is what subhub calls a payment method.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import AwareDatetime, Field

from subhub.models import PaymentMethod, PaymentMethodStatus, Result
from subhub.plugin import Core, Flow, Page, Records, get, path, send
from subhub_mollie.hal import PROVIDER, Errors, MollieList, MollieObject, page_query

MANDATES: Final = "/customers/{}/mandates"
MANDATE: Final = "/customers/{}/mandates/{}"
KINDS: Final[Mapping[str, str]] = {"creditcard": "card", "directdebit": "direct_debit"}
"""What Mollie's words for the method of a mandate mean; `paypal` is the same word."""
MANDATE_STATUSES: Final[Mapping[str, PaymentMethodStatus]] = {
    "valid": PaymentMethodStatus.VALID,
    "pending": PaymentMethodStatus.PENDING,  # the first payment is not final, or has no IBAN yet
    "invalid": PaymentMethodStatus.INVALID,
}


class RevokedMandate(Result):
    """A revoked mandate; its subscriptions were canceled with it."""

    id: str


class MollieMandate(MollieObject):
    """A `mandate` object."""

    id: str
    status: str
    method: Core[str | None] = None
    customer_id: str | None = None
    created_at: AwareDatetime | None = None

    def to_payment_method(self, owner: str) -> PaymentMethod:
        """Return the mandate in neutral words; *owner* is the customer whose list it was in."""
        return PaymentMethod(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer_id or owner,
            kind=KINDS.get(self.method or "", self.method),
            status=MANDATE_STATUSES.get(self.status, PaymentMethodStatus.UNKNOWN),
            raw_status=self.status,
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
    """The operations on mandates; the one on a single mandate is reached by `client.call`."""

    def payment_methods(
        self, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        """Read one page of the mandates of a customer, newest first.

        See https://docs.mollie.com/reference/list-mandates.
        """
        page = yield from get(path(MANDATES, customer), MandateList, page_query(cursor))
        following = page.cursor(self.address)
        return page.embedded.mandates.page(
            lambda found: found.to_payment_method(customer), following
        )

    def revoke_mandate(self, mandate_id: str, *, customer: str) -> Flow[RevokedMandate]:
        """Revoke a mandate, and cancel the subscriptions that use it.

        See https://docs.mollie.com/reference/revoke-mandate.
        """
        yield from send("DELETE", path(MANDATE, customer, mandate_id))  # 204, without a body
        return RevokedMandate(provider=PROVIDER, id=mandate_id)
