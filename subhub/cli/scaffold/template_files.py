"""The template files: what a new plugin consists of, before it has a name.

A template is the file itself, with `<<name>>` where it varies.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

SUFFIX: Final = ".tmpl"
"""The suffix of templates, so that no tool takes them for subhub's own files."""
PLACEHOLDER: Final = re.compile(r"<<(\w+)>>")


SHARED: Final = frozenset(
    {
        ".github/workflows/test.yml",
        ".gitignore",
        "CHANGELOG.md",
        "pyproject.toml",
        "subhub_NAME/py.typed",
        "tests/test_contract.py",
    }
)
"""What a small plugin has of a whole one."""


@cache
def templates(*, small: bool = False) -> Mapping[str, str]:
    """Return the text of each template, by the path of its file in a plugin's folder.

    A *small* plugin has three operations in one file, and is tested by the contract alone.
    """
    scaffold = resources.files("subhub.cli.scaffold")
    whole = dict(_below(scaffold / "templates"))
    if not small:
        return dict(sorted(whole.items()))
    shared = {path: text for path, text in whole.items() if path in SHARED}
    return dict(sorted({**shared, **dict(_below(scaffold / "templates_small"))}.items()))


@cache
def identifiers() -> frozenset[str]:
    """Return the names that the plugin's own code uses, whatever the provider is called."""
    found: set[str] = set()
    for path, text in (*templates().items(), *templates(small=True).items()):
        if path.endswith(".py"):
            lines = io.StringIO(PLACEHOLDER.sub("_", text)).readline
            tokens = tokenize.generate_tokens(lines)
            found |= {token.string for token in tokens if token.type == tokenize.NAME}
    return frozenset(found)


def _below(folder: Traversable, place: str = "") -> Iterator[tuple[str, str]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _below(entry, f"{place}{entry.name}/")
        else:
            yield place + entry.name.removesuffix(SUFFIX), entry.read_text("utf-8")
