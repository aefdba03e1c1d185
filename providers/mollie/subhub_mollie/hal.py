"""What all of Mollie's objects, lists and errors have in common. No single kind is described here.

See https://docs.mollie.com/overview/pagination and https://docs.mollie.com/overview/handling-errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic import ConfigDict, Field
from pydantic.alias_generators import to_camel

from subhub.errors import InvalidRequest
from subhub.plugin import Provider, Wire, cursor_from, text_at

PROVIDER: Final = "mollie"
"""The provider's name, in every result."""
PAGE_SIZE: Final = "250"
"""The most that a page may hold; without a `limit` it holds 50."""


class MollieObject(Wire):
    """An object whose fields Mollie writes in camelCase."""

    model_config = ConfigDict(alias_generator=to_camel)


class Link(MollieObject):
    """A URL object."""

    href: str


class ListLinks(MollieObject):
    """The `_links` of a list; `next` is null on the last page.

    A page without it does not say that it is the last one.
    """

    next: Link | None


class MollieList(MollieObject):
    """One page of a list, without its objects."""

    links: ListLinks = Field(alias="_links")

    def cursor(self, address: str) -> str | None:
        """Return the id with which the next page begins, or `None` on the last page.

        The link is not followed. One that leads away from *address*, the base URL of the account,
        is an `InvalidReply`: following it would hand over the API key.
        """
        if self.links.next is None:
            return None
        return cursor_from(self.links.next.href, "from", address)


def page_query(cursor: str | None) -> dict[str, str]:
    """Return the query of a list that begins with the object *cursor*."""
    return {"limit": PAGE_SIZE} if cursor is None else {"limit": PAGE_SIZE, "from": cursor}


def idempotent(key: str | None) -> Mapping[str, str] | None:
    """Return the header that makes a POST repeatable for an hour.

    Mollie ignores the key of other methods: https://docs.mollie.com/reference/api-idempotency. A
    flow draws no random numbers, so the application passes the key; two calls with equal arguments
    are two orders.
    """
    if key is None:
        return None
    if not (key and key.isascii() and key.isprintable()):
        raise InvalidRequest.of("idempotency_key", f"must be printable ASCII, got {key!r}")
    return {"Idempotency-Key": key}


class Errors(Provider):
    """How error objects are read; they have no code of their own."""

    def error_message(self, body: Any) -> str | None:
        """Return the text that describes the error."""
        return text_at(body, "detail") or text_at(body, "title")

    def error_code(self, body: Any) -> str | None:
        """Return `None`: `title` repeats the phrase of the HTTP status, and there is no code."""
        del body
        return None

    def error_fields(self, body: Any) -> Mapping[str, str]:
        """Return the field that caused the error; Mollie names at most one."""
        field, detail = text_at(body, "field"), text_at(body, "detail")
        return {field: detail} if field and detail else {}
