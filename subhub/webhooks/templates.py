"""Templates: the signed content and the signature header, as a plugin author writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import permutations


@dataclass(frozen=True, slots=True)
class Content:
    """The signed content, such as `{time}.{body}`: each field with the text before it."""

    parts: tuple[tuple[bytes, str], ...]

    @classmethod
    def parse(cls, text: str) -> Content:
        """Read a template of `{id}`, `{time}` and `{body}`; `ValueError` if it is ambiguous."""
        *pieces, tail = re.split(r"\{(\w+)\}", text)
        names, literals = pieces[1::2], pieces[::2]
        if tail or names[-1:] != ["body"] or not all(literals[1:]):
            raise ValueError(
                f"`content` must end with {{body}} and have text between its fields, got {text!r}"
            )
        if len({*names}) < len(names) or not {*names} <= {"id", "time", "body"}:
            raise ValueError(f"`content` has {{id}}, {{time}} and {{body}} once, got {text!r}")
        return cls(tuple(zip([literal.encode() for literal in literals], names, strict=True)))

    @property
    def fields(self) -> AbstractSet[str]:
        """The names of the fields."""
        return {name for _, name in self.parts}

    def fill(self, values: Mapping[str, bytes]) -> bytes:
        """Return the content with *values*.

        A value that holds the text after its field raises `ValueError`: the same bytes could be
        split in another way, and one signature would fit two different calls.
        """
        for (_, name), (literal, _) in zip(self.parts, self.parts[1:], strict=False):
            if (values[name] + literal).index(literal) < len(values[name]):
                raise ValueError(f"the {name} holds {literal.decode()!r}")
        return b"".join(literal + values[name] for literal, name in self.parts)


@dataclass(frozen=True, slots=True)
class Layout:
    """The value of a signature header, such as `t={time},v1={signature}`.

    Items may come in any order. Several signatures are several items, and items with another
    prefix, as those of a newer version, are ignored.
    """

    text: str
    separator: str
    prefixes: Mapping[str, bytes]

    @classmethod
    def parse(cls, text: str, separator: str) -> Layout:
        """Read a template of items with one field each; `ValueError` if it is ambiguous."""
        items = [re.fullmatch(r"([^{}]*)\{(\w+)\}", item) for item in text.split(separator)]
        prefixes = {item[2]: item[1].encode() for item in items if item}
        if len(prefixes) < len(items) or "signature" not in prefixes:
            raise ValueError(f"`layout` must have items such as 'v1={{signature}}', got {text!r}")
        if not {*prefixes} <= {"time", "signature"}:
            raise ValueError(f"`layout` has {{time}} and {{signature}}, got {text!r}")
        # an item that begins like two of them could be read as either
        if any(one.startswith(other) for one, other in permutations(prefixes.values(), 2)):
            raise ValueError(f"the items of `layout` must begin differently, got {text!r}")
        return cls(text, separator, prefixes)

    def read(self, value: bytes) -> dict[str, list[bytes]]:
        """Return what *value* holds for each field."""
        items = value.split(self.separator.encode())
        return {
            name: [item.removeprefix(prefix) for item in items if item.startswith(prefix)]
            for name, prefix in self.prefixes.items()
        }

    def write(self, values: Mapping[str, bytes]) -> str:
        """Return the header's value with *values*."""
        items = [prefix + values[name] for name, prefix in self.prefixes.items()]
        return self.separator.encode().join(items).decode("latin-1")
