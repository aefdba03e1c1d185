"""Customer subscriptions: creating, reading, changing and terminating them.

The path that subscribes a customer to a package is that of a sign-up without the trailing slash, so
the response is checked for its shape; see `subhub_mijnklantportaal.signups`.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscriptions-api/create-customer-subscription
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from pydantic import model_validator

from subhub.errors import InvalidRequest, Unsupported
from subhub.models import (
    ExactDecimal,
    PlanDraft,
    Refund,
    Scheduled,
    Status,
    Subscription,
    SubscriptionUpdate,
    When,
)
from subhub.plugin import (
    Core,
    Day,
    Flow,
    Moment,
    Page,
    Provider,
    Text,
    day_in,
    get,
    given,
    is_object,
    patch,
    path,
    post,
)
from subhub_mijnklantportaal.addresses import NAME, SIGN_UP_EXISTING, SUBSCRIPTION, SUBSCRIPTIONS
from subhub_mijnklantportaal.wire import (
    Listing,
    Lists,
    Period,
    PortalObject,
    VatRate,
    given_terms,
    moment_text,
    plan_terms,
    read_money,
)

STATUSES: Final[Mapping[str, Status]] = {
    "planned": Status.SCHEDULED,
    "in_progress": Status.ACTIVE,
    "terminated": Status.CANCELED,
    "ended": Status.ENDED,
}
"""The four documented statuses; when one becomes the next is not documented."""

OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
"""The statuses of a subscription whose termination took effect."""


class CustomerSubscription(PortalObject):
    """A customer's subscription; it does not name its package. Its options are in `raw`."""

    id: Text
    customer_id: str | None = None
    description: str | None = None
    starts_at: Day | None = None  # called `startDate` in requests
    interval: Period | None = None
    renews_at: Day | None = None
    currency: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    vat_rate: VatRate | None = None
    status: Core[str | None] = None
    terminated_at: Moment | None = None
    created_at: Moment | None = None

    def to_subscription(self, account: Provider) -> Subscription:
        """Convert to a `Subscription`, with the days and the words of *account*.

        Only the status says whether it is running, never `terminatedAt`. The documented example is
        `in_progress` with a `terminatedAt` in the past: taking that for the end would lock out a
        customer whose subscription is running. That a terminated subscription ends at
        `terminatedAt`, and not at `renewsAt`, is assumed.
        """
        status = account.status_words.get(self.status or "", Status.UNKNOWN)
        return Subscription(
            provider=NAME,
            id=self.id,
            customer_id=self.customer_id,
            description=self.description,
            status=status,
            raw_status=self.status,
            price=read_money(self.amount, self.currency),
            interval=self.interval,
            tax_rate=self.vat_rate,
            starts_on=day_in(self.starts_at, account.zone),
            renews_on=day_in(self.renews_at, account.zone),
            ends_at=self.terminated_at if status in OVER else None,
            created_at=self.created_at,
            raw=self.raw,
        )


class SignedUp(CustomerSubscription):
    """The subscription that a sign-up created."""

    @model_validator(mode="before")
    @classmethod
    def _is_subscription(cls, value: Any) -> Any:
        if is_object(value) and "customerId" not in value and "paymentLink" in value:
            message = "it is a pending sign-up: a slash was added to the path. No one is subscribed"
            raise ValueError(message)
        return value


