"""Sign-ups of new customers: a page on which they pay for a package.

Only the trailing slash of the path tells this operation from subscribing an existing customer. A
proxy that strips it would reach the other one, so each response is checked for its shape.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscription-packages-api/sign-up-a-non-customer-for-a-customer-subscription-package
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import model_validator

from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Json, Moment, Provider, Text, is_object, path, post
from subhub_mijnklantportaal.addresses import NAME, SIGN_UP_NEW
from subhub_mijnklantportaal.customers import new_customer
from subhub_mijnklantportaal.wire import PortalObject

COUNTRY: Final = "NL"
"""The country of every sign-up; its request has no field for one."""


class PendingSignUp(PortalObject):
    """The temporary record of an unpaid sign-up; no documented operation takes its id."""

    id: Text  # a UUID that no other operation accepts
    payment_link: Text
    expires_at: Moment | None = None

    @model_validator(mode="before")
    @classmethod
    def _is_pending(cls, value: Any) -> Any:
        if is_object(value) and "paymentLink" not in value and "customerId" in value:
            message = "it is a subscription: the trailing slash of the path was lost on the way"
            raise ValueError(message)
        return value

    def to_signup_link(self) -> SignupLink:
        """Convert to a `SignupLink`."""
        return SignupLink(
            provider=NAME,
            id=self.id,
            url=self.payment_link,
            expires_at=self.expires_at,
            raw=self.raw,
        )


def non_customer_body(customer: str | CustomerDraft) -> Json:
    """Return the body that starts the first payment of a new customer."""
    if isinstance(customer, str):
        raise InvalidRequest.of(
            "customer", "must be a CustomerDraft, because sign-up links are for new customers"
        )
    if customer.country not in {None, COUNTRY}:
        problem = f"must be {COUNTRY!r} for a sign-up, got {customer.country!r}"
        raise InvalidRequest.of(
            "country", f"{problem}. Create the customer first, then subscribe them"
        )
    # the e-mail field of a sign-up is `email`, that of a customer `primaryEmail`
    return new_customer(customer, email="email")


class SignupFlows(Provider):
    """The operation on sign-up pages."""

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
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[SignupLink]:
        """Create a page on which a new customer pays the first period of a package.

        The API does not say later which customer it created: store the name and e-mail address.

        Args:
            plan: The id of a package.
            customer: The new customer.
            return_url: Always `None`, like the arguments below: the portal has no such option.
            back_url: Always `None`.
            replaces: Always `None`.
            when: Always `None`.
            refund: Always `None`.
            trial_days: Always `None`.
            quantity: Always `None`.
        """
        # the client refuses these: evidence declares them as absent
        del return_url, back_url, replaces, when, refund, trial_days, quantity
        place = path(SIGN_UP_NEW, plan)
        pending = yield from post(place, PendingSignUp, non_customer_body(customer))
        return pending.to_signup_link()
