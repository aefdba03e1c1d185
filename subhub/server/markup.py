"""HTML as text. Everything that is not `Markup` is escaped."""

from __future__ import annotations

from html import escape
from typing import Final

VOID: Final = frozenset({"br", "input", "link", "meta"})
"""The elements without an end tag."""


class Markup(str):
    """Text that is already HTML."""

    __slots__ = ()


def tag(name: str, /, *children: str, **attributes: str | bool) -> Markup:
    """Return an element; *children* that are not `Markup` are escaped.

    An attribute whose name is a keyword of Python ends in an underscore here (`class_`), and
    underscores inside a name become hyphens. `True` is an attribute without a value, `False` leaves
    the attribute out.
    """
    written = "".join(map(_attribute, attributes, attributes.values()))
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Concatenate *children*; those that are not `Markup` are escaped."""
    return Markup(
        "".join(child if isinstance(child, Markup) else escape(child) for child in children)
    )


def document(title: str, *body: str, live: bool = False) -> str:
    """Return a complete page.

    Args:
        title: The title in the browser's tab.
        body: The content of the body.
        live: Load the script that keeps the page up to date.
    """
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
    """Return *address* if it is a web address, else `None`: a `javascript:` URL would be run."""
    return address if address and address.startswith(("https://", "http://")) else None


def _attribute(name: str, value: str | bool) -> str:  # noqa: FBT001 - as it came
    word = name.rstrip("_").replace("_", "-")
    if isinstance(value, bool):
        return f" {word}" if value else ""
    return f' {word}="{escape(value)}"'
