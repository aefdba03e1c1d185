"""Stand-ins: what takes the place of a value that may be somebody's.

A value has the same stand-in wherever it stands in a cassette, and two values never share one. They
are counted in the order in which they come, so that a recording made anew differs little; and one
that is met again is left as it is, so that scrubbing twice changes nothing.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

from subhub.plugin.provider import Provider

Kind = Literal[
    "id", "email", "phone", "iban", "postal code", "birth", "name", "address", "city", "host",
    "token", "text",
]  # fmt: skip

_FORMS: Final[Mapping[str, tuple[Callable[[int], str], str]]] = {
    "email": (lambda n: f"person-{n}@example.com", r"person-\d+@example\.com"),
    "phone": (lambda n: f"+3160000{n:04}", r"\+3160000\d{4,}"),
    "iban": (lambda n: f"NL00TEST{n:010}", r"NL00TEST\d{10,}"),
    "postal code": (lambda n: f"{n:04}AA", r"0\d{3}AA"),
    "birth": (lambda n: f"{dt.date(1900, 1, 1) + dt.timedelta(n - 1)}", r"1900-\d\d-\d\d"),
    "name": (lambda n: f"Name {n}", r"Name \d+"),
    "address": (lambda n: f"Address {n}", r"Address \d+"),
    "city": (lambda n: f"City {n}", r"City \d+"),
    "host": (lambda n: f"host-{n}.example", r"host-\d+\.example"),
    "token": (lambda n: f"token-{n}", r"token-\d+"),
    "text": (lambda n: f"text-{n}", r"text-\d+"),
}
"""How each kind is made, and how it is known again; a Dutch postal code never begins with 0."""
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_OURS: Final = re.compile(r"00000000-0000-4000-8000-\d{12}")
_PATTERN: Final = re.compile(r'"pattern": "\^([a-z]+_)')
_FEW: Final = 8  # digits: a longer number may be a telephone's


class IdForms:
    """How a provider's ids look, as far as its plugin or *description*, as JSON, says it."""

    def __init__(self, provider: type[Provider], description: str = "") -> None:
        found = {*provider.id_prefixes.values(), *_PATTERN.findall(description)}
        self._prefixes = sorted(found, key=len, reverse=True)
        form = re.fullmatch(r"(\D*)0+", provider.stand_in_id)
        self._bare = (form[1], len(provider.stand_in_id)) if form else None
        begins = [*self._prefixes, "id-", *([form[1]] if form else [])]
        self._ours = re.compile(f"(?:{'|'.join(map(re.escape, begins))})" + r"0\d{5,}")

    def documented(self, value: str) -> bool:
        """Whether *value* begins as an id does, and goes on as nothing else would."""
        prefix = self._prefix(value)
        opaque = bool(prefix) and bool(re.fullmatch(r"\w{6,}", value[len(prefix) :]))
        return opaque or bool(_UUID.fullmatch(value))

    def is_stand_in(self, value: str) -> bool:
        """Whether *value* is an id that stands for another."""
        return bool(self._ours.fullmatch(value) or _UUID_OURS.fullmatch(value))

    def is_plain(self, value: str) -> bool:
        """Whether *value* is a number of an object, which says nothing of anybody."""
        return value.isascii() and value.isdigit() and len(value) <= _FEW

    def make(self, value: str, number: int) -> str:
        """The id number *number* of the form of *value*; a form of ours if none is documented."""
        if _UUID.fullmatch(value):
            return f"00000000-0000-4000-8000-{number:012}"
        prefix = self._prefix(value)
        return (
            prefix + f"{number:0{max(6, len(value) - len(prefix))}}"
            if prefix
            else (f"id-{number:06}")
        )

    def _prefix(self, value: str) -> str:
        if self._bare and value.startswith(self._bare[0]) and len(value) == self._bare[1]:
            return self._bare[0]
        return next((each for each in self._prefixes if value.startswith(each)), "")


class StandIns:
    """The stand-ins of one cassette; none is made that is among the *taken* already."""

    def __init__(self, ids: IdForms, taken: Iterable[str] = ()) -> None:
        self.given: dict[str, str] = {}
        self.met: set[str] = set()
        self.ids: set[str] = set()
        self._forms = ids
        self._taken = frozenset(taken)
        self._count: Counter[str] = Counter()

    def of(self, kind: Kind, value: str) -> str:
        """What stands for *value*; itself, when it is a stand-in already."""
        if is_stand_in(value) or self._forms.is_stand_in(value):
            self.met.add(value)
            return value
        if kind == "id":
            if self._forms.is_plain(value):
                return value
            self.ids.add(value)
        if value not in self.given:
            self.given[value] = self._next(kind, value)
        return self.given[value]

    def _next(self, kind: Kind, value: str) -> str:
        form = self._forms.make(value, 0) if kind == "id" else kind
        while True:
            self._count[form] += 1
            number = self._count[form]
            made = self._forms.make(value, number) if kind == "id" else _FORMS[kind][0](number)
            if made not in self._taken:
                return made


def is_stand_in(value: str) -> bool:
    """Whether *value* is a stand-in of a kind other than an id."""
    return bool(_OURS.fullmatch(value))


_OURS: Final = re.compile("|".join(pattern for _, pattern in _FORMS.values()))
