"""Forms that a sandbox takes: brackets are nesting, and numeric keys are a list."""

from __future__ import annotations

import re
from typing import Any, Final, cast
from urllib.parse import parse_qsl

DEEPEST: Final = 20
"""How many brackets a name may have: more than any parameter of Stripe."""
_KEYS: Final = re.compile(r"[^\[\]]+")
_NAME: Final = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])*")


def form_tree(text: str) -> dict[str, Any]:
    """Decode a form or query: `items[0][price]=a` is `{"items": [{"price": "a"}]}`.

    A fake returns it from `decode`. All values are text. `expand[]=a`, a list without numbers, can
    be given more than once. Raises `ValueError` for a name that is malformed, or of a field and of
    an object at once.
    """
    found: dict[str, Any] = {}
    fields = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    for name, value in fields:
        if not _NAME.fullmatch(name) or name.count("[") > DEEPEST:
            raise ValueError("a name is malformed")
        try:
            _put(found, name, value)
        except (AttributeError, TypeError):
            raise ValueError("a name is that of a field and of an object") from None
    return {key: _listed(value) for key, value in found.items()}


def _put(found: dict[str, Any], name: str, value: str) -> None:
    *outer, last = _KEYS.findall(name)
    place = found
    for key in outer:
        place = place.setdefault(key, {})
    if name.endswith("[]"):
        place.setdefault(last, []).append(value)
    else:
        place[last] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, Any]", value)
    inside = {key: _listed(item) for key, item in fields.items()}
    if inside and all(key.isdecimal() for key in inside):
        return [inside[key] for key in sorted(inside, key=int)]
    return inside