class SubscriptionFlows(Lists):
    """The operations on subscriptions."""

    statuses: ClassVar[Mapping[str, Status]] = STATUSES

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
        create_invoice: bool | None = None,
        invoice_text: str | None = None,
        invoice_description: str | None = None,
    ) -> Flow[Subscription]:
        """Subscribe a customer to a package or to an inline plan.

        The name of an inline plan is the description of the subscription. Its `description`, `code`
        and `public` have no effect on billing and are not sent.

        Args:
            plan: The id of a package, or the terms of an inline plan.
            customer: The customer's id.
            now: The current time; its day is the default of *starts_on*.
            starts_on: The first day.
            payment_method: The id of a mandate; without one nothing is charged automatically.
            trial_days: Always `None`.
            quantity: Always `None`.
            create_invoice: Whether to create an invoice for each charge.
            invoice_text: The text of the invoices, for a package; by default its name.
            invoice_description: The text of the invoices, for an inline plan.
        """
        del trial_days, quantity  # the client refuses them: evidence declares them as absent
        body = given(
            customerId=customer,
            startDate=(starts_on or now.date()).isoformat(),
            createInvoice=create_invoice,
        )
        if isinstance(plan, PlanDraft):
            if invoice_text is not None:
                raise InvalidRequest.of(
                    "invoice_text", "is for packages. Use `invoice_description` for an inline plan"
                )
            if invoice_description is not None and not create_invoice:
                raise InvalidRequest.of(
                    "invoice_description", "has no effect without `create_invoice`: set it to true"
                )
            if payment_method is not None:
                raise _no_mandate()
            # `createPayment` of the older documentation is not sent: if the portal ignored it, the
            # customer would seem to be charged and would not be
            body |= {"description": plan.name, **plan_terms(plan)}
            body |= given(invoiceDescription=invoice_description)
            created = yield from post(SUBSCRIPTIONS, CustomerSubscription, body)
        else:
            if invoice_description is not None:
                raise InvalidRequest.of(
                    "invoice_description", "is for inline plans. Use `invoice_text` for a package"
                )
            # the portal does not check that the mandate exists
            body |= given(mandateId=payment_method, invoiceText=invoice_text)
            created = yield from post(path(SIGN_UP_EXISTING, plan), SignedUp, body)
        return created.to_subscription(self)

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Read a subscription."""
        found = yield from get(path(SUBSCRIPTION, subscription_id), CustomerSubscription)
        return found.to_subscription(self)

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        """List the portal's subscriptions, one page at a time; no filter is documented."""
        del customer  # the client filters
        return self._read_page(
            SUBSCRIPTIONS,
            Listing[CustomerSubscription],
            lambda listed: listed.to_subscription(self),
            cursor,
        )

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate
    ) -> Flow[Subscription]:
        """Change the terms; from which period on they apply is not documented."""
        place = path(SUBSCRIPTION, subscription_id)
        body = {**given(description=changes.description), **given_terms(changes)}
        changed = yield from patch(place, CustomerSubscription, body)
        return changed.to_subscription(self)

    def cancel_subscription(
        self,
        subscription_id: str,
        *,
        when: When,
        refund: Refund,
        now: dt.datetime,
        terminated_at: dt.datetime | None = None,
    ) -> Flow[Subscription]:
        """Terminate a subscription, at *now* or at another moment.

        It is read first, because terminating it again would change the day on which it ended.
        Whether the status changes immediately is not documented, nor whether the portal accepts a
        moment in the future. If it does and says so, the result is `scheduled`.

        Args:
            subscription_id: The subscription's id.
            when: Always "now".
            refund: Always "none".
            now: The time of the termination.
            terminated_at: Another time of it, with a time zone.
        """
        del when, refund  # the client refuses other values: evidence declares them as absent
        body = {"terminatedAt": moment_text("terminated_at", terminated_at or now, self.zone)}
        place = path(SUBSCRIPTION, subscription_id)
        found = yield from get(place, CustomerSubscription)
        if self.status_words.get(found.status or "") in OVER:
            return found.to_subscription(self)
        terminated = yield from patch(place, CustomerSubscription, body)
        result, ends_at = terminated.to_subscription(self), terminated.terminated_at
        if result.status in OVER or ends_at is None or ends_at <= now:
            return result
        scheduled = Scheduled(change="cancel", at=ends_at)
        return result.model_copy(update={"ends_at": ends_at, "scheduled": scheduled})


def _no_mandate() -> Unsupported:
    reason = "a subscription without a package has no mandate, so nothing would be charged"
    alternative = "create the plan with create_plan, and subscribe to its id"
    return Unsupported(
        f"{NAME} cannot charge `payment_method` for an inline plan: {reason}; "
        f"instead: {alternative}",
        operation="subscribe:payment_method",
        reason=reason,
        alternative=alternative,
        kind="provider",
    )
