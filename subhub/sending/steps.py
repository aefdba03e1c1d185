"""Steps: what the generators of this package ask of a client, and how they are typed."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from subhub.messages import Request, Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait this many seconds, then go on; *until* tells the same by the clock of the sending."""

    seconds: float
    until: float | None = None


Exchange: TypeAlias = Generator[Request | Pause, Response | None, Response]
"""One request of a flow, as often as it takes."""

Script: TypeAlias = Generator[Request | Pause, Response | None, T]
"""A flow as a client performs it."""
