"""Events in both clients: reading what an event is about, and finding what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor

if TYPE_CHECKING:
    from collections.abc import Collection

    from subhub.client.changes import AsyncChanges, Changes
    from subhub.models import Event, Refetched


class Events(Executor):
    """The operations on events."""

    def refetch(self, event: Event) -> Refetched:
        """Read what an event is about at the provider: an event itself proves no state.

        The result is `found`, with the object and its subscription; `deleted`; or `unknown`, when
        the event does not say which object it is about, as at MijnKlantportaal: then `changes`
        finds it. An event of another account is an `InvalidRequest`.

        Args:
            event: One of `webhooks.read` or of `changes`.
        """
        from subhub.client.refetching import refetch  # noqa: PLC0415 - most programs never need it

        return self._run(refetch(event, self._operations, self._account))

    def changes(
        self,
        *,
        since: str | None = None,
        about: str | Collection[str] | None = None,
        pages: int | None = None,
        recheck: Collection[str] = (),
    ) -> Changes:
        """Compare the provider's lists with a token, and return what happened since, as events.

            changes = billing.changes(since=token)
            for event in changes:
                handle(event)
            token = changes.token

        Each kind is listed once, at the pace of the rate limit. The events are those of webhooks:
        `created`, `changed`, `ended` (a subscription was canceled or has ended) and `deleted`,
        which is said only of an object that reading it did not find. Of several changes between two
        comparisons, the last state counts.

        The first comparison finds out what there is, and has no events. A
        token of another account, of another format or that was cut is an `InvalidRequest`.

        Args:
            since: The `token` of the last comparison; `None` for the first one.
            about: `"plan"`, `"customer"` or `"subscription"`, or several of them; by default, all
                that the provider lists.
            pages: Read at most so many pages, and continue with the token that results, until
                `changes.complete`.
            recheck: Ids of the objects that calls were about since the token. They are `changed`
                even if they are as they were: a call may have said what was undone since, by a
                change whose own call was lost.
        """
        from subhub.client.changes import Changes, Comparison  # noqa: PLC0415 - as `refetch`

        comparison = Comparison(
            self._operations,
            self._account,
            since=since,
            about=about,
            pages=pages,
            recheck=recheck,
        )
        return Changes(comparison, self._run)


class AsyncEvents(AsyncExecutor):
    """The same, to be awaited."""

    async def refetch(self, event: Event) -> Refetched:
        """See `Client.refetch`."""
        from subhub.client.refetching import refetch  # noqa: PLC0415 - most programs never need it

        return await self._run(refetch(event, self._operations, self._account))

    def changes(
        self,
        *,
        since: str | None = None,
        about: str | Collection[str] | None = None,
        pages: int | None = None,
        recheck: Collection[str] = (),
    ) -> AsyncChanges:
        """See `Client.changes`."""
        from subhub.client.changes import AsyncChanges, Comparison  # noqa: PLC0415 - as `refetch`

        comparison = Comparison(
            self._operations,
            self._account,
            since=since,
            about=about,
            pages=pages,
            recheck=recheck,
        )
        return AsyncChanges(comparison, self._run)
