"""Sign-ups of somebody who is no customer yet: a page on which they pay for a package.

Its path and that of subscribing a customer differ by the slash at the end. Should it get lost on
the way, the other operation answers, so each answer is told by its shape.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscription-packages-api/sign-up-a-non-customer-for-a-customer-subscription-package
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import model_validator

from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Json, Provider, is_object, path, post
from subhub_mijnklantportaal.addresses import NAME, SIGN_UP_NEW
from subhub_mijnklantportaal.customers import new_customer
from subhub_mijnklantportaal.wire import Moment, PortalObject

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


class SignupFlows(Provider):
    """Make sign-up pages."""

    def create_signup_link(
        self,
        *,
        plan: str,
        customer: str | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | None = None,
        when: When | None = None,
        refund: Refund | None = None,
    ) -> Flow[SignupLink]:
        """Make a page on which somebody new pays the first term of a package.

        Nothing documented tells later which customer came of it: keep name and e-mail address.
        """
        del return_url, back_url, replaces, when, refund  # declared as lacking
        place = path(SIGN_UP_NEW, plan)
        pending = yield from post(place, PendingSignUp, non_customer_body(customer))
        return pending.to_signup_link()
