"""Outgoing: a request exactly as it goes over the wire."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from subhub.flow import Request

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
    def of(cls, request: Request, base_url: str, headers: Mapping[str, str]) -> Outgoing:
        """*request* against *base_url*; the path is joined verbatim, its last slash included."""
        url = base_url + request.path
        if request.query:
            url += "?" + urlencode(request.query, quote_via=quote)
        if request.body is None:
            return cls(request.method, url, headers)
        content = json.dumps(
            request.body, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
        headers = {**headers, "Content-Type": "application/json"}
        return cls(request.method, url, headers, content)

    def curl(self) -> str:
        """The request as a curl command."""
        words = ["curl", "--request", self.method, self.url]
        for name, value in self.headers.items():
            words += ["--header", f"{name}: {value}"]
        if self.content:
            words += ["--data-raw", self.content.decode()]
        return shlex.join(words)
