"""`subhub customer`: who is billed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

import subhub
from subhub.cli.command import command
from subhub.cli.options import ChangeOptions, ClientOptions, Limit, Strict
from subhub.errors import InvalidRequest

app = typer.Typer(help="Customers: who is billed.")

CustomerId = Annotated[str, typer.Argument(metavar="CUSTOMER", help="A customer's id.")]


@dataclass(frozen=True, kw_only=True)
class CustomerFields:
    """The options for the fields of a customer."""

    name: Annotated[str | None, typer.Option(help="The company's or person's name.")] = None
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None
    address: Annotated[str | None, typer.Option(help="Street and number.")] = None
    postal_code: Annotated[str | None, typer.Option(help="The postal code.")] = None
    city: Annotated[str | None, typer.Option(help="The city.")] = None
    country: Annotated[str | None, typer.Option(help="Its code of two letters: NL.")] = None
    phone: Annotated[str | None, typer.Option(help="With the country code: +31...")] = None
    external_id: Annotated[str | None, typer.Option(help="Your own id for the customer.")] = None
    vat_id: Annotated[str | None, typer.Option(help="With its country: NL123456789B01.")] = None

    @property
    def given(self) -> dict[str, Any]:
        """The fields that have a value."""
        fields = {name: value for name, value in asdict(self).items() if value is not None}
        codes: dict[str, Any] = {
            name: fields[name].upper() for name in ("country", "vat_id") if name in fields
        }
        return {**fields, **codes}

    def draft(self) -> subhub.CustomerDraft:
        """Return the customer to create; raise `InvalidRequest` if a required field is missing."""
        return subhub.CustomerDraft(**self.given)

    def or_existing(self, customer: str | None) -> str | subhub.CustomerDraft:
        """Return the id *customer* or the new customer; exactly one of the two must be given."""
        if (customer is None) == (not self.given):
            message = "give either `--customer` or, for a new customer, `--name` and `--email`"
            raise InvalidRequest(message)
        return customer or self.draft()


@command(app, "create")
def create(*, fields: CustomerFields, options: ChangeOptions) -> None:
    """Create a customer: --name and --email are required."""
    draft = fields.draft()
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(client.create_customer(draft, provider_options=own))


@command(app, "get")
def get(*, customer: CustomerId, options: ClientOptions) -> None:
    """Show one customer."""
    with options.client() as client:
        options.show(client.get_customer(customer))


@command(app, "list")
def list_(*, limit: Limit = None, strict: Strict = False, options: ClientOptions) -> None:
    """List the customers."""
    with options.client() as client:
        columns = ("id", "name", "email", "city", "country", "external_id")
        options.listing("customers", client.list_customers(limit=limit, strict=strict), columns)


@command(app, "find")
def find(
    *,
    external_id: Annotated[str | None, typer.Option(help="Your own id for the customer.")] = None,
    email: Annotated[str | None, typer.Option(help="The e-mail address.")] = None,
    options: ClientOptions,
) -> None:
    """Find the customer with this id of yours, or with this e-mail address."""
    with options.client() as client:
        options.show(client.find_customer(external_id=external_id, email=email))


@command(app, "update")
def update(*, customer: CustomerId, fields: CustomerFields, options: ChangeOptions) -> None:
    """Change the fields of a customer that are given."""
    with options.client() as client:
        changed = client.update_customer(
            customer,
            **fields.given,
            provider_options=options.provider_options(client.provider),
        )
        options.show(changed)


@command(app, "delete")
def delete(
    *,
    customer: CustomerId,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm: it cannot be undone.")] = False,
    options: ChangeOptions,
) -> None:
    """Delete a customer for good; what happens to their subscriptions is the provider's rule."""
    with options.client() as client:
        if not (yes or options.dry_run):
            message = (
                f"this deletes the customer {customer!r} at {client.provider} for good: to "
                "confirm, add `--yes`"
            )
            raise InvalidRequest(message)
        own = options.provider_options(client.provider)
        options.show(client.delete_customer(customer, provider_options=own))
