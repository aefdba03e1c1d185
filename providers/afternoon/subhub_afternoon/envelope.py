"""The envelope of every response, for success and for errors.

    {"success": true, "customer": {...}, "request_id": "req_abc123"}
    {"success": false, "error": {"code": "...", "message": "..."}, "request_id": "req_abc123"}

See https://docs.afternoon.co/introduction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeVar

from subhub.models import Result
from subhub.plugin import Core, Page, Provider, Records, Wire, is_object, text_at
from subhub_afternoon.inferred import next_cursor

R = TypeVar("R", bound=Result)
W = TypeVar("W", bound=Wire)

PROVIDER: Final = "afternoon"
"""The provider's name, in every result."""


class Envelope(Wire):
    """A success response; with `"success": false` it would not be as documented."""

    success: Literal[True] = True  # may be missing, but must not be false
    request_id: str | None = None

    def whole(self, result: R) -> R:
        """Return *result* with the whole response in `raw`, and with the id of its request."""
        return self.part(result.model_copy(update={"raw": self.raw}))

    def part(self, result: R) -> R:
        """Return *result*, one of several in the response, with the id of its request."""
        return result.model_copy(update={"request_id": self.request_id or result.request_id})


class Pagination(Wire):
    """A `pagination` object; the names of its fields are not documented."""


class ListEnvelope(Envelope):
    """A response with one page of a list."""

    pagination: Core[Pagination | None] = None

    def page(self, records: Records[W], read: Callable[[W], R]) -> Page[R]:
        """Return *records*, converted by *read*, as a page with the cursor of the next one."""
        fields: Mapping[str, Any] = self.pagination.raw if self.pagination else {}
        # the number of records tells whether a page without a cursor can be the last one
        cursor = next_cursor(fields, records.received)
        return records.page(lambda record: self.part(read(record)), cursor)


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
