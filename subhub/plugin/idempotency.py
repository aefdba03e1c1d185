"""Idempotency: what a provider documents about requests that carry a key.

Nothing here draws a key or sends anything: the client does, where a provider declares that it can.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import Final

from subhub.errors import PluginError

DRAWN: Final = "subhub-"
"""How a key begins that the client drew. An application's own key may begin in any other way."""

_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]*")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A request that is sent twice with the same key is carried out once.

    The client then draws a key for each request that changes something, and repeats a request whose
    answer was lost. It does so in the first half of the time for which the provider keeps a key:
    waiting, and clocks that differ, must not outlast the other half.

    A value that makes no sense raises `PluginError`.

    Args:
        header: The name of the header that holds the key.
        kept_for: For how many seconds the provider documents that it keeps a key.
        methods: The methods with which a key has an effect.
    """

    header: str
    kept_for: float = field(kw_only=True)
    methods: frozenset[str] = field(default=frozenset({"POST"}), kw_only=True)

    def __post_init__(self) -> None:
        if not _HEADER.fullmatch(self.header):
            raise PluginError(
                f"`header` must be the name of a header, such as 'Idempotency-Key', "
                f"got {self.header!r}"
            )
        if not 0 < self.kept_for < math.inf:
            raise PluginError(f"`kept_for` must be > 0 seconds, got {self.kept_for!r}")
        if not self.methods or self.methods & {"GET", "HEAD"}:
            raise PluginError(
                f"`methods` must be those of requests that change something, such as 'POST', "
                f"got {sorted(self.methods)!r}"
            )

    @property
    def repeatable_for(self) -> float:
        """For how many seconds a request is repeated, from when it was first sent."""
        return self.kept_for / 2
