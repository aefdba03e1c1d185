"""A provider that signs its calls, its server, and an application that receives them."""

from __future__ import annotations

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from subhub import Event
from subhub.plugin import Delivery, Webhooks
from tests.capture import Answer, Asked
from tests.conftest import Toy
from tests.webhooks.shop import STRIPE

HOOK = "a-secret-of-the-hooks"
PER_PAGE = 50


def read(delivery: Delivery) -> list[Event]:
    """Read a call such as `{"id": "evt_1", "data": {"id": "sub_1", "status": "active"}}`."""
    sent = delivery.payload
    return [
        delivery.event(
            "subscription.updated",
            about="subscription",
            change="changed",
            object_id=sent["data"]["id"],
            key=sent["id"],
        )
    ]


class Hooked(Toy):
    """The toy, whose calls are signed as Stripe's are."""

    name = "hooked"
    webhooks = Webhooks(STRIPE, read)


class Subscriptions:
    """The subscriptions at the provider, and how it answers about them."""

    def __init__(self, count: int) -> None:
        self.status = {f"sub_{number}": "active" for number in range(count)}
        self.gifts: list[str] = []

    def answer(self, asked: Asked) -> Answer:
        parts = urlsplit(asked.target)
        _, _, kind, *rest = parts.path.split("/")
        if asked.method == "POST":
            self.gifts.append(json.loads(asked.body)["name"])
            return self._json(201, {"id": f"pln_{len(self.gifts)}"})
        if rest and rest[0] in self.status:
            return self._json(200, self._shown(rest[0]))
        if rest:
            return self._json(404, {"message": "nothing here"})
        first = int(parts.query.partition("after=")[2] or "0")
        known = [*self.status] if kind == "subscriptions" else []
        items = [self._shown(name) for name in known[first : first + PER_PAGE]]
        last = first + PER_PAGE
        return self._json(200, {"items": items, "next": str(last) if last < len(known) else None})

    def _shown(self, name: str) -> dict[str, str]:
        return {"id": name, "status": self.status[name]}

    @staticmethod
    def _json(status: int, body: object) -> Answer:
        return status, {"content-type": "application/json"}, json.dumps(body).encode()


@contextmanager
def running(app: Any) -> Generator[str]:
    """Serve an ASGI application on a free port of this machine."""
    import uvicorn  # noqa: PLC0415 - the tests without a server need it not

    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            _ = threading.Event().wait(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
