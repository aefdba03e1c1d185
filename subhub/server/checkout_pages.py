"""The hosted pages: what the customer sees who opens a signup or payment link.

Paying happens in the fake; this shows the offer, and sends the browser where the provider would.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subhub.sandbox.checkout import CheckoutPage
from subhub.sandbox.exchange import Refusal
from subhub.sandbox.fake import PAGES
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.forms import fields, html, see
from subhub.server.markup import Markup, document, tag, web_address

NOWHERE = "Where {provider} sends the browser from here is not documented. You can close this page."


def routes(sandbox: Sandbox) -> list[Route]:
    """Where the pages are."""

    async def page(request: Request) -> Response:
        place = f"{request.path_params['provider']}/{request.path_params['name']}"
        account = sandbox.accounts[place]
        address = f"{sandbox.origin}{request.url.path}"
        if request.method == "POST":
            asked = (await fields(request)).get("do", "")
            return _done(account, address, asked)
        return _shown(account, address, request.query_params.get("after", ""))

    path = f"/{{provider}}/{{name}}{PAGES}/{{rest:path}}"
    return [Route(path, page, methods=["GET", "POST"])]


def _shown(account: ServedAccount, address: str, after: str) -> Response:
    offer = account.fake.offer(address)
    if offer is None:
        lead = tag("p", "No page is here. Perhaps the link was made before the sandbox was reset.")
        return html(_page(account, "Nothing here", lead), 404)
    parts = [_notice(account, offer, after), _terms(offer)]
    if offer.payable and after != "back":
        parts.append(_form(offer))
    return html(_page(account, offer.title, *parts))


def _done(account: ServedAccount, address: str, asked: str) -> Response:
    offer = account.fake.offer(address)
    act = {"pay": account.fake.pay, "decline": account.fake.decline}.get(asked)
    if offer is None or act is None:
        return _shown(account, address, "")
    try:
        act(address)
    except (ValueError, LookupError, Refusal) as error:
        lead = tag("p", f"That was not possible: {error}.", role="alert")
        return html(_page(account, offer.title, lead, _terms(offer)), 409)
    if asked == "decline":
        return see("?after=decline")
    return see(web_address(offer.done_url) or "?after=pay")


def _notice(account: ServedAccount, offer: CheckoutPage, after: str) -> Markup:
    nowhere = NOWHERE.format(provider=account.provider.name)
    if after == "pay" or offer.state == "paid":
        return _told("good", "Paid. ", "" if offer.done_url else nowhere)
    if after == "back":
        return _told("plain", "Nothing was paid. ", nowhere)
    told = {
        "declined": "The payment was declined, and nothing was sold. You can try again.",
        "expired": "This link has expired.",
        "closed": "This link was closed.",
    }.get(offer.state)
    return _told("bad", told) if told else Markup()


def _told(kind: str, *text: str) -> Markup:
    return tag("p", *text, class_=f"notice {kind}", role="status")


def _terms(offer: CheckoutPage) -> Markup:
    told = {
        "Plan": offer.plan,
        "Price": offer.price,
        "Every": offer.interval,
        "Customer": offer.customer,
    }
    rows = [tag("dt", name) + tag("dd", text) for name, text in told.items() if text]
    return tag("dl", *map(Markup, rows))


def _form(offer: CheckoutPage) -> Markup:
    back = web_address(offer.back_url) or "?after=back"
    return tag(
        "form",
        tag("button", f"Pay {offer.price}", name="do", value="pay", class_="main"),
        tag("button", "Decline", name="do", value="decline"),
        tag("a", "Go back", href=back),
        method="post",
        action="?",
    )


def _page(account: ServedAccount, title: str, *parts: str) -> str:
    sandbox = tag("p", f"Sandbox of {account.provider.name}: nothing is charged.")
    main = tag("main", tag("h1", title), *parts)
    return document(f"{title} - sandbox", tag("header", sandbox), main)
