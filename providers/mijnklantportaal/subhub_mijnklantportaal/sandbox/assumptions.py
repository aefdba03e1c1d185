"""What MijnKlantportaal's documents do not say, and what the fake does instead.

An entry under the name of an attribute of the fake can be decided otherwise: `fake.assume({...})`.

A test that passes here only because of one of these proves nothing about the real portal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ASSUMPTIONS: Final[Mapping[str, str]] = {
    "unauthorized": "The body of a 401 is unknown; it has a `message`, as other refusals have.",
    "unknown_path": "What an unknown path gives is unknown; it is a 404 with a `message`.",
    "success_status": (
        "Only some operations show their status: making is 201, or 200 where 201 is not shown; all "
        "else is 200."
    ),
    "refusal_status": "404 and 422 are shown for some operations only, and used for all.",
    "messages": "The wording of every `message` but that of 429 is made up.",
    "unknown_fields": "Request fields that are not documented are `ignored`; or `refused`, a 422.",
    "empty_text": "A text may be empty, a name too (`allowed`); or is a 422 then (`refused`).",
    "dates": "A day before 1970 or after 2199 is refused.",
    "null_fields": "A null is refused, but where the documentation shows one (`invoiceText`).",
    "rate_window": (
        "The minute of the rate limit is the one on the clock, `aligned`; the documents also call "
        "it `rolling`."
    ),
    "server_error": "The body of a 5xx is unknown; it has a `message`, as other refusals have.",
    "page_parameter": (
        "A `page` that is no number is read as 1 (`lenient`), or is a 422 (`refused`). A page past "
        "the end is empty."
    ),
    "stray_comma": "`next_page_url` ends in a comma, as in the documented example.",
    "time_zone": "Times without an offset are those of `Europe/Amsterdam`; or of `UTC`.",
    "email_in_use": (
        "Two customers may have the same e-mail address (`allowed`); or making, editing and "
        "signing up with a customer's address is a 422 (`refused`)."
    ),
    "not_for_sale": (
        "Signing up for a package that is not for sale works (`allowed`), or is a 422 (`refused`)."
    ),
    "sign_up_minutes": "A sign-up's payment link works for one hour.",
    "sign_up_paid": "Paying makes a customer, a mandate and a subscription that starts today.",
    "sign_up_declined": (
        "Who declines to pay may try again at the same link, while it works (`open`); or nobody "
        "can pay there any more (`closed`)."
    ),
    "afterwards": (
        "Where the browser goes after paying, or on going back, is unknown: nowhere, unless an "
        "address is set."
    ),
    "sign_up_country": "A customer who came by a sign-up is in the Netherlands, or this country.",
    "sign_up_precondition": (
        "Without integrations, sign-ups and payment links are a 412 too, unless this is off."
    ),
    "mandate_ids": (
        "A `mandateId` decides nothing. It is not looked at (`unchecked`), or is a 422 unless it "
        "is one of `mandates` and the customer's own (`checked`)."
    ),
    "status": (
        "planned until `startsAt`, then in_progress; terminated from `terminatedAt` on, and ended "
        "when it has run out. A termination in the future waits for its time."
    ),
    "termination": (
        "A terminated subscription runs until its next `renewal`; or it is ended `at_once`."
    ),
    "renews_at": "`renewsAt` is the first renewal to come, and null once the subscription ended.",
    "terminated_at": (
        "`terminatedAt` is null until one is set, and may be set again (`changeable`); or setting "
        "it again is a 422 (`final`)."
    ),
    "package_changed": (
        "Subscriptions `keep` the terms that they began with; or they `follow` their package."
    ),
    "new_invoices": "No invoice is made by itself; `add_invoice` makes one.",
    "link_life": "A payment link works until the end of its `expiresAt` day, or for ever.",
    "not_simulated": "Webhooks, OAuth, and making invoices through the API are left out.",
}
