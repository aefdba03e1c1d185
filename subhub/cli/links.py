"""`subhub signup-link`: pages on which customers sign up and pay."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub.cli.batch_options import BatchOptions
from subhub.cli.command import command
from subhub.cli.customers import CustomerFields
from subhub.cli.options import ChangeOptions
from subhub.errors import InvalidRequest
from subhub.models import Refund, When

app = typer.Typer(
    help="Signup links: pages on which customers sign up and pay.",
    no_args_is_help=True,
    add_completion=False,
)


@app.callback()
def group() -> None:
    """Keep `create` a subcommand: typer would otherwise turn an only command into the group."""


@command(app, "create")
def create(
    *,
    plan: Annotated[
        str | None, typer.Option(help="A plan's id, or its key in the configuration.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="A customer's id.")] = None,
    fields: CustomerFields,
    return_url: Annotated[
        str | None, typer.Option(help="Where the page leads after payment.")
    ] = None,
    back_url: Annotated[str | None, typer.Option(help="Where the page's Back leads.")] = None,
    replaces: Annotated[
        str | None, typer.Option(help="The id of a subscription that the new one replaces.")
    ] = None,
    when: Annotated[When | None, typer.Option(help="When the replaced one ends.")] = None,
    refund: Annotated[
        Refund | None, typer.Option(help="How the rest of the replaced one is refunded.")
    ] = None,
    batch: BatchOptions,
    options: ChangeOptions,
) -> None:
    """Create a signup page: with --customer, or with --name and --email for a new customer.

    With --from, create one for each row of a file.
    """
    terms = {
        "return_url": return_url,
        "back_url": back_url,
        "replaces": replaces,
        "when": when,
        "refund": refund,
    }
    file = batch.file_or_none(customer, fields)
    if file is not None:
        from subhub.cli.bulk import perform  # noqa: PLC0415 - it loads the client

        perform("create_signup_link", file, {"plan": plan, **terms}, batch, options)
        return
    if plan is None:
        message = "`--plan` is required"
        raise InvalidRequest(message)
    with options.client() as client:
        link = client.create_signup_link(
            plan=plan,
            customer=fields.or_existing(customer),
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            provider_options=options.provider_options(client.provider),
        )
        options.show(link)
