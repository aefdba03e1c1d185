"""Signup links: hosted pages on which a customer subscribes to a plan, or moves to another one.

https://docs.afternoon.co/api-reference/afternoon-events-api/subscription-signup-links/create is the
one page of Afternoon's that is known from end to end. A link can be neither read again nor revoked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import AwareDatetime

from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, Refund, SignupLink, When
from subhub.plugin import Flow, Wire, completed, post
from subhub_afternoon.customers import Customers
from subhub_afternoon.envelope import PROVIDER, Envelope
from subhub_afternoon.refusals import cuid, plan_code
from subhub_afternoon.terms import timing

LINKS: Final = "/v1/subscription-signup-links"


class SubscriptionSignupLink(Wire):
    """A `subscription_signup_link` object."""

    id: str
    customer_id: str
    url: str
    token_expiration: AwareDatetime

    def to_signup_link(self) -> SignupLink:
        """The link in neutral words."""
        return SignupLink(
            provider=PROVIDER,
            id=self.id,
            url=self.url,
            expires_at=self.token_expiration,
            customer_id=self.customer_id,
            raw=self.raw,
        )


class LinkEnvelope(Envelope):
    """An answer with a link."""

    subscription_signup_link: SubscriptionSignupLink


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
    ) -> Flow[SignupLink]:
        """Make a page that works for 24 hours.

        A link is for a customer who exists. A draft with an `external_id` is looked up first, and a
        customer that is found is used as it is; otherwise the customer is made, and when the link
        then fails, `error.completed` holds that customer.
        """
        terms = {"plan_code": plan_code("plan", plan), **_addresses(return_url, back_url)}
        terms |= _replacement(replaces, when, refund)
        if isinstance(customer, str):
            return (yield from _link(cuid("customer", customer), terms))
        if customer.external_id is not None:
            known = yield from self.find_customer(external_id=customer.external_id)
            if known is not None:
                return (yield from _link(known.id, terms))
        made = yield from self.create_customer(customer)
        with completed(made):
            return (yield from _link(made.id, terms))


def _link(customer_id: str, terms: Mapping[str, str]) -> Flow[SignupLink]:
    answer = yield from post(LINKS, LinkEnvelope, {"customer_id": customer_id, **terms})
    return answer.subscription_signup_link.to_signup_link()


def _addresses(return_url: str | None, back_url: str | None) -> dict[str, str]:
    given = {"success_url": return_url, "back_url": back_url}
    return {name: value for name, value in given.items() if value is not None}


def _replacement(replaces: str | None, when: When | None, refund: Refund | None) -> dict[str, str]:
    """The plan change that the link is for; its two rules stand only in Afternoon's prose."""
    if replaces is None:
        if when is not None or refund is not None:
            raise InvalidRequest.of(
                "replaces", "`when` and `refund` are about the subscription it names"
            )
        return {}
    if when is None:
        raise InvalidRequest.of(
            "when", "with `replaces` say when the old one ends: now or period_end"
        )
    if refund is not None and when != "now":
        raise InvalidRequest.of("refund", "it goes with when='now'")
    previous = cuid("replaces", replaces)
    return {
        "previous_subscription_id": previous,
        **timing("change_timing_mode", when, refund),
    }
