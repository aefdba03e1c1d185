"""The portal under all routes of the fake: key, rate limit, clock, ids, lists and refusals."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from subhub.sandbox import JsonObject, RateWindow, Received, Refusal, Reply
from subhub_mijnklantportaal.sandbox.assumptions import ASSUMPTIONS
from subhub_mijnklantportaal.sandbox.checks import NAIVE_FORMAT, Body
from subhub_mijnklantportaal.sandbox.open_points import OpenPoints

HOST: Final = "https://api.mijnklantportaal.nl"
PER_MINUTE: Final = 60
MINUTE: Final = 60
PER_PAGE: Final = 15
ID_LENGTH: Final = 14
ZONE: Final = ZoneInfo("Europe/Amsterdam")


class Portal(OpenPoints):
    """What the routes have in common."""

    prefix: ClassVar[str] = "/v1"
    api_key: ClassVar[str] = "sandbox-key-of-mijnklantportaal"
    assumptions: ClassVar[Mapping[str, str]] = ASSUMPTIONS

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.integrations_connected = True
        """Whether a payment provider and bookkeeping are connected; without them it is a 412."""
        self.stray_comma = True
        """Whether `next_page_url` ends in a comma, as in the documented example."""
        self.unauthorized: JsonObject = {"message": "Unauthenticated."}
        """The body of a 401."""
        self.server_error: JsonObject = {"message": "Server error."}
        """The body of a 5xx."""
        self.rate_window = "aligned"
        """Which kind of minute the rate limit is about: `aligned`, `anchored` or `rolling`."""
        self._asked = RateWindow(PER_MINUTE, MINUTE)

    def authenticate(self, received: Received) -> None:
        """Refuse a request without the key, or over the limit."""
        known = received.headers.get("authorization") == f"Bearer {self.api_key}"
        if not known or self.is_revoked(self.api_key):
            raise Refusal(Reply.json(401, self.unauthorized))
        now = self.clock.now()
        if not self._asked.take(now, self.rate_window) and self.enforce_limits:
            free = self._asked.free_at(now, self.rate_window)
            raise Refusal(self.too_many((free - now).total_seconds()))

    def limits(self) -> Mapping[str, str]:
        """The two headers that every answer carries."""
        return _told(self._asked.left(self.clock.now(), self.rate_window))

    def too_many(self, seconds: float) -> Reply:
        """429, with the two headers that only it has."""
        reset = math.ceil(self.clock.now().timestamp() + seconds)
        headers = {"retry-after": str(math.ceil(seconds)), "x-ratelimit-reset": str(reset)}
        body = {"code": 429, "message": "Too many requests."}
        return Reply.json(429, body, {**_told(0), **headers})

    def failing(self, status: int) -> Reply:
        """A breakdown, with the body of `server_error`."""
        return Reply.json(status, self.server_error)

    def not_found(self) -> Reply:
        """404, with a message."""
        return _refusal(404, "Nothing was found for this ID.")

    def malformed(self, problem: str) -> Reply:
        """422, with a message."""
        return _refusal(422, problem)

    def today(self) -> dt.date:
        """The day in the Netherlands."""
        return self.clock.now().astimezone(ZONE).date()

    def atom(self, moment: dt.datetime | None) -> str | None:
        """*moment* with its offset in the Netherlands."""
        return None if moment is None else _atom(moment)

    def moment(self, naive: str) -> dt.datetime:
        """The moment that a time without an offset means."""
        zone = ZoneInfo(self.time_zone)
        return dt.datetime.strptime(naive, NAIVE_FORMAT).replace(tzinfo=zone)

    def new_id(self, prefix: str) -> str:
        """The next id, as long as the documented examples."""
        return prefix + self.ids.text(ID_LENGTH)

    def checked(self, received: Received, rules: Body) -> JsonObject:
        """The request's body, or a refusal with all that is wrong with it."""
        body = self.body(received)
        complaints = [*rules.complaints(body)]
        if self.unknown_fields == "refused":
            complaints += rules.unknown(body)
        if self.empty_text == "refused":
            complaints += rules.empty(body)
        if complaints:
            raise Refusal(self.malformed(" ".join(complaints)))
        return body

    def made(self, body: object) -> Reply:
        """The answer to having made something, where no status is documented."""
        return Reply.json(self.success_status, body)

    def connected(self) -> None:
        """Refuse unless a payment provider and bookkeeping are connected."""
        if not self.integrations_connected:
            message = "No payment provider or bookkeeping integration is set up."
            raise Refusal(_refusal(412, message))

    def connected_to_be_paid(self) -> None:
        """The same for sign-ups and payment links, where it is an assumption."""
        if self.sign_up_precondition:
            self.connected()

    def listing(
        self,
        received: Received,
        items: Collection[Any],
        show: Callable[[Any], JsonObject] = dict,
    ) -> Reply:
        """One page of *items*, each as *show* writes it: 15 of them, no total."""
        page = self._page(received.query.get("page", "1"))
        first = (page - 1) * PER_PAGE
        begin = min(first, len(items))  # islice does not take numbers of any size
        shown = [show(each) for each in islice(items, begin, begin + PER_PAGE)]
        more = first + PER_PAGE < len(items)
        address = self.api_address(HOST + received.path)
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

    def _page(self, asked: str) -> int:
        if asked.isdecimal() and int(asked):
            return int(asked)
        if self.page_parameter == "refused":
            raise Refusal(self.malformed("The page field is invalid."))
        return 1


@lru_cache
def _atom(moment: dt.datetime) -> str:
    """*moment* as the wire has it; the clock mostly stands still, so the same ones come again."""
    return moment.astimezone(ZONE).isoformat()


def _refusal(status: int, message: str) -> Reply:
    return Reply.json(status, {"message": message})


def _told(left: int) -> dict[str, str]:
    return {"X-RateLimit-Limit": str(PER_MINUTE), "X-RateLimit-Remaining": str(left)}
