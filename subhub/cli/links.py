"""`subhub signup-link`: pages on which customers sign up and pay."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from subhub.cli.batch_options import BatchOptions
from subhub.cli.command import command
from subhub.cli.customers import CustomerFields
from subhub.cli.options import ChangeOptions, ClientOptions, Quantity, TrialDays
from subhub.errors import InvalidRequest
from subhub.models import Refund, SignupLink, When

app = typer.Typer(help="Signup links: pages on which customers sign up and pay.")


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
        Refund | None,
        typer.Option(help="Whether the rest of the replaced one is kept, paid back, or credited."),
    ] = None,
    trial_days: TrialDays = None,
    quantity: Quantity = None,
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
        "trial_days": trial_days,
        "quantity": quantity,
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
            trial_days=trial_days,
            quantity=quantity,
            provider_options=options.provider_options(client.provider),
        )
        options.show(link)


@command(app, "follow")
def follow(
    *,
    link: Annotated[
        str,
        typer.Argument(
            metavar="LINK",
            help="A link's id; or @FILE or - (stdin) for what `create --json` has printed.",
        ),
    ],
    plan: Annotated[
        str | None, typer.Option(help="The plan's id, or its key in the configuration.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="The id of the link's customer.")] = None,
    email: Annotated[str | None, typer.Option(help="The e-mail address of a new customer.")] = None,
    created_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="The link's created_at (ISO 8601).")
    ] = None,
    expires_at: Annotated[
        str | None, typer.Option(metavar="TIME", help="The link's expires_at (ISO 8601).")
    ] = None,
    replaces: Annotated[
        str | None, typer.Option(help="The id of the subscription that the link replaces.")
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(help="A subscription that the customer had before the link. Repeatable."),
    ] = None,
    options: ClientOptions,
) -> None:
    """Look once for what came of a signup page: open, completed, expired or ambiguous.

    With a link's id alone, --plan and --created-at are required, and --customer or --email,
    whichever the link has.
    """
    stored = _stored(link)
    with options.client() as client:
        signup = client.follow(
            stored,
            plan=plan,
            customer=customer,
            email=email,
            created_at=created_at,
            expires_at=expires_at,
            replaces=replaces,
            known=known or None,
        )
        options.show(signup)


def _stored(link: str) -> str | SignupLink:
    """Return the id of a link, or the link that a file or standard input has as JSON."""
    if link != "-" and not link.startswith("@"):
        return link
    try:
        text = sys.stdin.read() if link == "-" else Path(link[1:]).read_text("utf-8")
    except (OSError, ValueError) as error:
        raise InvalidRequest.of("link", f"must be an id, @FILE or -: {error}") from error
    try:
        return SignupLink.model_validate_json(text)
    except ValueError:
        problem = "must be what `subhub signup-link create --json` prints"
        raise InvalidRequest.of("link", problem) from None  # pydantic's error can show an address
