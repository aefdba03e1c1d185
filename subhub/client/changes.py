"""Changes: what happened since, found by comparing a provider's lists with a token.

It is for providers without webhooks, and for what a lost webhook would have said. Nothing here
sends: each page is a set of steps, which the client carries out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.client.change_tokens import KindState, Mark, Snapshot
from subhub.client.validation import choice, listed, whole_number
from subhub.errors import InvalidReply, InvalidRequest, NotFound, Rejected, Unsupported
from subhub.models import Change, Event, Result
from subhub.plugin.pagination import PageState
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.client.operations import Operations
    from subhub.plugin.flows import Page

KINDS: Final = ("plan", "customer", "subscription")
"""What the neutral operations list."""


class Comparison:
    """One comparison of the provider's lists with a token, page by page.

    A page counts only when the next one is asked for: until then its events may not have been
    handled, and the token gives them again.

    Args:
        operations: The operations of the account.
        account: The account.
        since: The token; `None` for a first comparison, which finds out what there is.
        about: The kinds to compare; `None` for all that the provider lists.
        pages: How many pages to read at most.
        recheck: Ids of objects that are reported even if they are as they were.
    """

    def __init__(
        self,
        operations: Operations,
        account: Account,
        *,
        since: str | None,
        about: str | Collection[str] | None,
        pages: int | None,
        recheck: Collection[str],
    ) -> None:
        self._operations = operations
        self._account = account
        self._left = None if pages is None else whole_number("pages", pages, 1)
        self._recheck = _ids(recheck)
        wanted = _listed(operations, about)
        if since is None:
            self._snapshot = Snapshot(account.identity)
        else:
            self._snapshot = Snapshot.read(since, account.identity)
        unfinished = [kind for kind in self._snapshot.todo if kind in wanted]
        self._snapshot.todo = unfinished or wanted
        self._lists: dict[str, PageState[Any]] = {}
        self._missing: deque[str] = deque()
        self._pending: Callable[[], None] | None = None

    @property
    def complete(self) -> bool:
        """Whether every list was compared to its end."""
        return not self._snapshot.todo

    def token(self) -> str:
        """Return what to pass as `since` next time."""
        return self._snapshot.write()

    def next(self) -> Steps[list[Event]] | None:
        """Return the steps that read a page and return its events; `None` at the end."""
        if self._pending is not None:
            self._pending()
            self._pending = None
        todo = self._snapshot.todo
        while todo and self._left != 0:
            kind, state = todo[0], self._snapshot.kind(todo[0])
            if not state.listed:
                return self._counted(self._page(kind, state))
            self._missing = self._missing or deque(state.missing())
            if self._missing:
                return self._counted(self._missed(kind, state))
            state.finish()
            _ = todo.pop(0)
        return None

    def _counted(self, steps: Steps[list[Event]]) -> Steps[list[Event]]:
        found = yield from steps
        if self._left is not None:
            self._left -= 1
        return found

    # The list -------------------------------------------------------------------------------------

    def _page(self, kind: str, state: KindState) -> Steps[list[Event]]:
        pages: PageState[Any] | None = self._lists.pop(kind, None)
        if pages is None:
            pages = PageState[Any]()
            pages.cursor = state.cursor
            page = yield from self._first(kind, state, pages)
        else:
            page = yield from self._read(kind, pages.cursor)
        marks: dict[str, int] = {}
        found: list[Event] = []
        for item in pages.take(page):
            mark = Mark.of(item, self._snapshot.salt)
            marks[item.id] = mark.value
            found += self._compared(kind, state, item.id, item, mark)
        self._lists[kind] = pages  # only now: after a failure, the page is read again

        def commit() -> None:
            state.known.update(marks)
            state.cursor, state.listed = pages.cursor, not pages.more
            state.doubtful = state.doubtful or bool(page.unreadable)

        self._pending = commit
        return found

    def _first(self, kind: str, state: KindState, pages: PageState[Any]) -> Steps[Page[Any]]:
        """Read the page at which an earlier call ended; the first one, if that is gone."""
        try:
            return (yield from self._read(kind, state.cursor))
        except (InvalidReply, NotFound, Rejected):
            if state.cursor is None:
                raise
        pages.cursor = None
        return (yield from self._read(kind, None))

    def _read(self, kind: str, cursor: str | None) -> Steps[Page[Any]]:
        operations = self._operations
        if kind == "subscription":
            return operations.list_subscriptions(
                cursor, customer=None, status=None, strict=False, options=None
            )
        if kind == "plan":
            return operations.list_plans(cursor, strict=False)
        return operations.list_customers(cursor, strict=False)

    # What the list did not show -------------------------------------------------------------------

    def _missed(self, kind: str, state: KindState) -> Steps[list[Event]]:
        if self._operations.capabilities.supports(f"get_{kind}"):
            return (yield from self._look_for_missing(kind, state))
        return self._take_for_deleted(kind, state)

    def _look_for_missing(self, kind: str, state: KindState) -> Steps[list[Event]]:
        """Find out what happened to the next object that the list did not show.

        It may have moved to a page that was already read, so it is read by its id.
        """
        object_id, mark, gone = self._missing[0], None, False
        found: list[Event] = []
        try:
            read: Callable[[str], Steps[Any]] = getattr(self._operations, f"get_{kind}")
            item: Any = yield from read(object_id)
        except NotFound:
            gone, found = True, [self._event(kind, object_id, "deleted")]
        except (InvalidReply, InvalidRequest):
            pass  # it is there, or its id cannot be asked for
        else:
            mark = Mark.of(item, self._snapshot.salt)
            found = self._compared(kind, state, object_id, item, mark)

        def commit() -> None:
            state.meet(self._missing.popleft(), mark, gone=gone)

        self._pending = commit
        return found

    def _take_for_deleted(self, kind: str, state: KindState) -> list[Event]:
        """Return what a list did not show as deleted, where nothing reads it by its id.

        The list was read to its end. A record of it that could not be read may be any of them, so
        then none is said to be deleted.
        """
        missing = tuple(self._missing)

        def commit() -> None:
            for name in missing:
                state.meet(name, gone=not state.doubtful)
            self._missing.clear()

        self._pending = commit
        return [] if state.doubtful else [self._event(kind, name, "deleted") for name in missing]

    # Events ---------------------------------------------------------------------------------------

    def _compared(
        self, kind: str, state: KindState, object_id: str, item: Any, mark: Mark
    ) -> list[Event]:
        known = state.known.get(object_id)
        if state.first:
            return []
        # what was seen in between may have been undone since, with no trace in the lists
        if known is not None and not mark.differs(known) and object_id not in self._recheck:
            return []
        change: Change = "created"
        if known is not None:
            change = "ended" if mark.over and not Mark(known).over else "changed"
        return [self._event(kind, object_id, change, item, mark)]

    def _event(
        self,
        kind: str,
        object_id: str,
        change: Change,
        item: Result | None = None,
        mark: Mark | None = None,
    ) -> Event:
        key = self._snapshot.key(kind, object_id, change, mark.value if mark else 0)
        return Event(
            provider=self._operations.provider.name,
            account=self._account.name,
            request_id=item and item.request_id,
            about=kind,
            change=change,
            object_id=object_id,
            key=key,
            raw={} if item is None else item.raw,
        )


class Changes(Iterator[Event]):
    """The events of one comparison, as they are found; `token` is what to keep.

    An event counts as handled when you ask for the next one. So a token that is taken in between,
    or kept from before, gives an event again rather than lose it, with the same key.
    """

    def __init__(self, comparison: Comparison, run: Callable[[Steps[Any]], Any]) -> None:
        self._comparison = comparison
        self._run = run
        self._found: deque[Event] = deque()

    @property
    def token(self) -> str:
        """The text to pass as `since` next time; it also continues a comparison that was ended."""
        return self._comparison.token()

    @property
    def complete(self) -> bool:
        """Whether every list was compared to its end, and each event asked for."""
        return self._comparison.complete

    def __next__(self) -> Event:
        while not self._found:
            steps = self._comparison.next()
            if steps is None:
                raise StopIteration
            self._found.extend(self._run(steps))
        return self._found.popleft()


class AsyncChanges(AsyncIterator[Event]):
    """The same, for `async for`."""

    def __init__(self, comparison: Comparison, run: Callable[[Steps[Any]], Awaitable[Any]]) -> None:
        self._comparison = comparison
        self._run = run
        self._found: deque[Event] = deque()

    @property
    def token(self) -> str:
        """See `Changes.token`."""
        return self._comparison.token()

    @property
    def complete(self) -> bool:
        """See `Changes.complete`."""
        return self._comparison.complete

    async def __anext__(self) -> Event:
        while not self._found:
            steps = self._comparison.next()
            if steps is None:
                raise StopAsyncIteration
            self._found.extend(await self._run(steps))
        return self._found.popleft()


def _ids(recheck: Collection[object]) -> frozenset[str]:
    if isinstance(recheck, str):
        raise InvalidRequest.of("recheck", f"must be a list of ids, got {recheck!r}")
    given = [*listed("recheck", recheck)]
    found = [each for each in given if isinstance(each, str)]
    if len(found) != len(given):
        raise InvalidRequest.of("recheck", "must be a list of ids, each of them text")
    return frozenset(found)


def _listed(operations: Operations, about: str | Collection[str] | None) -> list[str]:
    """Return the kinds to list: those that are asked for, or all that the provider lists."""
    if about is not None:
        asked = [about] if isinstance(about, str) else [*listed("about", about)]
        for kind in asked:
            _ = choice("about", kind, KINDS)
            operations.capabilities.require(f"list_{kind}s")
        if not asked:
            raise InvalidRequest.of("about", f"must name at least one of {', '.join(KINDS)}")
        return [kind for kind in KINDS if kind in asked]
    found = [kind for kind in KINDS if operations.capabilities.supports(f"list_{kind}s")]
    if not found:
        raise Unsupported(
            f"{operations.provider.name} has no `changes`: it lists neither plans, customers nor "
            "subscriptions",
            operation="changes",
            reason="the provider lists neither plans, customers nor subscriptions",
            kind="provider",
        )
    return found
