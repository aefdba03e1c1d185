"""The envelope of every response, for success and for errors.

    {"success": true, "customer": {...}, "request_id": "req_abc123"}
    {"success": false, "error": {"code": "...", "message": "..."}, "request_id": "req_abc123"}

See https://docs.afternoon.co/introduction.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeVar

from subhub.plugin import Page, Provider, Wire, is_object, text_at
from subhub_afternoon.inferred import next_cursor

T = TypeVar("T")

PROVIDER: Final = "afternoon"
"""The provider's name, in every result."""


class Envelope(Wire):
    """A success response; with `"success": false` it would not be as documented."""

    success: Literal[True] = True  # may be missing, but must not be false
    request_id: str | None = None


class ListEnvelope(Envelope):
    """A response with one page of a list."""

    pagination: dict[str, Any] | None = None

    def page(self, items: Sequence[T]) -> Page[T]:
        """Return *items* as a page, with the cursor of the next one."""
        # the number of items tells whether a page without a cursor can be the last one
        return Page(items, next_cursor(self.pagination or {}, len(items)))


class Refusals(Provider):
    """Reads error responses."""

    def error_message(self, body: Any) -> str | None:
        """Return the text of the error for people."""
        return text_at(body, "error", "message")

    def error_code(self, body: Any) -> str | None:
        """Return the machine-readable code of the error."""
        return text_at(body, "error", "code")

    def error_fields(self, body: Any) -> Mapping[str, str]:
        """Return the details if they are texts by field; their form is not documented."""
        error = body.get("error") if is_object(body) else None
        details = error.get("details") if is_object(error) else None
        if not is_object(details):
            return {}
        texts = {name: value for name, value in details.items() if isinstance(value, str)}
        return texts if len(texts) == len(details) else {}


def page_query(cursor: str | None, **filters: str | None) -> dict[str, str]:
    """Return the query of a list: the cursor and the given filters."""
    given = {"cursor": cursor, **filters}
    return {name: value for name, value in given.items() if value is not None}
