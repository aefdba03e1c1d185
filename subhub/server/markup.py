"""HTML as text, with everything escaped that is not markup of our own."""

from __future__ import annotations

from html import escape
from typing import Final

EMPTY: Final = frozenset({"br", "input", "link", "meta"})
"""The elements that have no end."""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool) -> Markup:
    """An element; *children* that are no `Markup` are escaped.

    An attribute that is a word of Python is written with an underscore at its end, and one with a
    hyphen with an underscore inside; `True` is an attribute without a value, `False` is none.
    """
    written = "".join(map(_attribute, attributes, attributes.values()))
    if name in EMPTY:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Some markup after other."""
    return Markup("".join(each if isinstance(each, Markup) else escape(each) for each in children))


def document(title: str, *body: str, live: bool = False) -> str:
    """A whole page; a *live* one brings the script that keeps it up to date."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", title),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="/_static/sandbox.css"),
        tag("script", src="/_static/dashboard.js", defer=True) if live else "",
    )
    return f"<!doctype html>\n{tag('html', head, tag('body', *body), lang='en')}\n"


def web_address(address: str | None) -> str | None:
    """*address*, if a browser may be sent there: not one that is a program."""
    return address if address and address.startswith(("https://", "http://")) else None


def _attribute(name: str, value: str | bool) -> str:  # noqa: FBT001 - as it came
    word = name.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {word}" if value else ""
    return f' {word}="{escape(value)}"'
