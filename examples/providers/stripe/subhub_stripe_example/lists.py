"""Lists in pages: https://docs.stripe.com/api/pagination. No object of any kind is known here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from subhub.plugin import Page, Wire

T = TypeVar("T")

PAGE_SIZE: Final = "100"
"""The most that a page may hold."""


class StripeList(Wire):
    """A `list` object, without its `data`."""

    has_more: bool

    def page(self, items: Sequence[T], last_id: str | None) -> Page[T]:
        """*items*, and the next page, which begins after the object with *last_id*."""
        return Page(items, last_id if self.has_more else None)


def page_query(cursor: str | None, **filters: str | None) -> dict[str, str]:
    """The query of a list: where to begin, and the filters that are given."""
    given = {"limit": PAGE_SIZE, "starting_after": cursor, **filters}
    return {name: value for name, value in given.items() if value is not None}
