"""`subhub plan`: what is sold, at what price, how often."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from subhub.cli.command import command
from subhub.cli.options import Call, ChangingCall
from subhub.models import Interval, Money, PlanDraft

app = typer.Typer(help="Plans: what is sold, at what price, how often.", no_args_is_help=True)

PlanId = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan's id, or its key in the configuration.")
]
Limit = Annotated[int | None, typer.Option(min=0, help="How many to read at the most.")]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The fields of a plan."""

    name: Annotated[str | None, typer.Option(help="What the plan is called.")] = None
    price: Annotated[
        str | None, typer.Option(metavar="MONEY", help='What one period costs: "12.95 EUR".')
    ] = None
    interval: Annotated[
        str | None, typer.Option(metavar="PERIOD", help='How often it bills: "6 months".')
    ] = None
    tax_rate: Annotated[
        str | None, typer.Option(metavar="PERCENT", help="The tax, in percent: 21.")
    ] = None
    description: Annotated[str | None, typer.Option(help="What the customer gets.")] = None
    public: Annotated[
        bool | None, typer.Option(help="Whether customers may choose the plan themselves.")
    ] = None

    @property
    def money(self) -> Money | None:
        """The price, read."""
        return None if self.price is None else Money.parse(self.price)

    @property
    def period(self) -> Interval | None:
        """The interval, read."""
        return None if self.interval is None else Interval.parse(self.interval)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were given."""
        fields = {**asdict(self), "price": self.money, "interval": self.period}
        return {name: value for name, value in fields.items() if value is not None}

    def draft(self, code: str | None = None) -> PlanDraft:
        """The plan to be made; what it lacks is `InvalidRequest`."""
        return PlanDraft(**self.given, code=code)


@command(app, "create")
def create(
    *,
    terms: Terms,
    code: Annotated[str | None, typer.Option(help="Your own short name for it.")] = None,
    call: ChangingCall,
) -> None:
    """Make a plan: --name, --price and --interval are needed."""
    with call.billing() as client:
        options = call.options(client)
        call.show(client.create_plan(terms.draft(code), provider_options=options))


@command(app, "get")
def get(*, plan: PlanId, call: Call) -> None:
    """Show one plan."""
    with call.billing() as client:
        call.show(client.get_plan(plan))


@command(app, "list")
def list_(*, limit: Limit = None, call: Call) -> None:
    """List the plans."""
    with call.billing() as client:
        columns = ("id", "name", "price", "interval", "tax_rate", "code")
        call.listing("plans", client.list_plans(limit=limit), columns)


@command(app, "update")
def update(*, plan: PlanId, terms: Terms, call: ChangingCall) -> None:
    """Change the fields of a plan that are given."""
    with call.billing() as client:
        changed = client.update_plan(
            plan,
            name=terms.name,
            price=terms.money,
            interval=terms.period,
            tax_rate=terms.tax_rate,
            description=terms.description,
            public=terms.public,
            provider_options=call.options(client),
        )
        call.show(changed)
