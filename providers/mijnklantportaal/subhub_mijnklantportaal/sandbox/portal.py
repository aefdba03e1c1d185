"""The portal behind all endpoints: key, rate limit, times, ids, lists and errors."""

from __future__ import annotations

import datetime as dt
import json
import math
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, Final

from subhub.models import time_zone
from subhub.sandbox import JsonObject, RateWindow, Received, Refusal, Reply
from subhub_mijnklantportaal.sandbox.assumptions import ASSUMPTIONS
from subhub_mijnklantportaal.sandbox.checks import NAIVE_FORMAT, Body
from subhub_mijnklantportaal.sandbox.open_points import OpenPoints

HOST: Final = "https://api.mijnklantportaal.nl"
PER_MINUTE: Final = 60
MINUTE: Final = 60
PER_PAGE: Final = 15
ID_LENGTH: Final = 14
ZONE: Final = time_zone("Europe/Amsterdam")


class Portal(OpenPoints):
    """The parts that all endpoints share."""

    prefix: ClassVar[str] = "/v1"
    api_key: ClassVar[str] = "sandbox-key-of-mijnklantportaal"
    assumptions: ClassVar[Mapping[str, str]] = ASSUMPTIONS

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.integrations_connected = True
        """Whether payment provider and bookkeeping are connected; else some requests are a 412."""
        self.stray_comma = True
        """Whether `next_page_url` ends in a comma, as in the documented example."""
        self.unauthorized: JsonObject = {"message": "Unauthenticated."}
        """The body of a 401."""
        self.server_error: JsonObject = {"message": "Server error."}
        """The body of a 5xx."""
        self.rate_window = "aligned"
        """The kind of the rate limit's minute: `aligned`, `anchored` or `rolling`."""
        self.webhooks: dict[str, JsonObject] = {}
        """The webhook records as on the wire, by id."""
        self._requests = RateWindow(PER_MINUTE, MINUTE)

    def authenticate(self, received: Received) -> None:
        """Refuse a request without the key or over the limit."""
        # a request without the key does not count towards the limit, which is per key
        known = received.headers.get("authorization") == f"Bearer {self.api_key}"
        if not known or self.is_revoked(self.api_key):
            raise Refusal(Reply.json(401, self.unauthorized))
        now = self.clock.now()
        if not self._requests.take(now, self.rate_window) and self.enforce_limits:
            free = self._requests.free_at(now, self.rate_window)
            raise Refusal(self.too_many((free - now).total_seconds()))

    def limits(self) -> Mapping[str, str]:
        """Return the two rate-limit headers of every response."""
        return _limit_headers(self._requests.left(self.clock.now(), self.rate_window))

    def too_many(self, seconds: float) -> Reply:
        """Return a 429, with the two headers that only a 429 has."""
        # one in seconds from now, the other in seconds since 1970; both only with a 429
        reset = math.ceil(self.clock.now().timestamp() + seconds)
        headers = {"retry-after": str(math.ceil(seconds)), "x-ratelimit-reset": str(reset)}
        body = {"code": 429, "message": "Too many requests."}
        return Reply.json(429, body, {**_limit_headers(0), **headers})

    def failing(self, status: int) -> Reply:
        """Return an internal error, with the body of `server_error`."""
        return Reply.json(status, self.server_error)

    def not_found(self) -> Reply:
        """Return a 404 with a message."""
        return _error(404, "Nothing was found for this ID.")

    def malformed(self, problem: str) -> Reply:
        """Return a 422 with a message."""
        return _error(422, problem)

    def today(self) -> dt.date:
        """Return the current day in the Netherlands."""
        return self.clock.now().astimezone(ZONE).date()

    def atom(self, moment: dt.datetime | None) -> str | None:
        """Return *moment* with its offset in the Netherlands."""
        return None if moment is None else _atom(moment)

    def moment(self, naive: str) -> dt.datetime:
        """Return the moment of a time without an offset."""
        zone = time_zone(self.time_zone)
        return dt.datetime.strptime(naive, NAIVE_FORMAT).replace(tzinfo=zone)

    def new_id(self, prefix: str) -> str:
        """Return the next id, as long as the documented examples."""
        return prefix + self.ids.text(ID_LENGTH)

    def checked(self, received: Received, rules: Body) -> JsonObject:
        """Return the body of a request, or refuse it with everything that is wrong with it."""
        body = self.body(received)
        complaints = [*rules.complaints(body)]
        if self.unknown_fields == "refused":
            complaints += rules.unknown(body)
        if self.empty_text == "refused":
            complaints += rules.empty(body)
        if complaints:
            raise Refusal(self.malformed(" ".join(complaints)))
        return body

    def created(self, body: object) -> Reply:
        """Return the response to creating something, where no status is documented."""
        return Reply.json(self.success_status, body)

    def connected(self) -> None:
        """Refuse unless a payment provider and bookkeeping are connected."""
        if not self.integrations_connected:
            message = "No payment provider or bookkeeping integration is set up."
            raise Refusal(_error(412, message))

    def connected_to_be_paid(self) -> None:
        """Do the same for sign-ups and payment links, for which it is assumed."""
        if self.sign_up_precondition:
            self.connected()

    def listing(
        self,
        received: Received,
        items: Collection[Any],
        show: Callable[[Any], JsonObject] = dict,
    ) -> Reply:
        """Return one page of *items*: 15 per page, without a total.

        Args:
            received: The request, with `page` in its query.
            items: The items of all pages.
            show: Returns an item as on the wire.
        """
        page = self._page(received.query.get("page", "1"))
        first = (page - 1) * PER_PAGE
        begin = min(first, len(items))  # islice takes numbers up to sys.maxsize only
        shown = [show(item) for item in islice(items, begin, begin + PER_PAGE)]
        more = first + PER_PAGE < len(items)
        address = self.api_address(HOST + received.path)
        # the documented example ends in `?page=2,`
        comma = "," if self.stray_comma else ""
        return Reply.json(
            200,
            {
                "current_page": page,
                "data": shown,
                "first_page_url": f"{address}?page=1",
                "from": first + 1 if shown else None,
                "next_page_url": f"{address}?page={page + 1}{comma}" if more else None,
                "path": address,
                "per_page": PER_PAGE,
                "prev_page_url": f"{address}?page={page - 1}" if page > 1 else None,
                "to": first + len(shown) if shown else None,
            },
        )

    def emit(self, event: str, shown: JsonObject) -> None:
        """Call the URLs that are registered for an event.

        The header with the secret is documented; the body is not, see `webhook_body`.

        Args:
            event: The type of the event, as in a webhook record.
            shown: The object that it is about, as on the wire.
        """
        body = {"id": {"id": shown["id"]}, "object": shown, "empty": None}[self.webhook_body]
        content = b"" if body is None else json.dumps(body).encode()
        for record in self.webhooks.values():
            if record["type"] == event:
                headers = {
                    "Content-Type": "application/json",
                    "X-Webhook-Signature": record["secret"],
                }
                self.outbox.add(event, record["url"], headers, content)

    def _page(self, number: str) -> int:
        if number.isdecimal() and int(number):
            return int(number)
        if self.page_parameter == "refused":
            raise Refusal(self.malformed("The page field is invalid."))
        return 1


@lru_cache
def _atom(moment: dt.datetime) -> str:
    """Return *moment* as on the wire; cached, because a frozen clock repeats the same moments."""
    return moment.astimezone(ZONE).isoformat()


def _error(status: int, message: str) -> Reply:
    return Reply.json(status, {"message": message})


def _limit_headers(left: int) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(PER_MINUTE), "X-RateLimit-Remaining": str(left)}
