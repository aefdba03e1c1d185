"""The fake of Afternoon: its documented API, with its state in memory.

It is written from Afternoon's documentation and imports nothing from the plugin. The endpoints are
in `sandbox`, one module for each resource.
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
    """An in-memory fake of Afternoon.

    An assumption with the name of an attribute can be changed: `fake.active_status = "live"`.
    """

    assumptions: ClassVar[Mapping[str, str]] = {
        "active_status": "the status of a running subscription is a guess",
        "cursor_field": "the field of `pagination` that holds the next cursor is a guess",
        "change_done": "the status of an immediate change of plan is a guess",
        "change_scheduled": "the status of a scheduled change of plan is a guess",
        "event_status": "the status of an ingested event is a guess",
        "reads_subscriptions": "GET /v1/subscriptions/{id} is assumed; with False it is a 404",
        "single_use_links": "a link can be paid once; with False, again and again",
        "declining": "a customer who declines can try again on the same page; nothing else happens",
        "reset_as_epoch": "X-RateLimit-Reset is in seconds since 1970; with False, in seconds left",
        "error_codes": "the error codes of 400, 404, 409, 429 and 5xx are invented, and the "
        "messages of 429 and 5xx too",
        "rate_window": "the 60 seconds of the rate limit are anchored: they start with the first "
        "request after the previous ones; they can also be aligned to the clock, or rolling",
        "sends_retry_after": "a 429 has no Retry-After; with True it has one",
        "unknown fields": "a request with an undocumented field is refused",
        "error details": "the details of a refused body are its problems by field",
        "inferred paths": "create, update, change-plan and search are at the assumed paths",
        "subscription fields": "a subscription has customer_id, plan_id and plan_code",
        "plan change": "change-plan ends the old subscription and creates a new one; a paid link "
        "changes the old one, which keeps its id; a canceled one cannot be changed (409)",
        "scheduled": "a change scheduled for the end of a period does not show until then, and "
        "the response to a scheduled change of plan has no new subscription",
        "renewal": "subscriptions renew after the interval of their plan, on the anchor day or the "
        "last day of a shorter month; plans of days and weeks have no anchor day; running ones are "
        "charged at their start and on every renewal, for the period that begins",
        "pending_starts": "a pending subscription with a start date in the future runs from it on; "
        "with False it stays pending, as one without such a date does, until its status changes",
        "past_due_status": "the status of a subscription whose charge failed is a guess",
        "retries": "how many times a failed charge is attempted again",
        "retry_days": "the days until the next attempt",
        "unpaid_ends": "it stays past due after the last attempt; with True it is canceled",
        "paid_back_days": "the days until a customer gets money back; nothing shows that",
        "stub_charge": "the days before the first anchor day are charged in proportion; with "
        "`full`, as a whole period",
        "time_zone": "days begin at midnight in UTC, or in the zone that is set",
        "refunds": "the prorated refund pays back today and the days to come; without it, nothing",
        "paid change": "a paid link that changes the plan now charges the days until the renewal",
        "signup": "a subscription from a paid link runs at once and is billed on the 1st",
        "unused": "deleting a customer has no other effect",
        "lists": "lists are in order of creation, with any limit; a bad limit or cursor is a 400",
        "customer": "creating one requires no field, and shows every field, null if unset",
        "credits": "a grant repeats the request; balances are the sums of the grants",
        "invoicing": "no field is required, and lines may have more fields; an unknown customer "
        "is a 404; cents are whole numbers; by default a line has the quantity 1 and costs 0",
        "ingesting": "an unknown customer is a 400; cost and balances are empty; keys never expire",
    }

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Create a plan, and return its code: the draft's code or the key, in the form of a code.

        A number is appended to a code that is already in use.
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
