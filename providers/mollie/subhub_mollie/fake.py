"""The fake of Mollie: what its API is documented to do, kept in memory.

It is written from Mollie's documents and imports nothing of the plugin's. The endpoints are in
`sandbox`, one module for each subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub_mollie.sandbox.subscriptions import SubscriptionRoutes

if TYPE_CHECKING:
    from subhub.models import PlanDraft


class MollieFake(SubscriptionRoutes):
    """A local Mollie.

    An assumption under the name of an attribute can be changed there:
    `fake.checkout_method = "creditcard"`.
    """

    assumptions: ClassVar[Mapping[str, str]] = {
        "checkout_method": "how a customer pays who may choose; cards and PayPal give a mandate of "
        "their own kind, everything else a direct debit (documented)",
        "expires_after": "the minutes until an open payment expires; they depend on the method",
        "deleted_status": "410 is documented for deleted objects, not for customers in particular",
        "equal_descriptions_status": "how a description is refused that is not unique",
        "second_cancel_status": "how canceling a canceled or completed subscription is refused",
        "sends_retry_after": "no header is documented for 429; True sends a Retry-After",
        "rate limits": "none are enforced: Mollie documents no numbers",
        "plans": "Mollie has none: adding one returns its key, and nothing knows it afterwards",
        "first mandates": "a first payment has one when it is paid, and not before; it is valid",
        "declining": "who declines on the page may try again there, as with several methods",
        "kinds of payments": "only first ones can be created; those of a subscription are paid at "
        "once, or fail at once where the plan of charges says so",
        "retries": "how many times a subscription attempts a failed payment again; by default it "
        "only makes the next one when that is due",
        "paid_back_days": "the days until a customer gets money back; no payment shows that",
        "webhook_retries": "the seconds from each webhook call without a 2xx to the next one",
        "webhooks": "called for payments that are paid, failed or expired; a charge that is paid "
        "back calls none",
        "unknown fields": "a body or query with a parameter that is not documented is refused",
        "testmode": "with an API key, testmode and profileId are refused, with 400 in a query and "
        "422 in a body; documented is that they must not be sent",
        "profiles": "any id of the documented form is a profile of the organization; where it is "
        "required and missing, the refusal is a 422, or a 400 in a query",
        "OAuth": "any client id and secret will do; the errors of the token endpoint are those of "
        "RFC 6749, and authorization codes are not simulated",
        "errors": "the texts of most refusals, and 422 for every field that does not fit",
        "idempotency": "only answers of success are remembered; a request that is being processed "
        "(409) cannot be seen here",
        "days": "days are those of UTC, and a payment is made as soon as its day has come",
        "first day": "a subscription without a start date charges at once; one that begins on the "
        "last day of a month charges on the last day of every month (documented for 30 April)",
        "new interval": "it counts from the last payment (older documentation)",
        "updating": "a PATCH changes the fields that it has, and replaces metadata as a whole",
        "start date": "a day in the past is refused",
        "lists": "the list of all subscriptions cannot be sorted; an invalid limit is a 400",
    }

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Return *key*: Mollie has no plans, so nothing is created."""
        del draft
        return key
