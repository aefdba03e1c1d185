"""`subhub customer`: who is billed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from subhub.cli.command import command
from subhub.cli.options import Call, ChangingCall
from subhub.cli.plans import Limit
from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft

app = typer.Typer(help="Customers: who is billed.", no_args_is_help=True)

CustomerId = Annotated[str, typer.Argument(metavar="CUSTOMER", help="A customer's id.")]


@dataclass(frozen=True, kw_only=True)
class Person:
    """The fields of a customer."""

    name: Annotated[str | None, typer.Option(help="The company's or person's name.")] = None
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None
    address: Annotated[str | None, typer.Option(help="Street and number.")] = None
    postal_code: Annotated[str | None, typer.Option(help="The postal code.")] = None
    city: Annotated[str | None, typer.Option(help="The city.")] = None
    country: Annotated[str | None, typer.Option(help="Two capitals: NL.")] = None
    phone: Annotated[str | None, typer.Option(help="With the country code: +31...")] = None
    external_id: Annotated[str | None, typer.Option(help="Your own id for the customer.")] = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were given."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def draft(self) -> CustomerDraft:
        """The customer to be made; what the draft lacks is `InvalidRequest`."""
        return CustomerDraft(**self.given)

    def or_existing(self, customer: str | None) -> str | CustomerDraft:
        """The id *customer*, or the draft of somebody new: exactly one of the two is given."""
        if (customer is None) == (not self.given):
            message = "say who: either --customer ID, or --name and --email of somebody new"
            raise InvalidRequest(message, fields={"customer": message})
        return customer or self.draft()


@command(app, "create")
def create(*, person: Person, call: ChangingCall) -> None:
    """Make a customer: --name and --email are needed."""
    with call.billing() as client:
        options = call.options(client)
        call.show(client.create_customer(person.draft(), provider_options=options))


@command(app, "get")
def get(*, customer: CustomerId, call: Call) -> None:
    """Show one customer."""
    with call.billing() as client:
        call.show(client.get_customer(customer))


@command(app, "list")
def list_(*, limit: Limit = None, call: Call) -> None:
    """List the customers."""
    with call.billing() as client:
        columns = ("id", "name", "email", "city", "country", "external_id")
        call.listing("customers", client.list_customers(limit=limit), columns)


@command(app, "find")
def find(
    *,
    external_id: Annotated[str | None, typer.Option(help="Your own id for the customer.")] = None,
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None,
    call: Call,
) -> None:
    """Find the one customer with this id of yours, or this e-mail address."""
    with call.billing() as client:
        call.show(client.find_customer(external_id=external_id, email=email))


@command(app, "update")
def update(*, customer: CustomerId, person: Person, call: ChangingCall) -> None:
    """Change the fields of a customer that are given."""
    with call.billing() as client:
        changed = client.update_customer(
            customer,
            name=person.name,
            email=person.email,
            address=person.address,
            postal_code=person.postal_code,
            city=person.city,
            country=person.country,
            phone=person.phone,
            external_id=person.external_id,
            provider_options=call.options(client),
        )
        call.show(changed)
