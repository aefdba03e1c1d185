"""Placeholders for values that may be personal data.

A value has the same placeholder everywhere in a cassette, and no two values share one. They are
numbered in the order in which they come, so that a new recording differs little from the last; and
a placeholder that is met again stays, so that scrubbing twice changes nothing.
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
    # No Dutch postal code begins with 0.
    "postal code": (lambda n: f"{n:04}AA", r"0\d{3}AA"),
    "birth": (lambda n: f"{dt.date(1900, 1, 1) + dt.timedelta(n - 1)}", r"1900-\d\d-\d\d"),
    "name": (lambda n: f"Name {n}", r"Name \d+"),
    "address": (lambda n: f"Address {n}", r"Address \d+"),
    "city": (lambda n: f"City {n}", r"City \d+"),
    "host": (lambda n: f"host-{n}.example", r"host-\d+\.example"),
    "token": (lambda n: f"token-{n}", r"token-\d+"),
    "text": (lambda n: f"text-{n}", r"text-\d+"),
}
"""How a placeholder of each kind is formed, and recognized."""
_OURS: Final = re.compile("|".join(pattern for _, pattern in _FORMS.values()))
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_OURS: Final = re.compile(r"00000000-0000-4000-8000-\d{12}")
_PATTERN: Final = re.compile(r'"pattern": "\^([a-z]+_)')
_FEW: Final = 7  # digits: a longer number may be that of a person, a company or a telephone


class IdForms:
    """The forms of a provider's ids, as far as its plugin or API description documents them."""

    def __init__(self, provider: type[Provider], description: str = "") -> None:
        found = {*provider.id_prefixes.values(), *_PATTERN.findall(description)}
        # The longest first: one prefix may begin with another.
        self._prefixes = sorted(found, key=len, reverse=True)
        form = re.fullmatch(r"(\D*)0+", provider.stand_in_id)
        self._bare = (form[1], len(provider.stand_in_id)) if form else None
        begins = [*self._prefixes, "id-", *([form[1]] if form else [])]
        self._ours = re.compile(f"(?:{'|'.join(map(re.escape, begins))})" + r"0\d{5,}")

    def documented(self, value: str) -> bool:
        """Return whether *value* has a documented prefix, and an opaque rest."""
        prefix = self._prefix(value)
        opaque = bool(prefix) and bool(re.fullmatch(r"\w{6,}", value[len(prefix) :]))
        return opaque or bool(_UUID.fullmatch(value))

    def is_placeholder(self, value: str) -> bool:
        """Return whether *value* is an id that stands for another."""
        return bool(self._ours.fullmatch(value) or _UUID_OURS.fullmatch(value))

    def is_plain(self, value: str) -> bool:
        """Return whether *value* is a plain object number, which identifies no person."""
        return value.isascii() and value.isdigit() and len(value) <= _FEW

    def numbered(self, value: str, number: int) -> str:
        """Return id *number* in the documented form of *value*, or in a form of ours."""
        if _UUID.fullmatch(value):
            return f"00000000-0000-4000-8000-{number:012}"
        prefix = self._prefix(value)
        if not prefix:
            return f"id-{number:06}"
        return prefix + f"{number:0{max(6, len(value) - len(prefix))}}"

    def _prefix(self, value: str) -> str:
        if self._bare and value.startswith(self._bare[0]) and len(value) == self._bare[1]:
            return self._bare[0]
        return next((prefix for prefix in self._prefixes if value.startswith(prefix)), "")


class Placeholders:
    """The placeholders of one cassette; none of the *taken* is given again."""

    def __init__(self, ids: IdForms, taken: Iterable[str] = ()) -> None:
        self.given: dict[str, str] = {}
        self.met: set[str] = set()
        self.ids: set[str] = set()
        self._forms = ids
        self._taken = frozenset(taken)
        self._count: Counter[str] = Counter()

    def of(self, kind: Kind, value: str) -> str:
        """Return the placeholder of *value*; one that is a placeholder already stays."""
        if _OURS.fullmatch(value) or self._forms.is_placeholder(value):
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
        form = self._forms.numbered(value, 0) if kind == "id" else kind
        while True:
            self._count[form] += 1
            number = self._count[form]
            if kind == "id":
                placeholder = self._forms.numbered(value, number)
            else:
                placeholder = _FORMS[kind][0](number)
            if placeholder not in self._taken:
                return placeholder
