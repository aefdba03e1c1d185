"""The base classes of all models: frozen, strict, and with errors of our own.

Nothing in this package knows a provider, sends anything or reads a clock.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping
from contextvars import ContextVar
from typing import Any, ClassVar, Final, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from subhub.errors import InvalidRequest

Raw = Mapping[str, Any]
"""A provider's decoded response, unchanged."""


class Record(BaseModel):
    """A frozen value; a missing, unknown or invalid field raises `InvalidRequest`."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True
    )

    def __init__(self, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            # `from None`: a traceback with pydantic's error would show personal values
            raise refusal(type(self), error) from None


ACCOUNT: Final[ContextVar[str]] = ContextVar("subhub_account", default="")
REQUEST_ID: Final[ContextVar[str | None]] = ContextVar("subhub_request_id", default=None)
"""Whose answer is being read, and the id of its request. The engine sets both while a flow reads an
answer, so that each result is of the answer that it was read from, wherever it goes: to a page, to
the candidates of an error, to what a failed operation had created."""


ORIGIN: Final = frozenset({"account", "request_id", "raw"})
"""The fields of a result that say where it came from, and nothing of the object."""


class Result(Record):
    """A provider's response in neutral terms.

    `provider` is the provider's name, `account` the name of the account that it came from, and
    `request_id` what the provider's support asks for, if the response has one. `raw` is the whole
    decoded response; if that holds several results, as a list does, it is the result's own part.
    The last three are ignored by equality, hashing, the repr and `model_dump`: the same object read
    twice is equal.

    A flow gives `provider=self.name`, `raw=` and the result's own fields; the client adds the rest.
    """

    _ignored: ClassVar[frozenset[str]] = ORIGIN

    provider: str = Field(description="The provider's name.")
    account: str = Field(
        default_factory=cast("Callable[[], str]", ACCOUNT.get), repr=False, exclude=True
    )
    request_id: str | None = Field(
        default_factory=cast("Callable[[], str | None]", REQUEST_ID.get), repr=False, exclude=True
    )
    raw: Raw = Field(default_factory=dict[str, Any], repr=False, exclude=True)

    def _fields(self) -> tuple[object, ...]:
        return tuple(value for name, value in self.__dict__.items() if name not in self._ignored)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Result) or type(other) is not type(self):
            return NotImplemented
        return self._fields() == other._fields()

    def __hash__(self) -> int:
        return hash((type(self), self._fields()))


class Update(Record):
    """The fields to change; a field that is `None` stays as it is."""

    def changes(self) -> dict[str, Any]:
        """Return the fields to change, by name."""
        # not `model_dump`, which would turn money and intervals into dicts
        return {name: value for name, value in self.__dict__.items() if value is not None}


def refusal(model: type[BaseModel], error: ValidationError) -> InvalidRequest:
    """Return pydantic's *error* as ours: the field, what it must be, and the value.

    The values of personal fields (those left out of the repr) are left out here too.
    """
    personal = {name for name, field in model.model_fields.items() if not field.repr}
    fields = {
        ".".join(str(part) for part in item["loc"]) or "value": _problem(model, item, personal)
        for item in error.errors(include_url=False)
    }
    lines = [f"{field}: {problem}" for field, problem in fields.items()]
    return InvalidRequest(f"invalid {model.__name__}: " + "; ".join(lines), fields=fields)


def phrase(item: ErrorDetails) -> str:
    """Return what a field must be, in words that are not pydantic's."""
    if item["type"] == "value_error":  # from a validator of ours, or of a plugin
        return item["msg"].removeprefix("Value error, ")
    own = _OWN_PHRASES.get(item["type"])
    if own is not None:
        return own.format(**item.get("ctx", {}))
    # "Input should be a valid string", "String should have at least 1 character"
    return re.sub("^.*? should ", "must ", item["msg"])


def _problem(model: type[BaseModel], item: ErrorDetails, personal: Container[object]) -> str:
    if item["type"] == "extra_forbidden":  # a misspelled personal field has a personal value
        return f"unknown field, known are {', '.join(model.model_fields)}"
    text = phrase(item)
    valueless = item["type"] in {"missing", "value_error"} or isinstance(item["input"], Mapping)
    # the outermost name decides: what is inside a personal field is personal too
    if valueless or any(part in personal for part in item["loc"][:1]):
        return text
    return f"{text}, got {_shown(item)}"


def _shown(item: ErrorDetails) -> str:
    try:
        return repr(item["input"])
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "one that is too long to show"


_OWN_PHRASES: Final = {
    "bool_parsing": "must be true or false",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a Decimal, int or str",
    "greater_than_equal": "must be >= {ge}",
    "less_than_equal": "must be <= {le}",
    "missing": "is required",
    "model_type": "must be a {class_name}",
    "string_pattern_mismatch": "must match {pattern}",
    "timezone_aware": "must have a time zone",
}
