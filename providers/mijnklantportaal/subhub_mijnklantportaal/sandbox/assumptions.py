"""What MijnKlantportaal's documentation leaves open, and what the fake does instead.

An assumption with the name of an attribute of the fake can be changed: `fake.assume({...})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ASSUMPTIONS: Final[Mapping[str, str]] = {
    "unauthorized": "The body of a 401 is not documented. It has a `message`, as other errors.",
    "unknown_path": "The reply to an unknown path is not documented. It is a 404 with a `message`.",
    "success_status": (
        "Only some operations show their status: creating is a 201, or with 200 a 200 where 201 is "
        "not shown; everything else is a 200."
    ),
    "refusal_status": "404 and 422 are shown for some operations only, and used for all.",
    "messages": "The text of every `message` is invented, except that of 429.",
    "unknown_fields": "Undocumented request fields are `ignored`, or `refused` with a 422.",
    "empty_text": "Empty text, names included, is `allowed`, or `refused` with a 422.",
    "dates": "A day before 1970 or after 2199 is refused.",
    "null_fields": "A null is refused, except where the documentation shows one (`invoiceText`).",
    "rate_window": (
        "The minute of the rate limit is `aligned` to the clock; the documentation also calls it "
        "`rolling`."
    ),
    "server_error": "The body of a 5xx is not documented. It has a `message`, as other errors.",
    "page_parameter": (
        "A `page` that is not a number is read as 1 (`lenient`), or `refused` with a 422. A page "
        "past the end is empty."
    ),
    "stray_comma": "`next_page_url` ends in a comma, as in the documented example.",
    "time_zone": "Times without an offset are in `Europe/Amsterdam`, or in `UTC`.",
    "email_in_use": (
        "Two customers with the same e-mail address are `allowed`; or creating, editing and "
        "signing up with an address in use is `refused` with a 422."
    ),
    "not_for_sale": (
        "Signing up for a package that is not for sale is `allowed`, or `refused` with a 422."
    ),
    "sign_up_minutes": "The payment link of a sign-up works for one hour.",
    "sign_up_paid": "Paying creates a customer, a mandate and a subscription that starts today.",
    "sign_up_declined": (
        "A customer who declines can try again with the same link while it works (`open`), or the "
        "link is `closed`."
    ),
    "afterwards": (
        "Where the browser goes after paying or on going back is not documented: nowhere, unless "
        "a URL is set."
    ),
    "sign_up_country": "A customer from a sign-up is in the Netherlands, or in the country set.",
    "sign_up_precondition": (
        "Without integrations, sign-ups and payment links are a 412 too, unless this is False."
    ),
    "mandate_ids": (
        "A `mandateId` has no effect. It is `unchecked`; or `checked`: a 422 unless it is one of "
        "the customer's own `mandates`."
    ),
    "status": (
        "planned until `startsAt`, then in_progress; terminated from `terminatedAt` on, and ended "
        "after its last period. A termination in the future takes effect at its time."
    ),
    "termination": (
        "A terminated subscription ends at its next `renewal`, or `at_once`. One that is "
        "terminated before its start never starts, and is never charged."
    ),
    "charge_dates": (
        "When a subscription is charged is not documented. It is charged on its start and on every "
        "renewal, with or without a mandate, and for whole periods only."
    ),
    "charged_amount": (
        "What is charged is the `amount`; whether VAT is part of it is not documented. More than "
        "18 digits are not charged."
    ),
    "retries": (
        "A failed charge is attempted once more (older documentation: `followUpFailedPayment`). No "
        "field of a subscription shows that it failed."
    ),
    "retry_days": "The days until the next attempt are not documented.",
    "paid_back_days": "The days until a customer gets money back are not documented.",
    "past_start": (
        "A subscription that starts in the past is charged for the period that runs, and not for "
        "those before it."
    ),
    "new_terms": (
        "A new amount is charged from the next renewal on, and a new interval counts from it."
    ),
    "renews_at": "`renewsAt` is the next renewal, and null after the subscription ended.",
    "terminated_at": (
        "`terminatedAt` is null until it is set. It can be set again (`changeable`), or is "
        "`final`: a 422."
    ),
    "package_changed": (
        "Subscriptions `keep` the terms they started with, or `follow` their package."
    ),
    "new_invoices": "Invoices are not created automatically; `add_invoice` creates one.",
    "manual_invoices": (
        "The amount of a manual invoice is the sum of its lines with VAT. A number can be used "
        "twice, and nobody is notified."
    ),
    "webhook_records": "Two records can be equal; then both are called.",
    "webhook_body": (
        "The body of a webhook call is not documented. It has the `id` of the object, for a "
        "payment that of its subscription; or it is the whole `object`, or `empty`."
    ),
    "webhook_retries": (
        "Retries are not documented. A call that is not answered with 2xx is repeated after these "
        "seconds."
    ),
    "webhook_events": (
        "Called are the URLs for customers, subscriptions and their payments, payment links and "
        "invoices that are created, changed or paid here; for expiry and deletion none are."
    ),
    "link_life": "A payment link works until the end of its `expiresAt` day, or forever.",
    "not_simulated": "OAuth and invoices with a PDF are not simulated.",
}
