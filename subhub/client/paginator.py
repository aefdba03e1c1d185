"""Lists as applications read them: item by item, page by page, or the first item alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from subhub.client.validation import checked_limit, key_text
from subhub.errors import InvalidReply, InvalidRequest
from subhub.plugin.pagination import Identified, PageState

if TYPE_CHECKING:
    from subhub.plugin.flows import Page
    from subhub.sending.steps import Steps

I = TypeVar("I", bound=Identified)  # noqa: E741 - an item


@dataclass(frozen=True, slots=True)
class ResultPage(Generic[I]):
    """One page of a list, as large as the provider sends it.

    A page can have no items and still not be the last one: where the provider cannot filter, what
    was not asked for is left out here.

    Attributes:
        items: What it holds.
        next_cursor: Where the next page begins: text for `pages(after=...)`, which may be stored,
            or put into a link of a web page. `None` on the last page.
    """

    items: tuple[I, ...]
    next_cursor: str | None


class _Listing(Generic[I]):
    """What both kinds of paginators know: how a page is read, and which items are wanted."""

    def __init__(
        self,
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None,
        keep: Callable[[I], bool],
    ) -> None:
        self._read = read
        self._limit = checked_limit(limit)
        self._keep = keep
        self._first_page = read(None)  # refuses what cannot be asked before anything is iterated

    def _alone(self) -> PageState[I]:
        return PageState(self._keep, 1 if self._limit is None else min(self._limit, 1))

    def _from(self, after: str | None) -> tuple[PageState[I], Steps[Page[I]]]:
        if self._limit is not None:
            problem = "it counts items, and a page is what the provider sends: leave it out"
            raise InvalidRequest.of("limit", problem)
        if after is not None:
            after = key_text("after", after)
        return PageState(self._keep, after=after), self._read(after)

    def _page(
        self, state: PageState[I], page: Page[I]
    ) -> tuple[ResultPage[I], InvalidReply | None]:
        """Return a page, and what is wrong with its cursor: its items are good all the same."""
        items: list[I] = []
        try:
            items.extend(state.take(page))
        except InvalidReply as error:
            return ResultPage(tuple(items), None), error
        return ResultPage(tuple(items), state.cursor), None


class Paginator(_Listing[I], Iterator[I]):
    """A list at the provider: iterate over it, once, and its pages are read as they are needed.

    for customer in billing.list_customers(): ...
    newest = billing.list_subscriptions(customer=customer).first()
    page = next(billing.list_plans().pages(after=cursor))
    """

    def __init__(
        self,
        run: Callable[[Steps[Page[I]]], Page[I]],
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None,
        keep: Callable[[I], bool],
    ) -> None:
        super().__init__(read, limit, keep)
        self._run = run
        self._items = self._each(PageState(keep, self._limit), self._first_page)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> I:
        return next(self._items)

    def first(self) -> I | None:
        """Read the list from its start until there is an item, and return it; `None` if none."""
        return next(self._each(self._alone(), self._read(None)), None)

    def pages(self, *, after: str | None = None) -> Iterator[ResultPage[I]]:
        """Read the list page by page, each one as it is asked for.

        Raises `InvalidRequest` for a list with a `limit`.

        Args:
            after: The `next_cursor` of a page of the same list, to go on behind it.
        """
        return self._pages(*self._from(after))

    def _each(self, state: PageState[I], steps: Steps[Page[I]]) -> Iterator[I]:
        while state.more:
            yield from state.take(self._run(steps))
            steps = self._read(state.cursor) if state.more else steps

    def _pages(self, state: PageState[I], steps: Steps[Page[I]]) -> Iterator[ResultPage[I]]:
        while state.more:
            page, wrong = self._page(state, self._run(steps))
            yield page
            if wrong is not None:
                raise wrong
            steps = self._read(state.cursor) if state.more else steps


class AsyncPaginator(_Listing[I], AsyncIterator[I]):
    """The same for `async for`, with `await ....first()` and `async for page in ....pages()`."""

    def __init__(
        self,
        run: Callable[[Steps[Page[I]]], Awaitable[Page[I]]],
        read: Callable[[str | None], Steps[Page[I]]],
        limit: int | None,
        keep: Callable[[I], bool],
    ) -> None:
        super().__init__(read, limit, keep)
        self._run = run
        self._items = self._each(PageState(keep, self._limit), self._first_page)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> I:
        return await anext(self._items)

    async def first(self) -> I | None:
        """See `Paginator.first`."""
        return await anext(self._each(self._alone(), self._read(None)), None)

    def pages(self, *, after: str | None = None) -> AsyncIterator[ResultPage[I]]:
        """See `Paginator.pages`."""
        return self._pages(*self._from(after))

    async def _each(self, state: PageState[I], steps: Steps[Page[I]]) -> AsyncIterator[I]:
        while state.more:
            for item in state.take(await self._run(steps)):
                yield item
            steps = self._read(state.cursor) if state.more else steps

    async def _pages(
        self, state: PageState[I], steps: Steps[Page[I]]
    ) -> AsyncIterator[ResultPage[I]]:
        while state.more:
            page, wrong = self._page(state, await self._run(steps))
            yield page
            if wrong is not None:
                raise wrong
            steps = self._read(state.cursor) if state.more else steps
