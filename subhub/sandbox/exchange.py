"""What a fake is asked and what it answers, as the wire has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl

JsonObject = dict[str, Any]
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)
_DECODER: Final = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Received:
    """One request: `path` without the query, header names in lower case, the body's bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes = b""

    @classmethod
    def at(cls, method: str, target: str, headers: Mapping[str, str], content: bytes) -> Received:
        """The request to *target*, a path with its query."""
        path, _, query = target.partition("?")
        asked = dict(parse_qsl(query, keep_blank_values=True)) if query else {}
        return cls(method, path, asked, headers, content)

    def json(self) -> Any:
        """The decoded body; `ValueError` when it is not JSON."""
        return _DECODER.decode(self.content.decode())


@dataclass(frozen=True, slots=True)
class Delivery:
    """How an answer travels that does not arrive whole and at once.

    *breaks* is how the connection ends: `"unreachable"`, it was never made; `"dropped"`, it is
    closed without an answer; `"reset"`, it is torn down while the answer is awaited; `"cut"`, it is
    closed in the middle of the body. *wait* is the time before the status, and *pause* that before
    each eighth of the body, in seconds.
    """

    breaks: str = ""
    wait: float = 0.0
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; a *delivery* says how it travels, when not whole and at once.

    One that never left the provider, because the request was not carried out, has the status 0.
    """

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    delivery: Delivery | None = None

    @classmethod
    def json(cls, status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
        """An answer with a JSON body."""
        content = _ENCODER.encode(body).encode()
        return cls(status, content, {"content-type": "application/json", **(headers or {})})


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with its answer."""

    received: Received
    reply: Reply


class Refusal(Exception):
    """Raised inside a fake to answer with a refusal."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply
