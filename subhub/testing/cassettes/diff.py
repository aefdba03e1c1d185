"""Differences between a request and a recording of one, in a readable form.

Only methods, addresses and bodies are shown, never a header: one of them carries the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, Protocol, cast
from urllib.parse import SplitResult, parse_qs, urlsplit

from subhub.messages import is_object
from subhub.plugin.references import without_references

SHOWN: Final = 20
"""How many differences are shown."""
LONGEST: Final = 120
"""How much of a value is shown, in characters."""
_PLAIN: Final = re.compile(r"[A-Za-z_][\w-]*")
_ABSENT: Final = object()


class Sent(Protocol):
    """A request, asked or recorded."""

    method: str
    uri: str

    @property
    def body(self) -> Any:
        """The bytes, if any."""
        ...


def canonical(body: bytes | None) -> str | bytes:
    """Return *body* in a form that is equal for JSON differing in blanks or key order only."""
    if not body:
        return b""
    body = without_references(body)
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return body


def one_line(request: Sent) -> str:
    """Return method, address and body of *request* in one line."""
    return f"{request.method} {request.uri} {_short(_text(request.body))}".rstrip()


def nearest(asked: Sent, recorded: Sequence[Sent], played: Collection[int]) -> int | None:
    """Return the index of the recording that is most like what was *asked*.

    One of the same method and path comes first, then the one with the fewest differences.

    Args:
        asked: The request.
        recorded: The recordings.
        played: The indices of those that were used; of two alike, another one is returned.
    """

    def likeness(index: int) -> tuple[bool, bool, float, int, bool]:
        other = recorded[index]
        path, same_method = urlsplit(other.uri).path, other.method == asked.method
        asked_path = urlsplit(asked.uri).path
        close = SequenceMatcher(None, asked_path, path).ratio()
        count = len(request_differences(other, asked))
        return same_method and path == asked_path, same_method, close, -count, index not in played

    return max(range(len(recorded)), key=likeness, default=None)


def request_differences(recorded: Sent, asked: Sent) -> list[str]:
    """Return what differs in method, address and body."""
    there, here = urlsplit(recorded.uri), urlsplit(asked.uri)
    found = differences(recorded.method, asked.method, "method")
    found += differences(_host(there), _host(here), "host")
    found += differences(there.path, here.path, "path")
    found += differences(_query(there), _query(here), "query")
    # the same parts, written differently: another order of parameters, or another quoting
    if not found and recorded.uri != asked.uri:
        found = differences(recorded.uri, asked.uri, "address")
    return found + differences(_decoded(recorded.body), _decoded(asked.body), "body")


def differences(recorded: object, asked: object, place: str) -> list[str]:
    """Return every value that differs between two decoded bodies, with its path.

    Args:
        recorded: The body of the recording.
        asked: The body of the request.
        place: What the paths begin with.
    """
    return list(_walk(recorded, asked, place))


def at_most(lines: Sequence[str], indent: str) -> list[str]:
    """Return the first `SHOWN` of *lines*, indented, and how many there are besides."""
    shown = [indent + line for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        shown.append(f"{indent}... and {len(lines) - SHOWN} more")
    return shown


def _walk(recorded: object, asked: object, place: str) -> Iterator[str]:
    there, here = _members(recorded), _members(asked)
    if there is not None and here is not None and type(recorded) is type(asked):
        for step in dict.fromkeys([*there, *here]):
            yield from _walk(there.get(step, _ABSENT), here.get(step, _ABSENT), place + step)
    elif recorded is asked:  # absent, mostly
        return
    elif recorded is _ABSENT:
        yield f"{place}: not recorded, asked {_short(repr(asked))}"
    elif asked is _ABSENT:
        yield f"{place}: recorded {_short(repr(recorded))}, not asked"
    # In Python `True == 1`, in JSON they differ.
    elif type(recorded) is not type(asked) or recorded != asked:
        yield f"{place}: recorded {_short(repr(recorded))}, asked {_short(repr(asked))}"


def _members(value: object) -> dict[str, object] | None:
    """Return what is inside an object or an array, by the step that leads there."""
    if is_object(value):
        return {_step(key): member for key, member in value.items()}
    if isinstance(value, list):
        items = cast("list[object]", value)
        return {f"[{index}]": item for index, item in enumerate(items)}
    return None


def _step(key: str) -> str:
    return f".{key}" if _PLAIN.fullmatch(key) else f"[{key!r}]"


def _decoded(body: bytes | None) -> object:
    if not body:
        return _ABSENT
    try:
        return json.loads(body)
    except ValueError:
        return _text(body)


def _text(body: bytes | None) -> str:
    return (body or b"").decode("utf-8", "replace")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}... ({len(text)} characters)"


def _host(address: SplitResult) -> str:
    return f"{address.scheme}://{address.netloc.rpartition('@')[2]}"


def _query(address: SplitResult) -> dict[str, object]:
    """Return the parameters; one that is given once stands for its value."""
    pairs = parse_qs(address.query, keep_blank_values=True)
    return {name: values[0] if len(values) == 1 else values for name, values in pairs.items()}
