"""The billing interval of a plan."""

from __future__ import annotations

import re
from typing import Any, Literal, Self, get_args

from pydantic import Field, model_validator

from subhub.errors import InvalidRequest
from subhub.models.record import Record

Unit = Literal["day", "week", "month", "year"]
_TEXT = re.compile(r"(?:(\d{1,9})\s+)?([a-z]+?)s?", re.IGNORECASE)


class Interval(Record):
    """A billing period of *count* units: `Interval(1, "year")`, `Interval.parse("6 months")`.

    *count* is at least 1; *unit* is day, week, month or year. Anything else raises
    `InvalidRequest`.
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

    def __str__(self) -> str:
        return f"{self.count} {self.unit}" + ("s" if self.count > 1 else "")


def _parts(text: str) -> dict[str, Any]:
    match = _TEXT.fullmatch(text.strip())
    if match is None or match[2].lower() not in get_args(Unit):
        message = f"invalid interval {text!r}: expected for example '6 months' or '1 year'"
        raise InvalidRequest(message)
    return {"count": int(match[1] or 1), "unit": match[2].lower()}
