"""The folder that the site generator reads: pages of the checkout, the API reference, settings."""

from __future__ import annotations

import tomllib
from pathlib import Path

import tomli_w

from subhub_docs import navigation
from subhub_docs.pages import Checkout
from subhub_docs.reference import Reference


class Stage:
    """What the site generator reads and writes.

    Args:
        root: The folder of the repository.
        out: The folder to write to; `site` in it is the site.
    """

    def __init__(self, root: Path, out: Path) -> None:
        self.root = root
        self.folder = out
        self.site = out / "site"
        self.settings = str(out / "zensical.toml")
        self._written = 0.0

    def write(self) -> list[str]:
        """Write the pages and the settings; return what is wrong with them."""
        self._written = self._newest()
        checkout = Checkout(self.root)
        reference = Reference(self.root)
        contents = {page: text.encode() for page, text in checkout.texts()}
        contents |= {page: text.encode() for page, text in reference.texts()}
        found = [*checkout.problems, *reference.problems, *self._write_settings(set(contents))]
        self._replace(contents | dict(checkout.images()))
        return found

    def is_stale(self) -> bool:
        """Return whether a source has changed since `write`."""
        return self._newest() > self._written

    def _write_settings(self, pages: set[str]) -> list[str]:
        template = self.root / "tools" / "docs" / "zensical.toml"
        settings = tomllib.loads(template.read_text("utf-8"))
        project = settings["project"]
        project["nav"] = navigation.expanded(project["nav"], pages)
        project |= {"docs_dir": "pages", "site_dir": "site"}
        self.folder.mkdir(parents=True, exist_ok=True)
        _ = Path(self.settings).write_text(tomli_w.dumps(settings), "utf-8")
        problems = navigation.problems(project["nav"], pages)
        return [f"{template.relative_to(self.root)}: {problem}" for problem in problems]

    def _replace(self, contents: dict[str, bytes]) -> None:
        pages = self.folder / "pages"
        for name, content in contents.items():
            file = pages / name
            file.parent.mkdir(parents=True, exist_ok=True)
            if not file.is_file() or file.read_bytes() != content:  # a server builds it again
                _ = file.write_bytes(content)
        for file in sorted(pages.rglob("*")):
            if file.is_file() and file.relative_to(pages).as_posix() not in contents:
                file.unlink()

    def _newest(self) -> float:
        folders = ("docs", "providers", "subhub", "tools/docs", "benchmarks", "conformance")
        sources = [file for name in folders for file in (self.root / name).rglob("*.*")]
        return max(file.stat().st_mtime for file in [*sources, *self.root.glob("*.md")])
