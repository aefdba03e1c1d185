"""Forms that a sandbox takes: brackets are nesting, and numeric keys are a list."""

from __future__ import annotations

import re
from typing import Any, Final, cast
from urllib.parse import parse_qsl

_KEYS: Final = re.compile(r"[^\[\]]+")


def form_tree(text: str) -> dict[str, Any]:
    """Decode a form or query: `items[0][price]=a` is `{"items": [{"price": "a"}]}`.

    A fake returns it from `decode`. All values are text. `expand[]=a`, a list without numbers, can
    be given more than once.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        *outer, last = _KEYS.findall(name)
        place = found
        for key in outer:
            place = place.setdefault(key, {})
        if name.endswith("[]"):
            place[last] = [*place.get(last, []), value]
        else:
            place[last] = value
    return {key: _listed(value) for key, value in found.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    inside = {key: _listed(item) for key, item in fields.items()}
    if inside and all(key.isdecimal() for key in inside):
        return [inside[key] for key in sorted(inside, key=int)]
    return inside
