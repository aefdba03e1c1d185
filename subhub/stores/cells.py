"""Permits in a store of several machines: read, change, and write unless others were quicker.

Every state has a random version. A store replaces it only while it is the version that was read;
so no lock is held, and a machine that stops in the middle stops no other one.
"""

from __future__ import annotations

import logging
import math
import secrets
import struct
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, NamedTuple, NoReturn, TypeVar

from subhub.errors import ConfigError
from subhub.sending.ratelimit.permits import Cells, Permits
from subhub.sending.ratelimit.stores import StoreUnavailable

T = TypeVar("T")

logger: Final = logging.getLogger("subhub")

_FAMILY: Final = b"subhub-"
_MARK: Final = _FAMILY + b"2"  # 1: without notes of the machines
_HEAD: Final = struct.Struct("<8sdd")  # the mark, the permits, the window
_TRIES: Final = 100
_VERSION_BYTES: Final = 8


class State(NamedTuple):
    """What a store holds: `version` and `content` are empty where it has nothing."""

    version: bytes
    content: bytes
    now: float
    forgot: bool = False
    """Whether there may have been something until recently."""


class SwappedCells(ABC):
    """The cells of *permits* at *place*, as a `PermitStore`."""

    remote = True

    def __init__(self, place: str, permits: Permits) -> None:
        self.place = place
        self._permits = permits
        self._head = _HEAD.pack(_MARK, permits.limit.requests, permits.limit.per)

    @property
    def span(self) -> float:
        """How many seconds a state matters after it was written."""
        return self._permits.lease + 2 * self._permits.limit.per

    @abstractmethod
    def read(self) -> State:
        """Return the state and the store's time; raise `StoreUnavailable` if it does not answer."""

    @abstractmethod
    def swap(self, old: bytes, new: bytes, content: bytes) -> bool:
        """Replace the state of version *old*; return whether it still was.

        Raises `StoreUnavailable` if it does not answer; then it may have been replaced.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connection; it is opened again when it is next used."""

    def update(self, now: float, change: Callable[[Cells, float], T]) -> T:
        """See `PermitStore.update`. The time is the store's."""
        del now
        for _ in range(_TRIES):
            state = self.read()
            cells = self._cells(state)
            before = memoryview(bytes(cells)).cast("d")
            result = change(cells, state.now)
            if self._permits.same(before, cells) and not state.forgot:
                return result
            content = self._head + cells.tobytes()
            if self._swapped(state.version, secrets.token_bytes(_VERSION_BYTES), content):
                return result
        raise StoreUnavailable(f"{self.place} is written to by too many processes at a time")

    def _swapped(self, old: bytes, new: bytes, content: bytes) -> bool:
        try:
            return self.swap(old, new, content)
        except StoreUnavailable:
            # The connection was cut, and the store may have done it all the same: it says so.
            if self.read().version == new:
                return True
            raise

    def _cells(self, state: State) -> Cells:
        cells: Cells
        if not state.version:
            cells = memoryview(bytearray(8 * self._permits.cells)).cast("d")
            if state.forgot:
                self._permits.forget(cells, state.now)
                logger.warning(
                    "%s has no permits, and was started a short while ago: it may have lost them. "
                    "So nothing is sent for the %g s of a window",
                    self.place,
                    self._permits.limit.per,
                )
            return cells
        head, content = state.content[: _HEAD.size], state.content[_HEAD.size :]
        if head != self._head:
            self._refuse(head)
        if len(content) == 8 * self._permits.cells:
            cells = memoryview(bytearray(content)).cast("d")
            if all(0 <= cell < math.inf for cell in cells):
                return cells
        raise ConfigError(f"the permits in {self.place} are damaged: remove them")

    def _refuse(self, head: bytes) -> NoReturn:
        if head.startswith(_FAMILY) and not head.startswith(_MARK):
            raise ConfigError(
                f"the permits in {self.place} are of another version of subhub. Use one version on "
                "all machines: end them, and wait until the permits are forgotten, or remove them"
            )
        if len(head) < _HEAD.size or not head.startswith(_MARK):
            raise ConfigError(f"what is in {self.place} is not permits of subhub: remove it")
        _, requests, per = _HEAD.unpack(head)
        limit = self._permits.limit
        raise ConfigError(
            f"the permits in {self.place} are of {requests:g} requests per {per:g} s, but this "
            f"account is set to {limit.requests} per {limit.per:g} s. Use the same `rate_limit` on "
            "all machines: end them, and wait until the permits are forgotten, or remove them"
        )
