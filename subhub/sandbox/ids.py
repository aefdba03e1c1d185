"""Ids that look random and are the same in every run."""

from __future__ import annotations

import uuid
from hashlib import blake2b

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
# two characters a step: a page of new objects draws many ids, and this halves the work
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]
_BASE = len(_PAIRS)


class Ids:
    """A sequence of ids. The same *seed* gives the same ids in the same order.

    *drawn* is the position in the sequence, from which a restored sandbox continues.
    """

    def __init__(self, seed: str = "", drawn: int = 0) -> None:
        self.seed = seed
        self.drawn = drawn
        """The number of ids drawn so far."""

    def text(self, length: int) -> str:
        """Return the next id, of *length* lower-case letters and digits."""
        count = (length + 1) // 2
        # reduced first, because dividing a small number is faster
        number: int = int.from_bytes(self._digest()) % _BASE**count
        pairs: list[str] = []
        for _ in range(count):
            pairs.append(_PAIRS[number % _BASE])
            number //= _BASE
        return "".join(pairs)[:length]

    def uuid(self) -> str:
        """Return the next id, as a UUID."""
        return str(uuid.UUID(bytes=self._digest()[:16], version=4))

    def _digest(self) -> bytes:
        self.drawn += 1
        return blake2b(f"{self.seed}:{self.drawn}".encode()).digest()
