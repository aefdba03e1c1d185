"""Checks the site as it was built: every link, image and anchor in it leads to something.

Zensical's own check reads the sources. It does not see images, nor links in HTML.
"""

from __future__ import annotations

from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urljoin, urlsplit

_ADDRESSES: Final = {"href", "src"}
_NO_CHECK: Final = "404.html"  # a server shows it at any address, so its links begin at the root


class _Document(HTMLParser):
    """The anchors and links of one page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {""}
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            elif name in _ADDRESSES and value is not None:
                self.links.append(value)


def dead(site: Path) -> list[str]:
    """Return each link in the built *site* that leads nowhere, as `page: link`."""
    documents = {
        f"/{file.relative_to(site).as_posix()}": _Document(file.read_text("utf-8"))
        for file in sorted(site.rglob("*.html"))
        if file.name != _NO_CHECK
    }
    return [
        f"{page}: {link} leads nowhere"
        for page, document in documents.items()
        for link in _dead(site, page, document, documents)
    ]


def _dead(
    site: Path, page: str, document: _Document, documents: dict[str, _Document]
) -> Iterator[str]:
    for link in dict.fromkeys(document.links):
        address = urlsplit(urljoin(page, link))
        if address.scheme or address.netloc:
            continue
        path = unquote(address.path) + ("index.html" if address.path.endswith("/") else "")
        if path in documents:
            if unquote(address.fragment) not in documents[path].anchors:
                yield link
        elif not (site / path.lstrip("/")).is_file():
            yield link
