"""Payments: a first one, by which a customer agrees to be charged again, and those that follow.

See https://docs.mollie.com/docs/recurring-payments and
https://docs.mollie.com/reference/create-payment.
"""

from __future__ import annotations

from typing import Final

from pydantic import AwareDatetime, Field

from subhub.errors import InvalidReply
from subhub.models import Money, Result, SetupLink
from subhub.plugin import Flow, Page, Records, get, given, join_id, path, post
from subhub_mollie.hal import (
    PROVIDER,
    Errors,
    Link,
    MollieList,
    MollieObject,
    idempotent,
    page_query,
)
from subhub_mollie.ids import subscription_path
from subhub_mollie.terms import MollieAmount, amount_body

PAYMENTS: Final = "/payments"
PAYMENT: Final = "/payments/{}"
SUBSCRIPTION_PAYMENTS: Final = "/customers/{}/subscriptions/{}/payments"


class Payment(Result):
    """A payment.

    *status* is `open`, `pending`, `authorized`, `paid`, `canceled`, `expired`, `failed` or a later
    word. *mandate_id* is the payment method to subscribe with, once a first payment is paid.
    """

    id: str
    status: str
    amount: Money
    description: str | None = None
    method: str | None = None
    customer_id: str | None = None
    mandate_id: str | None = None
    subscription_id: str | None = None
    created_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None


class PaymentLinks(MollieObject):
    """The `_links` of a payment; only an open one has a page to pay on."""

    checkout: Link | None = None


class MolliePayment(MollieObject):
    """A `payment` object."""

    id: str
    status: str
    amount: MollieAmount
    description: str | None = None
    method: str | None = None
    customer_id: str | None = None
    mandate_id: str | None = None
    subscription_id: str | None = None
    created_at: AwareDatetime | None = None
    paid_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None
    links: PaymentLinks = Field(alias="_links")

    def to_payment(self) -> Payment:
        """Return the payment as a result."""
        return Payment(
            provider=PROVIDER,
            id=self.id,
            status=self.status,
            amount=self.amount.to_money(),
            description=self.description,
            method=self.method,
            customer_id=self.customer_id,
            mandate_id=self.mandate_id,
            subscription_id=self._subscription_id(),
            created_at=self.created_at,
            paid_at=self.paid_at,
            raw=self.raw,
        )

    def to_setup_link(self) -> SetupLink:
        """Return the page on which the payment is made."""
        if self.links.checkout is None:
            raise InvalidReply(f"the payment {self.id!r} has no `_links.checkout` to pay on")
        return SetupLink(
            provider=PROVIDER,
            id=self.id,
            url=self.links.checkout.href,
            expires_at=self.expires_at,
            customer_id=self.customer_id,
            created_at=self.created_at,
            raw=self.raw,
        )

    def _subscription_id(self) -> str | None:
        """Return the id that `get_subscription` takes."""
        if self.subscription_id is None or self.customer_id is None:
            return None
        return join_id(self.subscription_id, self.customer_id)


class EmbeddedPayments(MollieObject):
    """The objects of a page."""

    payments: Records[MolliePayment]


class PaymentList(MollieList):
    """A page of payments."""

    embedded: EmbeddedPayments = Field(alias="_embedded")


class Payments(Errors):
    """The operations on payments, reached by `client.call` and `client.walk`."""

    def create_first_payment(
        self,
        customer: str,
        *,
        amount: Money,
        description: str,
        redirect_url: str,
        cancel_url: str | None = None,
        webhook_url: str | None = None,
        method: str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SetupLink]:
        """Create a page on which a customer pays, and agrees to be charged from then on.

        It is `create_setup_link` with an amount of its own, such as that of the first period.
        Paying creates a mandate and nothing else: no subscription begins by itself. Read the
        payment, and subscribe the customer when it is paid; with the first period paid here,
        `starts_on` is the day on which the second begins.

        Args:
            customer: The customer's id.
            amount: What is paid now; zero is possible for cards and PayPal.
            description: What is paid for, as it appears on the bank statement.
            redirect_url: Where the browser goes afterwards, paid or not.
            cancel_url: Where it goes instead when the customer cancels.
            webhook_url: What Mollie calls when the payment changes.
            method: Mollie's word for how to pay; without it, the customer chooses.
            metadata: What else to keep with the payment.
            idempotency_key: Makes the request repeatable for an hour.
        """
        body = given(
            amount=amount_body(amount),
            description=description,
            redirectUrl=redirect_url,
            cancelUrl=cancel_url,
            webhookUrl=webhook_url,
            method=method,
            metadata=metadata,
            sequenceType="first",
            customerId=customer,
        )
        payment = yield from post(PAYMENTS, MolliePayment, body, idempotent(idempotency_key))
        return payment.to_setup_link()

    def get_payment(self, payment_id: str) -> Flow[Payment]:
        """Read one payment, as after a call of the webhook, which holds nothing but its id.

        See https://docs.mollie.com/reference/get-payment.
        """
        payment = yield from get(path(PAYMENT, payment_id), MolliePayment)
        return payment.to_payment()

    def list_subscription_payments(
        self, cursor: str | None = None, *, subscription: str
    ) -> Flow[Page[Payment]]:
        """Read one page of the payments of a subscription, newest first.

        See https://docs.mollie.com/reference/list-subscription-payments.
        """
        place = subscription_path(subscription, SUBSCRIPTION_PAYMENTS)
        page = yield from get(place, PaymentList, page_query(cursor))
        following = page.cursor(self.address)
        return page.embedded.payments.page(MolliePayment.to_payment, following)
