"""The base class of every provider's fake: time, ids, routing, faults and a record of requests."""

from __future__ import annotations

import datetime as dt
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from email.utils import format_datetime
from functools import lru_cache
from typing import ClassVar, Final
from urllib.parse import urlsplit

from subhub.messages import is_object
from subhub.models import PlanDraft
from subhub.sandbox import collecting
from subhub.sandbox.agenda import Agenda, Entry
from subhub.sandbox.charge_plan import ChargePlan
from subhub.sandbox.charges import Charge, ChargeBook
from subhub.sandbox.checkout import CheckoutPage
from subhub.sandbox.clock import VirtualClock
from subhub.sandbox.exchange import Exchange, JsonObject, Received, Refusal, Reply
from subhub.sandbox.fault_effects import apply_fault
from subhub.sandbox.faults import FaultPlan
from subhub.sandbox.ids import Ids
from subhub.sandbox.magic import fault_of
from subhub.sandbox.outbox import DELIVER, Outbox, WebhookDelivery
from subhub.sandbox.portal import PortalPages
from subhub.sandbox.routes import Route, matching, routes_of

KEPT: Final = 1000
"""The number of exchanges that a fake keeps."""
LONGEST_TARGET: Final = 4000
"""The longest path with its query, in characters: fewer than the digits that `int` takes."""
NOWHERE: Final = "https://sandbox.invalid"
"""Where the checkout pages of a fake in process are; `.invalid` never resolves (RFC 2606)."""
PAGES: Final = "/pages"
"""The path prefix of checkout pages in a served sandbox."""


