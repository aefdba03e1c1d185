"""The allow-list of texts and numbers that identify no person, and may be kept.

It goes by the last word of a field's name and by the form of the value, both together narrow: what
is not on the list is taken for personal data and replaced. A new field is therefore replaced until
it is added here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

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
_WORD: Final = r"[A-Za-z][A-Za-z0-9]*(?:[_.-][A-Za-z0-9]+)*"
_AMOUNT: Final = r"-?\d{1,12}(?:\.\d{1,6})?"
_COUNT: Final = r"\d{1,6}"
_MOMENT: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?"
)
_FORMS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("status", "mode", "policy", "method", "object", "event"), _WORD),
    "type": r"[a-z][a-z0-9]*(?:[_.-][a-z0-9]+)*(?:/[a-z0-9.+-]+)?",
    "interval": r"(?:\d{1,3} )?[a-z]+",
    "unit": r"[a-z]+",
    "currency": r"[A-Za-z]{3}",
    "country": r"[A-Za-z]{2,3}",
    **dict.fromkeys(("language", "locale"), r"[a-z]{2}(?:[-_][A-Za-z]{2})?"),
    **dict.fromkeys(("timezone", "zone"), r"UTC|[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+"),
    **dict.fromkeys(("amount", "price", "total", "subtotal", "tax", "vat", "rate"), _AMOUNT),
    **dict.fromkeys(("balance", "quantity", "cost", "fee", "discount", "cents"), _AMOUNT),
    **dict.fromkeys(("page", "limit", "offset", "count", "day", "days", "due"), _COUNT),
}
"""By the last word of a field's name: the form of a value that can be kept."""
_CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("", "plan", "error", "reason", "status"), _WORD),
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


def words_of(name: str) -> list[str]:
    """Return the words of a field's name in lower case: `primaryEmail` has two."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def harmless_text(name: str, value: str) -> bool:
    """Return whether the text *value* of the field *name* may be kept."""
    if not value or value in EXAMPLES:
        return True
    words = words_of(name) or [""]
    if _MOMENT.fullmatch(value):
        return words[-1] in _TIMES and _BIRTH.isdisjoint(words)
    form = _code(words) if words[-1] == "code" else _FORMS.get(words[-1])
    return form is not None and len(value) <= _LONGEST and bool(re.fullmatch(form, value))


def harmless_number(name: str, value: float) -> bool:
    """Return whether the number *value* of the field *name* may be kept."""
    words = words_of(name) or [""]
    if words[-1] == "code":
        form = _COUNT if _code(words) == _WORD else None
    else:
        form = _NUMBERS.get(words[-1])
    return form is not None and _PERSONAL.isdisjoint(words) and bool(re.fullmatch(form, str(value)))


def _code(words: Sequence[str]) -> str | None:
    return _CODES.get(words[-2] if len(words) > 1 else "")
