"""Bodies as they are shown: a line for each field, with links.

Nothing is decoded, so numbers, escapes and repeated names stay as they were sent, and a body that
was cut or is malformed is shown as far as it goes. Only white space between values differs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qsl

from subhub.server.markup import Markup, joined, tag

FORM: Final = "application/x-www-form-urlencoded"
DEEPEST: Final = 50
"""The deepest level with lines of its own; else a body of brackets would be mostly indentation."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{},:]|[^\[\]{},:"]+', re.DOTALL)
_LINK: Final = re.compile(r"""(https?://[^\s"'<>\\]+)""")


def pretty(text: str, content_type: str = "") -> str:
    """Return a body with a line for each field: a form, or whatever looks like JSON."""
    if content_type.partition(";")[0].strip().lower() == FORM:
        fields = parse_qsl(text, keep_blank_values=True)
        return "\n".join(f"{name} = {value}" for name, value in fields) or text
    if not text.lstrip().startswith(("{", "[")):
        return text
    return "".join(_in_lines(text))


def linked(text: str) -> Markup:
    """Return *text* as HTML, in which web addresses can be clicked."""
    parts = _LINK.split(text)
    return joined(*(_link(part) if at % 2 else part for at, part in enumerate(parts)))


def _in_lines(text: str) -> Iterator[str]:
    depth, before = 0, ""
    for word in filter(None, map(str.strip, _TOKEN.findall(text))):
        opens, closes = word in "[{", word in "]}"
        depth -= closes
        # an empty object or list stays on its line
        starts = before in {"[", "{"} if not closes else before not in {"", "[", "{"}
        if (starts or before == ",") and depth <= DEEPEST:
            yield "\n" + "  " * max(0, depth)
        yield ": " if word == ":" else word
        depth += opens
        before = word


def _link(url: str) -> Markup:
    return tag("a", url, href=url, target="_blank", rel="noopener noreferrer")
