"""Following a signup link: which subscription came of it.

A link cannot be read again, and no subscription names one. What shows is the customer's
subscriptions: https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/list.
"""

from __future__ import annotations

from collections.abc import Collection

from subhub.errors import InvalidReply, InvalidRequest
from subhub.models import Signup, SignupLink
from subhub.plugin import Flow, SignupMatch, judge_signup, likeness_of, unless_missing, walk
from subhub_afternoon.customers import Customers
from subhub_afternoon.refusals import cuid
from subhub_afternoon.subscriptions import Subscriptions


class Following(Customers, Subscriptions):
    """The operation that follows a signup link."""

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        """Look through the customer's subscriptions for the one that came of the link.

        No date of creation is documented for subscriptions. Without one, a subscription is known to
        be new only if the customer is, or if *known* has all the others. The order of the list is
        not documented either, so it is read to its end: one request per 50 subscriptions of the
        customer. The customer is read when the signup is completed.

        Args:
            link: Its `customer_id` is required.
            known: The ids of the customer's subscriptions from before the link.
        """
        if link.customer_id is None:
            problem = "is required to follow the link: store `link.customer_id`, and give it"
            raise InvalidRequest.of("customer", problem)
        owner = cuid("customer", link.customer_id)
        unreadable: list[InvalidReply] = []
        listed = yield from walk(
            lambda cursor: self.list_subscriptions(cursor, customer=owner),
            lambda found: found.customer_id == owner,
            unreadable,
        )
        matches = [
            # the plan code of a subscription is assumed: without one, it may be any plan
            SignupMatch(found, likeness_of("plan_id", link.plan_id, found.plan_id))
            for found in listed
        ]
        signup = judge_signup(link, matches, known=known, unreadable=unreadable)
        if signup.state != "completed":
            return signup
        customer = yield from unless_missing(self.get_customer(owner))  # deleted since, perhaps
        return signup.model_copy(update={"customer": customer})
