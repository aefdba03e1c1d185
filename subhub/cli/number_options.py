"""Options that are numbers: in plain digits, and within their bounds.

They are read here and not by typer, whose versions say different things about a wrong one, and not
always its value.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Annotated, Any, Final

import typer
from typer.models import ParameterInfo

LARGEST: Final = 10_000_000
"""Seconds, hours or days: no clock of Python and no sleep overflows with it."""
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")]


def number_reader(
    kind: type[int | float], least: float | None, most: float | None
) -> Callable[[Any], Any]:
    """Return what reads the value of an option; a wrong one is a usage error that shows it.

    Args:
        kind: `int` for a whole number.
        least: The smallest value; `None` for any.
        most: The largest value; `None` for any.
    """
    low = -math.inf if least is None else least
    high = math.inf if most is None else most

    def number(given: Any) -> Any:
        if not isinstance(given, str):  # a default
            return given
        found = _parsed(kind, given)
        if found is None or not low <= found <= high:
            message = f"must be {_described(kind, least, most)}, got {given!r}"
            raise typer.BadParameter(message)
        return found

    return number


def bounded(info: ParameterInfo, kind: type[int | float]) -> None:
    """Have typer read an option with `number_reader`, within the bounds that *info* has."""
    info.parser = number_reader(kind, info.min, info.max)
    info.min = info.max = None


def _parsed(kind: type[int | float], text: str) -> float | None:
    """Return the number that *text* is; `None` for spaces, `1_000`, `inf` and the like."""
    digits = r"[+-]?\d+" if kind is int else r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
    if not re.fullmatch(digits, text, re.ASCII):
        return None
    try:
        found = kind(text)
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        return None
    return found if math.isfinite(found) else None


def _described(kind: type[int | float], least: float | None, most: float | None) -> str:
    what = "a whole number" if kind is int else "a number"
    if most is not None:
        return f"{what} from {least} to {most}"
    return what if least is None else f"{what} >= {least}"
