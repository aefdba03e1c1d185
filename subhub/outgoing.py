"""Outgoing: a request exactly as it goes over the wire."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from subhub.flow import Json, Request

Encoded: TypeAlias = tuple[str, bytes]
"""A body as it goes out: its content type, and its bytes."""

REDACTED = "[redacted]"
"""What stands in place of a secret."""


@dataclass(frozen=True, slots=True)
class Outgoing:
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
    ) -> Outgoing:
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
