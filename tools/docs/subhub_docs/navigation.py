"""The navigation: which pages there are, in which order; each page is in it once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from typing import Any, TypeAlias

Entry: TypeAlias = "str | dict[str, Any]"  # a page, or a title with a page or a list of entries


def expanded(entries: Iterable[Entry], pages: Iterable[str]) -> list[Entry]:
    """Return *entries* with each pattern, such as `decisions/*.md`, replaced by its pages."""
    return [entry for each in entries for entry in _entry(each, sorted(pages))]


def _entry(entry: Entry, pages: list[str]) -> Iterator[Entry]:
    if isinstance(entry, str):
        yield from (page for page in pages if fnmatch(page, entry)) if "*" in entry else [entry]
    else:
        for title, below in entry.items():
            yield {title: below if isinstance(below, str) else expanded(below, pages)}


def listed(entries: Iterable[Entry]) -> Iterator[str]:
    """Yield the pages in *entries*, in order."""
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from listed([below] if isinstance(below, str) else below)


def problems(entries: list[Entry], pages: Iterable[str]) -> list[str]:
    """Return a sentence for each page that is missing in *entries*, is there twice, or is not."""
    there, counted = set(pages), Counter(listed(entries))
    return [
        *(f"{page} is in no navigation: add it to `nav`" for page in sorted(there - set(counted))),
        *(f"`nav` has {page}, which does not exist" for page in sorted(set(counted) - there)),
        *(f"`nav` has {page} {times} times" for page, times in counted.items() if times > 1),
    ]
