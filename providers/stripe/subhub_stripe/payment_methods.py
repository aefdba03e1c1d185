"""Setup links and payment methods: Checkout in setup mode, and what customers have saved there.

See https://docs.stripe.com/payments/save-and-reuse and https://docs.stripe.com/api/payment_methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

from pydantic import AwareDatetime

from subhub.models import Currency, PaymentMethod, PaymentMethodStatus, SetupLink
from subhub.plugin import Core, Flow, Page, Provider, Records, Settings, Wire, get, path, post
from subhub_stripe.customers import CUSTOMERS, PROVIDER
from subhub_stripe.keys import keyed
from subhub_stripe.links import SESSIONS, StripeSession
from subhub_stripe.lists import StripeList, page_query

DEBITS: Final = ("sepa_debit", "bacs_debit", "au_becs_debit", "acss_debit", "us_bank_account")
KINDS: Final[Mapping[str, str]] = dict.fromkeys((*DEBITS, "nz_bank_account"), "direct_debit")
"""Stripe's bank debits (https://docs.stripe.com/payments/bank-debits); other words are kept."""


class StripeSettings(Settings):
    """What an account has besides its key.

    Attributes:
        setup_currency: The currency of later charges: setup links offer what can be charged in it.
    """

    setup_currency: Currency = "EUR"


class StripePaymentMethod(Wire):
    """A `payment_method` object."""

    id: str
    type: Core[str | None] = None
    customer: str | None = None
    created: AwareDatetime | None = None

    def to_payment_method(self, owner: str) -> PaymentMethod:
        """Convert to a `PaymentMethod`; *owner* is the customer whose list it is in.

        Stripe lists only what is attached to a customer, and so can be charged again.
        """
        return PaymentMethod(
            provider=PROVIDER,
            id=self.id,
            customer_id=self.customer or owner,
            kind=KINDS.get(self.type or "", self.type),
            status=PaymentMethodStatus.VALID,
            created_at=self.created,
            raw=self.raw,
        )


class PaymentMethodList(StripeList):
    """One page of payment methods."""

    data: Records[StripePaymentMethod]


class PaymentMethods(Provider):
    """The operations on setup links and payment methods."""

    settings: StripeSettings
    settings_model: ClassVar[type[Settings]] = StripeSettings

    def create_setup_link(
        self,
        *,
        customer: str,
        return_url: str | None = None,
        back_url: str | None = None,
        payment_method_types: list[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SetupLink]:
        """Create a Checkout page that saves a payment method, and works for 24 hours.

        Args:
            customer: The customer's id.
            return_url: Where the browser goes afterwards.
            back_url: Where the browser goes after "back".
            payment_method_types: Stripe's words for what may be saved; by default what the
                dashboard allows for the account's `setup_currency`.
            idempotency_key: With a key, the call is safe to repeat.
        """
        offered = (
            {"payment_method_types": payment_method_types}
            if payment_method_types is not None
            else {"currency": self.settings.setup_currency.lower()}
        )
        body = {
            "mode": "setup",
            "customer": customer,
            "success_url": return_url,
            "cancel_url": back_url,
            **offered,
        }
        session = yield from post(SESSIONS, StripeSession, body, keyed(idempotency_key))
        return SetupLink(
            provider=PROVIDER,
            id=session.id,
            url=session.url,
            expires_at=session.expires_at,
            customer_id=session.customer,
            created_at=session.created,
            raw=session.raw,
        )

    def payment_methods(
        self, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        """List the payment methods of a customer, one page at a time.

        See https://docs.stripe.com/api/payment_methods/customer_list.
        """
        address = path(CUSTOMERS + "/{}/payment_methods", customer)
        answer = yield from get(address, PaymentMethodList, page_query(cursor))
        return answer.page(answer.data, lambda item: item.to_payment_method(customer))
