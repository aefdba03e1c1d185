"""Prices for localstripe, which only knows their predecessor, plans.

localstripe 1.15.10 has Stripe's older Plans API. Prices are plans with other field names, so this
module translates the names and nothing else: state, forms, lists, errors and subscriptions are
localstripe's own. It is a separate program, because localstripe keeps its state in its modules:
`python prices.py PORT`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

resources: Any = import_module("localstripe.resources")


class Renamed:
    """An object of localstripe with other field names."""

    def __init__(self, own: Any, rename: Callable[[Any], Any]) -> None:
        self._own = own
        self._rename = rename

    def _export(self, expand: list[str] | None = None) -> Any:
        inside = [path for path in expand or [] if path.rpartition(".")[0] in {"", "data"}]
        return self._rename(self._own._export(expand=inside))


def price(plan: dict[str, Any]) -> dict[str, Any]:
    """Return a plan of localstripe as a price."""
    recurring = {name: plan[name] for name in ("interval", "interval_count", "usage_type")}
    return {
        **{name: plan[name] for name in ("id", "active", "created", "currency", "product")},
        "object": "price",
        "type": "recurring",
        "lookup_key": plan["nickname"],
        "unit_amount": plan["amount"],
        "unit_amount_decimal": str(plan["amount"]),
        "recurring": recurring,
    }


def prices(found: dict[str, Any]) -> dict[str, Any]:
    """Return a list of plans as a list of prices."""
    return {**found, "data": [price(plan) for plan in found["data"]]}


def subscription(found: dict[str, Any]) -> dict[str, Any]:
    """Return a subscription with prices in its items."""
    items = found["items"]
    shown = [{**item, "price": price(item["plan"])} for item in items["data"]]
    return {**found, "items": {**items, "data": shown}}


def subscriptions(found: dict[str, Any]) -> dict[str, Any]:
    """Return a list of subscriptions with prices."""
    return {**found, "data": [subscription(item) for item in found["data"]]}


def planned(data: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters of a subscription with plans in place of prices."""
    items = [{**item, "plan": item.pop("price")} for item in data.get("items", [])]
    return {**data, "items": items} if items else data


def renamed(call: Callable[..., Any], rename: Callable[[Any], Any]) -> Callable[..., Renamed]:
    """Return a handler that answers as *call* does, with other field names."""

    def answer(**data: Any) -> Renamed:
        return Renamed(call(**planned(data)), rename)

    return answer


def create_price(
    currency: str, unit_amount: str, recurring: dict[str, str], product: str, **more: str
) -> Any:
    """Create a price from its parameters."""
    names = {"amount": unit_amount, "nickname": more.get("lookup_key")}
    return resources.Plan(currency=currency, product=product, **names, **recurring)


def list_prices(**query: str) -> Any:
    """List prices; all plans are recurring."""
    assert query.pop("type") == "recurring"
    return resources.Plan._api_list_all("/v1/prices", **query)


def search_customers(query: str) -> Any:
    """Search customers by e-mail address, as the list does: localstripe has no search."""
    email = query.removeprefix("email:'").removesuffix("'")
    return resources.Customer._api_list_all("/v1/customers/search", email=email)


def list_subscriptions(**query: str) -> Any:
    """List subscriptions, with the URL of the list."""
    return resources.Subscription._api_list_all("/v1/subscriptions", **query)


def update_subscription(**data: Any) -> Any:
    """Update a subscription; `prorate` is called `proration_behavior` by now."""
    behavior = data.pop("proration_behavior", None)
    if behavior is not None:
        data["prorate"] = "false" if behavior == "none" else "true"
    return resources.Subscription._api_update(**data)


def routes() -> list[tuple[str, str, Any]]:
    """Return the routes that come before localstripe's own."""
    plan, own, one = resources.Plan, resources.Subscription, "/v1/subscriptions/{id}"
    return [
        ("POST", "/v1/prices", renamed(create_price, price)),
        ("GET", "/v1/prices", renamed(list_prices, prices)),
        ("GET", "/v1/prices/{id}", renamed(plan._api_retrieve, price)),
        ("GET", "/v1/customers/search", search_customers),
        ("POST", "/v1/subscriptions", renamed(own._api_create, subscription)),
        ("GET", "/v1/subscriptions", renamed(list_subscriptions, subscriptions)),
        ("GET", one, renamed(own._api_retrieve, subscription)),
        ("POST", one, renamed(update_subscription, subscription)),
        ("DELETE", one, renamed(own._api_delete, subscription)),
    ]


def serve(port: int) -> None:
    """Run localstripe with prices."""
    resources.store.dump_to_disk = lambda: None  # it would write into /tmp
    resources.extra_apis.extend(routes())
    app: Any = import_module("localstripe.server").app
    import_module("aiohttp.web").run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
