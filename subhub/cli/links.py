"""`subhub signup-link`: pages on which customers sign up and pay."""

from __future__ import annotations

from typing import Annotated

import typer

from subhub.cli.bulk import BatchOptions, perform
from subhub.cli.command import command
from subhub.cli.customers import Person
from subhub.cli.options import ChangingCall
from subhub.errors import InvalidRequest
from subhub.models import Refund, When

app = typer.Typer(help="Signup links: pages on which customers sign up and pay.")


@app.callback()
def group() -> None:
    """Keep `create` a word of its own, though it is the only one."""


@command(app, "create")
def create(
    *,
    plan: Annotated[
        str | None, typer.Option(help="A plan's id, or its key in the configuration.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="A customer's id.")] = None,
    person: Person,
    return_url: Annotated[
        str | None, typer.Option(help="Where the page leads after paying.")
    ] = None,
    back_url: Annotated[str | None, typer.Option(help="Where the page's Back leads.")] = None,
    replaces: Annotated[
        str | None, typer.Option(help="The id of a subscription that the new one replaces.")
    ] = None,
    when: Annotated[When | None, typer.Option(help="When the replaced one ends.")] = None,
    refund: Annotated[
        Refund | None, typer.Option(help="What becomes of what was paid for the replaced one.")
    ] = None,
    many: BatchOptions,
    call: ChangingCall,
) -> None:
    """Make a page on which a customer signs up: --customer, or --name and --email of a new one.

    With --from, make one for each row of a file.
    """
    terms = {
        "return_url": return_url,
        "back_url": back_url,
        "replaces": replaces,
        "when": when,
        "refund": refund,
    }
    file = many.instead_of(customer, person)
    if file is not None:
        perform("create_signup_link", file, {"plan": plan, **terms}, many, call)
        return
    with call.billing() as client:
        link = client.create_signup_link(
            plan=_needed(plan),
            customer=person.or_existing(customer),
            return_url=return_url,
            back_url=back_url,
            replaces=replaces,
            when=when,
            refund=refund,
            provider_options=call.options(client),
        )
        call.show(link)


def _needed(plan: str | None) -> str:
    if plan is None:
        raise InvalidRequest("say what for: --plan", fields={"plan": "say what for"})
    return plan
