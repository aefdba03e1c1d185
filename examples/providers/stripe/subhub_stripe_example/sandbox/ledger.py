"""The account that the fake keeps: keys, answers, lists, idempotency and the rate limit.

https://docs.stripe.com/api/errors, /pagination and /idempotent_requests. No endpoint is answered
here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from subhub.sandbox import Fake, JsonObject, RateWindow, Received, Refusal, Reply

from subhub_stripe_example.sandbox.form import tree

ALLOWED: Final = 25
"""Requests in a second: https://docs.stripe.com/rate-limits."""
SHORTEST, LONGEST, DEFAULT = 1, 100, 10
"""How many objects a page may hold, and holds unless told."""


class Ledger(Fake):
    """One test account of Stripe's."""

    prefix = "/v1"
    api_key: ClassVar[str] = "sk_test_0123456789abcdefghijklmn"

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.products: dict[str, JsonObject] = {}
        self.prices: dict[str, JsonObject] = {}
        self.customers: dict[str, JsonObject] = {}
        self.sessions: dict[str, JsonObject] = {}
        self.subscriptions: dict[str, JsonObject] = {}
        self._answered: dict[str, tuple[tuple[str, str, bytes], Reply]] = {}
        self._asked = RateWindow(ALLOWED, 1)

    def now(self) -> int:
        """The present, as Stripe writes it: seconds since 1970."""
        return int(self.clock.now().timestamp())

    def new(self, kind: str, prefix: str, **fields: Any) -> JsonObject:
        """A new object of *kind*."""
        made = {"id": f"{prefix}_{self.ids.text(14)}", "object": kind, "created": self.now()}
        return {**made, "livemode": False, **fields}

    # Who asks, and how often ----------------------------------------------------------------------

    def authenticate(self, received: Received) -> None:
        """Take one key, so many times a second."""
        _, _, key = received.headers.get("authorization", "").partition(" ")
        if key != self.api_key or self.is_revoked(key):
            raise self.refused(401, "Invalid API Key provided")
        if not self._asked.take(self.clock.now(), "rolling") and self.enforce_limits:
            raise Refusal(self.too_many(1))

    def too_many(self, seconds: float) -> Reply:
        """429, with its documented code."""
        del seconds
        return self.refused(429, "Too many requests", code="rate_limit").reply

    def failing(self, status: int) -> Reply:
        """A breakdown, in the shape of every error."""
        return self.refused(status, "An unknown error occurred", kind="api_error").reply

    def limits(self) -> Mapping[str, str]:
        """Every answer has an id; Stripe documents no headers about the rate limit."""
        return {"request-id": f"req_{self.ids.text(14)}"}

    # Answers --------------------------------------------------------------------------------------

    def refused(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> Refusal:
        """A refusal, to be raised."""
        told = {"type": kind, "message": message, "code": code, "param": param}
        error = {name: value for name, value in told.items() if value is not None}
        return Refusal(Reply.json(status, {"error": error}))

    def not_found(self) -> Reply:
        """The answer for a path that is not there."""
        return self.refused(404, "Unrecognized request URL").reply

    def malformed(self, problem: str) -> Reply:
        """The answer for a body that is no form."""
        return self.refused(400, f"Invalid request: {problem}").reply

    def found(
        self, objects: Mapping[str, JsonObject], kind: str, wanted: str, *, named: bool = False
    ) -> JsonObject:
        """The object with an id; one that the path names is 404, one that a parameter names 400."""
        if wanted in objects:
            return objects[wanted]
        status = 400 if named else 404
        message = f"No such {kind}: '{wanted}'"
        raise self.refused(status, message, code="resource_missing", param=kind if named else "id")

    # Requests -------------------------------------------------------------------------------------

    def decode(self, received: Received) -> JsonObject:
        """A form."""
        return tree(received.content.decode())

    def accepted(self, received: Received, *known: str) -> JsonObject:
        """The parameters of a request, when Stripe documents all of them."""
        given = self.body(received)
        for name in given:
            if name not in {*known, "expand", "metadata"}:
                message = f"Received unknown parameter: {name}"
                raise self.refused(400, message, code="parameter_unknown", param=name)
        return given

    def needed(self, given: Mapping[str, Any], name: str) -> Any:
        """A parameter that has to be there."""
        if not given.get(name):
            message = f"Missing required param: {name}."
            raise self.refused(400, message, code="parameter_missing", param=name)
        return given[name]

    def listed(self, received: Received, objects: list[JsonObject]) -> Reply:
        """One page of *objects*, newest first: https://docs.stripe.com/api/pagination."""
        limit = received.query.get("limit", str(DEFAULT))
        if not limit.isdecimal() or not SHORTEST <= int(limit) <= LONGEST:
            raise self.refused(400, f"Invalid integer: {limit}", param="limit")
        newest = objects[::-1]
        ids = [each["id"] for each in newest]
        cursor = received.query.get("starting_after")
        if cursor is not None and cursor not in ids:
            message = f"No such object: '{cursor}'"
            raise self.refused(400, message, code="resource_missing", param="starting_after")
        begin = ids.index(cursor) + 1 if cursor is not None else 0
        page = newest[begin : begin + int(limit)]
        body = {"object": "list", "url": received.path, "data": page}
        return Reply.json(200, {**body, "has_more": begin + int(limit) < len(newest)})

    def _dispatch(self, received: Received) -> Reply:
        """Answer a repeated key as it was answered first; another request under it is an error."""
        key = received.headers.get("idempotency-key")
        if key is None or received.method != "POST":
            return super()._dispatch(received)
        asked = (received.method, received.path, received.content)
        if key not in self._answered:
            self._answered[key] = (asked, super()._dispatch(received))
        first, reply = self._answered[key]
        if first != asked:
            message = "Keys for idempotent requests can only be used with the same parameters"
            raise self.refused(400, message, kind="idempotency_error")
        return reply
