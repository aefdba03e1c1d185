"""The allow-list of texts and numbers that identify no person, and may be kept.

It goes by the words of a field's name and by the form of the value, both together narrow: what is
not on the list is taken for personal data and replaced. A field with a word that is neither common
nor in the API description is replaced, and so is its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from subhub.models.currencies import MINOR_DIGITS
from subhub.testing.cassettes.scrubbing.vocabulary import Vocabulary, words_of

EXAMPLES: Final = frozenset(
    {
        "Test Company BV",
        "john.doe@test.com",
        "Teststreet 123",
        "1234AB",
        "Amsterdam",
        "Phone subscription",
        "1GB per month, 300min per month",
    }
)
"""The company of subhub's examples, and what it buys: a test against a real provider can send
these, and its recording still fits the test after scrubbing."""

_LONGEST: Final = 48
_EARLIEST: Final = 2015
"""A day before this year may be a date of birth."""
_WORDS: Final = r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)*"
"""What may be kept if all its words are known."""
_NEW: Final = r"[a-z]{1,20}(?:[_-][a-z]{1,20})*_?\d{0,4}|[A-Z]{1,20}(?:_[A-Z]{1,20})*_?\d{0,4}"
"""A word as programs write it: a state or a code may be one that no description has."""
_AMOUNT: Final = r"-?\d{1,7}(?:\.\d{1,6})?"
"""Shorter than the number of a person, a company or a telephone."""
_COUNT: Final = r"\d{1,6}"
_PERIOD: Final = r"(?:\d{1,3} )?(?:(?:hour|day|week|month|year)s?|(?:dai|week|month|year)ly|once)"
_MOMENT: Final = re.compile(
    r"(\d{4})-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_AREA: Final = "(?:Africa|America|Antarctica|Asia|Atlantic|Australia|Etc|Europe|Indian|Pacific)"
_MEDIA: Final = (
    r"(?:application|text|multipart|image|\*)/(?:(?:[a-z0-9.-]{1,40}\+)?(?:json|xml)|html|plain|csv"
    r"|pdf|octet-stream|form-data|x-www-form-urlencoded|\*)"
)
_FORMS: Final[Mapping[str, str]] = {
    "status": _NEW,
    **dict.fromkeys(("mode", "policy", "method", "object", "event"), ""),
    "type": _MEDIA,
    **dict.fromkeys(("interval", "unit"), _PERIOD),
    "currency": f"(?i:{'|'.join(MINOR_DIGITS)})",
    "country": r"[A-Z]{2,3}",
    **dict.fromkeys(("language", "locale"), r"[a-z]{2}(?:[-_][A-Za-z]{2})?"),
    **dict.fromkeys(("timezone", "zone"), rf"UTC|{_AREA}/[A-Z][A-Za-z_]{{2,20}}"),
    **dict.fromkeys(("amount", "price", "total", "subtotal", "tax", "vat", "rate"), _AMOUNT),
    **dict.fromkeys(("balance", "quantity", "cost", "fee", "discount", "cents"), _AMOUNT),
    **dict.fromkeys(("page", "limit", "offset", "count", "day", "days", "due"), _COUNT),
}
"""By the last word of a field's name: the form of a value that can be kept."""
_OF_WORDS: Final = frozenset({"status", "mode", "policy", "method", "object", "event", "type"})
"""Where a text can also be kept if all its words are known."""
_CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("", "plan", "error", "reason", "status"), _NEW),
    **{name: _FORMS[name] for name in ("currency", "country", "language")},
}
"""The same for what ends in `code`, by the word before it: not for a postal code."""
_NUMBERS: Final[Mapping[str, str]] = {
    **{name: form for name, form in _FORMS.items() if form in {_AMOUNT, _COUNT}},
    **dict.fromkeys(("from", "to"), _COUNT),  # the first and last number of a page
}
"""The same for JSON numbers; a telephone number is longer than a count."""
_TIMES: Final = frozenset(
    {"at", "on", "date", "time", "timestamp", "expiration", "until", "from", "to", "start", "end"}
)
_BIRTH: Final = frozenset({"birth", "birthday", "birthdate", "born", "dob"})
_PERSONAL: Final = frozenset(
    {"phone", "mobile", "telephone", "tel", "fax", "iban", "bsn", "ssn", *_BIRTH}
)
_HEADERS: Final[Mapping[str, re.Pattern[str]]] = {
    "accept": re.compile(rf"{_MEDIA}(?:, ?{_MEDIA}){{0,9}}"),
    "content-type": re.compile(
        rf"{_MEDIA}(?:; ?charset=(?:utf-8|iso-8859-1|us-ascii))?", re.IGNORECASE
    ),
    "retry-after": re.compile(
        r"\d{1,6}(?:\.\d{1,6})?|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} 20[\d: ]+GMT"
    ),
    "x-ratelimit-limit": re.compile(_COUNT),
    "x-ratelimit-remaining": re.compile(_COUNT),
    "x-ratelimit-reset": re.compile(r"\d{1,6}(?:\.\d{1,6})?|[12]\d{9}"),
}


class Allowlist:
    """What may be kept, for a provider of whose names a *vocabulary* knows the words."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary

    def has_name(self, name: str) -> bool:
        """Return whether *name*, of a field or parameter, may be kept."""
        return self._vocabulary.names(name)

    def has_text(self, name: str, value: str) -> bool:
        """Return whether the text *value* of the field *name* may be kept."""
        if not value or value in EXAMPLES:
            return True
        words = words_of(name)
        if len(value) > _LONGEST or not self._vocabulary.knows(words):
            return False
        moment = _MOMENT.fullmatch(value)
        if moment is not None:
            recent = int(moment[1]) >= _EARLIEST
            return recent and words[-1] in _TIMES and _BIRTH.isdisjoint(words)
        form = _code(words) if words[-1] == "code" else _FORMS.get(words[-1], "")
        if form and re.fullmatch(form, value):
            return True
        of_words = words[-1] in _OF_WORDS or form == _NEW
        return of_words and bool(re.fullmatch(_WORDS, value)) and self._knows(value)

    def has_number(self, name: str, value: float) -> bool:
        """Return whether the number *value* of the field *name* may be kept."""
        words = words_of(name)
        if not self._vocabulary.knows(words) or not _PERSONAL.isdisjoint(words):
            return False
        form = _NUMBERS.get(words[-1])
        if words[-1] == "code" and _code(words) == _NEW:
            form = _COUNT
        return form is not None and bool(re.fullmatch(form, str(value)))

    def _knows(self, value: str) -> bool:
        return self._vocabulary.knows(words_of(value))


def has_header(name: str, value: str) -> bool:
    """Return whether the header *name* may be kept with this *value*."""
    form = _HEADERS.get(name.lower())
    return form is not None and form.fullmatch(value) is not None


def _code(words: Sequence[str]) -> str:
    return _CODES.get(words[-2] if len(words) > 1 else "", "")
