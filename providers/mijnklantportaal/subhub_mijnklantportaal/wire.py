"""What all JSON of MijnKlantportaal shares: its objects and lists, dates and times, and terms.

Names are in camelCase outside, and lists come 15 to a page. A date is `2024-05-04`. Answers carry
times with an offset, `2024-04-29T21:00:00+02:00`; two requests take one without, `2024-07-04
22:01:00`, in a zone that the documentation does not name. Requests are held to the documented
values, because another one would bill somebody wrongly. Answers are not: a word that is not known
becomes `None` here, and stays readable in `raw`. Nothing here reads a clock or supplies an offset
that an answer does not have.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import BeforeValidator, ConfigDict
from pydantic.alias_generators import to_camel

from subhub.errors import InvalidRequest
from subhub.models import Interval, Money, PlanDraft
from subhub.plugin import Flow, Json, Page, Provider, Wire, get, next_page_number

T = TypeVar("T")


class PortalObject(Wire):
    """A JSON object, its fields named in camelCase on the wire.

    Two generations of the documentation differ in their fields, and which may be null is not
    stated: everything but the id may be null or absent.
    """

    model_config = ConfigDict(alias_generator=to_camel)


O = TypeVar("O", bound=PortalObject)  # noqa: E741 - an object


class Listing(Wire, Generic[O]):
    """One page of a list; it tells no total.

    See https://docs.developers.mijnklantportaal.nl/api-reference/customers-api/list-customers
    """

    data: list[O]
    next_page_url: str | None = None


class Lists(Provider):
    """Reading one page of any list."""

    def _read_page(
        self, path: str, listing: type[Listing[O]], read: Callable[[O], T], cursor: str | None
    ) -> Flow[Page[T]]:
        """Read the page *cursor*, or the first one, and put its objects into neutral words."""
        query = {} if cursor is None else {"page": cursor}
        found = yield from get(path, listing, query)
        following = next_page_number(found.next_page_url, self.address)
        return Page([read(each) for each in found.data], following)


def given(fields: Mapping[str, Any]) -> Json:
    """The fields that have a value: what is not given is left out, never sent as null."""
    return {name: value for name, value in fields.items() if value is not None}


def own_id(field: str, value: str, prefix: str) -> str:
    """An id that begins as the documentation says; more than that is not promised of any id."""
    if not value.startswith(prefix):
        raise InvalidRequest.of(field, f"{value!r} does not begin with {prefix!r}")
    return value


# Dates and times ----------------------------------------------------------------------------------


def naive_text(moment: dt.datetime) -> str:
    """*moment* on its own wall clock, without its offset (that this is meant is inferred)."""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")


def _read(value: object) -> dt.datetime | None:
    """The documentation's own examples hold impossible dates: what cannot be read is `None`.

    An answer that holds a date which does not exist still tells that something was done.
    """
    if value is None:
        return None
    if not isinstance(value, str):
        message = "a time is written as text"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return None


def _day(value: object) -> dt.date | None:
    moment = _read(value)
    return None if moment is None else moment.date()


def _moment(value: object) -> dt.datetime | None:
    """A time without an offset is no moment, and which zone it is in would be a guess."""
    moment = _read(value)
    return None if moment is None or moment.tzinfo is None else moment


Day = Annotated[dt.date | None, BeforeValidator(_day)]
"""A day in an answer; `None` when it cannot be read."""

Moment = Annotated[dt.datetime | None, BeforeValidator(_moment)]
"""A time with its offset in an answer; `None` when it cannot be read or has no offset."""


# Terms --------------------------------------------------------------------------------------------


CURRENCY: Final = "EUR"
INTERVALS: Final = ("14 days", "1 month", "2 months", "6 months", "1 year")
VAT_RATES: Final = (0, 9, 21)

_SAME_INTERVAL: Final = {"2 weeks": "14 days", "12 months": "1 year"}


def plan_terms(draft: PlanDraft) -> dict[str, Any]:
    """Interval, amount and VAT rate of *draft*, as a request has them; all three are required."""
    if draft.tax_rate is None:
        raise InvalidRequest.of("tax_rate", f"it is required: give {_listed(VAT_RATES)}")
    return given_terms(price=draft.price, interval=draft.interval, tax_rate=draft.tax_rate)


def given_terms(
    *, price: Money | None, interval: Interval | None, tax_rate: Decimal | None
) -> dict[str, Any]:
    """Those of the three that are given, as a request has them."""
    body: dict[str, Any] = {}
    if interval is not None:
        body["interval"] = _interval_text(interval)
    if price is not None:
        body["amount"] = amount_text("price", price)
    if tax_rate is not None:
        body["vatRate"] = _vat_rate(tax_rate)
    return body


def amount_text(field: str, price: Money) -> str:
    """The amount as text with two decimals; any currency but the euro is refused."""
    if price.currency != CURRENCY:
        raise InvalidRequest.of(
            field, f"{str(price)!r} is not in {CURRENCY}, the only currency that it takes"
        )
    return price.to_text()


@lru_cache(maxsize=64)
def read_interval(text: str | None) -> Interval | None:
    """The interval that *text* says, where it says one."""
    try:
        return None if text is None else Interval.parse(text)
    except InvalidRequest:
        return None


def read_money(amount: Decimal | None, currency: str | None) -> Money | None:
    """The money that both fields together say, where they do."""
    try:
        return None if amount is None or currency is None else Money(amount, currency)
    except InvalidRequest:
        return None


def _interval_text(interval: Interval) -> str:
    """Two weeks are 14 days and twelve months are a year, on any calendar: those are one plan."""
    text = _SAME_INTERVAL.get(str(interval), str(interval))
    if text not in INTERVALS:
        raise InvalidRequest.of("interval", f"{text!r} is not one of {_listed(INTERVALS)}")
    return text


def _vat_rate(tax_rate: Decimal) -> int:
    if tax_rate not in VAT_RATES:
        problem = f"{tax_rate} is not one of the Dutch VAT rates, {_listed(VAT_RATES)} percent"
        raise InvalidRequest.of("tax_rate", problem)
    return int(tax_rate)


def _listed(allowed: tuple[object, ...]) -> str:
    return ", ".join(str(each) for each in allowed)