class Fake(PortalPages, ABC):
    """An in-memory fake of a provider: it speaks the provider's wire format and keeps state.

    Subclass it in a plugin, with a `@route` for each endpoint. Write it from the provider's
    documentation and not from the plugin, because it is what the plugin is tested against. List
    what the documentation leaves open in `assumptions`: the fake needs a value there, but it is not
    a fact about the provider.

    The state is what `__init__` sets: attributes that hold texts, numbers, booleans, `None`, dates,
    datetimes, `Decimal`, bytes, and dicts, lists, tuples, sets and the plugin's own dataclasses of
    these. The sandbox of the command line keeps it between commands, and a served one writes it to
    a file; anything else is a `TypeError` there. A `RateWindow` is not kept, and starts empty.
    """

    prefix: ClassVar[str] = ""
    """The path prefix of all routes, as in the provider's base URL."""
    api_key: ClassVar[str]
    """The key that the fake accepts."""
    longest_body: ClassVar[int] = 256 * 1024
    """The longest body of a request, in bytes."""
    assumptions: ClassVar[Mapping[str, str]] = {}
    """Open points of the provider's documentation, and what the fake does there."""

    retries = 3
    """How many times a failed charge is attempted again."""
    retry_days = 3
    """The days from a failed charge to the next attempt."""
    paid_back_days = 7
    """The days from a charge to its refund, if the customer gets the money back."""

    webhook_retries: Sequence[float] = (60.0, 600.0, 3600.0)
    """The seconds from each failed delivery of a webhook to the next one."""

    _routes: ClassVar[dict[str, list[Route]]]
    _literal: ClassVar[dict[tuple[str, str], str]]

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        self.agenda = Agenda(self._carry_out_entry)
        """What the fake does by itself at a moment: add tasks here, and override `carry_out`."""
        self.charges = ChargeBook()
        """The charges of all subscriptions."""
        self.charge_plan = ChargePlan()
        """The charges that are planned to go wrong."""
        self.outbox = Outbox(self.agenda, self._present, retries=lambda: self.webhook_retries)
        """The webhooks that the fake sends."""
        self.clock = VirtualClock(start)
        self.ids = Ids(seed)
        """The ids that new objects get."""
        self.faults = FaultPlan(self.prefix)
        """The faults that are scheduled; the fake's own code need not look at them."""
        self.exchanges: deque[Exchange] = deque(maxlen=KEPT)
        """The latest requests with their replies."""
        self.enforce_limits = True
        """Whether requests over the rate limit are refused until the clock is advanced."""
        self.revoked: set[str] = set()
        """The revoked keys."""
        self.key_ends: dict[str, dt.datetime] = {}
        """When keys expire."""
        self.site = ""
        """Where the fake is served; empty in process, where API URLs are the provider's own."""
        self.declined: set[str] = set()
        """The checkout pages that were declined and not paid since."""
        self.configured: dict[str, list[str]] = {}
        """The plans of a configuration that exist, by key: the id and the terms of each."""
        self.around: Callable[[], AbstractContextManager[None]] = nullcontext
        """What each request runs inside, such as one that reads and writes a kept state."""
        self._lock = threading.RLock()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls._routes = {}
        cls._literal = {}
        for route in routes_of(cls):
            cls._routes.setdefault(route.method, []).append(route)
            if "{}" not in route.template:
                cls._literal[route.method, route.template] = route.handler

    @property
    def clock(self) -> VirtualClock:
        """The time at the provider; it drives the agenda."""
        return self._clock

    @clock.setter
    def clock(self, clock: VirtualClock) -> None:
        clock.agenda = self.agenda
        self._clock = clock

    @property
    def deliveries(self) -> Sequence[WebhookDelivery]:
        """The latest deliveries of webhooks, oldest first."""
        return tuple(self.outbox.deliveries)

    @classmethod
    def routes(cls) -> tuple[Route, ...]:
        """Return the endpoints of the fake."""
        return tuple(route for routes in cls._routes.values() for route in routes)

    def handle(self, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Reply:
        """Answer a request.

        Args:
            method: The HTTP method, in capitals.
            target: The path, still quoted, with its query.
            headers: The headers.
            content: The body.
        """
        lower = {name.lower(): value for name, value in headers.items()}
        return self.receive(Received.at(method, target, lower, content))

    def receive(self, received: Received) -> Reply:
        """Answer a request, one at a time: state, faults and ids are shared by all threads."""
        with self._lock, self.around():
            refusal = self._refusal(received)
            if refusal is not None:
                self.exchanges.append(Exchange(replace(received, content=b""), refusal))
                return refusal
            # before the key is checked: a fault may hit any request
            fault = self.faults.pick(received) or fault_of(received.content)
            if fault is None:
                reply = self._answer(received)
            else:
                reply = apply_fault(fault, self, received, lambda: self._answer(received))
            if reply.status:  # as every server with a clock does
                reply = replace(reply, headers={"date": _date(self.clock.now()), **reply.headers})
            self.exchanges.append(Exchange(received, reply))
        return reply

    def assume(self, values: Mapping[str, object]) -> None:
        """Decide what the provider's documentation leaves open: `{"single_use_links": False}`.

        Only the `assumptions` that are attributes can be changed. Any other name is a `ValueError`.
        """
        changeable = self.assumed_values()
        for name, value in values.items():
            if name not in changeable:
                known = ", ".join(changeable) or "none"
                message = f"unknown assumption {name!r}: this sandbox can change {known}"
                raise ValueError(message)
            setattr(self, name, value)

    def assumed_values(self) -> dict[str, object]:
        """Return the values of the assumptions that can be changed.

        The name of an assumption may be that of a method, which must not be replaced by a value.
        """
        found = {name: getattr(self, name) for name in self.assumptions if hasattr(self, name)}
        return {name: value for name, value in found.items() if not callable(value)}

    def revoke_key(self, key: str | None = None, *, at: dt.datetime | None = None) -> None:
        """Revoke *key*, by default the sandbox's own, now or from *at* on."""
        if at is None:
            self.revoked.add(key or self.api_key)
        else:
            self.key_ends[key or self.api_key] = at

    def is_revoked(self, key: str) -> bool:
        """Return whether *key* is revoked by now."""
        ends = self.key_ends.get(key)
        return key in self.revoked or (ends is not None and ends <= self.clock.now())

    def add_plans(self, plans: Mapping[str, PlanDraft]) -> dict[str, str]:
        """Create *plans* as if in the provider's dashboard, and return their ids by key."""
        return {key: self.add_plan(key, draft) for key, draft in plans.items()}

    def configured_plan(self, key: str, draft: PlanDraft) -> str:
        """Return the id of a configured plan, which is created unless it exists with its terms."""
        terms = draft.model_dump_json()
        if self.configured.get(key, ["", ""])[1] != terms:
            self.configured[key] = [self.add_plan(key, draft), terms]
        return self.configured[key][0]

    @abstractmethod
    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Create a plan as if in the provider's dashboard, and return its id."""

    @abstractmethod
    def pay(self, url: str) -> None:
        """Do what a customer does who opens the checkout page at *url* and pays."""

    def checkout_page(self, url: str) -> CheckoutPage | None:
        """Return what the checkout page at *url* shows, or `None` for an unknown URL."""
        del url
        return None

    def decline(self, url: str) -> None:
        """Do what a customer does who opens the checkout page at *url* and does not pay.

        Nothing is sold, and the customer can try again. Raises `LookupError` for an unknown URL,
        and `ValueError` if the page cannot be paid any more.
        """
        page = self.checkout_page(url)
        if page is None:
            message = f"there is no checkout page at {url!r}"
            raise LookupError(message)
        if not page.payable:
            message = f"cannot decline at {url!r} because the page is {page.state}"
            raise ValueError(message)
        self.declined.add(url)

    def page_address(self, own: str) -> str:
        """Return the URL of the checkout page that the provider has at *own*, a path or a URL.

        In process no page is served. Its URL never has the provider's host, so that no customer is
        sent there by mistake, but one that cannot be registered.
        """
        return f"{self.site + PAGES if self.site else NOWHERE}{urlsplit(own).path}"

    def api_address(self, own: str) -> str:
        """Return the URL of the API resource that the provider has at *own*."""
        return self.site + urlsplit(own).path if self.site else own

    @abstractmethod
    def authenticate(self, received: Received) -> None:
        """Raise a `Refusal` unless the request has a key that the provider accepts."""

    def respond(self, received: Received) -> Reply:
        """Return the reply to a request whose key was accepted; a `Refusal` may be raised.

        Override it for what a provider does around every endpoint, such as repeating the reply to
        an idempotency key, and call `super().respond(received)` inside.
        """
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

    @abstractmethod
    def not_found(self) -> Reply:
        """Return the provider's reply for an unknown path or id."""

    def carry_out(self, task: str, subject: str) -> None:
        """Carry out a task of the agenda, at its moment.

        Override it for the tasks that the fake adds with `agenda.add`.

        Args:
            task: The name of the task.
            subject: The id of the object that it is about.
        """
        del subject
        message = f"{type(self).__name__} does not know the task {task!r} of its agenda"
        raise LookupError(message)

    @abstractmethod
    def malformed(self, problem: str) -> Reply:
        """Return the provider's reply for a body that is not an object or breaks its schema."""

    def too_many(self, seconds: float) -> Reply:
        """Return the provider's 429, to be retried after *seconds*.

        Its headers replace those of `limits`.
        """
        return Reply.json(429, {"message": "Too many requests."}, {"retry-after": f"{seconds:.0f}"})

    def failing(self, status: int) -> Reply:
        """Return the provider's reply for an internal error, with a status from 500 on."""
        return Reply.json(status, {"message": "Something went wrong."})

    def limits(self) -> Mapping[str, str]:
        """Return the rate-limit headers of every reply."""
        return {}

    def body(self, received: Received) -> JsonObject:
        """Return the body of a request, which must be an object; else refuse it as malformed."""
        try:
            decoded = self.decode(received)
        except (ValueError, RecursionError):  # deeply nested JSON overflows the decoder
            raise Refusal(self.malformed("the body is not JSON")) from None
        if not is_object(decoded):
            raise Refusal(self.malformed("the body is not a JSON object"))
        return decoded

    def decode(self, received: Received) -> object:
        """Decode the body of a request. Raises `ValueError` if it cannot be decoded.

        Override it together with `Provider.encode`, for a provider that does not speak JSON.
        """
        return received.json()

    def email_of(self, customer_id: str) -> str:
        """Return the e-mail address of a customer, in which a magic value may be."""
        del customer_id
        return ""

    def is_owed(self, charge: Charge) -> bool:
        """Return whether a failed charge is to be attempted again; not after the end, for one."""
        del charge
        return True

    def charge_made(self, charge: Charge) -> None:
        """Do what the provider does after a charge, such as changing the subscription's status."""
        del charge

    def _present(self) -> dt.datetime:
        return self.clock.now()  # of the clock of that moment: it may be replaced

    def _carry_out_entry(self, entry: Entry) -> None:
        if entry.task == DELIVER:
            # not under the lock: the application may ask this fake before it answers
            return self.outbox.on_time()
        with self._lock:
            if entry.task in collecting.TASKS:
                collecting.carry_out(self, entry.task, int(entry.subject))
            else:
                self.carry_out(entry.task, entry.subject)
        return None

    def _refusal(self, received: Received) -> Reply | None:
        """Return what a server answers before it looks at a request that it could not handle."""
        target = "".join((received.path, *received.query, *received.query.values()))
        if len(target) > LONGEST_TARGET:
            status, problem = 414, f"the URL is longer than {LONGEST_TARGET} characters"
        elif len(received.content) > self.longest_body:
            status, problem = 413, f"the body is longer than {self.longest_body} bytes"
        elif not received.path.isascii() or _has_half(target):
            status, problem = 400, "the URL is not quoted"
        else:
            return None
        return replace(self.malformed(problem), status=status)

    def _answer(self, received: Received) -> Reply:
        try:
            self.authenticate(received)
            reply = self.respond(received)
        except Refusal as refusal:
            reply = refusal.reply
        return Reply(reply.status, reply.content, {**reply.headers, **self.limits()})

    def _handler(self, method: str, path: str) -> tuple[str, list[str]] | None:
        literal = self._literal.get((method, path))  # a lookup is faster than matching patterns
        if literal is not None:
            return literal, []
        return matching(self._routes.get(method, []), method, path)


@lru_cache(maxsize=4)
def _date(moment: dt.datetime) -> str:
    """Return *moment* as a `Date` header; cached, because a frozen clock repeats it."""
    return format_datetime(moment, usegmt=True)


def _has_half(text: str) -> bool:
    """Return whether *text* has half of a surrogate pair, which cannot be written anywhere."""
    try:
        _ = text.encode()
    except UnicodeEncodeError:
        return True
    return False
