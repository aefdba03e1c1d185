"""`subhub subscribe` and `subhub subscription`: who is billed for what, from when, until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import typer

import subhub
from subhub.cli.batch_options import BatchOptions
from subhub.cli.command import command
from subhub.cli.customers import CustomerFields
from subhub.cli.options import (
    CallOptions,
    ChangeOptions,
    ClientOptions,
    Limit,
    Quantity,
    Strict,
    TrialDays,
)
from subhub.cli.output import NOT_OF_THE_OBJECT
from subhub.cli.plans import PlanFields
from subhub.errors import InvalidRequest
from subhub.models import Refund, Status, Tax, When

app = typer.Typer(help="Subscriptions: who is billed for what.")

SubscriptionId = Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="A subscription's id.")]
Timing = Annotated[When, typer.Option(help="Now, or at the end of the paid period.")]
Repayment = Annotated[
    Refund,
    typer.Option(help="Whether the rest of a paid period is kept, paid back, or becomes credit."),
]


@dataclass(frozen=True, kw_only=True)
class InlinePlanFields:
    """The options for the fields of a plan that only this subscription has."""

    plan_name: Annotated[str | None, typer.Option(help="Bill without a stored plan: name.")] = None
    plan_price: Annotated[str | None, typer.Option(metavar="MONEY", help="Its price.")] = None
    plan_interval: Annotated[str | None, typer.Option(metavar="PERIOD", help="Its period.")] = None
    plan_tax_rate: Annotated[str | None, typer.Option(metavar="PERCENT", help="Its tax.")] = None
    plan_tax: Annotated[Tax | None, typer.Option(help="Whether its price includes it.")] = None
    plan_description: Annotated[str | None, typer.Option(help="Its description.")] = None

    @property
    def fields(self) -> PlanFields:
        """The same as the fields of any plan."""
        return PlanFields(
            name=self.plan_name,
            price=self.plan_price,
            interval=self.plan_interval,
            tax_rate=self.plan_tax_rate,
            description=self.plan_description,
        )

    def or_stored(self, plan: str | None) -> str | subhub.PlanDraft:
        """Return the id or key *plan* or the inline plan; exactly one of them must be given."""
        if (plan is None) == (not self.fields.given):
            message = "give either `--plan` or `--plan-name`, `--plan-price` and `--plan-interval`"
            raise InvalidRequest(message)
        return plan or self._draft()

    def or_none(self, plan: str | None) -> str | subhub.PlanDraft | None:
        """Return the same, or `None` if neither is given."""
        return None if plan is None and not self.fields.given else self.or_stored(plan)

    def _draft(self) -> subhub.PlanDraft:
        try:
            return self.fields.draft(tax=self.plan_tax)
        except InvalidRequest as error:  # whose fields are those of a plan: here they are options
            fields = {f"plan_{name}": problem for name, problem in error.fields.items()}
            raise InvalidRequest(str(error), fields=fields) from error


def subscribe(
    *,
    plan: Annotated[
        str | None, typer.Option(help="A plan's id, or its key in the configuration.")
    ] = None,
    inline: InlinePlanFields,
    customer: Annotated[str | None, typer.Option(help="A customer's id.")] = None,
    fields: CustomerFields,
    starts_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The first day; default: today.")
    ] = None,
    payment_method: Annotated[
        str | None, typer.Option(help="The provider's id of the payment method to charge.")
    ] = None,
    trial_days: TrialDays = None,
    quantity: Quantity = None,
    unless_active: Annotated[
        bool,
        typer.Option(
            "--unless-active", help="Show the customer's running subscription, if there is one."
        ),
    ] = False,
    batch: BatchOptions,
    options: ChangeOptions,
) -> None:
    """Subscribe a customer to a plan.

    The customer sees no signup page. With --from, subscribe the customer of each row of a file.
    """
    file = batch.file_or_none(customer, fields)
    if file is not None:
        from subhub.cli.bulk import perform  # noqa: PLC0415 - it loads the client

        terms = {
            "plan": inline.or_none(plan),
            "starts_on": _day(starts_on),
            "payment_method": payment_method,
            "trial_days": trial_days,
            "quantity": quantity,
            "unless_active": unless_active,
        }
        perform("subscribe", file, terms, batch, options)
        return
    with options.client() as client:
        subscription = client.subscribe(
            plan=inline.or_stored(plan),
            customer=fields.or_existing(customer),
            starts_on=_day(starts_on),
            payment_method=payment_method,
            trial_days=trial_days,
            quantity=quantity,
            unless_active=unless_active,
            provider_options=options.provider_options(client.provider),
        )
        options.show(subscription)


@command(app, "get")
def get(*, subscription: SubscriptionId, options: ClientOptions) -> None:
    """Show one subscription."""
    with options.client() as client:
        options.show(client.get_subscription(subscription))


@command(app, "list")
def list_(
    *,
    customer: Annotated[str | None, typer.Option(help="Only those of this customer's id.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those with this status.")] = None,
    limit: Limit = None,
    strict: Strict = False,
    options: CallOptions,
) -> None:
    """List the subscriptions."""
    with options.client() as client:
        found = client.list_subscriptions(
            customer=customer,
            status=status,
            limit=limit,
            strict=strict,
            provider_options=options.provider_options(client.provider),
        )
        columns = ("id", "customer_id", "plan_id", "status", "price", "interval", "renews_on")
        options.listing("subscriptions", found, columns)


@command(app, "cancel")
def cancel(
    *,
    subscription: SubscriptionId,
    when: Timing,
    refund: Repayment = "none",
    options: ChangeOptions,
) -> None:
    """Cancel a subscription."""
    with options.client() as client:
        canceled = client.cancel_subscription(
            subscription,
            when=when,
            refund=refund,
            provider_options=options.provider_options(client.provider),
        )
        options.show(canceled)


@command(app, "uncancel")
def uncancel(*, subscription: SubscriptionId, options: ChangeOptions) -> None:
    """Undo a cancellation at the end of the period, before that end."""
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(client.uncancel_subscription(subscription, provider_options=own))


@command(app, "pause")
def pause(*, subscription: SubscriptionId, options: ChangeOptions) -> None:
    """Pause a subscription: nothing is charged for it until it is resumed."""
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(client.pause_subscription(subscription, provider_options=own))


@command(app, "resume")
def resume(*, subscription: SubscriptionId, options: ChangeOptions) -> None:
    """End the pause of a subscription."""
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(client.resume_subscription(subscription, provider_options=own))


@command(app, "change")
def change(
    *,
    subscription: SubscriptionId,
    plan: Annotated[str, typer.Option(help="The new plan's id, or key in the configuration.")],
    when: Timing,
    refund: Repayment = "none",
    quantity: Quantity = None,
    options: ChangeOptions,
) -> None:
    """Move a subscription to another plan; its id may change."""
    with options.client() as client:
        changed = client.change_subscription(
            subscription,
            plan=plan,
            when=when,
            refund=refund,
            quantity=quantity,
            provider_options=options.provider_options(client.provider),
        )
        _show_change(changed, options)


@command(app, "update")
def update(
    *,
    subscription: SubscriptionId,
    price: Annotated[str | None, typer.Option(metavar="MONEY", help="The new price.")] = None,
    interval: Annotated[str | None, typer.Option(metavar="PERIOD", help="The new period.")] = None,
    description: Annotated[str | None, typer.Option(help="The new description.")] = None,
    tax_rate: Annotated[str | None, typer.Option(metavar="PERCENT", help="The new tax.")] = None,
    options: ChangeOptions,
) -> None:
    """Change the fields of a subscription that are given."""
    fields = PlanFields(price=price, interval=interval)
    with options.client() as client:
        changed = client.update_subscription(
            subscription,
            price=fields.money,
            interval=fields.period,
            description=description,
            tax_rate=tax_rate,
            provider_options=options.provider_options(client.provider),
        )
        options.show(changed)


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        message = f"invalid `--starts-on` {text!r}: expected for example 2024-05-04"
        raise InvalidRequest(message) from error


def _show_change(changed: subhub.SubscriptionChange, options: ClientOptions) -> None:
    if options.as_json:
        options.show(changed)
        return
    before, after = dict(changed.old), dict(changed.new or ())
    rows = [
        (name.replace("_", " "), before[name], after.get(name))
        for name in before
        if name not in NOT_OF_THE_OBJECT and (before[name], after.get(name)) != (None, None)
    ]
    options.table(("", "old", "new"), rows)
    if changed.new is None:
        options.note("the change is scheduled; the provider does not say more yet")


_ = command(app, "create")(subscribe)
