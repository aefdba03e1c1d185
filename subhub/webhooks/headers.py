"""Request headers, in any of the forms in which web frameworks hand them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from subhub.errors import WebhookRefused

Text: TypeAlias = str | bytes


@runtime_checkable
class HasItems(Protocol):
    """A mapping; those of web frameworks return a repeated header several times from `items`."""

    def items(self) -> Iterable[tuple[Text, Text]]:
        """Return pairs of name and value."""
        ...


HeaderInput: TypeAlias = HasItems | Iterable[tuple[Text, Text]]
"""A mapping of headers, or pairs of name and value; names in any case."""


@dataclass(frozen=True, slots=True)
class Headers:
    """Header values by name in lower case."""

    values: Mapping[str, Sequence[Text]]

    @classmethod
    def of(cls, given: HeaderInput) -> Headers:
        """Collect *given*, with every value of a repeated header."""
        values: dict[str, list[Text]] = {}
        for name, value in given.items() if isinstance(given, HasItems) else given:
            known = name.decode("latin-1") if isinstance(name, bytes) else name
            values.setdefault(known.lower(), []).append(value)
        return cls(values)

    def one(self, name: str) -> bytes:
        """Return the only value of the header *name*; refuse a missing or repeated one."""
        found = self.values.get(name.lower(), ())
        if len(found) > 1:  # which of the two a proxy looked at cannot be known
            raise WebhookRefused(f"the header {name} is repeated")
        if not found or not found[0]:
            raise WebhookRefused(f"the header {name} is missing")
        value = found[0]
        try:  # WSGI and ASGI decode the bytes of the wire as Latin-1, so this restores them
            return value if isinstance(value, bytes) else value.encode("latin-1")
        except UnicodeEncodeError as error:
            raise WebhookRefused(f"the header {name} holds text that HTTP cannot send") from error
