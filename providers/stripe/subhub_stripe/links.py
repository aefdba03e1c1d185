"""Signup links: pages of Stripe Checkout.

See https://docs.stripe.com/api/checkout/sessions.
"""

from __future__ import annotations

from typing import Any, Final

from pydantic import AwareDatetime

from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Wire, completed, given, post
from subhub_stripe.customers import PROVIDER, Customers
from subhub_stripe.keys import keyed

SESSIONS: Final = "/checkout/sessions"


class StripeSession(Wire):
    """A `checkout.session` object."""

    id: str
    url: str
    expires_at: AwareDatetime | None = None
    customer: str | None = None
    created: AwareDatetime | None = None

    def to_signup_link(self) -> SignupLink:
        """Convert to a `SignupLink`."""
        return SignupLink(
            provider=PROVIDER,
            id=self.id,
            url=self.url,
            expires_at=self.expires_at,
            customer_id=self.customer,
            created_at=self.created,
            raw=self.raw,
        )


class Links(Customers):
    """The operation on links, which may have to create a customer first."""

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
        default_tax_rates: list[str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SignupLink]:
        """Create a Checkout page, which works for 24 hours.

        Checkout accepts only the e-mail address of a new customer. To keep the rest of a draft, the
        customer is created first; if the link then fails, `error.completed` has the customer.

        Args:
            plan: The id of a Stripe price.
            customer: The customer's id, or a draft.
            return_url: Where the browser goes after the payment.
            back_url: Where the browser goes after "back".
            replaces: Not supported.
            when: Not supported.
            refund: Not supported.
            trial_days: For how many days nothing is charged, 730 at most.
            quantity: How many units are billed.
            default_tax_rates: The ids of Stripe tax rates.
            idempotency_key: With a key, the call is safe to repeat.
        """
        if replaces is not None:
            self._lacks("create_signup_link:replaces", replaces, when, refund)
        terms: dict[str, Any] = {
            "mode": "subscription",
            "line_items": [{"price": plan, "quantity": quantity or 1}],
            "success_url": return_url,
            "cancel_url": back_url,
        }
        if data := given(trial_period_days=trial_days, default_tax_rates=default_tax_rates):
            terms["subscription_data"] = data
        headers = keyed(idempotency_key, "session")
        if isinstance(customer, str):
            body = {"customer": customer, **terms}
            return (yield from post(SESSIONS, StripeSession, body, headers)).to_signup_link()
        key = f"{idempotency_key}-customer" if idempotency_key else None
        created = yield from self.create_customer(customer, idempotency_key=key)
        with completed(created):
            body = {"customer": created.id, **terms}
            return (yield from post(SESSIONS, StripeSession, body, headers)).to_signup_link()
