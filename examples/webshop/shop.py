"""A web shop that sells a plan through the provider in `subhub.toml`.

    pip install "subhub-billing[cli,sandbox]" subhub-afternoon subhub-mijnklantportaal subhub-stripe
    pip install fastapi uvicorn jinja2 python-multipart
    subhub sandbox serve    # in this folder, and in a second terminal
    python shop.py

Then open http://127.0.0.1:8000/. To change the provider, change one word in `subhub.toml`: nothing
in here names a provider.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import uvicorn
from fastapi import Cookie, FastAPI, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from orders import Orders

from subhub import Answer, Client, CustomerDraft, InvalidRequest, SubhubError, access_at

HERE: Final = Path(__file__).parent
ADDRESS: Final = os.environ.get("SHOP_ADDRESS", "http://127.0.0.1:8000")
PLAN: Final = "phone"
ZONE: Final = ZoneInfo("Europe/Amsterdam")  # the days of a subscription are the company's
DEADLINE: Final = 10.0  # how many seconds a visitor waits for the provider, at most
FIELDS: Final = {
    "name": "Company",
    "email": "E-mail address",
    "address": "Street and number",
    "postal_code": "Postal code",
    "city": "City",
}
logger: Final = logging.getLogger("shop")
templates: Final = Jinja2Templates(HERE / "templates")
Visitor = Annotated[str | None, Cookie()]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
    """Open one client for the whole process: it keeps connections, and one rate limit for all."""
    app.state.orders = Orders(HERE / "orders.db")
    with Client.from_config(HERE / "subhub.toml") as billing:
        app.state.billing = billing.with_options(deadline=DEADLINE)
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/")
def start(request: Request, visitor: Visitor = None) -> Response:
    """Show the form; a visitor who has ordered sees the order."""
    orders: Orders = request.app.state.orders
    if visitor is not None and orders.link(visitor):
        return RedirectResponse("/order", 303)
    response = page(request, "form.html", values={}, problems={})
    if visitor is None or not orders.exists(visitor):
        secure = ADDRESS.startswith("https://")
        response.set_cookie("visitor", orders.begin(), httponly=True, samesite="lax", secure=secure)
    return response


@app.post("/")
def buy(  # noqa: PLR0917 - FastAPI reads the form's fields from here
    request: Request,
    visitor: Visitor = None,
    name: Annotated[str, Form()] = "",
    email: Annotated[str, Form()] = "",
    address: Annotated[str, Form()] = "",
    postal_code: Annotated[str, Form()] = "",
    city: Annotated[str, Form()] = "",
) -> Response:
    """Send the visitor to the provider's page, where they pay; a second click goes there too."""
    orders: Orders = request.app.state.orders
    billing: Client = request.app.state.billing
    if visitor is None or not orders.exists(visitor):
        return RedirectResponse("/", 303)  # without a cookie, nobody could be shown their order
    if link := orders.link(visitor):
        return RedirectResponse(link.url, 303)
    values = dict(zip(FIELDS, (name, email, address, postal_code, city), strict=True))
    # a provider that can keep our own id finds the customer again, instead of making a second
    known = billing.supports("create_signup_link:external_id")
    returns = f"{ADDRESS}/order" if billing.supports("create_signup_link:return_url") else None
    try:
        customer = CustomerDraft(country="NL", external_id=visitor if known else None, **values)
        link = billing.create_signup_link(
            plan=PLAN, customer=customer, return_url=returns, back_url=returns
        )
    except InvalidRequest as error:
        if not error.fields.keys() & FIELDS.keys():
            raise  # it is not the visitor who can correct it
        return page(request, "form.html", 422, values=values, problems=error.fields)
    return RedirectResponse(orders.keep_link(visitor, link).url, 303)


@app.get("/order")
def order(request: Request, visitor: Visitor = None) -> Response:
    """Show what came of the visitor's own order, as the provider says it.

    That a browser comes here proves nothing: the page is open to everyone.
    """
    orders: Orders = request.app.state.orders
    billing: Client = request.app.state.billing
    link = orders.link(visitor) if visitor else None
    if visitor is None or link is None:
        return RedirectResponse("/", 303)
    found = orders.subscription(visitor)
    if found is None:
        # the customer is new, so had no subscription before
        signup = billing.follow(link, known=[])
        if signup.state == "expired":
            orders.forget_link(visitor, link)
        if signup.subscription is None:
            return page(request, "waiting.html", state=signup.state, url=link.url)
        found = signup.subscription.id
        orders.keep_subscription(visitor, found)
    subscription = billing.get_subscription(found)
    access = access_at(subscription, datetime.now(ZONE))
    return page(
        request,
        "order.html",
        subscription=subscription,
        open=access.answer in {Answer.YES, Answer.GRACE},
        undecided=access.answer is Answer.UNKNOWN,
        reason=access.reason,
    )


@app.exception_handler(SubhubError)
def billing_failed(request: Request, error: Exception) -> Response:
    """Tell the visitor that it did not work, and the log why."""
    logger.error("%s %s failed: %s", request.method, request.url.path, error)
    wait = getattr(error, "retry_after", None)
    response = page(request, "failed.html", 503)
    response.headers["Retry-After"] = str(round(wait or 30))
    return response


def page(request: Request, template: str, status: int = 200, **values: object) -> Response:
    """Return a page of the shop."""
    return templates.TemplateResponse(
        request, template, {"fields": FIELDS, **values}, status_code=status
    )


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(ADDRESS.rpartition(":")[2]))
