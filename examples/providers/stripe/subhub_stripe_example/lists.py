"""Lists in pages; see https://docs.stripe.com/api/pagination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

from subhub.plugin import Page, Wire

T = TypeVar("T")

PAGE_SIZE: Final = "100"
"""The largest page size."""


class StripeList(Wire):
    """A `list` object, without its `data`."""

    has_more: bool

    def page(self, items: Sequence[T], last_id: str | None) -> Page[T]:
        """Return *items* as a page; the next one starts after the object with *last_id*."""
        return Page(items, last_id if self.has_more else None)


def page_query(cursor: str | None, **filters: str | None) -> dict[str, str]:
    """Return the query of a list: the cursor and the given filters."""
    given = {"limit": PAGE_SIZE, "starting_after": cursor, **filters}
    return {name: value for name, value in given.items() if value is not None}
