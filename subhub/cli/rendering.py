"""Rendering: values as text for a terminal or a pipe, by rich, which interprets none of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from io import StringIO
from typing import Any, Final

from rich.console import Console, RenderableType
from rich.text import Text

WIDE: Final = 1000
"""The width without a terminal: whatever reads the output wants each line whole."""

_PLAIN: Final[Mapping[str, Any]] = {"markup": False, "emoji": False, "highlight": False}


def console(*, stderr: bool = False, width: int = WIDE) -> Console:
    """Return a console that interprets no markup; *width* applies where there is no terminal."""
    opened = Console(stderr=stderr, **_PLAIN)
    # without this, rich folds lines at 80 columns in a pipe
    if not opened.is_terminal:
        opened.width = width
    return opened


def rendered(value: RenderableType, style: str = "", *, stderr: bool = False) -> str:
    """Return *value* as it is printed, on lines that are not cut.

    Printing by rich itself ends the program without a word when the reader of a pipe is gone.
    """
    printed = StringIO()
    target = console(stderr=stderr)
    like = Console(file=printed, force_terminal=target.is_terminal, width=target.width, **_PLAIN)
    like.print(value, style=style, soft_wrap=isinstance(value, Text))
    return printed.getvalue()


def plain(value: object) -> Text:
    """Return *value* as text without control characters, which could steer the terminal."""
    if isinstance(value, bool):
        value = "yes" if value else "no"
    text = "" if value is None else str(value)
    return Text("".join(char if char.isprintable() or char == "\n" else "\ufffd" for char in text))


def json_text(value: object) -> str:
    """Return *value* as JSON: models with their fields, amounts and moments as text."""
    return json.dumps(value, default=encoded, indent=2)


def encoded(value: object) -> object:
    """Return what JSON has in place of *value*, which it has no type for."""
    dump: Any = getattr(value, "model_dump", None)
    return str(value) if dump is None else dump(mode="json")
