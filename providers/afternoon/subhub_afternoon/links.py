"""Signup links: hosted pages on which a customer subscribes to a plan or changes to another one.

See https://docs.afternoon.co/api-reference/afternoon-events-api/subscription-signup-links/create.
A link can neither be read again nor revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Moment, Text, Wire, completed, given, post
from subhub_afternoon.customers import Customers
from subhub_afternoon.envelope import PROVIDER, Envelope
from subhub_afternoon.refusals import cuid, maybe, plan_code
from subhub_afternoon.terms import NEUTRAL_REFUND, NEUTRAL_TIMING, timing

LINKS: Final = "/v1/subscription-signup-links"


class SubscriptionSignupLink(Wire):
    """A `subscription_signup_link` object."""

    id: Text
    url: Text  # has the token inside, and cannot be read again
    customer_id: str | None = None
    plan_code: str | None = None
    token_expiration: Moment | None = None
    success_url: str | None = None
    back_url: str | None = None
    previous_subscription_id: str | None = None
    change_timing_mode: str | None = None
    cancel_now_prepaid_refund_policy: str | None = None
    created_at: Moment | None = None

    def to_signup_link(self, *, new: bool) -> SignupLink:
        """Convert to a `SignupLink`; a timing or a policy that is not documented is `None`.

        *new* says whether the customer was created for it.
        """
        return SignupLink(
            provider=PROVIDER,
            id=self.id,
            url=self.url,
            expires_at=self.token_expiration,
            customer_id=self.customer_id,
            # `plan_id` on the wire is an internal id, which no request takes
            plan_id=self.plan_code,
            return_url=self.success_url,
            back_url=self.back_url,
            replaces=self.previous_subscription_id,
            when=NEUTRAL_TIMING.get(self.change_timing_mode or ""),
            refund=NEUTRAL_REFUND.get(self.cancel_now_prepaid_refund_policy or ""),
            new_customer=new,
            created_at=self.created_at,
            raw=self.raw,
        )


class LinkEnvelope(Envelope):
    """A response with a link."""

    subscription_signup_link: SubscriptionSignupLink


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
    ) -> Flow[SignupLink]:
        """Create a page that works for 24 hours.

        A link is for an existing customer. So a new customer is created first; if the link then
        fails, `error.completed` has the customer. The client has looked for the `external_id`.

        Args:
            plan: The plan code.
            customer: The customer's id, or a draft.
            return_url: Where the browser goes after the signup.
            back_url: Where the browser goes after "back".
            replaces: The id of a subscription that changes to the plan.
            when: When that subscription changes.
            refund: What happens to its prepaid fees; only with `now`, as the client checks.
            trial_days: Not supported.
            quantity: Not supported.
        """
        del trial_days, quantity  # the client refuses them: evidence declares them as absent
        # checked before the customer is created, so that invalid terms leave nothing behind
        terms = given(
            plan_code=plan_code("plan", plan),
            success_url=return_url,
            back_url=back_url,
            previous_subscription_id=maybe(cuid, "replaces", replaces),
        )
        if when is not None:
            terms |= timing("change_timing_mode", when, refund)
        if isinstance(customer, str):
            return (yield from _link(cuid("customer", customer), terms))
        created = yield from self.create_customer(customer)
        with completed(created):
            return (yield from _link(created.id, terms, new=True))


def _link(customer_id: str, terms: Mapping[str, str], *, new: bool = False) -> Flow[SignupLink]:
    answer = yield from post(LINKS, LinkEnvelope, {"customer_id": customer_id, **terms})
    return answer.whole(answer.subscription_signup_link.to_signup_link(new=new))
