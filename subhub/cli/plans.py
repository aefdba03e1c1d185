"""`subhub plan`: what is sold, at what price, how often; and the configured plans at an account."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

import subhub
from subhub.cli.catalog import CATALOG
from subhub.cli.command import command
from subhub.cli.options import ChangeOptions, ClientOptions, Limit, Strict
from subhub.models import Tax

app = typer.Typer(help="Plans: what is sold, and the configured plans at an account.")

PlanId = Annotated[
    str, typer.Argument(metavar="PLAN", help="A plan's id, or its key in the configuration.")
]


@dataclass(frozen=True, kw_only=True)
class PlanFields:
    """The options for the fields of a plan."""

    name: Annotated[str | None, typer.Option(help="The plan's name.")] = None
    price: Annotated[
        str | None, typer.Option(metavar="MONEY", help='The price of one period: "12.95 EUR".')
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
    def money(self) -> subhub.Money | None:
        """The parsed price."""
        return None if self.price is None else subhub.Money.parse(self.price.upper())

    @property
    def period(self) -> subhub.Interval | None:
        """The parsed interval."""
        return None if self.interval is None else subhub.Interval.parse(self.interval)

    @property
    def given(self) -> dict[str, Any]:
        """The fields that have a value."""
        fields = {**asdict(self), "price": self.money, "interval": self.period}
        return {name: value for name, value in fields.items() if value is not None}

    def draft(self, code: str | None = None, tax: Tax | None = None) -> subhub.PlanDraft:
        """Return the plan to create; raise `InvalidRequest` if a required field is missing."""
        return subhub.PlanDraft(**self.given, code=code, tax=tax)


@command(app, "create")
def create(
    *,
    fields: PlanFields,
    code: Annotated[str | None, typer.Option(help="Your own short name for it.")] = None,
    tax: Annotated[Tax | None, typer.Option(help="Whether the price includes the tax.")] = None,
    options: ChangeOptions,
) -> None:
    """Create a plan: --name, --price and --interval are required."""
    draft = fields.draft(code, tax)
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(client.create_plan(draft, provider_options=own))


@command(app, "get")
def get(*, plan: PlanId, options: ClientOptions) -> None:
    """Show one plan."""
    with options.client() as client:
        options.show(client.get_plan(plan))


@command(app, "list")
def list_(*, limit: Limit = None, strict: Strict = False, options: ClientOptions) -> None:
    """List the plans."""
    with options.client() as client:
        columns = ("id", "name", "price", "interval", "tax_rate", "code")
        options.listing("plans", client.list_plans(limit=limit, strict=strict), columns)


@command(app, "update")
def update(*, plan: PlanId, fields: PlanFields, options: ChangeOptions) -> None:
    """Change the fields of a plan that are given."""
    with options.client() as client:
        changed = client.update_plan(
            plan,
            name=fields.name,
            price=fields.money,
            interval=fields.period,
            tax_rate=fields.tax_rate,
            description=fields.description,
            public=fields.public,
            provider_options=options.provider_options(client.provider),
        )
        options.show(changed)


for _name, _function in CATALOG.items():
    _ = command(app, _name)(_function)
