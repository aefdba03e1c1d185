"""The wire format that all of MijnKlantportaal's objects share: lists, dates and times, terms.

Field names are in camelCase, and lists have 15 objects per page. There are three date formats: a
date is `2024-05-04`; responses have times with an offset, `2024-04-29T21:00:00+02:00`; two requests
have a time without one, `2024-07-04 22:01:00`, in a time zone that is not documented.

Requests accept documented values only, because another one could bill a customer wrongly. In a
response only the id, the state and the amount have to be as documented: any other field is `None`
if it is not, and is kept in `raw`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import ConfigDict, Field, PlainValidator
from pydantic.alias_generators import to_camel

from subhub.errors import InvalidRequest
from subhub.models import ExactDecimal, Interval, Money, PlanDraft, PlanUpdate, SubscriptionUpdate
from subhub.plugin import (
    Flow,
    Page,
    Provider,
    Records,
    Wire,
    get,
    given,
    moment_in,
    next_page_number,
)

T = TypeVar("T")


class PortalObject(Wire):
    """A JSON object with field names in camelCase.

    Two generations of the documentation have different fields, and neither says which may be null:
    everything except the id may be null or missing.
    """

    model_config = ConfigDict(alias_generator=to_camel)


O = TypeVar("O", bound=PortalObject)  # noqa: E741 - an object


class Listing(Wire, Generic[O]):
    """One page of a list, without a total.

    See https://docs.developers.mijnklantportaal.nl/api-reference/customers-api/list-customers
    """

    # a list can change between two pages, so an object can be on both or on neither
    data: Records[O]
    next_page_url: str | None  # null on the last page; a page without it does not say that it is


class Lists(Provider):
    """Reads one page of any list."""

    def _read_page(
        self, path: str, listing: type[Listing[O]], read: Callable[[O], T], cursor: str | None
    ) -> Flow[Page[T]]:
        """Read one page of a list.

        Args:
            path: The path of the list.
            listing: The wire model of a page.
            read: Converts an object of the page.
            cursor: The number of the page; by default the first.
        """
        query = {} if cursor is None else {"page": cursor}
        found = yield from get(path, listing, query)
        # the documented example ends in a stray comma (`?page=2,`), which this tolerates
        following = next_page_number(found.next_page_url, self.address)
        return found.data.page(read, following)


def own_id(field: str, value: str, prefix: str) -> str:
    """Return an id with the documented prefix, or raise `InvalidRequest`.

    More is not checked, because the documentation promises only the prefix of an id.

    Args:
        field: The argument's name, for the error.
        value: The id.
        prefix: The documented prefix.
    """
    if not value.startswith(prefix):
        raise InvalidRequest.of(field, f"must start with {prefix!r}, got {value!r}")
    return value


# Dates and times ----------------------------------------------------------------------------------


def moment_text(field: str, moment: dt.datetime, zone: dt.tzinfo) -> str:
    """Return the wall-clock time of *moment* in *zone*, without its offset: that is assumed.

    Args:
        field: The argument's name, for the error.
        moment: The moment.
        zone: The account's time zone.
    """
    return moment_in(zone, field, moment).replace(tzinfo=None).isoformat(" ", "seconds")


# Terms --------------------------------------------------------------------------------------------


CURRENCY: Final = "EUR"  # in responses only: requests have an amount without a currency
INTERVALS: Final = ("14 days", "1 month", "2 months", "6 months", "1 year")
VAT_RATES: Final = (0, 9, 21)


def plan_terms(draft: PlanDraft) -> dict[str, Any]:
    """Return interval, amount and VAT rate of *draft* for a request, which requires all three."""
    if draft.tax_rate is None:
        raise InvalidRequest.of("tax_rate", f"is required: one of {_listed(VAT_RATES)}")
    if draft.tax is not None:
        problem = (
            "whether an amount includes VAT is not documented. Leave it out, and compare the "
            "amount of a first invoice in the portal"
        )
        raise InvalidRequest.of("tax", problem)
    return given_terms(draft)


def given_terms(values: PlanDraft | PlanUpdate | SubscriptionUpdate) -> dict[str, Any]:
    """Return the given terms for a request; whether amounts include VAT is not documented.

    Prices are in euros, intervals the documented ones or equal ones, tax rates the Dutch ones.
    """
    price, interval, rate = values.price, values.interval, values.tax_rate
    return given(
        interval=None if interval is None else _interval_text(interval),
        amount=None if price is None else amount_text("price", price),
        vatRate=None if rate is None else vat_rate("tax_rate", rate),
    )


def amount_text(field: str, price: Money) -> str:
    """Return the amount as text with two decimals. Raises `InvalidRequest` if not in euros."""
    if price.currency != CURRENCY:
        raise InvalidRequest.of(
            field, f"must be in {CURRENCY}, the only currency here, got {str(price)!r}"
        )
    return price.to_text()


_parsed: Final = lru_cache(maxsize=64)(Interval.parse)


def _period(value: object) -> Interval:
    if not isinstance(value, str):
        raise ValueError("must be text")  # noqa: TRY004 - pydantic collects ValueError
    return _parsed(value)


Period = Annotated[Interval, PlainValidator(_period)]
"""An interval in a response."""

VatRate = Annotated[ExactDecimal, Field(ge=0, le=100)]
"""A VAT rate in a response, in percent."""


def read_money(amount: Decimal | None, currency: str | None) -> Money | None:
    """Return amount and currency as `Money`, or `None` if one of them was not sent.

    What was sent and is not money raises `InvalidRequest`: the answer is not as documented.
    """
    return None if amount is None or currency is None else Money(amount, currency)


def _interval_text(interval: Interval) -> str:
    """Return one of the documented intervals, which are canonical: two weeks are 14 days."""
    text = str(interval.canonical)
    if text not in INTERVALS:
        problem = f"must be one of {_listed(INTERVALS)}, got {str(interval)!r}"
        raise InvalidRequest.of("interval", problem)
    return text


def vat_rate(field: str, rate: Decimal) -> int:
    """Return a VAT rate for a request; raise `InvalidRequest` for one that is not Dutch."""
    if rate not in VAT_RATES:
        problem = f"must be a Dutch VAT rate ({_listed(VAT_RATES)} percent), got {rate}"
        raise InvalidRequest.of(field, problem)
    return int(rate)


def _listed(allowed: tuple[object, ...]) -> str:
    return ", ".join(map(str, allowed))
