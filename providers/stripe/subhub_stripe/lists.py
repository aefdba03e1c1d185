"""Lists in pages; see https://docs.stripe.com/api/pagination."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from subhub.errors import InvalidReply
from subhub.plugin import Page, Records, Wire, given, text_at

T = TypeVar("T")
W = TypeVar("W", bound=Wire)

PAGE_SIZE: Final = "100"
"""The largest page size."""


class StripeList(Wire):
    """A `list` object, without its `data`."""

    has_more: bool

    def page(self, records: Records[W], read: Callable[[W], T]) -> Page[T]:
        """Return *records*, converted by *read*; the next page starts after the last of them.

        The id is taken from the response itself, because the last record may be unreadable.
        """
        last_id = text_at(self.raw["data"][-1], "id") if records.received else None
        if self.has_more and last_id is None:
            raise InvalidReply("there is a next page, and the last object has no id to ask for it")
        return records.page(read, last_id if self.has_more else None)


def page_query(cursor: str | None, **filters: str | None) -> dict[str, str]:
    """Return the query of a list: the cursor and the given filters."""
    return given(limit=PAGE_SIZE, starting_after=cursor, **filters)
