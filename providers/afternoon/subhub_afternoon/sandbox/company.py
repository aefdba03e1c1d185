"""The company whose billing the fake does: its state, its keys, and how every answer looks.

https://docs.afternoon.co/api-reference/authentication. No endpoint is answered here. What the
documents leave open is an attribute with a value of our own, told in `assumptions`.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from subhub.sandbox import Fake, JsonObject, RateWindow, Received, Refusal, Reply
from subhub_afternoon.sandbox.fields import Field, narrowed, problems

ALLOWED: Final = 1000
WINDOW: Final = 60
PREFIXES: Final = ("ak_live_", "ak_test_")


class Company(Fake):
    """The state of one company, and the envelope of the answers about it."""

    api_key: ClassVar[str] = "ak_test_0123456789abcdefghijklmn"

    # Our own values for what is not documented: change them to see what code makes of other ones.
    active_status = "active"
    cursor_field = "next_cursor"
    change_done = "changed"
    change_scheduled = "scheduled"
    event_status = "processed"
    pages = "https://billing.example.com"
    reads_subscriptions = True
    single_use_links = True
    rate_window = "anchored"
    reset_as_epoch = True
    sends_retry_after = False
    error_codes: Mapping[int, str] = {
        400: "VALIDATION_ERROR",
        404: "NOT_FOUND",
        409: "CONFLICT",
        429: "RATE_LIMITED",
        500: "INTERNAL_ERROR",
        503: "SERVICE_UNAVAILABLE",
    }

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.plans: dict[str, str] = {}
        self.terms: dict[str, JsonObject] = {}
        self.customers: dict[str, JsonObject] = {}
        self.subscriptions: dict[str, JsonObject] = {}
        self.links: dict[str, JsonObject] = {}
        self.paid: set[str] = set()
        self.invoices: dict[str, JsonObject] = {}
        self.events: dict[str, str] = {}
        self.grants: list[tuple[str, JsonObject]] = []
        self._asked = RateWindow(ALLOWED, WINDOW)

    def cuid(self) -> str:
        """The next id: a `c` and 24 letters and digits, without a type."""
        return f"c{self.ids.text(24)}"

    # Who asks, and how often ----------------------------------------------------------------------

    def authenticate(self, received: Received) -> None:
        """Refuse in the four documented ways, or over the limit."""
        within = self._asked.take(self.clock.now(), self.rate_window)
        scheme, _, key = received.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise self.refused(401, "Missing or invalid Authorization header", "UNAUTHORIZED")
        if not key.startswith(PREFIXES):
            raise self.refused(401, "Invalid API key format", "INVALID_API_KEY")
        if self.is_revoked(key):
            raise self.refused(401, "API key has been revoked", "API_KEY_REVOKED")
        if key != self.api_key:
            raise self.refused(401, "Invalid API key", "INVALID_API_KEY")
        if self.enforce_limits and not within:
            now = self.clock.now()
            free = self._asked.free_at(now, self.rate_window)
            raise Refusal(self.too_many((free - now).total_seconds()))

    def limits(self) -> Mapping[str, str]:
        """The three headers of the rate limit: 1,000 requests in 60 seconds per company."""
        now = self.clock.now()
        left = self._asked.left(now, self.rate_window)
        return self._told(left, self._asked.free_at(now, self.rate_window))

    def too_many(self, seconds: float) -> Reply:
        """429, of which only the status and the three headers are documented."""
        reply = self.refused(429, "Rate limit exceeded").reply
        headers = {**reply.headers, **self._told(0, self.clock.now() + dt.timedelta(0, seconds))}
        if self.sends_retry_after:
            headers["retry-after"] = str(math.ceil(seconds))
        return Reply(429, reply.content, headers)

    def failing(self, status: int) -> Reply:
        """A breakdown, in the envelope of every refusal."""
        return self.refused(status, "Something went wrong").reply

    def _told(self, left: int, free_at: dt.datetime) -> dict[str, str]:
        seconds = math.ceil((free_at - self.clock.now()).total_seconds())
        reset = math.ceil(free_at.timestamp()) if self.reset_as_epoch else seconds
        return {
            "x-ratelimit-limit": str(ALLOWED),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(reset),
        }

    # The envelope ---------------------------------------------------------------------------------

    def success(self, status: int, /, **content: Any) -> Reply:
        """An answer of success."""
        body = {"success": True, **content, "request_id": self._request_id()}
        return Reply.json(status, body)

    def refused(
        self, status: int, message: str, code: str | None = None, details: object = None
    ) -> Refusal:
        """A refusal, to be raised."""
        known = code or self.error_codes.get(status, f"HTTP_{status}")
        error = {"code": known, "message": message, "details": details}
        body = {"success": False, "error": error, "request_id": self._request_id()}
        return Refusal(Reply.json(status, body))

    def not_found(self) -> Reply:
        """The answer for a path or an id that is not there."""
        return self.missing("Resource").reply

    def malformed(self, problem: str) -> Reply:
        """The answer for a body that is no JSON object."""
        return self.refused(400, problem).reply

    def missing(self, kind: str) -> Refusal:
        """The refusal for an object that is not there."""
        return self.refused(404, f"{kind} not found")

    def accepted(self, received: Received, fields: Mapping[str, Field]) -> JsonObject:
        """The body of a request, when all its fields are as documented."""
        body = self.body(received)
        wrong = problems(body, fields)
        if wrong:
            raise self.refused(400, "Validation failed", details=wrong)
        return {name: narrowed(value) for name, value in body.items()}

    # Lists ----------------------------------------------------------------------------------------

    def listed(
        self, name: str, objects: Mapping[str, JsonObject], received: Received, *filters: str
    ) -> Reply:
        """One page of *objects*, oldest first; the cursor is the id of the page's last."""
        asked = {field: received.query[field] for field in filters if field in received.query}
        ids = list(objects) if not asked else _matching(objects, asked)
        limit = received.query.get("limit", "50")
        if not limit.isdecimal() or not int(limit):
            raise self.refused(400, "Invalid limit", details={"limit": "should be a number"})
        begin = self._after(ids, received.query.get("cursor"))
        end = begin + int(limit)
        cursor = ids[end - 1] if end < len(ids) else None
        page = [objects[each] for each in ids[begin:end]]
        return self.success(200, **{name: page, "pagination": {self.cursor_field: cursor}})

    def _after(self, ids: list[str], cursor: str | None) -> int:
        if cursor is None:
            return 0
        if cursor not in ids:
            raise self.refused(400, "Invalid cursor", details={"cursor": "is not of this list"})
        return ids.index(cursor) + 1

    def _request_id(self) -> str:
        return f"req_{self.ids.text(12)}"


def _matching(objects: Mapping[str, JsonObject], asked: Mapping[str, str]) -> list[str]:
    """The ids of the objects with all these values."""
    return [
        each_id
        for each_id, each in objects.items()
        if all(each[field] == value for field, value in asked.items())
    ]
