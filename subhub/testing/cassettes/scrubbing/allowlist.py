"""The allow-list: which texts and numbers of a body can identify nobody, and may be kept.

It goes by the provider's API description, by the last word of a field's name, and by the form of
the value, all together narrow: what is not on the list is taken for somebody's, and replaced. A new
field is therefore replaced until somebody puts it here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from subhub.testing.cassettes.scrubbing.schema_lookup import Described

MADE_UP: Final = frozenset(
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
"""The company of subhub's examples, and what it buys: a test against a real provider can say these,
and its recording still fits it after scrubbing."""

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
    **dict.fromkeys(("page", "limit", "offset", "count", "day", "days"), _COUNT),
}
"""By the last word of a field's name: the form of a value that can be kept."""
_CODES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("", "plan", "error", "reason", "status"), _WORD),
    **{name: _FORMS[name] for name in ("currency", "country", "language")},
}
"""The same for what ends in `code`, by the word before it: a postal code is none of these."""
_TIMES: Final = frozenset(
    {"at", "on", "date", "time", "timestamp", "expiration", "until", "from", "to", "start", "end"}
)
_TIME_FORMATS: Final = frozenset({"date", "date-time"})
_BIRTH: Final = frozenset({"birth", "birthday", "birthdate", "born", "dob"})
_PERSONAL: Final = frozenset(
    {"phone", "mobile", "telephone", "tel", "fax", "iban", "bsn", "ssn", *_BIRTH}
)
_NUMBERS: Final = frozenset(name for name, form in _FORMS.items() if form in {_AMOUNT, _COUNT})


def words_of(name: str) -> list[str]:
    """The words of a field's name, in lower case: `primaryEmail` has two."""
    return [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


def harmless_text(name: str, value: str, described: Described) -> bool:
    """Whether the text *value* of the field *name* may be kept."""
    if not value or value in MADE_UP or value in described.words:
        return True
    words = words_of(name) or [""]
    if _MOMENT.fullmatch(value):
        timely = words[-1] in _TIMES or bool(_TIME_FORMATS & described.formats)
        return timely and _BIRTH.isdisjoint(words)
    if words[-1] == "code":
        form = _CODES.get(words[-2] if len(words) > 1 else "")
    else:
        form = _FORMS.get(words[-1])
    return form is not None and len(value) <= 48 and bool(re.fullmatch(form, value))  # noqa: PLR2004


def harmless_number(name: str, described: Described) -> bool:
    """Whether a number in the field *name* may be kept."""
    words = words_of(name) or [""]
    return _PERSONAL.isdisjoint(words) and (described.numeric or words[-1] in _NUMBERS)
