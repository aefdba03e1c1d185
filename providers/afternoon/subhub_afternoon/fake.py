"""The fake of Afternoon: what its API is documented to do, kept in memory.

It is written from Afternoon's documents and imports nothing of the plugin's. The endpoints stand in
`sandbox`, one module for each subject.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub_afternoon.sandbox.billing import BillingRoutes
from subhub_afternoon.sandbox.links import LinkRoutes

if TYPE_CHECKING:
    from subhub.models import PlanDraft


class AfternoonFake(LinkRoutes, BillingRoutes):
    """Afternoon on your desk.

    An assumption under the name of an attribute can be changed there:
    `fake.active_status = "live"`.
    """

    assumptions: ClassVar[Mapping[str, str]] = {
        "active_status": "the word for a running subscription is a guess",
        "cursor_field": "the field of `pagination` that holds the next cursor is a guess",
        "change_done": "the status of a change of plan that was made at once is a guess",
        "change_scheduled": "the status of a scheduled change of plan is a guess",
        "event_status": "the status of an ingested event is a guess",
        "pages": "the host of hosted pages is made up",
        "reads_subscriptions": "GET /v1/subscriptions/{id} is inferred; False answers 404 to it",
        "single_use_links": "a link is used up when it is paid; False lets it be paid again",
        "declining": "who declines on a signup page may try again there; nothing else happens",
        "reset_as_epoch": "X-RateLimit-Reset is in seconds since 1970; False makes it seconds left",
        "error_codes": "the machine codes of 400, 404, 409, 429 and 5xx are made up, and the "
        "messages of 429 and 5xx too",
        "rate_window": "the 60 seconds of the rate limit are anchored: they begin with the first "
        "request after the last ones; they may also be aligned to the clock, or rolling",
        "sends_retry_after": "a 429 has no Retry-After; True sends one",
        "unknown fields": "a request with a field that is not documented is refused",
        "error details": "the details of a refused body are the problems by field",
        "inferred paths": "create, update, change-plan and search answer at the inferred paths",
        "subscription fields": "a subscription shows customer_id, plan_id and plan_code",
        "plan change": "change-plan ends the old subscription and makes a new one; a paid link "
        "moves the old one, which keeps its id; a canceled one cannot be changed (409)",
        "scheduled": "what is scheduled for the end of a period does not show until then, and a "
        "scheduled change of plan is answered without a new subscription",
        "renewal": "subscriptions renew monthly, on the anchor day or the last day of the month",
        "signup": "a subscription made by a paid link runs at once, with the anchor on the 1st",
        "unused": "start dates, refund policies and deleting a customer have no further effect",
        "lists": "lists are in the order of creation, of any length; a bad limit or cursor is 400",
        "customer": "creating one requires no field, and shows every field, null when not set",
        "credits": "a grant repeats what was sent; balances are the sums of the grants",
        "invoicing": "no field is required, and lines may have more of them; an unknown customer "
        "is 404; cents are whole numbers; a line has the quantity 1, and costs 0, unless told",
        "ingesting": "an unknown customer is 400; cost and balances are empty; keys never expire",
    }

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Make a plan, and return its code: that of the draft, or the key, in the form of a code.

        A code that is taken gets a number.
        """
        wanted = re.sub(r"[^a-z0-9]+", "_", (draft.code or key).lower()).strip("_") or "plan"
        code, number = wanted, 1
        while code in self.plans:
            number += 1
            code = f"{wanted}_{number}"
        self.plans[code] = self.cuid()
        self.terms[code] = {
            "name": draft.name,
            "price": str(draft.price),
            "interval": str(draft.interval),
        }
        return code
