"""What differs between a request and a recording of one, in a form that can be read.

Only methods, addresses and bodies are told, never a header: one of them carries the key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Final, Protocol, cast
from urllib.parse import SplitResult, parse_qs, urlsplit

from subhub.messages import is_object

SHOWN: Final = 20
"""How many differences are told."""
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


def meaning(body: bytes | None) -> str | bytes:
    """What a body says: equal for JSON that differs in blanks or in the order of keys only."""
    if not body:
        return b""
    try:
        return json.dumps(json.loads(body), sort_keys=True)
    except ValueError:
        return body


def line(request: Sent) -> str:
    """Method, address and body of *request*, in one line."""
    return f"{request.method} {request.uri} {_short(_text(request.body))}".rstrip()


def nearest(asked: Sent, recorded: Sequence[Sent], played: Collection[int]) -> int | None:
    """The index of the recording that is most like what was *asked*.

    One of the same method and path comes first, then the one that differs least; of two alike,
    the one that is not among the *played*.
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
    """What differs in method, address and body."""
    there, here = urlsplit(recorded.uri), urlsplit(asked.uri)
    found = differences(recorded.method, asked.method, "method")
    found += differences(_host(there), _host(here), "host")
    found += differences(there.path, here.path, "path")
    found += differences(_query(there), _query(here), "query")
    if not found and recorded.uri != asked.uri:
        found = differences(recorded.uri, asked.uri, "address")
    return found + differences(_decoded(recorded.body), _decoded(asked.body), "body")


def differences(recorded: object, asked: object, place: str, verb: str = "asked") -> list[str]:
    """Every value that differs between two decoded bodies, by its path below *place*.

    *verb* says what the second of them is.
    """
    return list(_walk(recorded, asked, place, verb))


def told(found: Sequence[str], indent: str) -> list[str]:
    """*found* as lines, not too many of them."""
    lines = [indent + each for each in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"{indent}... and {len(found) - SHOWN} more")
    return lines


def _walk(recorded: object, asked: object, place: str, verb: str) -> Iterator[str]:
    there, here = _members(recorded), _members(asked)
    if there is not None and here is not None and type(recorded) is type(asked):
        for step in dict.fromkeys([*there, *here]):
            yield from _walk(there.get(step, _ABSENT), here.get(step, _ABSENT), place + step, verb)
    elif recorded is asked:  # absent, mostly
        return
    elif recorded is _ABSENT:
        yield f"{place}: not recorded, {verb} {_short(repr(asked))}"
    elif asked is _ABSENT:
        yield f"{place}: recorded {_short(repr(recorded))}, not {verb}"
    elif type(recorded) is not type(asked) or recorded != asked:
        yield f"{place}: recorded {_short(repr(recorded))}, {verb} {_short(repr(asked))}"


def _members(value: object) -> dict[str, object] | None:
    """What is inside of an object or an array, by the step that leads there."""
    if is_object(value):
        return {_step(key): each for key, each in value.items()}
    if isinstance(value, list):
        return {f"[{index}]": each for index, each in enumerate(cast("list[object]", value))}
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
    """The parameters; one that is given once is its value."""
    pairs = parse_qs(address.query, keep_blank_values=True)
    return {name: each[0] if len(each) == 1 else each for name, each in pairs.items()}
