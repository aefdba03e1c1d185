"""Requests to a fake and its replies, as they appear on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

from subhub.sandbox.json_input import decode_json

JsonObject = dict[str, Any]
# shared, because `json.dumps(ensure_ascii=False)` would build a new encoder for each reply
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Received:
    """A request: `path` without the query, header names in lower case, the body as bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes = b""

    @classmethod
    def at(cls, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Received:
        """Create a request from a request line.

        Args:
            method: The HTTP method, in capitals.
            target: The path, still quoted, with its query.
            headers: The headers, with names in lower case.
            content: The body.
        """
        path, _, query = target.partition("?")
        # the last of several values with the same name wins
        parsed = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        return cls(method, path, parsed, headers, content)

    def json(self) -> Any:
        """Decode the body. Raises `ValueError` if it is not JSON that a sandbox can store."""
        return decode_json(self.content)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a reply travels that does not arrive complete and at once.

    *breaks* says how the connection ends: `"unreachable"`: it is never opened; `"dropped"`: it
    closes without a reply; `"reset"`: it is reset while the client waits; `"cut"`: it closes in the
    middle of the body. *wait* is the time before the status line and *pause* the time before each
    eighth of the body, in seconds.
    """

    breaks: str = ""
    wait: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply to a request; *delivery* is `None` when it arrives complete and at once.

    The status is 0 when the request was not carried out and no reply was sent.
    """

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delivery: Delivery | None = None

    @classmethod
    def json(cls, status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
        """Create a reply with a JSON body.

        Args:
            status: The HTTP status.
            body: Anything that JSON can represent.
            headers: Headers besides the content type.
        """
        content = _ENCODER.encode(body).encode()
        return cls(status, content, {"content-type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request and its reply."""

    received: Received
    reply: Reply


class Refusal(Exception):
    """Raise it inside a fake to answer the request with an error reply."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply
