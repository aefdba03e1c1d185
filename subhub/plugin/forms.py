"""Request bodies that are forms, with brackets for nested values, as Stripe takes them.

{"items": [{"price": "price_1"}]}    becomes    items[0][price]=price_1
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import urlencode

from subhub.messages import Encoded, Json

FORM_TYPE: Final = "application/x-www-form-urlencoded"


def as_form(body: Json) -> Encoded:
    """Encode *body* as a form, without `None` values: a plugin returns it from `encode`."""
    return FORM_TYPE, urlencode(list(_pairs("", dict(body)))).encode()


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        nested = cast("dict[object, object] | list[object]", value)
        for key, item in nested.items() if isinstance(nested, dict) else enumerate(nested):
            yield from _pairs(f"{name}[{key}]" if name else str(key), item)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
