"""Forged calls of a webhook: headers that differ from those of a proven call in one part.

Which part of them is the proof follows from signing with another secret.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from subhub.webhooks.headers import Text

_PART: Final = re.compile(r"([A-Za-z0-9+/_-]+)")
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_SIGNS: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
"""Those of base64, in their order."""
Place: TypeAlias = tuple[str, int]
"""The name of a header, and which part of its value is meant."""


class Asked(Mapping[str, Sequence[Text]]):
    """The values of headers, by name in lower case; `missed` names those that were asked for."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self.missed: list[str] = []
        self._values = {name.lower(): [value] for name, value in headers.items()}

    def __getitem__(self, name: str) -> Sequence[Text]:
        if name not in self._values:
            self.missed.append(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def different(headers: Mapping[str, str], others: Mapping[str, str]) -> set[Place]:
    """Return the parts of *headers* that differ from those of another call."""
    one, other = _parts(headers), _parts(others)
    return {place for place, part in one.items() if part and other.get(place, part) != part}


def forged(headers: Mapping[str, str], others: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield *headers* with one sign of their proof changed, or with a part of it only.

    Args:
        headers: Those of a proven call.
        others: Those of the same call, signed with another secret.
    """
    for place in sorted(different(headers, others)):
        for near in _near(_parts(headers)[place]):
            yield _replaced(headers, place, near)


def exchanged(headers: Mapping[str, str], others: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield *headers* with one part from those of another call, where they differ in several."""
    places = different(headers, others)
    for place in sorted(places) if len(places) > 1 else ():
        yield _replaced(headers, place, _parts(others)[place])


def _parts(headers: Mapping[str, str]) -> dict[Place, str]:
    return {
        (name, number): part
        for name, value in headers.items()
        for number, part in enumerate(_PART.split(value))
    }


def _replaced(headers: Mapping[str, str], place: Place, new: str) -> dict[str, str]:
    name, number = place
    parts = _PART.split(headers[name])
    parts[number] = new
    return {**headers, name: "".join(parts)}


def _near(part: str) -> Iterator[str]:
    """Yield parts of the same form that are not *part*."""
    is_hex = _HEX.fullmatch(part) is not None
    yield part[: len(part) // 2]
    yield part[:-1]
    if not is_hex:  # a digest in capitals is the same one
        yield part.swapcase()
    for place, sign in enumerate(part):
        yield part[:place] + _another(sign, is_hex=is_hex) + part[place + 1 :]


def _another(sign: str, *, is_hex: bool) -> str:
    """Return a sign that stands for other bits, also where the last ones are not used."""
    if is_hex:
        return f"{int(sign, 16) ^ 8:x}"
    return _SIGNS[(_SIGNS.find(sign) + 32) % len(_SIGNS)]
