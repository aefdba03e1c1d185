"""Likeness: whether a shown value is the one that was sent, or may be it, written differently.

Providers tidy what they are sent. They write e-mail addresses in lower case and postal codes with a
blank, compose accents, collapse blanks, escape `&` for HTML, drop accents, and show a day as an
instant. A value that could come from that is *alike*: it neither proves that something was created,
nor that it was not.
"""

from __future__ import annotations

import datetime as dt
import html
import unicodedata
from decimal import Decimal
from typing import Final, Literal

from subhub.models import ARITHMETIC, Interval, Money
from subhub.models.money import written

Likeness = Literal["same", "alike", "other"]
"""How a shown value relates to the one that was sent."""

_AS_WRITTEN: Final = frozenset({"email", "external_id"})
"""Fields in which punctuation distinguishes: a.b@example.com is not ab@example.com."""
_NESTED: Final = 3
"""How often text may have been escaped for HTML: `&amp;amp;` is what two systems make of `&`."""


def canonical(value: object) -> str:
    """Return the text of *value* that all equal values share, however they are written."""
    if isinstance(value, Interval):
        return str(value.canonical)
    if isinstance(value, Money) and value.amount.is_finite():
        return written(value.amount.normalize(ARITHMETIC), value.currency)
    if isinstance(value, Decimal):
        return ARITHMETIC.to_sci_string(value.normalize(ARITHMETIC))
    return str(value)


def loosened(field: str, value: object) -> str | None:
    """Return what remains of text in every way that a provider may write it.

    `None` is for values that have only one form, ids among them. Case, blanks, accents and HTML
    escapes are removed, and outside of addresses and ids of the application everything that is
    neither letter nor digit.

    Args:
        field: The name of the field that has it.
        value: The value.
    """
    if not isinstance(value, str) or (field.endswith("_id") and field not in _AS_WRITTEN):
        return None
    text = _unescaped(value) if "&" in value else value
    folded = text.lower() if text.isascii() else _folded(text)
    closed = "".join(folded.split())
    if field in _AS_WRITTEN:
        return closed
    return "".join(filter(str.isalnum, closed)) or closed


def _unescaped(text: str) -> str:
    for _ in range(_NESTED):
        text = html.unescape(text)
    return text


def _folded(text: str) -> str:
    # Twice, because folding the case can leave letters that are composed differently.
    for _ in range(2):
        text = unicodedata.normalize("NFKD", text).casefold()
    return text


def likeness_of(field: str, sent: object, shown: object) -> Likeness:
    """Return how *shown* relates to what was *sent*.

    What is not shown may be it, so it is alike. An e-mail address is the same in any case of its
    letters: providers write it in lower case, and no two people share one.

    Args:
        field: The name of the field.
        sent: What was sent.
        shown: What the provider shows, or `None`.
    """
    if shown is None:
        return "alike"
    texts = [canonical(value) for value in (sent, shown)]
    if field == "email":
        texts = [text.casefold() for text in texts]
    if texts[0] == texts[1]:
        return "same"
    loose = loosened(field, sent)
    return "alike" if loose is not None and loose == loosened(field, shown) else "other"


def days_around(day: dt.date) -> tuple[dt.date, dt.date]:
    """Return the day before and the day after *day*.

    A day that is converted to an instant, in one time zone, and back, in another, is off by one.
    """
    number = day.toordinal()
    return dt.date.fromordinal(max(number - 1, 1)), dt.date.fromordinal(min(number + 1, _LAST))


_LAST: Final = dt.date.max.toordinal()
