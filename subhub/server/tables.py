"""Tables of the pages. On a narrow screen each row is a card, with the heads before its cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from subhub.server.markup import Markup, tag
from subhub.server.pretty import linked


def row(
    cells: Mapping[str, str], kinds: Mapping[str, str] | None = None, **attributes: str | bool
) -> Markup:
    """Return a row.

    Args:
        cells: The contents, by head.
        kinds: The class of a cell, by head: good or bad.
        attributes: Those of the row.
    """
    classes = kinds or {}
    written = [
        tag("td", content, data_label=head, class_=classes.get(head, False))
        for head, content in cells.items()
    ]
    return tag("tr", *written, **attributes)


def table(caption: str, heads: Sequence[str], rows: Sequence[Markup]) -> Markup:
    """Return a table, which scrolls sideways where it is too wide."""
    head = tag("tr", *(tag("th", name, scope="col") for name in heads))
    name = tag("caption", caption, class_="unseen")
    content = tag("table", name, tag("thead", head), tag("tbody", *rows))
    return tag("div", content, class_="wide", tabindex="0", role="region", aria_label=caption)


def whole(text: str) -> Markup:
    """Return an id, key or URL, which is not broken over two lines where a table can scroll."""
    return tag("code", text, class_="whole")


def code_block(text: str, **attributes: str | bool) -> Markup:
    """Return text as it was sent, in lines, with links; the keyboard can scroll it."""
    return tag("pre", tag("code", linked(text)), tabindex="0", **attributes)
