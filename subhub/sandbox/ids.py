"""Ids that look random and come out the same in every run."""

from __future__ import annotations

import uuid
from hashlib import blake2b

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = [low + high for high in _ALPHABET for low in _ALPHABET]
_BASE = len(_PAIRS)


class Ids:
    """A source of ids; two sources with the same seed give the same ones in the same order."""

    def __init__(self, seed: str = "", made: int = 0) -> None:
        self.seed = seed
        self.made = made
        """How many ids came out so far."""

    def text(self, length: int) -> str:
        """The next id, of so many lower-case letters and digits."""
        count = (length + 1) // 2
        number: int = int.from_bytes(self._digest()) % _BASE**count  # small is quick
        pairs: list[str] = []
        for _ in range(count):
            pairs.append(_PAIRS[number % _BASE])
            number //= _BASE
        return "".join(pairs)[:length]

    def uuid(self) -> str:
        """The next id, as a UUID."""
        return str(uuid.UUID(bytes=self._digest()[:16], version=4))

    def _digest(self) -> bytes:
        self.made += 1
        return blake2b(f"{self.seed}:{self.made}".encode()).digest()
