"""What all words of the vocabulary share: they are frozen, strict, and refuse in our own words.

Nothing in this package knows a provider, sends anything or reads a clock.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from subhub.errors import InvalidRequest

Raw = Mapping[str, Any]
"""A provider's decoded answer, as it came."""


class Record(BaseModel):
    """A frozen value; a missing, unknown or wrong field raises `InvalidRequest`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True
    )

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise refusal(type(self), error) from None


class Result(Record):
    """What a provider answered, in neutral words, with its own answer beside it.

    `raw` takes no part in equality, hashing and the repr.
    """

    provider: str = Field(description="The provider's name.")
    raw: Raw = Field(default_factory=dict[str, Any], repr=False, exclude=True)

    def _fields(self) -> tuple[object, ...]:
        return tuple(value for name, value in self.__dict__.items() if name != "raw")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result) or type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), self._fields()))


class Update(Record):
    """The fields to change; a field that is `None` stays as it is."""

    def changes(self) -> dict[str, Any]:
        """The fields that are to change, by name."""
        return {name: value for name, value in self.__dict__.items() if value is not None}


def refusal(model: type[BaseModel], error: ValidationError) -> InvalidRequest:
    """Pydantic's complaint as ours: the field, the value, and what it should be.

    The values of personal fields (those left out of the repr) are left out here too.
    """
    personal = {name for name, field in model.model_fields.items() if not field.repr}
    fields = {
        ".".join(str(part) for part in item["loc"]) or "value": _complaint(model, item, personal)
        for item in error.errors(include_url=False)
    }
    lines = [f"{field}: {text}" for field, text in fields.items()]
    return InvalidRequest(f"{model.__name__} cannot be made: " + "; ".join(lines), fields=fields)


def _complaint(model: type[BaseModel], item: ErrorDetails, personal: Container[object]) -> str:
    if item["type"] == "extra_forbidden":  # a personal field misspelled has a personal value
        return f"no such field; known are {', '.join(model.model_fields)}"
    if item["type"] == "missing":
        return "is required"
    text = item["msg"].removeprefix("Value error, ")
    told = item["type"] == "value_error" or isinstance(item["input"], Mapping)
    if told or any(part in personal for part in item["loc"][:1]):
        return text
    return f"{text}, not {item['input']!r}"
