"""Assumptions about the wire format: everything that Afternoon's documentation does not show.

Each has its own function, which names the basis of the assumption, so that a wrong one is corrected
in one place. Nothing that is documented belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from subhub.errors import InvalidReply
from subhub.plugin import Flow, Json, Wire, get, patch, path, post, text_at

W = TypeVar("W", bound=Wire)

PAGE_SIZE: Final = 50
"""The number of items on a page without `limit` (documented)."""
CURSOR_NAMES: Final = ("next_cursor", "next")


def next_cursor(pagination: Mapping[str, Any], received: int) -> str | None:
    """Return the cursor of the next page, or `None` on the last one.

    The `pagination` object is documented, its field names are not: those tried here are guesses. A
    page without a cursor that may not be the last one raises `InvalidReply`, because a part of a
    list that looks complete is worse than an error.

    Args:
        pagination: The `pagination` object of the response.
        received: The number of items on the page.
    """
    # `has_more` is a guess too; only an explicit False ends a list
    if pagination.get("has_more") is False:
        return None
    cursors = (text_at(pagination, name) for name in CURSOR_NAMES)
    cursor = next(filter(None, cursors), None)
    if cursor is not None:
        return cursor
    # a known name with an empty value is the end of the list, unless `has_more` says otherwise
    ended = any(name in pagination and not pagination[name] for name in CURSOR_NAMES)
    if pagination.get("has_more") or (received >= PAGE_SIZE and not ended):
        names = ", ".join(pagination) or "nothing"
        message = (
            f"cannot read the next page of the list because its `pagination` has {names}, and no "
            f"text under {' or '.join(CURSOR_NAMES)}"
        )
        raise InvalidReply(message, body=str(dict(pagination)))
    return None


def create_subscription(model: type[W], body: Json) -> Flow[W]:
    """Create a subscription. The path is that of the list, the method that of other resources."""
    return post("/v1/subscriptions", model, body)


def read_subscription(subscription_id: str, model: type[W]) -> Flow[W]:
    """Read a subscription. No page documents it; customers and invoices are read this way."""
    return get(path("/v1/subscriptions/{}", subscription_id), model)


def update_subscription(subscription_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a subscription. The fields are documented; the method could be PUT instead."""
    return patch(path("/v1/subscriptions/{}", subscription_id), model, body)


def change_plan(subscription_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a plan. The fields are documented; path and method are like those of cancel."""
    return post(path("/v1/subscriptions/{}/change-plan", subscription_id), model, body)


def update_customer(customer_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a customer. The fields are documented; the method could be PUT instead."""
    return patch(path("/v1/customers/{}", customer_id), model, body)


def search_customers(model: type[W], query: Mapping[str, str]) -> Flow[W]:
    """Search customers. The parameters are documented; the path is the name of the page."""
    return get("/v1/customers/search", model, query)


def billing_address(country: str) -> Json:
    """Return an address with a country. The key `country` is documented for responses only."""
    return {"country": country}
