"""The website profile whose payments the fake does: its key, its objects, and how answers look.

https://docs.mollie.com/reference/authentication, https://docs.mollie.com/overview/pagination,
https://docs.mollie.com/overview/handling-errors and
https://docs.mollie.com/reference/api-idempotency. No endpoint is answered here. What the documents
leave open is an attribute with a value of our own, listed in `assumptions`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus  # noqa: TID251 - the phrases of statuses, and no network
from typing import Any, ClassVar, Final
from urllib.parse import urlencode

from subhub.sandbox import Fake, JsonObject, Received, Refusal, Reply

API: Final = "https://api.mollie.com/v2"
DASHBOARD: Final = "https://www.mollie.com/dashboard"
HAL: Final = "application/hal+json"
DEFAULT_LIMIT: Final = 50
MOST: Final = 250
KEPT: Final = dt.timedelta(hours=1)
"""How long an idempotency key is remembered."""


class Profile(Fake):
    """The state of one website profile, and the form of the answers about it."""

    prefix: ClassVar[str] = "/v2"
    api_key: ClassVar[str] = "test_sandboxsandboxsandboxsandbox12"

    # Our own values for what is not documented: change them to see how code copes with others.
    checkout_method = "ideal"
    expires_after = 15
    deleted_status = 410
    equal_descriptions_status = 422
    second_cancel_status = 422
    sends_retry_after = False
    retries = 0

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.mode = "live" if self.api_key.startswith("live_") else "test"
        self.kept_query: dict[str, str] = {}
        """What the addresses in answers repeat of the request: its `testmode`."""
        self.listed_for: dict[str, str] = {}
        """What those of pages repeat besides: its `profileId`."""
        self.profile_id: str = f"pfl_{self.ids.text(10)}"
        self.customers: dict[str, JsonObject] = {}
        self.mandates: dict[str, JsonObject] = {}
        self.payments: dict[str, JsonObject] = {}
        self.subscriptions: dict[str, JsonObject] = {}
        self.deleted: set[str] = set()
        self.answered: dict[str, JsonObject] = {}

    def authenticate(self, received: Received) -> None:
        """Refuse every key but that of the sandbox, and the parameter that is not for API keys."""
        scheme, _, key = received.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or key != self.api_key or self.is_revoked(key):
            raise self.refused(401, "Missing authentication, or failed to authenticate")
        if "testmode" in received.query:
            raise self.refused(400, "testmode is for organization credentials", "testmode")

    def respond(self, received: Received) -> Reply:
        """Answer a POST with the same idempotency key as before, within an hour, as before."""
        key = received.headers.get("idempotency-key")
        if key is None or received.method != "POST":
            return super().respond(received)
        known, now = self.answered.get(key), self.clock.now()
        asked = f"{received.path} {received.content.decode(errors='replace')}"
        if known is None or now - dt.datetime.fromisoformat(known["at"]) >= KEPT:
            reply = super().respond(received)
            body: Any = json.loads(reply.content)
            self.answered[key] = {"at": now.isoformat(), "asked": asked, "body": body}
            return reply
        if known["asked"] != asked:
            raise self.refused(400, "The idempotency key was used for another request")
        repeated = self.answer(201, known["body"])
        return Reply(201, repeated.content, {**repeated.headers, "idempotent-replayed": "true"})

    # Answers --------------------------------------------------------------------------------------

    def call_webhook(self, payment: JsonObject) -> None:
        """Call the webhook of a payment whose status changed, with its id and nothing else."""
        if payment["webhookUrl"] is not None:
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            content = urlencode({"id": payment["id"]}).encode()
            self.outbox.add("payment", payment["webhookUrl"], form, content)

    def answer(self, status: int, body: JsonObject) -> Reply:
        """Return an answer in HAL."""
        return Reply.json(status, body, {"content-type": HAL})

    def refused(self, status: int, detail: str, field: str | None = None) -> Refusal:
        """Return an error object, to be raised."""
        body: JsonObject = {
            "status": status,
            "title": HTTPStatus(status).phrase,
            "detail": detail,
            **({"field": field} if field else {}),
            "_links": {"documentation": self.documentation("overview/handling-errors")},
        }
        return Refusal(self.answer(status, body))

    def oauth_error(self, status: int, word: str) -> Refusal:
        """Return the error of the token endpoint, as RFC 6749 has it, to be raised."""
        return Refusal(Reply.json(status, {"error": word}))

    def missing(self, object_id: str) -> Refusal:
        """Return the error for an id that does not exist."""
        return self.refused(404, f"No entity exists with token {object_id!r}")

    def not_found(self) -> Reply:
        """Return the answer for a path that does not exist."""
        return self.missing("this address").reply

    def malformed(self, problem: str) -> Reply:
        """Return the answer for a body that is not a JSON object."""
        return self.refused(400, problem).reply

    def too_many(self, seconds: float) -> Reply:
        """Return 429, for which no header is documented."""
        reply = self.refused(429, "You have exceeded the rate limit. Please slow down.").reply
        waits = {"retry-after": f"{seconds:.0f}"} if self.sends_retry_after else {}
        return Reply(429, reply.content, {**reply.headers, **waits})

    def failing(self, status: int) -> Reply:
        """Return the answer of a breakdown."""
        return self.refused(status, "The service is temporarily unavailable").reply

    # Links ----------------------------------------------------------------------------------------

    def link(self, path: str, query: Mapping[str, str] | None = None) -> JsonObject:
        """Return the URL object of that part of the API, to be followed as it is."""
        # The query is added here: where the sandbox is served, `api_address` keeps the path alone.
        text = urlencode({**(query or {}), **self.kept_query})
        address = self.api_address(API + path)
        return {"href": f"{address}?{text}" if text else address, "type": HAL}

    def documentation(self, page: str) -> JsonObject:
        """Return the URL object of a page of the documentation."""
        return {"href": f"https://docs.mollie.com/{page}", "type": "text/html"}

    def dashboard(self, page: str) -> JsonObject:
        """Return the URL object of a page of the dashboard."""
        return {"href": f"{DASHBOARD}/{page}", "type": "text/html"}

    # Lists ----------------------------------------------------------------------------------------

    def listed(
        self, received: Received, name: str, objects: Sequence[JsonObject], *, sorts: bool = True
    ) -> Reply:
        """Return one page of *objects*, which are oldest first, in the order that is asked for.

        A page begins with the object that `from` names, and the newest comes first.
        """
        query = received.query
        self._check_query(received, {"from", "limit", *(("sort",) if sorts else ())})
        ordered = list(objects) if query.get("sort") == "asc" else list(reversed(objects))
        limit = int(query.get("limit", DEFAULT_LIMIT))
        begin = self._begin(ordered, query.get("from"))
        page, rest = ordered[begin : begin + limit], ordered[begin + limit :]
        previous = ordered[max(0, begin - limit)]["id"] if begin else None
        links: JsonObject = {
            "self": self._page_link(received, query.get("from")),
            "previous": self._page_link(received, previous) if previous else None,
            "next": self._page_link(received, rest[0]["id"]) if rest else None,
            "documentation": self.documentation(f"reference/list-{name}"),
        }
        return self.answer(200, {"count": len(page), "_embedded": {name: page}, "_links": links})

    def _check_query(self, received: Received, known: set[str]) -> None:
        for name, value in received.query.items():
            if name not in known:
                raise self.refused(400, f"Non-existent query parameter {name!r}", name)
            wrong = name == "limit" and not (value.isdecimal() and 1 <= int(value) <= MOST)
            if wrong or (name == "sort" and value not in {"asc", "desc"}):
                raise self.refused(400, f"Invalid {name} value", name)

    def _begin(self, ordered: list[JsonObject], cursor: str | None) -> int:
        if cursor is None:
            return 0
        for place, found in enumerate(ordered):
            if found["id"] == cursor:
                return place
        raise self.refused(400, "Invalid cursor value", "from")

    def _page_link(self, received: Received, cursor: str | None) -> JsonObject:
        """Return the URL object of the page that begins with *cursor*."""
        kept = {name: received.query[name] for name in ("limit", "sort") if name in received.query}
        query = {**({"from": cursor} if cursor else {}), **kept, **self.listed_for}
        return self.link(received.path.removeprefix(self.prefix), query)
