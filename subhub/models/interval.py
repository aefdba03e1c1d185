"""The billing interval of a plan."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal, Self, get_args

from pydantic import Field, model_validator

from subhub.errors import InvalidRequest
from subhub.models.record import Record

Unit = Literal["day", "week", "month", "year"]
_MONTHS: Final = 12
_IN: Final[Mapping[Unit, tuple[Unit, int]]] = {
    "day": ("day", 1),
    "week": ("day", 7),
    "month": ("month", 1),
    "year": ("month", _MONTHS),
}
_TEXT = re.compile(r"(?:(\d{1,9})\s+)?([a-z]+?)s?", re.IGNORECASE)


class Interval(Record):
    """A billing period of *count* units: `Interval(1, "year")`, `Interval.parse("6 months")`.

    *count* is at least 1; *unit* is day, week, month or year. Anything else raises
    `InvalidRequest`. Equal periods are equal, however they are written: 12 months are 1 year, and
    2 weeks are 14 days. What was written stays readable in `count`, `unit` and the text.
    """

    count: int = Field(ge=1, strict=True)
    unit: Unit

    def __init__(self, count: int, unit: Unit) -> None:
        super().__init__(count=count, unit=unit)

    @model_validator(mode="before")
    @classmethod
    def _from_text(cls, value: Any) -> Any:
        return _parts(value) if isinstance(value, str) else value

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse text such as `"1 year"`, `"6 months"` or `"month"`."""
        return cls(**_parts(text))

    @property
    def canonical(self) -> Interval:
        """The same period in its canonical form: in days, in months, or in whole years."""
        count, unit = self._period()
        if unit == "month" and count % _MONTHS == 0:
            count, unit = count // _MONTHS, "year"
        # Most are in it already.
        return self if (count, unit) == (self.count, self.unit) else Interval(count, unit)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Interval):
            return NotImplemented
        return self._period() == other._period()

    def __hash__(self) -> int:
        return hash(self._period())

    def _period(self) -> tuple[int, Unit]:
        """Return the period in days or in months: one is never a whole number of the other."""
        unit, factor = _IN[self.unit]
        return self.count * factor, unit

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("s" if self.count > 1 else "")


def _parts(text: object) -> dict[str, Any]:
    match = _TEXT.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or match[2].lower() not in get_args(Unit):
        message = f"invalid interval {text!r}: expected for example '6 months' or '1 year'"
        raise InvalidRequest(message)
    return {"count": int(match[1] or 1), "unit": match[2].lower()}
