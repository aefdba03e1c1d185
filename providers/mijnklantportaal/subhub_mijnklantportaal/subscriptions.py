"""Customer subscriptions: how they are read, changed and terminated.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscriptions-api/create-customer-subscription
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal, PlanDraft, Status, Subscription, SubscriptionUpdate
from subhub.plugin import Json
from subhub_mijnklantportaal.addresses import NAME
from subhub_mijnklantportaal.objects import PortalObject, given
from subhub_mijnklantportaal.terms import (
    given_terms,
    plan_terms,
    read_interval,
    read_money,
)
from subhub_mijnklantportaal.times import Day, Moment, naive_text

STATUSES: Final[Mapping[str, Status]] = {
    "planned": Status.SCHEDULED,
    "in_progress": Status.ACTIVE,
    "terminated": Status.CANCELED,
    "ended": Status.ENDED,
}
"""The four documented words; what leads from one to the next is not documented."""

_OVER: Final = {"terminated", "ended"}


class CustomerSubscription(PortalObject):
    """A customer's subscription; it does not tell its package, and its options stay in `raw`."""

    id: str
    customer_id: str | None = None
    description: str | None = None
    starts_at: Day = None
    interval: str | None = None
    renews_at: Day = None
    currency: str | None = None
    amount: ExactDecimal | None = None
    status: str | None = None
    terminated_at: Moment = None
    created_at: Moment = None

    def to_subscription(self) -> Subscription:
        """The subscription in neutral words.

        Whether it runs is the status word's to say, never that of `terminatedAt`.
        """
        return Subscription(
            provider=NAME,
            id=self.id,
            customer_id=self.customer_id,
            description=self.description,
            status=STATUSES.get(self.status or "", Status.UNKNOWN),
            raw_status=self.status,
            price=read_money(self.amount, self.currency),
            interval=read_interval(self.interval),
            starts_on=self.starts_at,
            renews_on=self.renews_at,
            ends_at=self._ends_at(),
            created_at=self.created_at,
            raw=self.raw,
        )

    def _ends_at(self) -> dt.datetime | None:
        """The termination, once the status word agrees that it took effect.

        The documented example is `in_progress` with a `terminatedAt` in the past: taken for its
        end, that would shut out somebody whose subscription runs. That a terminated subscription
        ends then, and does not run on to `renewsAt`, is inferred.
        """
        return self.terminated_at if self.over else None

    @property
    def over(self) -> bool:
        """Whether a termination took effect."""
        return self.status in _OVER


def subscription_body(
    plan: PlanDraft,
    *,
    customer: str,
    starts_on: dt.date,
    create_invoice: bool | None,
    invoice_description: str | None,
) -> Json:
    """The request that subscribes *customer* to terms that are no package.

    The subscription is described by the plan's name. Its `description`, `code` and `public` are
    about a plan that others could choose too: they bill nobody, and have no place here.
    """
    if invoice_description is not None and not create_invoice:
        raise InvalidRequest.of(
            "invoice_description", "it is ignored unless `create_invoice` is true"
        )
    return given(
        {
            "customerId": customer,
            "description": plan.name,
            "startDate": starts_on.isoformat(),
            **plan_terms(plan),
            "createInvoice": create_invoice,
            "invoiceDescription": invoice_description,
        }
    )


def subscription_changes(changes: SubscriptionUpdate) -> Json:
    """The request that changes the terms of a subscription."""
    terms = given_terms(price=changes.price, interval=changes.interval, tax_rate=changes.tax_rate)
    return given({"description": changes.description, **terms})


def termination(now: dt.datetime) -> Json:
    """The request that terminates a subscription at *now*, on the account's wall clock."""
    return {"terminatedAt": naive_text(now)}
