"""Signup links: pages of Stripe Checkout, https://docs.stripe.com/api/checkout/sessions."""

from __future__ import annotations

from typing import Any, Final

from pydantic import AwareDatetime
from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Wire, completed, post

from subhub_stripe_example.customers import PROVIDER, Customers
from subhub_stripe_example.keys import keyed

SESSIONS: Final = "/checkout/sessions"


class StripeSession(Wire):
    """A `checkout.session` object."""

    id: str
    url: str
    expires_at: AwareDatetime | None = None
    customer: str | None = None

    def to_signup_link(self) -> SignupLink:
        """The link in neutral words."""
        return SignupLink(
            provider=PROVIDER,
            id=self.id,
            url=self.url,
            expires_at=self.expires_at,
            customer_id=self.customer,
            raw=self.raw,
        )


class Links(Customers):
    """The operation on links, which may have to make a customer first."""

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
        default_tax_rates: list[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SignupLink]:
        """Make a page of Checkout; it works for 24 hours.

        Checkout knows of somebody new only the e-mail address. So that the rest of a draft is not
        lost, the customer is made first, and when the link then fails, `error.completed` has them.
        """
        if replaces is not None:
            self._lacks("create_signup_link:replaces", replaces, when, refund)
        terms: dict[str, Any] = {
            "mode": "subscription",
            "line_items": [{"price": plan, "quantity": 1}],
            "success_url": return_url,
            "cancel_url": back_url,
        }
        if default_tax_rates is not None:
            terms["subscription_data"] = {"default_tax_rates": default_tax_rates}
        headers = keyed(idempotency_key, "session")
        if isinstance(customer, str):
            body = {"customer": customer, **terms}
            return (yield from post(SESSIONS, StripeSession, body, headers)).to_signup_link()
        key = f"{idempotency_key}-customer" if idempotency_key else None
        made = yield from self.create_customer(customer, idempotency_key=key)
        with completed(made):
            body = {"customer": made.id, **terms}
            return (yield from post(SESSIONS, StripeSession, body, headers)).to_signup_link()
