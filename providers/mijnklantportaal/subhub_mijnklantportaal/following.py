"""Following a sign-up: which subscription came of it.

The id of a sign-up leads nowhere, and neither customers nor subscriptions name it. What shows is a
subscription to the terms of the package, created since, of a customer with the name and e-mail
address of the sign-up.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscription-packages-api/sign-up-a-non-customer-for-a-customer-subscription-package
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from subhub.errors import InvalidReply, InvalidRequest
from subhub.models import Customer, Plan, Signup, SignupLink, Subscription
from subhub.plugin import (
    Flow,
    Likeness,
    SignupMatch,
    judge_signup,
    likeness_of,
    signup_age,
    unless_missing,
    walk,
)
from subhub_mijnklantportaal.customers import CustomerFlows
from subhub_mijnklantportaal.packages import PlanFlows
from subhub_mijnklantportaal.subscriptions import SubscriptionFlows


class FollowingFlows(PlanFlows, CustomerFlows, SubscriptionFlows):
    """The operation that follows a sign-up."""

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        """Look through the portal's subscriptions for the one that came of the sign-up.

        Whether paying creates another customer for someone who is one already is not documented:
        customers of any age count. The order of the list is not documented, so it is read to its
        end: one request per 15 subscriptions of the portal, then one for the package and one for
        the customer of each subscription that may be it.

        Args:
            link: Its `email` is required; its `name` is compared if it has one.
            known: The ids of subscriptions that did not come of the sign-up.
        """
        if link.email is None:
            problem = "is required to follow the link: store `link.email`, and give it"
            raise InvalidRequest.of("email", problem)
        unreadable: list[InvalidReply] = []
        recent = yield from walk(
            self.list_subscriptions,
            lambda found: signup_age(link, found, known) != "not",
            unreadable,
        )
        matches = (yield from self._matches(link, recent, known)) if recent else []
        return judge_signup(link, matches, known=known, unreadable=unreadable)

    def _matches(
        self, link: SignupLink, recent: Sequence[Subscription], known: Collection[str] | None
    ) -> Flow[list[SignupMatch]]:
        plan = yield from self.get_plan(link.plan_id or "")
        customers: dict[str | None, Customer | None] = {None: None}
        matches: list[SignupMatch] = []
        for found in recent:
            bought = _has_terms(plan, found)
            # with other terms it can only be it if the package was changed in the meantime
            if not bought and signup_age(link, found, known) != "since":
                continue
            owner = found.customer_id
            if owner not in customers:
                # deleted since, perhaps
                customers[owner] = yield from unless_missing(self.get_customer(owner or ""))
            person = _same_person(link, customers[owner])
            fit: Likeness = "alike" if person == "same" and not bought else person
            matches.append(SignupMatch(found, fit, customers[owner]))
        return matches


def _has_terms(plan: Plan, found: Subscription) -> bool:
    """Return whether a subscription, which does not name its package, has the package's terms."""
    terms = ((plan.price, found.price), (plan.interval, found.interval))
    return all(likeness_of("terms", asked, shown) == "same" for asked, shown in terms)


def _same_person(link: SignupLink, customer: Customer | None) -> Likeness:
    """Return whether the customer is the one of the link; one who cannot be read may be."""
    if customer is None:
        return "alike"
    shown = [likeness_of("email", link.email, customer.email)]
    if link.name is not None:
        shown.append(likeness_of("name", link.name, customer.name))
    if set(shown) == {"same"}:
        return "same"
    return "other" if set(shown) == {"other"} else "alike"
