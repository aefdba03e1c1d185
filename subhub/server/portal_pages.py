"""The portal pages: what a customer sees who manages subscriptions, and cancels them there."""

from __future__ import annotations

from starlette.responses import Response

from subhub.sandbox.portal import PortalPage, PortalSubscription
from subhub.server.accounts import ServedAccount
from subhub.server.commands import SHOWN
from subhub.server.forms import html, redirect
from subhub.server.markup import Markup, document, tag, web_address

TITLE = "Your subscriptions"


def show_portal(account: ServedAccount, page: PortalPage, problem: str = "") -> Response:
    """Render a portal page, with a *problem* if what was asked for was not possible."""
    parts = [tag("p", page.customer)] if page.customer else []
    if problem:
        parts.append(tag("p", f"That was not possible: {problem}.", role="alert"))
    parts += [_subscription(found) for found in page.subscriptions]
    if not page.subscriptions:
        parts.append(tag("p", "There is no subscription."))
    back = web_address(page.return_url)
    if back:
        parts.append(tag("p", tag("a", "Go back", href=back)))
    sandbox = tag("p", f"Sandbox of {account.provider.name}: nothing is charged.")
    main = tag("main", tag("h1", TITLE), *parts)
    text = document(f"{TITLE} - sandbox", tag("header", sandbox), main)
    return html(text, 409 if problem else 200)


def use_portal(account: ServedAccount, url: str, page: PortalPage, action: str) -> Response:
    """Cancel the subscription that *action* names, `cancel sub_1`, and show the page again."""
    verb, _, subscription = action.partition(" ")
    if verb != "cancel":
        return show_portal(account, page, f"unknown action {action[:SHOWN]!r}")
    try:
        account.fake.cancel_at_portal(url, subscription)
    except (ValueError, LookupError) as error:
        return show_portal(account, page, str(error))
    return redirect("?after=cancel")


def _subscription(found: PortalSubscription) -> Markup:
    rows = {"Plan": found.plan, "Status": found.status, "Next": found.note}
    details = [tag("dt", name) + tag("dd", text) for name, text in rows.items() if text]
    shown = tag("dl", *map(Markup, details))
    if not found.cancelable:
        return tag("section", shown)
    button = tag("button", "Cancel", name="do", value=f"cancel {found.id}")
    return tag("section", shown, tag("form", button, method="post", action="?"))
