"""Decorations: fields of an answer that are `None` if they are odd, and do not hide the rest.

Each that is left out is noted in the `oddities` of the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

from subhub.messages import Oddity, is_object

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo

T = TypeVar("T")


class _Core:
    """Marks a field whose value must not be dropped."""


_CORE: Final = _Core()

Core = Annotated[T, _CORE]
"""A field that may be missing or null, but not misread: the state, an amount, a currency.

    status: Core[str | None] = None
"""


def readable(
    model: type[BaseModel], value: Any, error: ValidationError, oddities: list[Oddity]
) -> Any:
    """Return *value* without the decorations that *error* complains about.

    An empty list is an empty object: PHP, which has one type for both, writes it so. If nothing can
    be left out, *error* is raised again.

    Args:
        model: The model of *value*.
        value: Decoded JSON that is not as documented.
        error: What is not as documented.
        oddities: Gets a note for each field that is left out, once for all records of a list.
    """
    if value == []:
        return {}
    decorations = {
        str(field.validation_alias or name)
        for name, field in model.model_fields.items()
        if is_decoration(field)
    }
    odd = [name for name in odd_fields(error) if name in decorations]
    if not (odd and is_object(value)):
        raise error
    found = (Oddity(f"{model.__name__}.{name}", "it is None in the result") for name in odd)
    oddities += (oddity for oddity in found if oddity not in oddities)
    return {name: member for name, member in value.items() if name not in odd}


def is_decoration(field: FieldInfo) -> bool:
    """Return whether *field* may be dropped: it defaults to `None`, and is not marked `Core`."""
    return not field.is_required() and field.default is None and _CORE not in field.metadata


def odd_fields(error: ValidationError) -> list[str]:
    """Return the names of the fields that *error* is about."""
    places = (item["loc"] for item in error.errors(include_url=False, include_input=False))
    return sorted({str(place[0]) for place in places if place})
