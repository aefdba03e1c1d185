"""Text files that people write: in UTF-8, or as a Windows program saves them."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MARKS: Final[Mapping[bytes, str]] = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",  # before UTF-16, whose mark it begins with
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""The byte order marks with which Notepad, Excel and PowerShell begin a file."""


class NotText(ValueError):
    """The content of a file is not text. The message continues after the file's name."""


def read_text(path: Path) -> str:
    """Return the text of the file at *path*, without a byte order mark.

    It is UTF-8, unless a byte order mark says otherwise. Raises `OSError` if the file cannot be
    read, and `NotText` if it is not such a text; neither repeats a part of it.
    """
    content = path.read_bytes()
    encoding = next((MARKS[mark] for mark in MARKS if content.startswith(mark)), "utf-8")
    text, complete = _decoded(content, encoding)
    if not complete:  # raised here, because the cause holds the content
        line = text.count("\n") + 1
        raise NotText(f"is not {encoding.upper()} text in line {line}: save it as UTF-8")
    return text


def _decoded(content: bytes, encoding: str) -> tuple[str, bool]:
    """Return the text up to what is not text, and whether that is all of it."""
    try:
        text, found, _ = content.decode(encoding).partition("\0")
    except UnicodeDecodeError as error:
        return error.object[: error.start].decode(encoding), False
    return text, not found
