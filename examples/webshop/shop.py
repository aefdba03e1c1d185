"""A web shop that sells one plan through whichever provider `subhub.toml` names.

Start the sandbox with `subhub sandbox serve`, tell the shop the plan's id that it prints, and run:

    SHOP_PLAN=phone python shop.py

Then open http://127.0.0.1:8000/. To bill through the other provider, change the account in
`subhub.toml`, and the plan's id with it: no line of this file knows who bills.
"""

from __future__ import annotations

import os
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from subhub import AsyncClient, CustomerDraft, SubhubError

CONFIGURATION: Final = Path(__file__).with_name("subhub.toml")
PLAN: Final = os.environ.get("SHOP_PLAN", "phone")
ADDRESS: Final = os.environ.get("SHOP_ADDRESS", "http://127.0.0.1:8000")
FIELDS: Final = {
    "name": "Company",
    "email": "E-mail address",
    "address": "Street and number",
    "postal_code": "Postal code",
    "city": "City",
}


async def offer(_: Request) -> Response:
    """Show what is sold, and ask who buys."""
    asked = "".join(
        f'<p><label for="{name}">{label}</label><br><input id="{name}" name="{name}" required></p>'
        for name, label in FIELDS.items()
    )
    form = f'<form method="post" action="/buy">{asked}<button>Subscribe</button></form>'
    return page("Phone subscription", form)


async def buy(request: Request) -> Response:
    """Send the customer to the provider's own page, to pay there."""
    form = dict(parse_qsl((await request.body()).decode()))
    draft = CustomerDraft(country="NL", **{name: form.get(name, "") for name in FIELDS})
    try:
        async with AsyncClient.from_config(CONFIGURATION) as billing:
            # not every provider can send the browser back
            returns = billing.capabilities.supports("create_signup_link:return_url")
            link = await billing.create_signup_link(
                plan=PLAN,
                customer=draft,
                return_url=f"{ADDRESS}/thanks" if returns else None,
                back_url=f"{ADDRESS}/" if returns else None,
            )
    except SubhubError as error:
        return page("That did not work", f"<p role=alert>{escape(str(error))}</p>", 502)
    return RedirectResponse(link.url, 303)


async def thanks(_: Request) -> Response:
    """Show what the provider says; that a browser came here proves nothing."""
    async with AsyncClient.from_config(CONFIGURATION) as billing:
        found = [each async for each in billing.list_subscriptions()]
        rows = "".join(
            f"<li>{escape(each.id)}: {escape(each.raw_status or 'unknown')}</li>" for each in found
        )
        return page("Subscriptions", f"<p>Billed by {billing.provider}.</p><ul>{rows}</ul>")


def page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """A page of the shop."""
    head = f'<meta charset="utf-8"><title>{title}</title>'
    body = f"<main><h1>{title}</h1>{content}</main>"
    return HTMLResponse(f'<!doctype html><html lang="en">{head}{body}</html>', status)


app = Starlette(
    routes=[
        Route("/", offer),
        Route("/buy", buy, methods=["POST"]),
        Route("/thanks", thanks),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(ADDRESS.rpartition(":")[2]))
