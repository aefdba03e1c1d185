"""Request bodies that are forms, decoded into the object that they stand for.

items[0][price]=price_1    becomes    {"items": [{"price": "price_1"}]}
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterator
from decimal import Decimal
from typing import Any, Final, TypeAlias, cast
from urllib.parse import parse_qsl

from subhub.messages import is_object

Place: TypeAlias = tuple[str, ...]
"""Where a schema is in an API description."""
Schema: TypeAlias = dict[str, Any]
Follow: TypeAlias = "Callable[..., tuple[Place, Schema]]"
"""Returns where a place leads, and what is there; see `Document.follow`."""
FORM_TYPE: Final = "application/x-www-form-urlencoded"
_KEY: Final = re.compile(r"\[([^\]]*)\]")


def decode_form(content: bytes) -> dict[str, Any]:
    """Decode a form with brackets for nested values; every value is text."""
    decoded: dict[str, Any] = {}
    for name, value in parse_qsl(content.decode(), keep_blank_values=True):
        first, *_ = name.partition("[")
        _put(decoded, [first, *_KEY.findall(name)], value)
    return {name: _with_lists(member) for name, member in decoded.items()}


def _put(target: dict[str, Any], keys: list[str], value: str) -> None:
    for key in keys[:-1]:
        inner = target.setdefault(key or str(len(target)), {})
        # `a=1&a[b]=2` is a mistake: the later one counts, as in most servers
        target = inner if is_object(inner) else target.setdefault(f"{key}[]", {})
    target[keys[-1] or str(len(target))] = value


def _with_lists(value: Any) -> Any:
    """Return *value* with a list in place of each object whose keys are 0, 1, 2 and so on."""
    if not is_object(value):
        return value
    members = {name: _with_lists(item) for name, item in value.items()}
    numbered = [*members] == [str(number) for number in range(len(members))]
    return [*members.values()] if numbered else members


def typed(value: Any, places: Collection[Place], follow: Follow) -> Any:
    """Return a decoded form with the numbers and booleans that its schemas say.

    Args:
        value: The form, or a part of it.
        places: Where its schemas are; none for what is not described.
        follow: Resolves a place.
    """
    found = [schema for place in places for schema in _schemas(place, follow)]
    if is_object(value):
        return {
            name: typed(member, [*_inner(found, name)], follow) for name, member in value.items()
        }
    if isinstance(value, list):
        items = [(*place, "items") for place, schema in found if "items" in schema]
        return [typed(item, items, follow) for item in cast("list[object]", value)]
    return _scalar(str(value), {kind for _, schema in found for kind in _kinds(schema)})


def _schemas(place: Place, follow: Follow) -> Iterator[tuple[Place, Schema]]:
    """Yield the schema at *place*, and those that it is combined from."""
    place, schema = follow(*place)
    yield place, schema
    for word in ("allOf", "anyOf", "oneOf"):
        for number in range(len(schema.get(word, ()))):
            yield from _schemas((*place, word, str(number)), follow)


def _inner(schemas: list[tuple[Place, Schema]], name: str) -> Iterator[Place]:
    """Yield where the property *name* is described."""
    for place, schema in schemas:
        if name in schema.get("properties", {}):
            yield (*place, "properties", name)
        elif is_object(schema.get("additionalProperties")):
            yield (*place, "additionalProperties")


def _kinds(schema: Schema) -> list[str]:
    kinds: str | list[str] = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def _scalar(text: str, kinds: Container[str]) -> object:
    """Return the value that *text* spells in a form, where its schema is not one of text."""
    if "string" in kinds:
        return text
    if "boolean" in kinds and text in {"true", "false"}:
        return text == "true"
    if ("integer" in kinds or "number" in kinds) and re.fullmatch(r"-?\d+", text):
        return int(text)
    if "number" in kinds and re.fullmatch(r"-?\d+\.\d+", text):
        return Decimal(text)
    return text
