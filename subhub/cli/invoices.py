"""`subhub invoice`: what customers were asked to pay."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub.cli.command import command
from subhub.cli.options import CallOptions, ClientOptions, Limit, Strict

app = typer.Typer(help="Invoices: what customers were asked to pay.")

InvoiceId = Annotated[str, typer.Argument(metavar="INVOICE", help="An invoice's id.")]


@command(app, "list")
def list_(
    *,
    customer: Annotated[str | None, typer.Option(help="Only those of this customer's id.")] = None,
    subscription: Annotated[
        str | None, typer.Option(help="Only those of this subscription's id.")
    ] = None,
    limit: Limit = None,
    strict: Strict = False,
    options: CallOptions,
) -> None:
    """List the invoices."""
    with options.client() as client:
        found = client.list_invoices(
            customer=customer,
            subscription=subscription,
            limit=limit,
            strict=strict,
            provider_options=options.provider_options(client.provider),
        )
        columns = ("id", "number", "customer_id", "status", "total", "issued_on", "due_on")
        options.listing("invoices", found, columns)


@command(app, "get")
def get(*, invoice: InvoiceId, options: ClientOptions) -> None:
    """Show one invoice."""
    with options.client() as client:
        options.show(client.get_invoice(invoice))


@command(app, "pdf")
def pdf(*, invoice: InvoiceId, options: ClientOptions) -> None:
    """Show where the PDF of an invoice can be downloaded."""
    with options.client() as client:
        options.show(client.get_invoice_pdf(invoice))
