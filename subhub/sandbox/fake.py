"""The engine under every provider's fake: time, ids, routing, and a record of what was asked."""

from __future__ import annotations

import datetime as dt
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit

from subhub.messages import is_object
from subhub.sandbox.checkout import CheckoutPage
from subhub.sandbox.clock import VirtualClock
from subhub.sandbox.exchange import Exchange, JsonObject, Received, Refusal, Reply
from subhub.sandbox.fault_effects import disturbed
from subhub.sandbox.faults import FaultPlan
from subhub.sandbox.ids import Ids
from subhub.sandbox.magic import fault_of
from subhub.sandbox.routes import Route, matching, routes_of

if TYPE_CHECKING:
    from subhub.models import PlanDraft

KEPT: Final = 1000
"""How many exchanges a fake remembers."""
PAGES: Final = "/pages"
"""The path that hosted pages are below, where a fake is served."""


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

    _routes: ClassVar[dict[str, list[Route]]]
    _literal: ClassVar[dict[tuple[str, str], str]]

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        self.clock = VirtualClock(start)
        self.ids = Ids(seed)
        self.faults = FaultPlan(self.prefix)
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        self.enforce_limits = True
        """Whether requests over the documented rate limit are refused; time has to pass then."""
        self.revoked: set[str] = set()
        """The keys that are refused from now on."""
        self.key_ends: dict[str, dt.datetime] = {}
        """When keys end of themselves."""
        self.site = ""
        """Where the fake is served; empty in process, where addresses are as the provider's."""
        self.declined: set[str] = set()
        """The pages on which a customer declined to pay, and did not pay since."""
        self._lock = threading.RLock()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._routes = {}
        cls._literal = {}
        for each in routes_of(cls):
            cls._routes.setdefault(each.method, []).append(each)
            if "{}" not in each.template:
                cls._literal[each.method, each.template] = each.handler

    @classmethod
    def routes(cls) -> tuple[Route, ...]:
        """What the fake answers to."""
        return tuple(each for routes in cls._routes.values() for each in routes)

    def handle(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """Answer one request; *target* is the path with its query."""
        lower = {name.lower(): value for name, value in headers.items()}
        return self.receive(Received.at(method, target, lower, content))

    def receive(self, received: Received) -> Reply:
        """Answer one request."""
        with self._lock:
            fault = self.faults.pick(received) or fault_of(received.content)
            if fault is None:
                reply = self._answer(received)
            else:
                reply = disturbed(fault, self, received, lambda: self._answer(received))
            self.exchanges.append(Exchange(received, reply))
        return reply

    def assume(self, values: Mapping[str, object]) -> None:
        """Decide what the provider's documents do not say: `{"single_use_links": False}`.

        Those of `assumptions` that are attributes can be decided; `ValueError` names them.
        """
        open_points = [name for name in self.assumptions if hasattr(self, name)]
        for name, value in values.items():
            if name not in open_points:
                known = ", ".join(open_points) or "nothing"
                message = f"{name!r} is no open point of this sandbox: what can be set is {known}"
                raise ValueError(message)
            setattr(self, name, value)

    def revoke_key(self, key: str | None = None, *, at: dt.datetime | None = None) -> None:
        """Refuse a key, the sandbox's own unless one is given, from now on or from a moment on."""
        if at is None:
            self.revoked.add(key or self.api_key)
        else:
            self.key_ends[key or self.api_key] = at

    def is_revoked(self, key: str) -> bool:
        """Whether a key is refused by now."""
        ends = self.key_ends.get(key)
        return key in self.revoked or (ends is not None and ends <= self.clock.now())

    def add_plans(self, plans: Mapping[str, PlanDraft]) -> dict[str, str]:
        """Make *plans*, as if by hand in the provider's dashboard; their ids by key."""
        return {key: self.add_plan(key, draft) for key, draft in plans.items()}

    @abstractmethod
    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Make a plan, as if by hand in the provider's dashboard, and return its id."""

    @abstractmethod
    def pay(self, url: str) -> None:
        """Do what a customer does who opens the page at *url* and pays."""

    def offer(self, url: str) -> CheckoutPage | None:
        """What the page at *url* shows; `None` when there is no page."""
        del url
        return None

    def decline(self, url: str) -> None:
        """Do what a customer does who opens the page at *url* and does not pay.

        Nothing is sold, and the page lets them try again. `LookupError` when there is no page.
        """
        offer = self.offer(url)
        if offer is None:
            message = f"there is no page at {url!r}"
            raise LookupError(message)
        if not offer.payable:
            message = f"nobody can decline at {url!r}: it is {offer.state}"
            raise ValueError(message)
        self.declined.add(url)

    def page_address(self, own: str) -> str:
        """Where the hosted page is that the provider has at *own*."""
        return f"{self.site}{PAGES}{urlsplit(own).path}" if self.site else own

    def api_address(self, own: str) -> str:
        """Where that part of the API is that the provider has at *own*."""
        return self.site + urlsplit(own).path if self.site else own

    @abstractmethod
    def authenticate(self, received: Received) -> None:
        """Raise a `Refusal` unless the request carries a key that the provider accepts."""

    @abstractmethod
    def not_found(self) -> Reply:
        """The provider's answer for a path or an id that it does not have."""

    @abstractmethod
    def malformed(self, problem: str) -> Reply:
        """The provider's answer for a body that is not a JSON object, or breaks its schema."""

    def too_many(self, seconds: float) -> Reply:
        """The provider's 429, for a while yet; its headers replace those of `limits`."""
        return Reply.json(429, {"message": "Too many requests."}, {"retry-after": f"{seconds:.0f}"})

    def failing(self, status: int) -> Reply:
        """The provider's answer when it breaks down, with a status of 500 or more."""
        return Reply.json(status, {"message": "Something went wrong."})

    def limits(self) -> Mapping[str, str]:
        """The rate-limit headers that every answer carries."""
        return {}

    def body(self, received: Received) -> JsonObject:
        """What a request says, an object; anything else is refused as malformed."""
        try:
            decoded = self.decode(received)
        except (ValueError, RecursionError):
            raise Refusal(self.malformed("the body is not JSON")) from None
        if not is_object(decoded):
            raise Refusal(self.malformed("the body is not a JSON object"))
        return decoded

    def decode(self, received: Received) -> object:
        """A request's body; override it beside `Provider.encode`. `ValueError` when it is none."""
        return received.json()

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
        if not inside:
            return self.not_found()
        found = self._handler(received.method, path)
        if found is None:
            return self.not_found()
        handler, ids = found
        reply: Reply = getattr(self, handler)(received, *ids)
        return reply

    def _handler(self, method: str, path: str) -> tuple[str, list[str]] | None:
        literal = self._literal.get((method, path))  # looking up is quicker than matching
        if literal is not None:
            return literal, []
        return matching(self._routes.get(method, []), method, path)
