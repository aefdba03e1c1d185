"""`subhub setup-link`, `portal-link` and `payment-method`: how customers pay, and manage it."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub.cli.command import command
from subhub.cli.customers import CustomerId
from subhub.cli.options import ChangeOptions, ClientOptions, Limit, Strict

setup_links = typer.Typer(help="Setup links: pages on which customers agree to be charged later.")
portal_links = typer.Typer(help="Portal links: pages on which customers manage what they have.")
payment_methods = typer.Typer(help="Payment methods: what customers can be charged by.")


@command(setup_links, "create")
def create(
    *,
    customer: CustomerId,
    return_url: Annotated[
        str | None, typer.Option(help="Where the page leads afterwards; Mollie requires it.")
    ] = None,
    back_url: Annotated[str | None, typer.Option(help="Where the page's Back leads.")] = None,
    options: ChangeOptions,
) -> None:
    """Create a page on which a customer agrees to be charged later; nothing is sold there."""
    with options.client() as client:
        link = client.create_setup_link(
            customer,
            return_url=return_url,
            back_url=back_url,
            provider_options=options.provider_options(client.provider),
        )
        options.show(link)


@command(portal_links, "create")
def create_portal_link(
    *,
    customer: CustomerId,
    return_url: Annotated[str | None, typer.Option(help="Where the page leads back to.")] = None,
    options: ChangeOptions,
) -> None:
    """Create a page on which a customer manages cards, invoices and cancellations."""
    with options.client() as client:
        own = options.provider_options(client.provider)
        options.show(
            client.create_portal_link(customer, return_url=return_url, provider_options=own)
        )


@command(payment_methods, "list")
def list_(
    *, customer: CustomerId, limit: Limit = None, strict: Strict = False, options: ClientOptions
) -> None:
    """List what a customer can be charged by."""
    with options.client() as client:
        found = client.payment_methods(customer, limit=limit, strict=strict)
        columns = ("id", "kind", "status", "raw_status", "created_at")
        options.listing("payment methods", found, columns)
