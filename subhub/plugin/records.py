"""Records: one odd record does not hide the list that it is in.

It is noted in the `oddities` of the answer, and it is in `Page.unreadable`, because a list that was
not read in full proves nothing about what it lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, get_args

from pydantic import (
    GetCoreSchemaHandler,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
)
from pydantic_core import CoreSchema, core_schema

from subhub.errors import InvalidReply, InvalidRequest
from subhub.messages import Oddity, is_object
from subhub.plugin.decoding import SHOWN, Wire, problems
from subhub.plugin.decorations import odd_fields
from subhub.plugin.flows import Page

T = TypeVar("T")
W = TypeVar("W", bound=Wire)

LONGEST_ID: Final = 60


@dataclass(frozen=True, slots=True)
class _Unread:
    """A record that cannot be read: what came, what is wrong with it, and in which fields."""

    raw: object
    problem: str
    fields: Sequence[str]


class Records(Generic[W]):
    """The records of a list, decoded one by one: one that cannot be read does not hide the others.

        class Customers(Wire):
            customers: Records[Customer]
            next: Core[str | None] = None

        answer.customers.page(Customer.to_customer, answer.next)

    `received` is how many there are, readable or not.
    """

    def __init__(
        self, records: Sequence[W | _Unread], model: type[Wire], oddities: list[Oddity]
    ) -> None:
        self.received = len(records)
        self._records = records
        self._model = model
        self._oddities = oddities

    def page(self, read: Callable[[W], T], following: str | None) -> Page[T]:
        """Return the records as a page; those that cannot be read are in its `unreadable`.

        Args:
            read: Converts a record. One that it cannot convert, because of a currency that does not
                exist, for example, cannot be read either.
            following: The cursor of the next page.
        """
        items: list[T] = []
        unreadable: list[InvalidReply] = []
        for number, record in enumerate(self._records):
            if isinstance(record, _Unread):
                unreadable.append(self._unreadable(number, record))
                continue
            try:
                items.append(read(record))
            except InvalidRequest as error:
                unread = _Unread(record.raw, str(error), tuple(error.fields))
                unreadable.append(self._unreadable(number, unread))
        return Page(items, following, tuple(unreadable))

    def _unreadable(self, number: int, record: _Unread) -> InvalidReply:
        """Note that a record cannot be read, and return the error for it."""
        name = f"record {number}{_identity(record.raw)}"
        fields = ", ".join(record.fields) or "its form"
        self._oddities.append(
            Oddity(self._model.__name__, f"{name} is left out of the list, because of {fields}")
        )
        message = f"{name} of the list is not the documented {self._model.__name__}"
        body = json.dumps(record.raw, default=str)[:SHOWN]
        return InvalidReply(f"{message}: {record.problem}", body=body)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        (model,) = get_args(source)

        def collect(records: list[W | _Unread], info: ValidationInfo) -> Records[W]:
            return cls(records, model, [] if info.context is None else info.context)

        each = core_schema.with_info_wrap_validator_function(_tolerant, handler(model))
        return core_schema.with_info_after_validator_function(
            collect, core_schema.list_schema(each)
        )


def _tolerant(value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo) -> Any:
    try:
        return handler(value)
    except ValidationError as error:
        if info.context is None:
            raise
        return _Unread(value, problems(error), odd_fields(error))


def _identity(record: object) -> str:
    """Return the id of *record* in brackets, where it has one that can be read."""
    found = record.get("id") if is_object(record) else None
    return f" ({found[:LONGEST_ID]!r})" if isinstance(found, str) and found else ""
