"""Examples of every command, which its `--help` shows: one place, each parsed by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple


class Example(NamedTuple):
    """A command line that can be copied.

    Args:
        purpose: What it is for, as a comment.
        command: The line.
    """

    purpose: str
    command: str


EXAMPLES: Final[Mapping[str, Sequence[Example]]] = {}
"""By the words of the command: `plan create`."""
