"""The form of a cassette: what each part of the file must be, before anything is done with it.

A cassette is data, which others may have written or a crash may have cut. Nothing in it is called,
imported or used as a path, and a value that JSON does not have is refused.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from subhub.messages import is_object
from subhub.sandbox.clock import END

MOST: Final = 1_000_000
"""How many values a cassette may have; with YAML's aliases, a short file may stand for more."""
DEEPEST: Final = 100
"""How many objects and lists may be inside of each other."""
HEADER: Final = "header"
EXCHANGES: Final = "exchanges"
_LONGEST: Final = 200
"""How much is shown of a name in the file, in characters."""
_BODY: Final = frozenset({"json", "text"})
_STATUSES: Final = range(100, 600)
_PROVIDER: Final = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_METHOD: Final = re.compile(r"[A-Z]{3,10}")
_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_HEADER_TEXT: Final = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_EXPECTED: Final[Mapping[str, str]] = {
    "request": "an object",
    "response": "an object",
    "method": "the name of a method",
    "uri": "a web address",
    "headers": "an object of texts",
    "status": "a number from 100 to 599",
}
_KINDS: Final[Mapping[type, str]] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "an object",
    list: "a list",
    type(None): "null",
}


class MalformedCassette(ValueError):
    """The content of a file is not that of a cassette: the place in it, and what is wrong there."""

    def __init__(self, problem: str, place: str = HEADER) -> None:
        super().__init__(problem)
        self.place = place


def check_size(document: object) -> None:
    """Raise `MalformedCassette` if *document* is too deep or has too many values to be used."""
    left, count = [(0, document)], 0
    while left:
        depth, value = left.pop()
        count += 1
        if count > MOST:
            raise MalformedCassette(f"it has more than {MOST:,} values")
        if depth > DEEPEST:
            raise MalformedCassette(f"it is nested deeper than {DEEPEST} levels")
        left.extend((depth + 1, member) for member in _members(value))


def check_header(head: object, names: Collection[str]) -> None:
    """Raise `MalformedCassette` unless *head* is a header with the entries *names*."""
    odd = _odd_entries(head, names)
    if odd or not is_object(head):
        which = ", ".join(odd)[:_LONGEST] or "all of it"
        raise MalformedCassette(f"its header is of another version of subhub ({which})")
    _check_json("scrubbing", head["scrubbing"], HEADER)
    if not _PROVIDER.fullmatch(head["provider"]):
        raise MalformedCassette("`provider` must be the name of a provider")
    if not _is_moment(head["clock"]):
        raise MalformedCassette("`clock` must be a moment with an offset")


def check_interactions(found: object) -> None:
    """Raise `MalformedCassette` unless *found* is a list of exchanges in their form."""
    if not isinstance(found, list):
        raise _wrong("interactions", "a list", found, EXCHANGES)
    for number, interaction in enumerate(cast("list[object]", found), start=1):
        _check_interaction(f"exchange {number}: ", interaction)


def _odd_entries(head: object, known: Collection[str]) -> list[str]:
    """Return the entries of a header that are missing, unknown, or of the wrong type."""
    if not is_object(head):
        return []
    wrong = {name for name in head if not isinstance(head[name], str)}
    if is_object(head.get("scrubbing")):
        wrong.discard("scrubbing")
    return sorted(str(name) for name in {*known} ^ {*head} | wrong)


def _check_interaction(place: str, found: object) -> None:
    parts = _checked(place, found, {"request": is_object, "response": is_object})
    asked = {"method": _is_method, "uri": _is_address, "headers": _are_headers}
    answered = {"status": _is_status, "headers": _are_headers}
    for name, fields in (("request", asked), ("response", answered)):
        part = _checked(f"{place}{name}.", parts[name], fields, _BODY)
        if part.keys() >= _BODY:
            raise MalformedCassette(f"{place}{name} has both `json` and `text`", EXCHANGES)
        if not isinstance(part.get("text", ""), str):
            raise _wrong(f"{place}{name}.text", "a text", part["text"], EXCHANGES)
        _check_json(f"{place}{name}.json", part.get("json"), EXCHANGES)


def _checked(
    place: str,
    found: object,
    fields: Mapping[str, Callable[[object], bool]],
    optional: Collection[str] = (),
) -> Mapping[str, Any]:
    """Return *found* if it is an object of all the *fields*, and of *optional* ones besides."""
    if not is_object(found):
        raise _wrong(place.rstrip(". :"), "an object", found, EXCHANGES)
    for name, fits in fields.items():
        if name not in found:
            raise MalformedCassette(f"{place}{name} is missing", EXCHANGES)
        if not fits(found[name]):
            raise _wrong(f"{place}{name}", _EXPECTED[name], found[name], EXCHANGES)
    for name in found:
        if name not in fields and name not in optional:
            unknown = str(name)[:_LONGEST]
            raise MalformedCassette(f"{place}{unknown} is not a field of a cassette", EXCHANGES)
    return found


def _check_json(place: str, value: object, part: str) -> None:
    if type(value) not in _KINDS or (isinstance(value, float) and not math.isfinite(value)):
        raise _wrong(place, "a value that JSON has", value, part)
    if not all(isinstance(name, str) for name in _names(value)):
        raise MalformedCassette(f"{place} has a name that is not a text", part)
    for member in _members(value):
        _check_json(place, member, part)


def _wrong(place: str, expected: str, found: object, part: str) -> MalformedCassette:
    kind = _KINDS.get(type(found), f"a {type(found).__name__}")
    return MalformedCassette(f"{place} must be {expected}, got {kind}", part)


def _members(value: object) -> Collection[object]:
    if isinstance(value, dict):
        return cast("dict[object, object]", value).values()
    return cast("list[object]", value) if isinstance(value, list) else ()


def _names(value: object) -> Collection[object]:
    return cast("dict[object, object]", value) if isinstance(value, dict) else ()


def _is_moment(value: str) -> bool:
    try:
        moment = dt.datetime.fromisoformat(value)
        return moment.tzinfo is not None and moment.astimezone(dt.UTC) < END
    except (ValueError, OverflowError):
        return False


def _is_method(value: object) -> bool:
    return _matches(_METHOD, value)


def _is_status(value: object) -> bool:
    return type(value) is int and value in _STATUSES


def _is_address(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port or an IPv6 address that is not one
        return False


def _are_headers(value: object) -> bool:
    return isinstance(value, dict) and all(
        _matches(_HEADER_NAME, name) and _matches(_HEADER_TEXT, text)
        for name, text in cast("dict[object, object]", value).items()
    )


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
