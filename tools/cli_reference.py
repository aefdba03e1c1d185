"""Write docs/cli.md: what each command does, as its `--help` says it.

    uv run python -m tools.cli_reference

Everything below the introduction, which is written by hand, is what the program prints at 80
columns, so that a test can compare the committed page.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from unittest.mock import patch

from typer.testing import CliRunner

from subhub.cli.app import NOUNS, app
from subhub.cli.exit_codes import MEANINGS
from subhub.cli.parsing import VERBS
from tests.command_tree import commands

PAGE: Final = Path(__file__).parents[1] / "docs" / "cli.md"
COMMON: Final = ("-c, --config", "-a, --account", "-j, --json", "-v, --verbose", "-h, --help")
"""The options that are shown once, with the program."""
DEEP: Final = 8
"""A line that is indented by so many belongs to the one above it."""
MARK: Final = "<!-- Generated from here on by `uv run python -m tools.cli_reference`. -->"


def page() -> str:
    """Return the page: its introduction as it is, and the rest as the program has it."""
    head = PAGE.read_text("utf-8").partition(MARK)[0]
    parts = (head, f"{MARK}\n\n", *_exit_codes(), *_aliases(), *map(_command, commands()))
    return f"{''.join(parts).strip()}\n"


def _exit_codes() -> Iterator[str]:
    yield "## Exit codes\n\n| code | what it means |\n| --- | --- |\n"
    for code, meaning in MEANINGS:
        yield f"| {code} | {meaning} |\n"
    yield "\n"


def _aliases() -> Iterator[str]:
    yield "## Other words\n\n| instead of | you may write |\n| --- | --- |\n"
    for words in (NOUNS, VERBS):
        others: defaultdict[str, list[str]] = defaultdict(list)
        for other, word in words.items():
            others[word].append(f"`{other}`")
        for word, found in others.items():
            yield f"| `{word}` | {', '.join(found)} |\n"
    yield "\nA verb has its other words where no command of the group has that name.\n\n"


def _command(words: str) -> str:
    with patch.dict(os.environ, {"COLUMNS": "80"}):
        shown = CliRunner().invoke(app, [*words.split(), "--help"], prog_name="subhub").stdout
    title = f"subhub {words}".strip()
    own = _own(shown) if words else shown.strip()
    return f"## {title}\n\n```text\n{own}\n```\n\n"


def _own(shown: str) -> str:
    """Return a command's help without the options that every command has."""
    blocks = (_without_common(block) for block in shown.strip().split("\n\n"))
    return "\n\n".join(filter(None, blocks))


def _without_common(block: str) -> str:
    heading, *lines = block.splitlines()
    if heading not in {"Options:", "Account:"}:
        return block
    kept: list[str] = []
    skipped = False
    for line in lines:
        skipped = line.strip().startswith(COMMON) or (skipped and line.startswith(" " * DEEP))
        if not skipped:
            kept.append(line)
    return "\n".join([heading, *kept]) if kept else ""


if __name__ == "__main__":
    _ = PAGE.write_text(page(), "utf-8")
    print(f"written: {PAGE}")  # noqa: T201
