"""Requests and responses: the values that every room passes along.

Nothing here sends anything or imports anything else of subhub.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias, TypeGuard
from urllib.parse import quote, urlencode

Json: TypeAlias = Mapping[str, Any]
"""An object on its way out, of what JSON has: text, numbers, booleans, null, lists and objects."""


class Entry(Protocol):
    """An entry of a journal, about a request that changes something."""

    def sending(self) -> None:
        """The request goes out now."""
        ...

    def unsent(self) -> None:
        """It provably was not carried out: it did not get out, or was one too many (429)."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What a flow asks to be sent: a path below the provider's base URL, sent verbatim.

    `query` and `body` are given as they are to appear; a body is sent as `Provider.encode` writes
    it, which is as JSON unless the provider has another form.
    """

    method: str
    path: str
    body: Json | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] | None = field(default=None, kw_only=True)
    """What only this request carries, beside the headers of the account."""
    entry: Entry | None = field(default=None, compare=False, repr=False, kw_only=True)
    """Where it is written down that the request goes out; flows leave it alone."""

    @property
    def mutating(self) -> bool:
        """Whether the request may change something at the provider."""
        return self.method not in {"GET", "HEAD"}


@dataclass(frozen=True, slots=True)
class Response:
    """What came back: the status, the headers with their names in lower case, and the body."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    content: bytes = b""


Encoded: TypeAlias = tuple[str, bytes]
"""A body as it goes out: its content type, and its bytes."""

REDACTED = "[redacted]"
"""What stands in place of a secret."""


@dataclass(frozen=True, slots=True)
class PreparedRequest:
    """One HTTP request: method, full address, headers and body bytes."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content: bytes = field(default=b"", repr=False)

    @classmethod
    def of(
        cls,
        request: Request,
        base_url: str,
        headers: Mapping[str, str],
        encode: Callable[[Json], Encoded],
    ) -> PreparedRequest:
        """*request* against *base_url*; the path is joined verbatim, its last slash included."""
        url = base_url + request.path
        if request.query:
            url += "?" + urlencode(request.query, quote_via=quote)
        if request.headers:
            headers = {**headers, **request.headers}
        if request.body is None:
            return cls(request.method, url, headers)
        kind, content = encode(request.body)
        return cls(request.method, url, {**headers, "Content-Type": kind}, content)

    def curl(self) -> str:
        """The request as a curl command."""
        words = ["curl", "--request", self.method, self.url]
        for name, value in self.headers.items():
            words += ["--header", f"{name}: {value}"]
        if self.content:
            words += ["--data-raw", self.content.decode()]
        return shlex.join(words)


def as_json(body: Json) -> Encoded:
    """*body* as compact JSON in UTF-8; `ValueError` when JSON cannot carry it."""
    return "application/json", _ENCODER.encode(body).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether decoded JSON or TOML is an object, that is, a table with names."""
    return isinstance(value, dict)
