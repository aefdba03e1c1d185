"""Pagination: reading a list that comes in pages, without looping and without repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, Protocol, TypeVar
from urllib.parse import parse_qs, urlsplit

from subhub.errors import Ambiguous, InvalidReply
from subhub.plugin.flows import Flow, Page

T = TypeVar("T")


class Identified(Protocol):
    """Something with an id of its own."""

    @property
    def id(self) -> str:
        """The id at the provider."""
        ...


I = TypeVar("I", bound=Identified)  # noqa: E741 - an item


class PageState(Generic[I]):
    """The state of reading one list: which page is next, and which ids were already returned.

    While data changes, an item can move to a later page and be sent again: it is returned once. A
    cursor that was used before is an `InvalidReply`: following it would never end, and taking it
    for the end would pass a part of the list for the whole.
    """

    def __init__(
        self,
        keep: Callable[[I], bool] = lambda _: True,
        limit: int | None = None,
        after: str | None = None,
    ) -> None:
        self.cursor: str | None = None
        self.more = limit != 0
        self._keep = keep
        self._left = limit
        self._given: set[str] = set()
        self._visited: set[str] = set() if after is None else {after}

    def take(self, page: Page[I]) -> Iterator[I]:
        """Yield the new items of *page*, and note where it leads, or raise `InvalidReply`."""
        self.cursor = page.next
        self.more = page.next is not None
        for item in page.items:
            if item.id not in self._given and self._keep(item):
                self._given.add(item.id)
                yield item
                if self._left is not None:
                    self._left -= 1
                    self.more = self.more and self._left > 0
                if self._left == 0:
                    return
        if page.next is not None:
            self._advance(page.next)

    def _advance(self, cursor: str) -> None:
        if cursor in self._visited:
            message = (
                f"the list does not end: its next page, {cursor!r}, was already read. The items "
                "before that are given, and there may be more of them."
            )
            raise InvalidReply(message)
        self._visited.add(cursor)


def walk(
    read: Callable[[str | None], Flow[Page[I]]],
    keep: Callable[[I], bool],
    unreadable: list[InvalidReply] | None = None,
    limit: int | None = None,
) -> Flow[list[I]]:
    """Read every page, and return the items to *keep*.

    A list that does not come to its real end is an `InvalidReply`: what is not in a part of a list
    may still exist. A record that cannot be read may be one to keep. So if no item is kept, and
    there is such a record, its `InvalidReply` is raised: "not found" would not be proven.

    Args:
        read: Reads the page of a cursor.
        keep: Whether an item is to be returned.
        unreadable: Gets the error for each record that cannot be read; then none is raised.
        limit: How many items are enough: the pages after the last of them are not read.
    """
    steps = PageState(keep, limit)
    kept: list[I] = []
    missed: list[InvalidReply] = [] if unreadable is None else unreadable
    while steps.more:
        page = yield from read(steps.cursor)
        kept += steps.take(page)
        missed += page.unreadable
    if missed and not kept and unreadable is None:
        raise missed[0]
    return kept


def only_one(found: Sequence[I]) -> I | None:
    """Return the customer who was found, if there is one; several are `Ambiguous`."""
    if len(found) > 1:
        ids = ", ".join(item.id for item in found)
        message = f"{len(found)} customers match ({ids}): use the id of one of them"
        raise Ambiguous(message, candidates=found)
    return found[0] if found else None


def whole(flow: Flow[Page[T]]) -> Flow[Page[T]]:
    """Read a page; raise the `InvalidReply` of a record that cannot be read."""
    page = yield from flow
    for error in page.unreadable:
        raise error
    return page


def cursor_from(address: str | None, parameter: str, base_url: str) -> str | None:
    """Return what the address of a next page has for *parameter*; `None` when there is no address.

    The address itself is never followed: one on another host is an `InvalidReply`, because
    following it would hand over the API key. So is one without the parameter: such a page does not
    say that it is the last.

    Args:
        address: That of the next page, as the provider's list has it.
        parameter: The name of the parameter of its query that says where the page begins.
        base_url: The base URL of the account, `self.address` in a flow.
    """
    if address is None:
        return None
    try:
        parts = urlsplit(address)
    except ValueError as error:
        message = f"the address of the next page is not valid: {address!r}"
        raise InvalidReply(message, body=address) from error
    if parts.netloc and parts.netloc != urlsplit(base_url).netloc:
        message = f"the address of the next page is on another host, {parts.netloc!r}: not followed"
        raise InvalidReply(message, body=address)
    found = parse_qs(parts.query).get(parameter)
    if found is None:
        message = f"the address of the next page has no `{parameter}`: {address!r}"
        raise InvalidReply(message, body=address)
    return found[0]


def next_page_number(address: str | None, base_url: str) -> str | None:
    """Return the `page` that a next-page address asks for, or `None` when there is none.

    It is `cursor_from` for a provider that counts its pages: a comma after the number is left out.
    """
    cursor = cursor_from(address or None, "page", base_url)
    number = None if cursor is None else cursor.rstrip(",")
    if number is not None and not number.isdecimal():
        message = f"the address of the next page has no page number: {address!r}"
        raise InvalidReply(message, body=address or "")
    return number
