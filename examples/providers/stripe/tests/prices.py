"""Prices for localstripe, which knows them only under their former name, plans.

localstripe 1.15.10 keeps Stripe's older Plans API. Stripe documents prices as plans with other
names for the same facts, so this translates the names, and nothing else: state, forms, lists,
errors and subscriptions are localstripe's. It is a program of its own, because localstripe keeps
its state in its modules: `python prices.py PORT`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

resources: Any = import_module("localstripe.resources")


class Renamed:
    """An object of localstripe's that is told in other words."""

    def __init__(self, own: Any, told: Any) -> None:
        self._own = own
        self._told = told

    def _export(self, expand: list[str] | None = None) -> Any:
        inside = [each for each in expand or [] if each.rpartition(".")[0] in {"", "data"}]
        return self._told(self._own._export(expand=inside))


def price(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan of localstripe's as a price."""
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
    """A list of plans as one of prices."""
    return {**found, "data": [price(each) for each in found["data"]]}


def subscription(found: dict[str, Any]) -> dict[str, Any]:
    """A subscription whose items show prices."""
    items = found["items"]
    shown = [{**each, "price": price(each["plan"])} for each in items["data"]]
    return {**found, "items": {**items, "data": shown}}


def subscriptions(found: dict[str, Any]) -> dict[str, Any]:
    """A list of such subscriptions."""
    return {**found, "data": [subscription(each) for each in found["data"]]}


def planned(data: dict[str, Any]) -> dict[str, Any]:
    """The parameters of a subscription, with plans in the place of prices."""
    items = [{**each, "plan": each.pop("price")} for each in data.get("items", [])]
    return {**data, "items": items} if items else data


def renamed(call: Callable[..., Any], told: Any) -> Callable[..., Renamed]:
    """What answers a request as *call* does, in other words."""

    def answer(**data: Any) -> Renamed:
        return Renamed(call(**planned(data)), told)

    return answer


def create_price(
    currency: str, unit_amount: str, recurring: dict[str, str], product: str, **more: str
) -> Any:
    """A price is made from the parameters of one."""
    names = {"amount": unit_amount, "nickname": more.get("lookup_key")}
    return resources.Plan(currency=currency, product=product, **names, **recurring)


def list_prices(**query: str) -> Any:
    """In a list of plans there is no other type than `recurring`."""
    assert query.pop("type") == "recurring"
    return resources.Plan._api_list_all("/v1/prices", **query)


def list_subscriptions(**query: str) -> Any:
    """The list is told where it is."""
    return resources.Subscription._api_list_all("/v1/subscriptions", **query)


def update_subscription(**data: Any) -> Any:
    """`proration_behavior` took the place of `prorate` after localstripe's edition."""
    behavior = data.pop("proration_behavior", None)
    if behavior is not None:
        data["prorate"] = "true" if behavior == "create_prorations" else "false"
    return resources.Subscription._api_update(**data)


def routes() -> list[tuple[str, str, Any]]:
    """What is answered before localstripe's own routes are."""
    plan, own, one = resources.Plan, resources.Subscription, "/v1/subscriptions/{id}"
    return [
        ("POST", "/v1/prices", renamed(create_price, price)),
        ("GET", "/v1/prices", renamed(list_prices, prices)),
        ("GET", "/v1/prices/{id}", renamed(plan._api_retrieve, price)),
        ("POST", "/v1/subscriptions", renamed(own._api_create, subscription)),
        ("GET", "/v1/subscriptions", renamed(list_subscriptions, subscriptions)),
        ("GET", one, renamed(own._api_retrieve, subscription)),
        ("POST", one, renamed(update_subscription, subscription)),
        ("DELETE", one, renamed(own._api_delete, subscription)),
    ]


def serve(port: int) -> None:
    """Run localstripe, with prices."""
    resources.store.dump_to_disk = lambda: None  # it would write into /tmp
    resources.extra_apis.extend(routes())
    app: Any = import_module("localstripe.server").app
    import_module("aiohttp.web").run_app(app, host="127.0.0.1", port=port, print=None)


if __name__ == "__main__":
    serve(int(sys.argv[1]))
