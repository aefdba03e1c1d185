"""Options that are one of several words: in any case, and with `-` for `_`, as one types them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Literal, get_args, get_origin

from subhub.errors import InvalidRequest

_NONE: Final = type(None)


@dataclass(frozen=True, slots=True)
class Choices:
    """The words of one option: those of a `Literal`, or the members of a `StrEnum`."""

    values: Sequence[str]

    @property
    def words(self) -> list[str]:
        """The words as they are shown."""
        return [str(value).replace("_", "-") for value in self.values]

    def read(self, name: str, given: str | None) -> str | None:
        """Return the value that *given* means; raise `InvalidRequest` for the argument *name*."""
        if given is None:
            return None
        word = given.lower().replace("_", "-")
        if word not in self.words:
            known = ", ".join(self.words)
            raise InvalidRequest.of(name, f"must be one of {known}, got {given!r}")
        return self.values[self.words.index(word)]

    def complete(self, incomplete: str) -> list[str]:
        """Return the words that begin with *incomplete*."""
        return [word for word in self.words if word.startswith(incomplete)]


def choices_of(annotation: Any) -> Choices | None:
    """Return the words of an annotated option; `None` if it is not one of several words."""
    base = get_args(annotation)[0]
    parts = [part for part in get_args(base) if part is not _NONE] if _is_union(base) else [base]
    if len(parts) == 1 and get_origin(parts[0]) is Literal:
        return Choices(get_args(parts[0]))
    if len(parts) == 1 and isinstance(parts[0], type) and issubclass(parts[0], StrEnum):
        return Choices(tuple(parts[0]))
    return None


def _is_union(base: Any) -> bool:
    return _NONE in get_args(base)
