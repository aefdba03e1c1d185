"""The company that the fake simulates: its state, keys, rate limit and response envelope.

See https://docs.afternoon.co/api-reference/authentication. What the documentation leaves open is a
class attribute with a value of our own, listed in `assumptions`.
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
PENDING: Final = "pending"
"""The first status of a subscription, unless the request has another one."""


class Company(Fake):
    """The state of one company, and the envelope of all responses."""

    api_key: ClassVar[str] = "ak_test_0123456789abcdefghijklmn"

    # assumed values for what is not documented; tests change them with `assume`
    active_status = "active"
    cursor_field = "next_cursor"
    past_due_status = "past_due"
    unpaid_ends = False
    pending_starts = True
    stub_charge = "prorated"
    time_zone = "UTC"
    change_done = "changed"
    change_scheduled = "scheduled"
    event_status = "processed"
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
        self._requests = RateWindow(ALLOWED, WINDOW)

    def cuid(self) -> str:
        """Return the next id: `c` and 24 letters and digits, without a type prefix."""
        return f"c{self.ids.text(24)}"

    # Authentication and rate limit ----------------------------------------------------------------

    def authenticate(self, received: Received) -> None:
        """Refuse a bad key with one of the four documented errors, and requests over the limit."""
        # before the key is checked: which requests count towards the limit is not documented
        within = self._requests.take(self.clock.now(), self.rate_window)
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
            free = self._requests.free_at(now, self.rate_window)
            raise Refusal(self.too_many((free - now).total_seconds()))

    def limits(self) -> Mapping[str, str]:
        """Return the three rate-limit headers: 1,000 requests per 60 seconds and company."""
        now = self.clock.now()
        left = self._requests.left(now, self.rate_window)
        return self._limit_headers(left, self._requests.free_at(now, self.rate_window))

    def too_many(self, seconds: float) -> Reply:
        """Return a 429; only its status and its three headers are documented."""
        reply = self.refused(429, "Rate limit exceeded").reply
        free_at = self.clock.now() + dt.timedelta(seconds=seconds)
        headers = {**reply.headers, **self._limit_headers(0, free_at)}
        if self.sends_retry_after:
            headers["retry-after"] = str(math.ceil(seconds))
        return Reply(429, reply.content, headers)

    def failing(self, status: int) -> Reply:
        """Return an internal error, in the envelope of all errors."""
        return self.refused(status, "Something went wrong").reply

    def _limit_headers(self, left: int, free_at: dt.datetime) -> dict[str, str]:
        seconds = math.ceil((free_at - self.clock.now()).total_seconds())
        reset = math.ceil(free_at.timestamp()) if self.reset_as_epoch else seconds
        return {
            "x-ratelimit-limit": str(ALLOWED),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-reset": str(reset),
        }

    # The envelope ---------------------------------------------------------------------------------

    def success(self, status: int, /, **content: Any) -> Reply:
        """Return a success response with *content*."""
        # `status` is positional only: some responses have a field with this name
        body = {"success": True, **content, "request_id": self._request_id()}
        return Reply.json(status, body)

    def refused(
        self, status: int, message: str, code: str | None = None, details: object = None
    ) -> Refusal:
        """Return an error response, to be raised.

        Args:
            status: The HTTP status.
            message: The text for people.
            code: The machine-readable code; by default the one assumed for the status.
            details: More about the error.
        """
        # tests can schedule any 5xx, also one without an assumed code
        known = code or self.error_codes.get(status, f"HTTP_{status}")
        error = {"code": known, "message": message, "details": details}
        body = {"success": False, "error": error, "request_id": self._request_id()}
        return Refusal(Reply.json(status, body))

    def not_found(self) -> Reply:
        """Return the 404 for an unknown path or id."""
        return self.missing("Resource").reply

    def malformed(self, problem: str) -> Reply:
        """Return the 400 for a body that is not a JSON object."""
        return self.refused(400, problem).reply

    def missing(self, kind: str) -> Refusal:
        """Return the 404 for an unknown object, to be raised."""
        return self.refused(404, f"{kind} not found")

    def accepted(self, received: Received, fields: Mapping[str, Field]) -> JsonObject:
        """Return the body of a request whose fields are all as documented; else refuse it."""
        body = self.body(received)
        wrong = problems(body, fields)
        if wrong:
            raise self.refused(400, "Validation failed", details=wrong)
        return {name: narrowed(value) for name, value in body.items()}

    # Lists ----------------------------------------------------------------------------------------

    def listed(
        self, name: str, objects: Mapping[str, JsonObject], received: Received, *filters: str
    ) -> Reply:
        """Return one page of *objects*, oldest first. Its last id is the cursor.

        Args:
            name: The name of the list in the response.
            objects: The objects, by id.
            received: The request, with `limit`, `cursor` and filters in its query.
            filters: The fields by which the list can be filtered.
        """
        wanted = {field: received.query[field] for field in filters if field in received.query}
        ids = _matching(objects, wanted) if wanted else list(objects)
        limit = received.query.get("limit", "50")  # documented as a string
        if not limit.isdecimal() or not int(limit):
            raise self.refused(400, "Invalid limit", details={"limit": "should be a number"})
        begin = self._after(ids, received.query.get("cursor"))
        end = begin + int(limit)
        cursor = ids[end - 1] if end < len(ids) else None
        page = [objects[object_id] for object_id in ids[begin:end]]
        return self.success(200, **{name: page, "pagination": {self.cursor_field: cursor}})

    def _after(self, ids: list[str], cursor: str | None) -> int:
        if cursor is None:
            return 0
        # an unknown cursor as the beginning would make a client read the list in circles
        if cursor not in ids:
            raise self.refused(400, "Invalid cursor", details={"cursor": "is unknown"})
        return ids.index(cursor) + 1

    def _request_id(self) -> str:
        return f"req_{self.ids.text(12)}"


def _matching(objects: Mapping[str, JsonObject], wanted: Mapping[str, str]) -> list[str]:
    """Return the ids of the objects with all the values of *wanted*."""
    return [
        object_id
        for object_id, fields in objects.items()
        if all(fields[name] == value for name, value in wanted.items())
    ]
