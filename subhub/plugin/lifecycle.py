"""The part of the contract of a provider that is about stopping and going on; see `Provider`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from subhub.models import Subscription
    from subhub.plugin.flows import Flow


class Lifecycle:
    """The operations that let a subscription go on."""

    if TYPE_CHECKING:

        def _lacks(self, operation: str, *_: object) -> NoReturn: ...

    def uncancel_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Undo a cancellation that takes effect at the end of the period; see `Client`."""
        self._lacks("uncancel_subscription", subscription_id)
