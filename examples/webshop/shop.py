"""A web shop that sells a plan through the provider in `subhub.toml`.

Start the sandbox with `subhub sandbox serve`, and run the shop with the plan id that it prints:

    SHOP_PLAN=phone python shop.py

Then open http://127.0.0.1:8000/. To change the provider, change the account in `subhub.toml` and
the plan id: this file does not name a provider.
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


async def order_form(_: Request) -> Response:
    """Show the plan, with a form for the customer."""
    inputs = "".join(
        f'<p><label for="{name}">{label}</label><br><input id="{name}" name="{name}" required></p>'
        for name, label in FIELDS.items()
    )
    form = f'<form method="post" action="/buy">{inputs}<button>Subscribe</button></form>'
    return page("Phone subscription", form)


async def buy(request: Request) -> Response:
    """Redirect the customer to the provider's page, where they pay."""
    form = dict(parse_qsl((await request.body()).decode()))
    draft = CustomerDraft(country="NL", **{name: form.get(name, "") for name in FIELDS})
    try:
        async with AsyncClient.from_config(CONFIGURATION) as billing:
            # not every provider can redirect the browser back
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
    """Show the subscriptions at the provider. Anyone can open this page, so it proves nothing."""
    async with AsyncClient.from_config(CONFIGURATION) as billing:
        items = [
            f"<li>{escape(item.id)}: {escape(item.raw_status or 'unknown')}</li>"
            async for item in billing.list_subscriptions()
        ]
        return page(
            "Subscriptions", f"<p>Billed by {billing.provider}.</p><ul>{''.join(items)}</ul>"
        )


def page(title: str, content: str, status: int = 200) -> HTMLResponse:
    """Return a page of the shop."""
    head = f'<meta charset="utf-8"><title>{title}</title>'
    body = f"<main><h1>{title}</h1>{content}</main>"
    return HTMLResponse(f'<!doctype html><html lang="en">{head}{body}</html>', status)


app = Starlette(
    routes=[
        Route("/", order_form),
        Route("/buy", buy, methods=["POST"]),
        Route("/thanks", thanks),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(ADDRESS.rpartition(":")[2]))
