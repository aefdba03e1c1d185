"""Events in both clients: reading what an event is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor

if TYPE_CHECKING:
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


class AsyncEvents(AsyncExecutor):
    """The same, to be awaited."""

    async def refetch(self, event: Event) -> Refetched:
        """See `Client.refetch`."""
        from subhub.client.refetching import refetch  # noqa: PLC0415 - most programs never need it

        return await self._run(refetch(event, self._operations, self._account))
