"""The template files: what a new plugin is made of, before it has a name.

A template is the file itself with `<<name>>` in the places of what varies.
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

ENDING: Final = ".tmpl"
"""What the names of templates end in, so that no tool takes them for the plugin's own files."""
PLACE: Final = re.compile(r"<<(\w+)>>")


@cache
def templates() -> Mapping[str, str]:
    """The text of each template, by the path that the file has in a plugin's folder."""
    return dict(sorted(_below(resources.files("subhub.cli.scaffold") / "templates")))


@cache
def identifiers() -> frozenset[str]:
    """The names that the plugin's own code uses, whatever the provider is called."""
    found: set[str] = set()
    for path, text in templates().items():
        if path.endswith(".py"):
            lines = io.StringIO(PLACE.sub("_", text)).readline
            tokens = tokenize.generate_tokens(lines)
            found |= {each.string for each in tokens if each.type == tokenize.NAME}
    return frozenset(found)


def _below(folder: Traversable, place: str = "") -> Iterator[tuple[str, str]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _below(each, f"{place}{each.name}/")
        else:
            yield place + each.name.removesuffix(ENDING), each.read_text("utf-8")
