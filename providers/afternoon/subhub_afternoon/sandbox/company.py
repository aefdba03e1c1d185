"""The company whose billing the fake does: its state, its keys, and how every answer looks.

https://docs.afternoon.co/api-reference/authentication. No endpoint is answered here. What the
documents leave open is an attribute with a value of our own, told in `assumptions`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from subhub.sandbox import Fake, JsonObject, Received, Refusal, Reply
from subhub_afternoon.sandbox.fields import Field, problems

ALLOWED: Final = 1000
WINDOW: Final = dt.timedelta(seconds=60)
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
    reset_as_epoch = True
    error_codes: Mapping[int, str] = {
        400: "VALIDATION_ERROR",
        404: "NOT_FOUND",
        409: "CONFLICT",
    }

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.revoked: set[str] = set()
        self.plans: dict[str, str] = {}
        self.customers: dict[str, JsonObject] = {}
        self.subscriptions: dict[str, JsonObject] = {}
        self.links: dict[str, JsonObject] = {}
        self.invoices: dict[str, JsonObject] = {}
        self.events: dict[str, str] = {}
        self.grants: list[tuple[str, JsonObject]] = []
        self._window = self.clock.now()
        self._used = 0

    def cuid(self) -> str:
        """The next id: a `c` and 24 letters and digits, without a type."""
        return f"c{self.ids.text(24)}"

    # Who asks, and how often ----------------------------------------------------------------------

    def authenticate(self, received: Received) -> None:
        """Refuse in the four documented ways."""
        self._count()
        scheme, _, key = received.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or not key:
            raise self.refused(401, "Missing or invalid Authorization header", "UNAUTHORIZED")
        if not key.startswith(PREFIXES):
            raise self.refused(401, "Invalid API key format", "INVALID_API_KEY")
        if key in self.revoked:
            raise self.refused(401, "API key has been revoked", "API_KEY_REVOKED")
        if key != self.api_key:
            raise self.refused(401, "Invalid API key", "INVALID_API_KEY")

    def limits(self) -> Mapping[str, str]:
        """The three headers of the rate limit: 1,000 requests in 60 seconds per company."""
        end = self._window + WINDOW
        left = int((end - self.clock.now()).total_seconds())
        return {
            "x-ratelimit-limit": str(ALLOWED),
            "x-ratelimit-remaining": str(max(0, ALLOWED - self._used)),
            "x-ratelimit-reset": str(int(end.timestamp()) if self.reset_as_epoch else left),
        }

    def _count(self) -> None:
        now = self.clock.now()
        if self._used == 0 or not self._window <= now < self._window + WINDOW:
            self._window, self._used = now, 0
        self._used += 1

    # The envelope ---------------------------------------------------------------------------------

    def success(self, status: int, /, **content: Any) -> Reply:
        """An answer of success."""
        body = {"success": True, **content, "request_id": self._request_id()}
        return Reply.json(status, body)

    def refused(
        self, status: int, message: str, code: str | None = None, details: object = None
    ) -> Refusal:
        """A refusal, to be raised."""
        error = {"code": code or self.error_codes[status], "message": message, "details": details}
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
        return body

    # Lists ----------------------------------------------------------------------------------------

    def listed(
        self, name: str, objects: Mapping[str, JsonObject], received: Received, *filters: str
    ) -> Reply:
        """One page of *objects*, oldest first; the cursor is the id of the page's last."""
        asked = {field: received.query[field] for field in filters if field in received.query}
        ids = [
            each["id"]
            for each in objects.values()
            if all(each[field] == value for field, value in asked.items())
        ]
        limit = received.query.get("limit", "50")
        if not limit.isdecimal() or limit == "0":
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
