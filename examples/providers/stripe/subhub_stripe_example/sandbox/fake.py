"""The whole fake, and what it assumes where Stripe's documents are silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from subhub_stripe_example.sandbox.billing import BillingRoutes


class StripeFake(BillingRoutes):
    """A test account of Stripe's on your desk."""

    assumptions: ClassVar[Mapping[str, str]] = {
        "first_status": "a subscription's first payment succeeds; 'incomplete' has it wait",
        "parameters": "a parameter that the plugin does not need is refused as unknown",
        "search": "a new customer is found at once; Stripe documents a delay of up to a minute",
        "canceling": "a subscription that has ended can neither be changed nor canceled: 404",
        "address": "an address that is sent takes the place of the whole one before",
        "success_url": "Checkout takes a session without one",
        "anchors": "a period that began on a 31st ends on the last day of a shorter month, and the "
        "next one begins there; a change to another interval begins a period",
        "prorations": "credits and invoices are not kept",
        "rate_window": "the second of the rate limit is rolling",
    }
