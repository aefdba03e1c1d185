"""The fake of Stripe, with its state in memory.

It is written from Stripe's documentation and imports nothing from the plugin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from subhub_stripe.sandbox.portal import PortalRoutes

__all__ = ["StripeFake"]


class StripeFake(PortalRoutes):
    """An in-memory fake of a Stripe test account."""

    assumptions: ClassVar[Mapping[str, str]] = {
        "first_status": "a first payment, and the one for a resumption, succeeds; with "
        "'incomplete' it does not",
        "parameters": "a parameter that the plugin does not need is refused as unknown",
        "search": "a new customer is found at once; Stripe documents a delay of up to a minute",
        "canceling": "a subscription that has ended can be neither changed nor canceled (404)",
        "address": "an address replaces the whole old one",
        "tax ids": "those of the European Union and Great Britain are known; a value is checked "
        "for letters and digits, and never verified",
        "payment methods": "a setup page saves a card, or the first kind that is asked for",
        "success_url": "Checkout accepts a session without one",
        "anchors": "a period that starts on the 31st ends on the last day of a shorter month, and "
        "the next one starts on that day; a change to another interval starts a new period",
        "pausing": "only an active subscription can be paused, and only a paused one resumed (else "
        "400); a paused one does not end with its period",
        "portal": "its page does not expire, and cancels at the end of the period",
        "prorations": "by the second, rounded to the nearest minor unit; an item of one that waits "
        "is on the next invoice of the customer in its currency, whatever subscription that is for",
        "interval": "a change to another interval is paid at once; one during a trial waits for "
        "the trial's end",
        "invoice dates": "each period has one, without tax, finalized and paid as it begins; it is "
        "open while the first payment is missing; the files that they link to do not exist",
        "rate_window": "the second of the rate limit is rolling",
    }
