"""Plans: what is sold, at which price and interval."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field

from subhub.models.interval import Interval
from subhub.models.money import Money, Percent
from subhub.models.record import Raw, Record, Result, Update


def _written_as(example: str, read: Callable[[str], object]) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str):
            return read(value)
        # pydantic would take a mapping for the fields, past the checks of the class's constructor.
        if isinstance(value, Mapping):
            message = f"must be a value such as {example}, got a mapping"
            raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
        return value

    return BeforeValidator(check)


def _chargeable(price: Money) -> Money:
    if not price.amount.is_finite() or price.amount < 0:
        message = f"must be >= 0, got {price}"
        raise ValueError(message)
    # refuses a fraction of a cent, which no provider could charge
    _ = price.to_text()
    return price


Tax: TypeAlias = Literal["inclusive", "exclusive"]
"""Whether a price includes its tax."""

Name = Annotated[str, Field(min_length=1, max_length=255)]
Price = Annotated[
    Money, _written_as("Money('12.95', 'EUR')", Money.parse), AfterValidator(_chargeable)
]
Period = Annotated[Interval, _written_as("Interval(1, 'year')", Interval.parse)]


class PlanDraft(Record):
    """A plan to create.

    Args:
        name: The name that customers see.
        price: The price of one interval; text such as `"12.95 EUR"` is read.
        interval: How often the plan bills; text such as `"6 months"` is read.
        tax_rate: In percent (21, not 0.21).
        tax: Whether the price includes the tax; by default as the provider has it. It is refused
            where the provider does not distinguish, or does not document it.
        description: More about the plan.
        code: Your own short name for the plan.
        public: Whether customers can choose the plan themselves, at a provider that shows them its
            plans.
    """

    name: Name
    price: Price
    interval: Period
    tax_rate: Percent | None = None
    tax: Tax | None = None
    description: str | None = None
    code: str | None = None
    public: bool | None = None

    if TYPE_CHECKING:  # the constructor accepts more types than the fields have

        def __init__(
            self,
            *,
            name: str,
            price: Money | str,
            interval: Interval | str,
            tax_rate: Decimal | int | str | None = None,
            tax: Tax | None = None,
            description: str | None = None,
            code: str | None = None,
            public: bool | None = None,
        ) -> None: ...


class PlanUpdate(Update):
    """The fields of a plan to change, as in `PlanDraft`; one that is `None` stays as it is."""

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
            price: Money | str | None = None,
            interval: Interval | str | None = None,
            tax_rate: Decimal | int | str | None = None,
            description: str | None = None,
            public: bool | None = None,
        ) -> None: ...


class Plan(Result):
    """A plan at a provider; a field that the provider did not send is `None`.

    `id` is the provider's; the other fields are as in `PlanDraft`.
    """

    id: str
    name: str | None = None
    price: Money | None = None
    interval: Interval | None = None
    tax_rate: Decimal | None = None
    tax: Tax | None = None
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
            tax: Tax | None = None,
            description: str | None = None,
            code: str | None = None,
            public: bool | None = None,
            account: str = ...,
            request_id: str | None = ...,
            raw: Raw = ...,
        ) -> None: ...
