"""What MijnKlantportaal's documents do not say, and what the fake does instead.

A test that passes here only because of one of these proves nothing about the real portal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ASSUMPTIONS: Final[Mapping[str, str]] = {
    "unauthorized": "The body of a 401 is unknown; it has a `message`, as other refusals have.",
    "unknown_path": "What an unknown path gives is unknown; it is a 404 with a `message`.",
    "success_status": "Only some operations show their status: making is 201, all else 200.",
    "refusal_status": "404 and 422 are shown for some operations only, and used for all.",
    "messages": "The wording of every `message` but that of 429 is made up.",
    "unknown_fields": "Request fields that are not documented are ignored.",
    "null_fields": "A null is refused, but where the documentation shows one (`invoiceText`).",
    "rate_limit": "The window is the minute on the clock; nothing is refused until `rate_limited`.",
    "page_parameter": "A `page` that is no number is read as 1; a page past the end is empty.",
    "next_page_url": "The stray comma of the documented example is kept; see `stray_comma`.",
    "time_zone": "Times without an offset are the Netherlands' (Europe/Amsterdam).",
    "email_in_use": "Two customers may have the same e-mail address.",
    "not_for_sale": "Customers can be signed up for a package that is not for sale.",
    "sign_up_life": "A sign-up's payment link works for one hour.",
    "sign_up_paid": "Paying makes a customer, a mandate and a subscription that starts today.",
    "sign_up_country": "A customer who came by a sign-up is in the Netherlands.",
    "sign_up_precondition": "Without integrations, sign-ups and payment links are a 412 too.",
    "mandates": "A `mandateId` is not checked, and decides nothing.",
    "status": (
        "planned until `startsAt`, then in_progress; terminated from `terminatedAt` until the next "
        "renewal, ended from then on. A termination in the future waits for its time."
    ),
    "renews_at": "`renewsAt` is the first renewal to come, and null once the subscription ended.",
    "terminated_at": "`terminatedAt` is null until one is set, and may be set again.",
    "package_changed": "Subscriptions keep the terms that they began with.",
    "invoices": "No invoice is made by itself; `add_invoice` makes one.",
    "link_life": "A payment link works until the end of its `expiresAt` day, or for ever.",
    "not_simulated": "Webhooks, OAuth, and making invoices through the API are left out.",
}
