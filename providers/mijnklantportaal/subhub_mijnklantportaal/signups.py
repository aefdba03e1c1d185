"""Sign-ups for a package: of a customer, and of somebody who is none yet.

The two differ by the slash at the end of the path. Should it get lost on the way, the other
operation answers, so each answer is told by its shape.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscription-packages-api/sign-up-a-non-customer-for-a-customer-subscription-package
"""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from pydantic import model_validator

from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, SignupLink
from subhub.plugin import Json, is_object
from subhub_mijnklantportaal.addresses import NAME
from subhub_mijnklantportaal.customers import new_customer
from subhub_mijnklantportaal.objects import PortalObject, given
from subhub_mijnklantportaal.subscriptions import CustomerSubscription
from subhub_mijnklantportaal.times import Moment

COUNTRY: Final = "NL"
"""The only country of a sign-up: its request has no field for one."""


class PendingSignUp(PortalObject):
    """The temporary record of somebody who has yet to pay; nothing documented takes its id."""

    id: str
    payment_link: str
    expires_at: Moment = None

    @model_validator(mode="before")
    @classmethod
    def _is_pending(cls, value: Any) -> Any:
        if is_object(value) and "paymentLink" not in value and "customerId" in value:
            message = "it is a subscription: the slash at the end of the path was lost on the way"
            raise ValueError(message)
        return value

    def to_signup_link(self) -> SignupLink:
        """The record in neutral words."""
        return SignupLink(
            provider=NAME,
            id=self.id,
            url=self.payment_link,
            expires_at=self.expires_at,
            raw=self.raw,
        )


class SignedUp(CustomerSubscription):
    """The subscription that a sign-up made."""

    @model_validator(mode="before")
    @classmethod
    def _is_subscription(cls, value: Any) -> Any:
        if is_object(value) and "customerId" not in value and "paymentLink" in value:
            message = "it is a pending sign-up: a slash was added to the path, nobody is subscribed"
            raise ValueError(message)
        return value


def non_customer_body(customer: str | CustomerDraft) -> Json:
    """The request that starts a first payment for somebody new."""
    if isinstance(customer, str):
        raise InvalidRequest.of(
            "customer", "a sign-up link is for somebody new: pass a CustomerDraft"
        )
    if customer.country not in {None, COUNTRY}:
        problem = f"a sign-up takes no country, and {customer.country!r} is not {COUNTRY!r}"
        raise InvalidRequest.of(
            "country", f"{problem}: make the customer first, then subscribe them"
        )
    return new_customer(customer, email="email")


def customer_body(
    *,
    customer: str,
    starts_on: dt.date,
    mandate: str | None,
    create_invoice: bool | None,
    invoice_text: str | None,
) -> Json:
    """The request that subscribes *customer* to a package; without a mandate nothing is charged."""
    return given(
        {
            "customerId": customer,
            "startDate": starts_on.isoformat(),
            "mandateId": mandate,
            "createInvoice": create_invoice,
            "invoiceText": invoice_text,
        }
    )
