"""Kinds of values that are not on the allow-list, by the field's name and the value's form.

It decides only what the placeholder looks like. A value that is classified wrongly is replaced all
the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from subhub.testing.cassettes.scrubbing.placeholders import Kind
from subhub.testing.cassettes.scrubbing.vocabulary import words_of

_EMAIL: Final = re.compile(r"[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)+")
_IBAN: Final = re.compile(r"[A-Z]{2}\d{2} ?[A-Z0-9]{4}(?: ?[A-Z0-9]{1,4}){2,7}")
_PHONE: Final = re.compile(r"\+?[\d ()./-]{6,20}")
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_POSTAL: Final = re.compile(r"[A-Za-z0-9 -]{3,10}")
_NAMED: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("email", "mail"), "email"),
    **dict.fromkeys(("phone", "mobile", "telephone", "tel", "fax"), "phone"),
    **dict.fromkeys(("iban", "bank"), "iban"),
    **dict.fromkeys(("zip", "postal", "postcode"), "postal code"),
    **dict.fromkeys(("birth", "birthday", "birthdate", "born", "dob"), "birth"),
    **dict.fromkeys(("city", "town", "locality"), "city"),
    **dict.fromkeys(("address", "street", "line", "province", "region"), "address"),
    **dict.fromkeys(("name", "surname", "company", "holder"), "name"),
    **dict.fromkeys(("token", "cursor"), "token"),
}
_SHAPES: Final[Mapping[Kind, re.Pattern[str]]] = {
    "email": _EMAIL,
    "phone": _PHONE,
    "iban": _IBAN,
    "postal code": _POSTAL,
    "birth": _DAY,
}
"""What a value must look like to be of a kind that a name alone does not make it."""
_OWN: Final = frozenset({"external", "reference", "integration", "merchant", "tenant"})
"""Words before `id` that mean the application's own id, which may hold anything: a name, say."""


def is_id(name: str) -> bool:
    """Return whether a field called *name* holds an id of the provider's."""
    words = words_of(name)
    return bool(words) and words[-1] in {"id", "ids"} and _OWN.isdisjoint(words)


def kind_of(name: str, value: str) -> Kind:
    """Return what *value*, of the field *name*, may be."""
    if _EMAIL.fullmatch(value):
        return "email"
    if is_id(name):
        return "id"
    named = _named(words_of(name))
    shape = _SHAPES.get(named)
    if shape is None or shape.fullmatch(value):
        return named
    return "iban" if _IBAN.fullmatch(value) else "text"


def _named(words: Sequence[str]) -> Kind:
    for word in reversed(words):
        for form in (word, word.removesuffix("s")):
            if form in _NAMED:
                return _NAMED[form]
    return "text"
