"""Ids that look random and come out the same in every run."""

from __future__ import annotations

import uuid
from hashlib import blake2b
from itertools import count

_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ids:
    """A source of ids; two sources with the same seed give the same ones in the same order."""

    def __init__(self, seed: str = "") -> None:
        self._seed = seed
        self._counter = count(1)

    def text(self, length: int) -> str:
        """The next id, of so many lower-case letters and digits."""
        number = int.from_bytes(self._digest())
        letters: list[str] = []
        for _ in range(length):
            number, index = divmod(number, len(_ALPHABET))
            letters.append(_ALPHABET[index])
        return "".join(letters)

    def uuid(self) -> str:
        """The next id, as a UUID."""
        return str(uuid.UUID(bytes=self._digest()[:16], version=4))

    def _digest(self) -> bytes:
        return blake2b(f"{self._seed}:{next(self._counter)}".encode()).digest()
