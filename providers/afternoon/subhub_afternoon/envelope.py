"""The envelope: what every answer of Afternoon's has around its object, and its refusals.

    {"success": true, "customer": {...}, "request_id": "req_abc123"}
    {"success": false, "error": {"code": "...", "message": "..."}, "request_id": "req_abc123"}

See https://docs.afternoon.co/introduction. No object of any kind is described here.
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
    """An answer of success; one that says `"success": false` is not as documented."""

    success: Literal[True] = True
    request_id: str | None = None


class ListEnvelope(Envelope):
    """An answer with one page of a list."""

    pagination: dict[str, Any] | None = None

    def page(self, items: Sequence[T]) -> Page[T]:
        """*items*, and where the next page begins."""
        return Page(items, next_cursor(self.pagination or {}, len(items)))


class Refusals(Provider):
    """How a refusal is read."""

    def error_message(self, body: Any) -> str | None:
        """The human text of the error."""
        return text_at(body, "error", "message")

    def error_code(self, body: Any) -> str | None:
        """The machine code of the error."""
        return text_at(body, "error", "code")

    def error_fields(self, body: Any) -> Mapping[str, str]:
        """The details, where they happen to be texts by field: what they hold is undocumented."""
        error = body.get("error") if is_object(body) else None
        details = error.get("details") if is_object(error) else None
        if not is_object(details):
            return {}
        told = {name: value for name, value in details.items() if isinstance(value, str)}
        return told if len(told) == len(details) else {}


def page_query(cursor: str | None, **filters: str | None) -> dict[str, str]:
    """The query of a list: where to begin, and the filters that are given."""
    given = {"cursor": cursor, **filters}
    return {name: value for name, value in given.items() if value is not None}
