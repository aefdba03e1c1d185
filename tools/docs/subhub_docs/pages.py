"""The pages of the site: which file of the checkout is which page, and where their links lead.

The files stay readable where they lie in the repository. A link to a file that is a page becomes a
link to that page; a link to any other file becomes a link to the repository.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import Final

_ELSEWHERE: Final = {
    "README.md": "index.md",  # a second name of the first page
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "benchmarks/README.md": "benchmarks.md",
    "conformance/README.md": "conformance.md",
}
_FENCE: Final = re.compile(r"^ *(```+|~~~+).*?^ *\1 *$", re.MULTILINE | re.DOTALL)
_INFO: Final = re.compile(r"^( *(?:```+|~~~+)\w+) .+$", re.MULTILINE)  # "```python celery"
_LINK: Final = re.compile(r"\]\(([^)\s]+)\)")


class Checkout:
    """The files of a checkout from which the site is built.

    Args:
        root: The folder of the repository.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.problems: list[str] = []

    @cached_property
    def address(self) -> str:
        """The address of the repository, as the project itself has it."""
        described = tomllib.loads((self.root / "pyproject.toml").read_text("utf-8"))
        address: str = described["project"]["urls"]["Source"]
        return address

    @cached_property
    def pages(self) -> dict[str, str]:
        """The path of each page in the site, by the path of its file in the checkout."""
        found: dict[str, str] = {}
        for file in sorted((self.root / "docs").rglob("*.md")):
            found[self._path(file)] = file.relative_to(self.root / "docs").as_posix()
        found["docs/README.md"] = "index.md"
        for file in sorted(self.root.glob("providers/*/README.md")):
            found[self._path(file)] = f"providers/{file.parent.name}.md"
        return found | {path: page for path, page in _ELSEWHERE.items() if self._exists(path)}

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield the path and the text of each page, with its links as they are in the site."""
        self.problems = []
        for path, page in self.pages.items():
            if path != "README.md":
                text = (self.root / path).read_text("utf-8")
                text = _INFO.sub(r"\1", text)  # a word that only a test reads would end the block
                yield page, outside_of_code(text, partial(self._relinked, path))

    def images(self) -> Iterator[tuple[str, bytes]]:
        """Yield the path and the contents of every other file of `docs/`."""
        for file in sorted((self.root / "docs").rglob("*")):
            if file.is_file() and file.suffix != ".md":
                yield file.relative_to(self.root / "docs").as_posix(), file.read_bytes()

    def _relinked(self, path: str, text: str) -> str:
        return _LINK.sub(lambda match: f"]({self._target(match[1], path)})", text)

    def _target(self, link: str, path: str) -> str:
        here = f"{self.address}/blob/main/"
        if link.startswith("#") or ("://" in link and not link.startswith(here)):
            return link
        target, hash_, anchor = link.partition("#")
        if target.startswith(here):
            leads_to = target.removeprefix(here)
        else:
            leads_to = os.path.normpath(PurePosixPath(path).parent / target)
        if anchor and leads_to == "README.md":  # the first page has not its headings
            return f"{here}{leads_to}#{anchor}"
        return self._address_of(leads_to, path) + hash_ + anchor

    def _address_of(self, leads_to: str, path: str) -> str:
        if leads_to not in self.pages and not self._exists(leads_to):
            self.problems.append(f"{path}: the link to {leads_to} leads nowhere")
        start = PurePosixPath(self.pages[path]).parent
        if leads_to in self.pages:
            return os.path.relpath(self.pages[leads_to], start)
        if leads_to.startswith("docs/") and (self.root / leads_to).is_file():
            return os.path.relpath(leads_to.removeprefix("docs/"), start)
        kind = "tree" if (self.root / leads_to).is_dir() else "blob"
        return f"{self.address}/{kind}/main/{leads_to}"

    def _exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def _path(self, file: Path) -> str:
        return file.relative_to(self.root).as_posix()


def outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """Return *text* with *change* applied to everything but its blocks of code."""
    parts: list[str] = []
    end = 0
    for block in _FENCE.finditer(text):
        parts += change(text[end : block.start()]), block[0]
        end = block.end()
    return "".join([*parts, change(text[end:])])
