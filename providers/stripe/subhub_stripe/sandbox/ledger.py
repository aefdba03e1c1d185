"""The account that the fake simulates: keys, errors, lists, idempotency and the rate limit.

See https://docs.stripe.com/api/errors, https://docs.stripe.com/api/pagination and
https://docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from subhub.sandbox import Fake, JsonObject, RateWindow, Received, Refusal, Reply, form_tree

ALLOWED: Final = 25
"""Requests per second: https://docs.stripe.com/rate-limits."""
SHORTEST, LONGEST, DEFAULT = 1, 100, 10
"""The smallest, largest and default page size."""


class Ledger(Fake):
    """A Stripe test account."""

    prefix = "/v1"
    api_key: ClassVar[str] = "sk_test_0123456789abcdefghijklmn"

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.products: dict[str, JsonObject] = {}
        self.prices: dict[str, JsonObject] = {}
        self.customers: dict[str, JsonObject] = {}
        self.tax_ids: dict[str, JsonObject] = {}
        self.sessions: dict[str, JsonObject] = {}
        self.subscriptions: dict[str, JsonObject] = {}
        self._answered: dict[str, tuple[tuple[str, str, bytes], Reply]] = {}
        self._requests = RateWindow(ALLOWED, 1)

    def now(self) -> int:
        """Return the current time as Stripe writes it: seconds since 1970."""
        return int(self.clock.now().timestamp())

    def new(self, kind: str, prefix: str, **fields: Any) -> JsonObject:
        """Return a new object.

        Args:
            kind: The type of the object.
            prefix: The prefix of its id.
            fields: Its other fields.
        """
        common = {"id": f"{prefix}_{self.ids.text(14)}", "object": kind, "created": self.now()}
        return {**common, "livemode": False, **fields}

    # Authentication and rate limit ----------------------------------------------------------------

    def authenticate(self, received: Received) -> None:
        """Refuse a wrong key, and requests over the limit."""
        _, _, key = received.headers.get("authorization", "").partition(" ")
        if key != self.api_key or self.is_revoked(key):
            raise self.refused(401, "Invalid API Key provided")
        if not self._requests.take(self.clock.now(), "rolling") and self.enforce_limits:
            raise Refusal(self.too_many(1))

    def too_many(self, seconds: float) -> Reply:
        """Return a 429 with its documented code."""
        del seconds
        return self.refused(429, "Too many requests", code="rate_limit").reply

    def failing(self, status: int) -> Reply:
        """Return an internal error."""
        return self.refused(status, "An unknown error occurred", kind="api_error").reply

    def limits(self) -> Mapping[str, str]:
        """Return a request id; Stripe documents no rate-limit headers."""
        return {"request-id": f"req_{self.ids.text(14)}"}

    # Responses ------------------------------------------------------------------------------------

    def refused(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> Refusal:
        """Return an error response, to be raised.

        Args:
            status: The HTTP status.
            message: The text for people.
            code: The machine-readable code.
            param: The parameter that is wrong.
            kind: The type of the error.
        """
        fields = {"type": kind, "message": message, "code": code, "param": param}
        error = {name: value for name, value in fields.items() if value is not None}
        return Refusal(Reply.json(status, {"error": error}))

    def not_found(self) -> Reply:
        """Return the 404 for an unknown path."""
        return self.refused(404, "Unrecognized request URL").reply

    def malformed(self, problem: str) -> Reply:
        """Return the 400 for a body that is not a form."""
        return self.refused(400, f"Invalid request: {problem}").reply

    def found(
        self, objects: Mapping[str, JsonObject], kind: str, wanted: str, *, named: bool = False
    ) -> JsonObject:
        """Return the object with an id, or refuse the request.

        Args:
            objects: The objects, by id.
            kind: The type of the object.
            wanted: The id.
            named: Whether a parameter names the id (400) and not the path (404).
        """
        if wanted in objects:
            return objects[wanted]
        status = 400 if named else 404
        message = f"No such {kind}: '{wanted}'"
        raise self.refused(status, message, code="resource_missing", param=kind if named else "id")

    # Requests -------------------------------------------------------------------------------------

    def decode(self, received: Received) -> JsonObject:
        """Decode a form."""
        return form_tree(received.content.decode())

    def accepted(self, received: Received, *known: str) -> JsonObject:
        """Return the parameters of a request; refuse undocumented ones."""
        given = self.body(received)
        for name in given:
            if name not in {*known, "expand", "metadata"}:
                message = f"Received unknown parameter: {name}"
                raise self.refused(400, message, code="parameter_unknown", param=name)
        return given

    def needed(self, given: Mapping[str, Any], name: str) -> Any:
        """Return a required parameter, or refuse the request."""
        if not given.get(name):
            message = f"Missing required param: {name}."
            raise self.refused(400, message, code="parameter_missing", param=name)
        return given[name]

    def expanded(self, received: Received, below: str = "") -> set[str]:
        """Return the fields that a request wants expanded; in lists, they are *below* `data.`.

        subhub writes `expand[]=product` in a query, and Stripe's SDK `expand[0]=product`.
        """
        query = [value for name, value in received.query.items() if name.startswith("expand[")]
        form: list[str] = self.body(received).get("expand", []) if received.content else []
        names = (*query, *form)
        return {name.removeprefix(below) for name in names if name.startswith(below)}

    def listed(self, received: Received, objects: list[JsonObject]) -> Reply:
        """Return one page of *objects*, newest first."""
        limit = received.query.get("limit", str(DEFAULT))
        if not limit.isdecimal() or not SHORTEST <= int(limit) <= LONGEST:
            raise self.refused(400, f"Invalid integer: {limit}", param="limit")
        newest = objects[::-1]
        ids = [item["id"] for item in newest]
        cursor = received.query.get("starting_after")
        if cursor is not None and cursor not in ids:
            message = f"No such object: '{cursor}'"
            raise self.refused(400, message, code="resource_missing", param="starting_after")
        begin = ids.index(cursor) + 1 if cursor is not None else 0
        page = newest[begin : begin + int(limit)]
        body = {"object": "list", "url": received.path, "data": page}
        return Reply.json(200, {**body, "has_more": begin + int(limit) < len(newest)})

    def respond(self, received: Received) -> Reply:
        """Repeat the first response to an idempotency key; a different request is an error."""
        key = received.headers.get("idempotency-key")
        if key is None or received.method != "POST":
            return self._carry_out(received)
        request = (received.method, received.path, received.content)
        if key not in self._answered:
            self._answered[key] = (request, self._carry_out(received))
        first, reply = self._answered[key]
        if first != request:
            message = "Keys for idempotent requests can only be used with the same parameters"
            raise self.refused(400, message, kind="idempotency_error")
        return reply

    def _carry_out(self, received: Received) -> Reply:
        try:
            return super().respond(received)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
            # every endpoint reads its parameters before it stores anything
            raise Refusal(self.malformed("a parameter is not of its documented type")) from None
