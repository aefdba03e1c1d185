"""The guesses: everything about the wire format that was not seen in Afternoon's documents.

Each stands in one small function that names its basis, so that a guess that proves wrong is
corrected in one place. Nothing that is documented belongs here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from subhub.errors import InvalidReply
from subhub.plugin import Flow, Json, Wire, get, patch, path, post, text_at

W = TypeVar("W", bound=Wire)

PAGE_SIZE: Final = 50
"""How many items a page holds when no `limit` is sent (documented)."""
CURSOR_NAMES: Final = ("next_cursor", "next")


def next_cursor(pagination: Mapping[str, Any], received: int) -> str | None:
    """The cursor of the next page, from the `pagination` object of a list; `None` at the end.

    That object is documented, its field names are not: the ones tried here are a guess. A page that
    has no known name and may not be the last raises `InvalidReply`: a part passed off as the whole
    list would be worse than an error.
    """
    if pagination.get("has_more") is False:
        return None
    for name in CURSOR_NAMES:
        cursor = text_at(pagination, name)
        if cursor or (name in pagination and not pagination[name]):
            return cursor or None
    if pagination.get("has_more") or received >= PAGE_SIZE:
        names = ", ".join(pagination) or "nothing"
        message = (
            f"the list may go on, but its `pagination` holds {names}, and no text under "
            f"{' or '.join(CURSOR_NAMES)}: where the next page begins cannot be told"
        )
        raise InvalidReply(message, body=str(dict(pagination)))
    return None


def create_subscription(model: type[W], body: Json) -> Flow[W]:
    """Create a subscription. Path and method: those of the documented list, and of its siblings."""
    return post("/v1/subscriptions", model, body)


def read_subscription(subscription_id: str, model: type[W]) -> Flow[W]:
    """Read one subscription. No page was found; customers and invoices are read this way."""
    return get(path("/v1/subscriptions/{}", subscription_id), model)


def update_subscription(subscription_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a subscription. The fields are documented; the method may be PUT instead."""
    return patch(path("/v1/subscriptions/{}", subscription_id), model, body)


def change_plan(subscription_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a plan. The fields are documented; path and method are formed as for cancel."""
    return post(path("/v1/subscriptions/{}/change-plan", subscription_id), model, body)


def update_customer(customer_id: str, model: type[W], body: Json) -> Flow[W]:
    """Change a customer. The fields are documented; the method may be PUT instead."""
    return patch(path("/v1/customers/{}", customer_id), model, body)


def search_customers(model: type[W], query: Mapping[str, str]) -> Flow[W]:
    """Search customers. The parameters are documented; the path is the name of the page."""
    return get("/v1/customers/search", model, query)


def billing_address(country: str) -> Json:
    """The address with a country. `country` was seen in answers, no key was in requests."""
    return {"country": country}
