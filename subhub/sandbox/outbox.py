"""The outbox of a sandbox: its webhooks, and each attempt to deliver them.

It sends to this machine only (`loopback`), or to a function that a test gives it.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from heapq import heappop, heappush
from typing import Any, Final

from subhub.sandbox import loopback
from subhub.sandbox.agenda import Agenda
from subhub.sandbox.loopback import NotLoopback, WebhookCall
from subhub.sandbox.webhook_plan import WebhookPlan

DELIVER: Final = "deliver_webhooks"
"""The task of the agenda that stops the clock when a delivery is due."""
KEPT: Final = 1000
"""The number of deliveries, and of webhooks that were delivered, that are kept."""
_ACCEPTED: Final = range(200, 300)

Send = Callable[[WebhookCall], int]
"""Delivers a call and returns the status of the response."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook: an event, to one URL. *word* is the provider's name of the event type."""

    number: int
    word: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: str
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class WebhookDelivery:
    """An attempt. *status* is that of the response, and 0 if there was none: *problem* says why."""

    number: int
    webhook: int
    word: str
    url: str
    attempt: int
    at: dt.datetime
    status: int
    problem: str

    @property
    def accepted(self) -> bool:
        """Whether the application accepted it."""
        return self.status in _ACCEPTED

    def as_json(self) -> dict[str, Any]:
        """Return the delivery as JSON."""
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass(frozen=True, order=True, slots=True)
class Due:
    """A delivery that is to be made."""

    at: dt.datetime
    order: int
    webhook: int = field(compare=False)
    attempt: int = field(compare=False)


class Outbox:
    """The webhooks of a fake.

    Args:
        agenda: The agenda of the fake.
        now: Returns the time in the sandbox.
        retries: Returns the seconds from each failed attempt to the next one.
    """

    def __init__(
        self, agenda: Agenda, now: Callable[[], dt.datetime], retries: Callable[[], Sequence[float]]
    ) -> None:
        self.plan = WebhookPlan()
        """How webhooks arrive."""
        self.send: Send = loopback.post
        """Delivers a call; a test may put a function in its place, which returns a status."""
        self.sign: Callable[[Webhook, dt.datetime], Mapping[str, str]] = _as_stored
        """Returns the headers at the time of an attempt, for a provider that signs the time."""
        self.by_thread = False
        """Whether a thread of the server delivers; otherwise the clock does, as it advances."""
        self.deliveries: deque[WebhookDelivery] = deque(maxlen=KEPT)
        """The latest attempts."""
        self.total = 0
        """The number of attempts."""
        self._agenda = agenda
        self._now = now
        self._retries = retries
        self._webhooks: dict[int, Webhook] = {}
        self._due: list[Due] = []
        self._taken: set[Due] = set()
        self._added = 0
        self._ordered = 0
        self._lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """The number of deliveries that are still to be made."""
        return len(self._due)

    def add(self, word: str, url: str, headers: Mapping[str, str], body: bytes) -> None:
        """Add a webhook; it is delivered as the plan says.

        Args:
            word: The provider's name of the event type.
            url: The URL to call.
            headers: The headers, with the signature.
            body: The body, which is text in UTF-8.
        """
        now = self._now()
        with self._lock:
            self._added += 1
            webhook = Webhook(self._added, word, url, headers, body.decode(), now)
            self._webhooks[webhook.number] = webhook
            self._forget()
        for delay in self.plan.delays(webhook.number):
            self._order(webhook.number, 1, delay)

    def resend(self, number: int) -> None:
        """Deliver a webhook once more; `LookupError` if it is not known any more."""
        if number not in self._webhooks:
            raise LookupError(f"there is no webhook {number}: the latest {KEPT} are kept")
        self._order(number, 1, 0)

    def take(self) -> Due | None:
        """Remove and return the next delivery that is due, if there is one."""
        now = self._now()
        with self._lock:
            if not (self._due and self._due[0].at <= now):
                return None
            due = heappop(self._due)
            self._taken.add(due)  # until its outcome is known, a snapshot has it
            return due

    def deliver(self) -> int:
        """Make all deliveries that are due, and return how many there were."""
        made = 0
        while (due := self.take()) is not None:
            self.attempt(due)
            made += 1
        return made

    def on_time(self) -> None:
        """Deliver what is due, unless a thread does."""
        if not self.by_thread:
            _ = self.deliver()

    def attempt(self, due: Due) -> None:
        """Make a delivery; after a failure, plan the next one."""
        webhook = self._webhooks[due.webhook]
        call = WebhookCall(webhook.url, self.sign(webhook, self._now()), webhook.body.encode())
        status, problem, final = 0, "", False
        try:
            status = self.send(call)
        except NotLoopback as error:
            problem, final = str(error), True
        except OSError as error:
            problem = f"no response: {error}"
        with self._lock:
            self.total += 1
            delivery = WebhookDelivery(
                self.total,
                webhook.number,
                webhook.word,
                webhook.url,
                due.attempt,
                self._now(),
                status,
                problem,
            )
            self.deliveries.append(delivery)
            self._taken.discard(due)
        retries = self._retries()
        if not (delivery.accepted or final or due.attempt > len(retries)):
            self._order(webhook.number, due.attempt + 1, retries[due.attempt - 1])

    def _order(self, number: int, attempt: int, delay: float) -> None:
        at = self._now() + dt.timedelta(seconds=delay)
        with self._lock:
            self._ordered += 1
            heappush(self._due, Due(at, self._ordered, number, attempt))
        self._agenda.add(at, DELIVER, "")

    def _forget(self) -> None:
        """Forget the oldest webhooks that were delivered, if there are too many."""
        if len(self._webhooks) > 2 * KEPT + len(self._due):
            waiting = {due.webhook for due in (*self._due, *self._taken)}
            for number in list(self._webhooks)[:-KEPT]:
                if number not in waiting:
                    del self._webhooks[number]

    # Snapshots ------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Return the webhooks and the deliveries as JSON."""
        with self._lock:
            return {
                "added": self._added,
                "total": self.total,
                "webhooks": [
                    {**asdict(one), "created_at": one.created_at.isoformat()}
                    for one in self._webhooks.values()
                ],
                "due": [
                    [due.at.isoformat(), due.webhook, due.attempt]
                    for due in sorted([*self._due, *self._taken])
                ],
                "deliveries": [delivery.as_json() for delivery in self.deliveries],
            }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from *state*; the agenda is restored by itself."""
        self._added, self.total = int(state["added"]), int(state["total"])
        for one in state["webhooks"]:
            self._webhooks[int(one["number"])] = Webhook(**_read(one, "created_at"))
        for at, webhook, attempt in state["due"]:
            self._ordered += 1
            due = Due(dt.datetime.fromisoformat(at), self._ordered, int(webhook), int(attempt))
            if due.webhook not in self._webhooks:
                raise ValueError(f"there is no webhook {due.webhook}")
            heappush(self._due, due)
        for one in state["deliveries"]:
            self.deliveries.append(WebhookDelivery(**_read(one, "at")))


def _read(fields: Mapping[str, Any], moment: str) -> dict[str, Any]:
    return {**fields, moment: dt.datetime.fromisoformat(fields[moment])}


def _as_stored(webhook: Webhook, at: dt.datetime) -> Mapping[str, str]:
    del at
    return webhook.headers
