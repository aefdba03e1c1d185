"""Typical mistakes of a plugin's author, each as an edit of one of the real plugins or its fake.

The `.diff` files beside this module hold them. `##` begins a kind of mistakes; `#` begins one, and
names the contract test that is to catch it, or `-` where none does; after `@` comes a file, and
then the lines that stand there once, and those that stand there instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

UNCAUGHT: Final = "-"
_HEADS: Final = re.compile(r"^#(?: (?=[^#])|(?=# ))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Edit:
    """In a file below the package, *old* becomes *new*."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutation:
    """One mistake, and the contract test that is to catch it, `-` if none does."""

    provider: str
    kind: str
    name: str
    caught_by: str
    edits: tuple[Edit, ...]

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def _read(provider: str) -> Iterator[Mutation]:
    text = Path(__file__).with_name(f"{provider}.diff").read_text("utf-8")
    kind = ""
    for block in _HEADS.split(text)[1:]:
        if block.startswith("# "):
            kind = block[2:].strip()
            continue
        head, *edits = block.split("\n@ ")
        name, _, test = head.partition(": ")
        yield Mutation(provider, kind, name, test, tuple(map(_edit, edits)))


def _edit(text: str) -> Edit:
    path, *lines = text.splitlines()
    old, new = (
        "".join(f"{line[1:]}\n" for line in lines if line.startswith(sign)) for sign in "-+"
    )
    return Edit(path, old, new)


MUTATIONS: Final = tuple(
    mutation
    for provider in ("afternoon", "mijnklantportaal", "mollie", "stripe")
    for mutation in _read(provider)
)
