"""The engine under every provider's fake: time, ids, routing, and a record of what was asked."""

from __future__ import annotations

import datetime as dt
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import parse_qsl, urlsplit

from subhub.sandbox.clock import VirtualClock
from subhub.sandbox.exchange import Exchange, JsonObject, Received, Refusal, Reply
from subhub.sandbox.ids import Ids
from subhub.sandbox.routes import Route, matching, routes_of

if TYPE_CHECKING:
    from subhub.models import PlanDraft

KEPT: Final = 1000
"""How many exchanges a fake remembers."""


class Fake(ABC):
    """A provider on your desk: it speaks the provider's wire format and keeps its state in memory.

    Subclass it in a plugin, with a `@route` for each endpoint. Write it from the provider's
    documents, not from the plugin that it is to prove. What the documents leave unknown is listed
    in `assumptions`: a fake may need a value there, but must not pretend to know it.
    """

    prefix: ClassVar[str] = ""
    """The path that all routes are below, as in the provider's base URL."""
    api_key: ClassVar[str]
    """The key that the fake accepts."""
    assumptions: ClassVar[Mapping[str, str]] = {}
    """What the provider's documents do not say, and what the fake does instead."""

    _routes: ClassVar[list[Route]]

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        self.clock = VirtualClock(start)
        self.ids = Ids(seed)
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self._lock = threading.RLock()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._routes = routes_of(cls)

    def handle(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """Answer one request; *target* is the path with its query."""
        parts = urlsplit(target)
        received = Received(
            method,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in headers.items()},
            content,
        )
        with self._lock:
            reply = self._answer(received)
            self.exchanges.append(Exchange(received, reply))
        return reply

    def add_plans(self, plans: Mapping[str, PlanDraft]) -> dict[str, str]:
        """Make *plans*, as if by hand in the provider's dashboard; their ids by key."""
        return {key: self.add_plan(key, draft) for key, draft in plans.items()}

    @abstractmethod
    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Make a plan, as if by hand in the provider's dashboard, and return its id."""

    @abstractmethod
    def pay(self, url: str) -> None:
        """Do what a customer does who opens the page at *url* and pays."""

    @abstractmethod
    def authenticate(self, received: Received) -> None:
        """Raise a `Refusal` unless the request carries a key that the provider accepts."""

    @abstractmethod
    def not_found(self) -> Reply:
        """The provider's answer for a path or an id that it does not have."""

    @abstractmethod
    def malformed(self, problem: str) -> Reply:
        """The provider's answer for a body that is not a JSON object, or breaks its schema."""

    def limits(self) -> Mapping[str, str]:
        """The rate-limit headers that every answer carries."""
        return {}

    def body(self, received: Received) -> JsonObject:
        """The JSON object of a request; anything else is refused as malformed."""
        try:
            decoded = received.json()
        except ValueError:
            raise Refusal(self.malformed("the body is not JSON")) from None
        if not isinstance(decoded, dict):
            raise Refusal(self.malformed("the body is not a JSON object"))
        return decoded

    def _answer(self, received: Received) -> Reply:
        try:
            self.authenticate(received)
            reply = self._dispatch(received)
        except Refusal as refusal:
            reply = refusal.reply
        return Reply(reply.status, reply.content, {**reply.headers, **self.limits()})

    def _dispatch(self, received: Received) -> Reply:
        inside = received.path.startswith(self.prefix)
        path = received.path.removeprefix(self.prefix)
        found = matching(self._routes, received.method, path) if inside else None
        if found is None:
            return self.not_found()
        handler, ids = found
        reply: Reply = getattr(self, handler)(received, *ids)
        return reply
