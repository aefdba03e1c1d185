"""Plans: what is sold, at what price, how often."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from subhub.models.interval import Interval
from subhub.models.money import Money, Percent
from subhub.models.record import Raw, Record, Result, Update


def _made(value: object) -> object:
    """A table is not taken for a value: only its class checks what it is made of."""
    if isinstance(value, Mapping):
        message = "write it as Money('12.95', 'EUR') or Interval(1, 'year'), not as a table"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    return value


def _chargeable(price: Money) -> Money:
    if not price.amount.is_finite() or price.amount < 0:
        message = f"a price is zero or more, not {price}"
        raise ValueError(message)
    _ = price.to_text()
    return price


Name = Annotated[str, Field(min_length=1, max_length=255)]
Price = Annotated[Money, BeforeValidator(_made), AfterValidator(_chargeable)]
Period = Annotated[Interval, BeforeValidator(_made)]


class PlanDraft(Record):
    """A plan that does not exist yet.

    *price* is what one *interval* costs. *tax_rate* is in percent (21, not 0.21); whether *price*
    includes it is the provider's rule. *code* is your own short name for it. *public* says whether
    customers may choose the plan themselves, where a provider shows them its plans.
    """

    name: Name
    price: Price
    interval: Period
    tax_rate: Percent | None = None
    description: str | None = None
    code: str | None = None
    public: bool | None = None

    if TYPE_CHECKING:  # what may be written is wider than what is kept

        def __init__(
            self,
            *,
            name: str,
            price: Money,
            interval: Interval,
            tax_rate: Decimal | int | str | None = None,
            description: str | None = None,
            code: str | None = None,
            public: bool | None = None,
        ) -> None: ...


class PlanUpdate(Update):
    """The fields of a plan to change; `None` leaves one as it is."""

    name: Name | None = None
    price: Price | None = None
    interval: Period | None = None
    tax_rate: Percent | None = None
    description: str | None = None
    public: bool | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            name: str | None = None,
            price: Money | None = None,
            interval: Interval | None = None,
            tax_rate: Decimal | int | str | None = None,
            description: str | None = None,
            public: bool | None = None,
        ) -> None: ...


class Plan(Result):
    """A plan at a provider; what the provider did not say is `None`."""

    id: str
    name: str | None = None
    price: Money | None = None
    interval: Interval | None = None
    tax_rate: Decimal | None = None
    description: str | None = None
    code: str | None = None
    public: bool | None = None

    if TYPE_CHECKING:

        def __init__(
            self,
            *,
            provider: str,
            id: str,  # noqa: A002 - the field's name
            name: str | None = None,
            price: Money | None = None,
            interval: Interval | None = None,
            tax_rate: Decimal | int | str | None = None,
            description: str | None = None,
            code: str | None = None,
            public: bool | None = None,
            raw: Raw = ...,
        ) -> None: ...
