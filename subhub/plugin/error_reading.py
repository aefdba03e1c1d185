"""How the refusals of a provider are read; see `Provider`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from subhub.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidReply,
    LicenseRequired,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    ProviderError,
    ProviderUnavailable,
    RateLimited,
    Rejected,
)
from subhub.plugin.decoding import json_of, text_at
from subhub.plugin.rate_limits import retry_after

if TYPE_CHECKING:
    from subhub.messages import Response

SERVER_ERROR: Final = 500
REFUSALS: Final[Mapping[int, type[ProviderError]]] = {
    400: Rejected,
    401: AuthenticationFailed,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    410: NotFound,
    412: PreconditionFailed,
    422: Rejected,
    426: LicenseRequired,
    429: RateLimited,
}
"""Which error a status is; other statuses of 500 and more are `ProviderUnavailable`."""


class ErrorReading:
    """Reads error responses, in the most usual form; a plugin overrides what differs."""

    if TYPE_CHECKING:
        name: ClassVar[str]
        request_id_header: ClassVar[str]

    def error(self, response: Response) -> ProviderError:
        """Return the error for a status of 400 or more; override the four readers below instead."""
        try:
            body: Any = json_of(response)
        except InvalidReply as unreadable:
            body = unreadable.body
        kind = REFUSALS.get(response.status)
        if kind is None:
            kind = ProviderUnavailable if response.status >= SERVER_ERROR else ProviderError
        return kind(
            self.error_message(body) or "no message that could be read",
            provider=self.name,
            status=response.status,
            code=self.error_code(body),
            request_id=self.error_request_id(body, response.headers),
            fields=self.error_fields(body),
            retry_after=retry_after(response.headers),
            raw=body,
        )

    def error_message(self, body: Any) -> str | None:
        """Return what the provider says went wrong."""
        return text_at(body, "message")

    def error_code(self, body: Any) -> str | None:
        """Return the provider's machine-readable word for it."""
        return text_at(body, "code")

    def error_request_id(self, body: Any, headers: Mapping[str, str]) -> str | None:
        """Return the id that the provider's support asks for."""
        return text_at(body, "request_id") or headers.get(self.request_id_header)

    def error_fields(self, body: Any) -> Mapping[str, str]:
        """Return its complaints, per field."""
        del body
        return {}
