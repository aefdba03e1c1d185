"""What a fake is asked and what it answers, as the wire has it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Received:
    """One request: `path` without the query, header names in lower case, the body's bytes."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    content: bytes = b""

    def json(self) -> Any:
        """The decoded body; `ValueError` when it is not JSON."""
        return json.loads(self.content)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    @classmethod
    def json(cls, status: int, body: object, headers: Mapping[str, str] | None = None) -> Reply:
        """An answer with a JSON body."""
        content = json.dumps(body, ensure_ascii=False).encode()
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
