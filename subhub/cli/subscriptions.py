"""`subhub subscribe` and `subhub subscription`: who is billed for what, from when, until when."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Annotated

import typer

from subhub.cli.bulk import BatchOptions, perform
from subhub.cli.command import command
from subhub.cli.customers import Person
from subhub.cli.options import Call, ChangingCall
from subhub.cli.plans import Limit, Terms
from subhub.errors import InvalidRequest
from subhub.models import PlanDraft, Refund, Status, SubscriptionChange, When

app = typer.Typer(help="Subscriptions: who is billed for what.", no_args_is_help=True)

SubscriptionId = Annotated[str, typer.Argument(metavar="SUBSCRIPTION", help="A subscription's id.")]
Timing = Annotated[When, typer.Option(help="At once, or when the paid period is over.")]
Repayment = Annotated[Refund, typer.Option(help="What becomes of what was paid already.")]


@dataclass(frozen=True, kw_only=True)
class InlinePlan:
    """The fields of a plan that is only for this subscription."""

    plan_name: Annotated[str | None, typer.Option(help="Bill without a stored plan: name.")] = None
    plan_price: Annotated[str | None, typer.Option(metavar="MONEY", help="Its price.")] = None
    plan_interval: Annotated[str | None, typer.Option(metavar="PERIOD", help="Its period.")] = None
    plan_tax_rate: Annotated[str | None, typer.Option(metavar="PERCENT", help="Its tax.")] = None
    plan_description: Annotated[str | None, typer.Option(help="Its description.")] = None

    @property
    def terms(self) -> Terms:
        """The fields as those of a plan."""
        return Terms(
            name=self.plan_name,
            price=self.plan_price,
            interval=self.plan_interval,
            tax_rate=self.plan_tax_rate,
            description=self.plan_description,
        )

    def or_stored(self, plan: str | None) -> str | PlanDraft:
        """The id or key *plan*, or the draft of a plan: exactly one of the two is given."""
        terms = self.terms
        if (plan is None) == (not terms.given):
            message = "say what for: either --plan, or --plan-name, --plan-price, --plan-interval"
            raise InvalidRequest(message, fields={"plan": message})
        return plan or terms.draft()

    def or_none(self, plan: str | None) -> str | PlanDraft | None:
        """The same, where neither may be given."""
        return None if plan is None and not self.terms.given else self.or_stored(plan)


def subscribe(
    *,
    plan: Annotated[
        str | None, typer.Option(help="A plan's id, or its key in the configuration.")
    ] = None,
    inline: InlinePlan,
    customer: Annotated[str | None, typer.Option(help="A customer's id.")] = None,
    person: Person,
    starts_on: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="The first day; today if left out.")
    ] = None,
    payment_method: Annotated[
        str | None, typer.Option(help="The provider's id of the means to charge.")
    ] = None,
    many: BatchOptions,
    call: ChangingCall,
) -> None:
    """Start billing a customer for a plan, or many of them with --from, without a page."""
    file = many.instead_of(customer, person)
    if file is not None:
        terms = {
            "plan": inline.or_none(plan),
            "starts_on": _day(starts_on),
            "payment_method": payment_method,
        }
        perform("subscribe", file, terms, many, call)
        return
    with call.billing() as client:
        subscription = client.subscribe(
            plan=inline.or_stored(plan),
            customer=person.or_existing(customer),
            starts_on=_day(starts_on),
            payment_method=payment_method,
            provider_options=call.options(client),
        )
        call.show(subscription)


@command(app, "get")
def get(*, subscription: SubscriptionId, call: Call) -> None:
    """Show one subscription."""
    with call.billing() as client:
        call.show(client.get_subscription(subscription))


@command(app, "list")
def list_(
    *,
    customer: Annotated[str | None, typer.Option(help="Only this customer's, by id.")] = None,
    status: Annotated[Status | None, typer.Option(help="Only those in this status.")] = None,
    limit: Limit = None,
    call: Call,
) -> None:
    """List the subscriptions."""
    with call.billing() as client:
        found = client.list_subscriptions(customer=customer, status=status, limit=limit)
        columns = ("id", "customer_id", "plan_id", "status", "price", "interval", "renews_on")
        call.listing("subscriptions", found, columns)


@command(app, "cancel")
def cancel(
    *, subscription: SubscriptionId, when: Timing, refund: Repayment = "none", call: ChangingCall
) -> None:
    """Stop a subscription."""
    with call.billing() as client:
        options = call.options(client)
        call.show(
            client.cancel_subscription(
                subscription, when=when, refund=refund, provider_options=options
            )
        )


@command(app, "change")
def change(
    *,
    subscription: SubscriptionId,
    plan: Annotated[str, typer.Option(help="The new plan's id, or key in the configuration.")],
    when: Timing,
    refund: Repayment = "none",
    call: ChangingCall,
) -> None:
    """Move a subscription to another plan; its id may change."""
    with call.billing() as client:
        changed = client.change_subscription(
            subscription,
            plan=plan,
            when=when,
            refund=refund,
            provider_options=call.options(client),
        )
        _show_change(changed, call)


@command(app, "update")
def update(
    *,
    subscription: SubscriptionId,
    price: Annotated[str | None, typer.Option(metavar="MONEY", help="The new price.")] = None,
    interval: Annotated[str | None, typer.Option(metavar="PERIOD", help="The new period.")] = None,
    description: Annotated[str | None, typer.Option(help="The new description.")] = None,
    tax_rate: Annotated[str | None, typer.Option(metavar="PERCENT", help="The new tax.")] = None,
    call: ChangingCall,
) -> None:
    """Change the terms of a subscription that are given."""
    terms = Terms(price=price, interval=interval)
    with call.billing() as client:
        changed = client.update_subscription(
            subscription,
            price=terms.money,
            interval=terms.period,
            description=description,
            tax_rate=tax_rate,
            provider_options=call.options(client),
        )
        call.show(changed)


def _day(text: str | None) -> dt.date | None:
    try:
        return None if text is None else dt.date.fromisoformat(text)
    except ValueError as error:
        problem = f"{text!r} is no day: write it as 2024-05-04"
        raise InvalidRequest(f"--starts-on: {problem}", fields={"starts_on": problem}) from error


def _show_change(changed: SubscriptionChange, call: Call) -> None:
    if call.as_json:
        call.show(changed)
        return
    before, after = dict(changed.old), dict(changed.new or ())
    rows = [
        (name.replace("_", " "), before[name], after.get(name))
        for name in before
        if name != "raw" and (before[name], after.get(name)) != (None, None)
    ]
    call.table(("", "old", "new"), rows)
    if changed.new is None:
        call.note("the change is scheduled; the provider does not yet say more")
