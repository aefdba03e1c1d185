"""An offer: what a provider's hosted page shows to the customer who opened it.

A fake tells it in words that are ready to be shown; nothing here makes a page of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckoutState = Literal["open", "declined", "paid", "expired", "closed"]
"""Where an offer stands. One that was declined can still be paid."""


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """What is for sale behind a signup or payment link, and where the browser goes afterwards.

    A text that a provider's page would not have is empty. *done_url* and *back_url* are `None`
    where none was given, or where the provider documents none.
    """

    title: str
    plan: str
    price: str
    interval: str
    customer: str
    state: CheckoutState
    done_url: str | None = None
    back_url: str | None = None

    @property
    def payable(self) -> bool:
        """Whether the customer can pay."""
        return self.state in {"open", "declined"}
