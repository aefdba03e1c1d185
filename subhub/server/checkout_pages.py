"""The checkout pages: what a customer sees who opens a signup, payment or portal link.

Paying happens in the fake. This module renders the page and redirects where the provider would.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subhub.sandbox.checkout import CheckoutPage
from subhub.sandbox.exchange import Refusal
from subhub.sandbox.fake import PAGES
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.commands import SHOWN
from subhub.server.forms import form_fields, html, redirect
from subhub.server.markup import Markup, document, tag, web_address
from subhub.server.portal_pages import show_portal, use_portal

NO_REDIRECT: Final = (
    "Where {provider} sends the browser next is not documented. You can close this page."
)


def routes(sandbox: Sandbox) -> list[Route]:
    """Return the routes of the pages."""

    async def page(request: Request) -> Response:
        account = sandbox.accounts.get("{provider}/{name}".format_map(request.path_params))
        if account is None:
            return html(document("Unknown account", tag("main", tag("h1", "Unknown account"))), 404)
        url = f"{sandbox.origin}{request.scope['path']}"
        portal = account.fake.portal_page(url)
        if request.method == "POST":
            action = (await form_fields(request)).get("do", "")
            if portal is not None:
                return use_portal(account, url, portal, action)
            return _submitted(account, url, action)
        if portal is not None:
            return show_portal(account, portal)
        return _shown(account, url, request.query_params.get("after", ""))

    path = f"/{{provider}}/{{name}}{PAGES}/{{rest:path}}"
    return [Route(path, page, methods=["GET", "POST"])]


def _shown(account: ServedAccount, url: str, after: str) -> Response:
    """Render the page. *after* is what the customer did last: pay, decline or go back."""
    page = account.fake.checkout_page(url)
    if page is None:
        lead = tag("p", "The link may be from before the sandbox was reset.")
        return html(_document(account, "Page not found", lead), 404)
    parts = [_notice(account, page, after), _details(page)]
    if page.payable and after != "back":
        parts.append(_form(page))
    return html(_document(account, page.title, *parts))


def _submitted(account: ServedAccount, url: str, action: str) -> Response:
    page = account.fake.checkout_page(url)
    act = {"pay": account.fake.pay, "decline": account.fake.decline}.get(action)
    if page is None:
        return _shown(account, url, "")
    if act is None:
        return _not_possible(account, page, f"unknown action {action[:SHOWN]!r}", 400)
    try:
        act(url)
    except (ValueError, LookupError, Refusal) as error:
        return _not_possible(account, page, str(error), 409)
    if action == "decline":
        return redirect("?after=decline")
    return redirect(web_address(page.done_url) or "?after=pay")


def _not_possible(account: ServedAccount, page: CheckoutPage, why: str, status: int) -> Response:
    lead = tag("p", f"That was not possible: {why}.", role="alert")
    return html(_document(account, page.title, lead, _details(page)), status)


def _notice(account: ServedAccount, page: CheckoutPage, after: str) -> Markup:
    no_redirect = NO_REDIRECT.format(provider=account.provider.name)
    if after == "pay" or page.state == "paid":
        done = "Paid. " if page.price else "Agreed. "
        return _status("good", done, "" if page.done_url else no_redirect)
    if after == "back":
        return _status("plain", "Nothing was paid. ", no_redirect)
    text = {
        "declined": "The payment was declined, and nothing was sold. You can try again.",
        "expired": "This link has expired.",
        "closed": "This link was closed.",
    }.get(page.state)
    return _status("bad", text) if text else Markup()


def _status(kind: str, *text: str) -> Markup:
    return tag("p", *text, class_=f"notice {kind}", role="status")


def _details(page: CheckoutPage) -> Markup:
    details = {
        "Plan": page.plan,
        "Price": page.price,
        "Interval": page.interval,
        "Customer": page.customer,
    }
    rows = [tag("dt", name) + tag("dd", text) for name, text in details.items() if text]
    return tag("dl", *map(Markup, rows))


def _form(page: CheckoutPage) -> Markup:
    back = web_address(page.back_url) or "?after=back"
    consent = f"Pay {page.price}" if page.price else "Agree"
    return tag(
        "form",
        tag("button", consent, name="do", value="pay", class_="main"),
        tag("button", "Decline", name="do", value="decline"),
        tag("a", "Go back", href=back),
        method="post",
        action="?",
    )


def _document(account: ServedAccount, title: str, *parts: str) -> str:
    sandbox = tag("p", f"Sandbox of {account.provider.name}: nothing is charged.")
    main = tag("main", tag("h1", title), *parts)
    return document(f"{title} - sandbox", tag("header", sandbox), main)
