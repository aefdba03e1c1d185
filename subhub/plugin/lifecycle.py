"""The part of the contract of a provider that is about pausing and continuing; see `Provider`."""

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

    def pause_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """Pause a subscription now: it is `PAUSED`, and not billed until it is resumed.

        Override it only where both hold at once. A refusal of one that is paused already is fine;
        see `Client`.
        """
        self._lacks("pause_subscription", subscription_id)

    def resume_subscription(self, subscription_id: str) -> Flow[Subscription]:
        """End the pause of a subscription, and bill it again; see `Client`."""
        self._lacks("resume_subscription", subscription_id)
