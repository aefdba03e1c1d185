"""A server of the toy provider in this process, whose objects a test changes as it likes."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx

Things = dict[str, dict[str, Any]]


class Shelf:
    """Plans, customers and subscriptions by id, listed in pages by their place."""

    def __init__(self, per_page: int = 3) -> None:
        self.per_page = per_page
        self.things: dict[str, Things] = {"plans": {}, "customers": {}, "subscriptions": {}}
        self.asked: list[str] = []
        self.before: Callable[[str], httpx.Response | None] = lambda _: None
        self.transport = httpx.MockTransport(self._serve)

    def put(self, kind: str, *names: str, **fields: Any) -> None:
        for name in names:
            self.things[kind][name] = {"id": name, **self.things[kind].get(name, {}), **fields}

    @property
    def lists(self) -> Counter[str]:
        """How many pages of each list were asked for."""
        return Counter(path for path in self.asked if path in self.things)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        kind, _, name = request.url.path.removeprefix("/v1/").partition("/")
        address = f"{kind}/{name}" if name else kind
        self.asked.append(address)
        answer = self.before(f"{address}?{request.url.params.get('after', '')}")
        if answer is not None:
            return answer
        found = self.things[kind]
        if not name:
            return self._page([*found.values()], int(request.url.params.get("after", "0")))
        if name not in found:
            return httpx.Response(404, json={"message": "nothing here"})
        return httpx.Response(200, content=json.dumps(found[name]))

    def _page(self, items: list[dict[str, Any]], first: int) -> httpx.Response:
        last = first + self.per_page
        following = str(last) if last < len(items) else None
        return httpx.Response(200, json={"items": items[first:last], "next": following})
