"""Bodies as Stripe takes them: forms, with brackets for what is nested.

    {"items": [{"price": "price_1"}]}    becomes    items[0][price]=price_1

Nothing here knows an endpoint.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, cast
from urllib.parse import urlencode

from subhub.plugin import Encoded, Json

CONTENT_TYPE: Final = "application/x-www-form-urlencoded"


def as_form(body: Json) -> Encoded:
    """*body* as a form; what is `None` is left out."""
    return CONTENT_TYPE, urlencode(list(_pairs("", dict(body)))).encode()


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict | list):
        nested = cast("dict[object, object] | list[object]", value)
        for key, each in nested.items() if isinstance(nested, dict) else enumerate(nested):
            yield from _pairs(f"{name}[{key}]" if name else str(key), each)
    elif isinstance(value, bool):
        yield name, "true" if value else "false"
    elif value is not None:
        yield name, str(value)
