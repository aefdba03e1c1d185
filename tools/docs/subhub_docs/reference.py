"""The API reference: a page for each group of public names, written from their docstrings.

The names are those of `__all__` of the packages that may be imported. The sources are read, not
imported, so that a page is the same wherever it is built.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import griffe

from subhub_docs.api_text import described, heading
from subhub_docs.pages import outside_of_code

PAGES: Final = {
    "api/client.md": (
        "Clients",
        "subhub",
        "What an application calls: `from subhub import Client`.",
    ),
    "api/models.md": ("Models", "subhub.models", "Drafts, results and their parts."),
    "api/errors.md": ("Errors", "subhub.errors", "All of them are a `SubhubError`."),
    "api/webhooks.md": ("Webhooks", "subhub.webhooks", "Calls that a provider makes."),
    "api/plugin.md": ("Plugins", "subhub.plugin", "What a provider plugin is written with."),
    "api/sandbox.md": ("Sandbox", "subhub.sandbox", "What the fake of a provider is written with."),
    "api/testing.md": ("Testing", "subhub.testing", "What tests are written with."),
}
_OF_THEIR_OWN: Final = ("subhub.errors", "subhub.models")  # `subhub` has most of their names too
_FOR_AUTHORS: Final = {"api/plugin.md", "api/sandbox.md", "api/testing.md"}  # short, common names
_ANCHOR: Final = re.compile(r"^#+ .*\{ #(\S+) \}$", re.MULTILINE)
_NAME: Final = re.compile(r"(?<!\[)`([A-Za-z_]\w*(?:\.\w+)?)`(?!\])")


class Reference:
    """The pages of the API reference.

    Args:
        root: The folder with the package `subhub`.
    """

    def __init__(self, root: Path) -> None:
        self.problems: list[str] = []
        loader = griffe.GriffeLoader(
            search_paths=[root],
            docstring_parser=griffe.Parser.google,
            docstring_options={"warnings": False},  # pydantic's fields are not in a signature
            allow_inspection=False,
        )
        self._package = loader.load("subhub", try_relative_path=False)
        _ = loader.resolve_aliases(implicit=False, external=False)
        self._page_of: dict[str, str] = {}
        self._public: frozenset[str] = frozenset()

    def names(self) -> dict[str, list[str]]:
        """Return the public names on each page; a name of two packages is on the first."""
        self._page_of = {}
        return {page: sorted(self._new(page), key=_order) for page in PAGES}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of each page, in which every public name is a link."""
        self.problems = []
        names = self.names()
        self._public = frozenset(name for page in names.values() for name in page)
        texts = {page: self._page(page, names[page]) for page in PAGES}
        anchors = {name: page for page in PAGES for name in _ANCHOR.findall(texts[page])}
        for page, text in texts.items():
            yield page, linked(text, page, anchors)
        yield "api/index.md", self._index(names)

    def _page(self, page: str, names: list[str]) -> str:
        title, module, about = PAGES[page]
        paragraphs = [f"# {title}", about]
        for name in names:
            paragraphs += self._described(module, name)
        return "\n\n".join([*paragraphs, *self._also(page, module)]) + "\n"

    def _new(self, page: str) -> Iterator[str]:
        module = PAGES[page][1]
        for name in self._exports(module):
            home = self._object(module, name).path
            if module == "subhub" and home.startswith(_OF_THEIR_OWN):
                continue
            if home not in self._page_of:
                self._page_of[home] = page
                yield name

    def _also(self, page: str, module: str) -> Iterator[str]:
        """Yield a line with the names of *module* that another page explains."""
        pages = {
            name: self._page_of[self._object(module, name).path] for name in self._exports(module)
        }
        others = [
            f"[`{name}`]({Path(there).name}#{name})"
            for name, there in pages.items()
            if there != page
        ]
        if others:
            yield f"## Also in `{module}`"
            yield f"{', '.join(others)}."

    def _described(self, module: str, name: str) -> Iterator[str]:
        subject = self._object(module, name)
        yield heading(2, name, name)
        if not subject.docstring and not isinstance(subject, griffe.Attribute):
            self.problems.append(f"{module}.{name} has no docstring")
        yield from described(subject, name, self._public)

    def _index(self, names: dict[str, list[str]]) -> str:
        paragraphs = ["# API reference", "Every public name, with its docstring."]
        for page, (title, module, about) in PAGES.items():
            paragraphs += [f"## {title}", f"{about} In `{module}`:"]
            links = (f"[`{name}`]({Path(page).name}#{name})" for name in names[page])
            paragraphs += [", ".join(links)]
        return "\n\n".join(paragraphs) + "\n"

    def _exports(self, module: str) -> list[str]:
        exports = self._module(module).exports
        assert exports is not None, module  # noqa: S101 - a test holds the packages to it
        return sorted((str(name) for name in exports), key=str.lower)

    def _object(self, module: str, name: str) -> griffe.Object:
        member = self._module(module)[name]
        return member.final_target if isinstance(member, griffe.Alias) else member

    def _module(self, module: str) -> griffe.Object | griffe.Alias:
        below = module.partition(".")[2]
        return self._package[below] if below else self._package


def linked(text: str, page: str, anchors: dict[str, str]) -> str:
    """Return *text* with a link on each name in *anchors*, which has the page of each name."""

    def link(match: re.Match[str]) -> str:
        name = match[1].removesuffix(".__init__")
        if name not in anchors or (anchors[name] != page and anchors[name] in _FOR_AUTHORS):
            return match[0]
        there = os.path.relpath(anchors[name], PurePosixPath(page).parent)
        return f"[{match[0]}]({'' if anchors[name] == page else there}#{name})"

    def lines(part: str) -> str:
        return "".join(
            line if line.startswith("#") else _NAME.sub(link, line)
            for line in part.splitlines(keepends=True)
        )

    return outside_of_code(text, lines)


def _order(name: str) -> tuple[bool, str]:
    return name not in {"Client", "SubhubError", "Provider", "Fake"}, name.lower()
