"""JSON that a sandbox takes: what it could not store, or not write again, is not JSON to it.

Python's decoder is more tolerant than its encoder and than UTF-8. It takes NaN, half of a surrogate
pair, numbers with more digits than it can print, and nesting that is too deep to go through again.
Stored once, such a value would break every later reply that shows it, and the state file.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn, cast

DEEPEST: Final = 100
"""How many objects and lists may be inside of each other."""
MOST_DIGITS: Final = 1000
"""The digits of a whole number: Python prints 4,300, so sums and products of two can be printed."""
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""An escaped half of a surrogate pair, or what looks like one; unescaped, it is not UTF-8."""


def decode_json(content: bytes) -> Any:
    """Decode *content*. Raises `ValueError` if it is not JSON that can be stored and written."""
    text = content.decode()
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    # a body with neither of these need not be gone through
    if text.count("[") + text.count("{") > DEEPEST or _HALF.search(text):
        _check(value)
    return value


def _check(value: object) -> None:
    level, depth = [value], 0
    while level:
        if depth > DEEPEST:
            raise ValueError(f"it is nested deeper than {DEEPEST} levels")
        depth += 1
        for text in level:
            if isinstance(text, str):
                _ = text.encode()  # a UnicodeEncodeError is a ValueError
        level = [member for outer in level for member in _members(outer)]


def _members(value: object) -> list[object]:
    if isinstance(value, dict):
        named = cast("dict[str, object]", value)
        return [*named, *named.values()]
    return cast("list[object]", value) if isinstance(value, list) else []


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise ValueError(f"a number has more than {MOST_DIGITS} digits")
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(
    parse_int=_integer, parse_float=_fraction, parse_constant=_refuse
)
