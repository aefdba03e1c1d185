"""Checkout pages: what a provider's hosted page shows to the customer who opens it.

A fake fills in text that is ready to be shown; `subhub.server` renders it as HTML.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

CheckoutState = Literal["open", "declined", "paid", "expired", "closed"]
"""The state of a checkout page. A declined one can still be paid."""


@dataclass(frozen=True, slots=True)
class CheckoutPage:
    """The content of the page behind a signup or payment link.

    Text that the provider's own page would not show is empty; without a price, the customer agrees
    and pays nothing. *done_url* and *back_url* are where the browser goes after paying and on going
    back: `None` if none was given or documented.
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
        """Whether the customer can pay now."""
        return self.state in {"open", "declined"}
