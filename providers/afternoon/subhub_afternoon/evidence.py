"""The evidence for each capability: the page that documents it, or why it is absent.

The mark of an operation is that of its weakest part: with documented fields and an undocumented
path it is `inferred`. `docs/evidence.md` explains the marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.plugin import Absence, Evidence

DOCS: Final = "https://docs.afternoon.co"
API: Final = f"{DOCS}/api-reference/afternoon-events-api"

_LINK = Evidence("seed", f"{API}/subscription-signup-links/create")
_SUBSCRIBE = Evidence("inferred", f"{API}/subscriptions/create")
_CHANGE = Evidence("inferred", f"{API}/subscriptions/change-plan")
_CANCEL = Evidence("docs", f"{API}/subscriptions/cancel")
_SEARCH = Evidence("inferred", f"{API}/customers/search")

_NO_ADDRESS = Absence(
    "of an address, no key but that of the country is documented",
    "enter it in Afternoon's dashboard, or keep it in your application",
)
_ADDRESS = ("address", "postal_code", "city")
_NO_PLANS = "Afternoon documents no endpoint for plans"

_NO_TRIAL = Absence(
    "no request of Afternoon has a trial",
    "`subscribe` with `starts_on` on the day after the trial",
)

_NO_SETUP = Absence(
    "no request is known that asks a customer for a payment method, or lists what there is",
    "send the customer a signup link; payments are collected on Afternoon's own pages",
)
_ONE_UNIT = Absence(
    "no request of Afternoon has a quantity",
    "have a plan for each number of units in Afternoon's dashboard",
)

_NO_PAUSE = Absence(
    "pausing and resuming are not documented",
    "`cancel_subscription`, and `subscribe` the customer again later",
)

_NO_PORTAL = Absence(
    "the response of a portal link is documented, and the address to ask for it is not",
    "offer `list_invoices` and `cancel_subscription` on a page of your own",
)

_NO_CREDIT = Absence(
    "Afternoon's refund policies pay prepaid fees back or keep them, and no other is documented",
    'pass `refund="none"`, and grant a credit to a running subscription of the customer with '
    "`create_credit_grant`, which only Afternoon has",
)

EVIDENCE: Final[Mapping[str, Evidence | Absence]] = {
    "create_plan": Absence(
        f"{_NO_PLANS}; they are created in its dashboard",
        "create the plan in Afternoon's dashboard, and pass its plan code as `plan`",
    ),
    "get_plan": Absence(_NO_PLANS, "look at the plan in Afternoon's dashboard"),
    "list_plans": Absence(_NO_PLANS, "look at the plans in Afternoon's dashboard"),
    "update_plan": Absence(_NO_PLANS, "change the plan in Afternoon's dashboard"),
    "create_customer": Evidence("docs", f"{API}/customers/create"),
    **{f"create_customer:{field}": _NO_ADDRESS for field in _ADDRESS},
    "get_customer": Evidence("docs", f"{API}/customers/get"),
    "list_customers": Evidence("inferred", f"{DOCS}/api-reference/authentication"),
    "find_customer": _SEARCH,
    "find_customer:external_id": _SEARCH,
    "find_customer:email": Absence(
        "Afternoon's search has parameters for names and external ids, but not for e-mail",
        "give customers an `external_id`, and find them by it",
    ),
    "update_customer": Evidence("inferred", f"{API}/customers/update"),
    "delete_customer": Evidence("docs", f"{API}/customers/delete"),
    "create_signup_link": _LINK,
    "create_signup_link:new_customer": _SEARCH,
    **{f"create_signup_link:{field}": _NO_ADDRESS for field in _ADDRESS},
    "create_signup_link:existing_customer": _LINK,
    "create_signup_link:return_url": _LINK,
    "create_signup_link:back_url": _LINK,
    "create_signup_link:replaces": _LINK,
    "create_signup_link:period_end": _LINK,
    "create_signup_link:prorated": _LINK,
    "create_signup_link:credit": _NO_CREDIT,
    "create_signup_link:trial_days": _NO_TRIAL,
    "create_signup_link:quantity": _ONE_UNIT,
    # the list is documented, but not the fields by which a subscription of it is recognized
    "follow_signup_link": Evidence("inferred", f"{API}/subscriptions/list"),
    "create_setup_link": _NO_SETUP,
    "create_setup_link:return_url": _NO_SETUP,
    "create_setup_link:back_url": _NO_SETUP,
    "create_portal_link": _NO_PORTAL,
    "create_portal_link:return_url": _NO_PORTAL,
    "payment_methods": _NO_SETUP,
    "subscribe": _SUBSCRIBE,
    "subscribe:plan_id": _SUBSCRIBE,
    "subscribe:inline_plan": Absence(
        "no request of Afternoon has a price or an interval",
        "create the plan in Afternoon's dashboard, and use its plan code",
    ),
    "subscribe:starts_on": _SUBSCRIBE,
    "subscribe:payment_method": Absence(
        "no request of Afternoon has a payment method",
        "send the customer a signup link; payments are collected on Afternoon's own pages",
    ),
    "subscribe:trial_days": _NO_TRIAL,
    "subscribe:quantity": _ONE_UNIT,
    "get_subscription": Evidence("inferred", f"{API}/subscriptions/list"),
    "list_subscriptions": Evidence("docs", f"{API}/subscriptions/list"),
    "change_subscription": _CHANGE,
    "change_subscription:now": _CHANGE,
    "change_subscription:period_end": _CHANGE,
    "change_subscription:prorated": _CHANGE,
    "change_subscription:credit": _NO_CREDIT,
    "change_subscription:quantity": _ONE_UNIT,
    "update_subscription": Absence(
        "price, interval, tax rate and description of a subscription are those of its plan",
        "move the subscription to another plan with change_subscription",
    ),
    "cancel_subscription": _CANCEL,
    "cancel_subscription:now": _CANCEL,
    "cancel_subscription:period_end": _CANCEL,
    # the field is documented for cancel, but its two values only for signup links
    "cancel_subscription:prorated": Evidence("inferred", f"{API}/subscriptions/cancel"),
    "cancel_subscription:credit": _NO_CREDIT,
    "uncancel_subscription": Absence(
        "how a scheduled cancellation is undone is not documented",
        "undo it in Afternoon's dashboard, or `subscribe` the customer again when it has ended",
    ),
    "pause_subscription": _NO_PAUSE,
    "resume_subscription": _NO_PAUSE,
    "list_invoices": Evidence("inferred", f"{API}/invoices/list"),
    "list_invoices:subscription": Absence(
        "whether an invoice names its subscription is not documented, and the list has no filter",
        "list the invoices of the customer",
    ),
    "get_invoice": Evidence("docs", f"{API}/invoices/get"),
    "get_invoice_pdf": Absence(
        "no PDF of an invoice is documented; a finalized invoice has a page of its own",
        "open the invoice in Afternoon's dashboard",
    ),
    "webhooks": Absence(
        "Afternoon documents no webhooks", "`changes(since=...)` compares its lists"
    ),
    "customer_balances": Evidence("docs", f"{API}/customers/list-balances"),
    "search_customers": _SEARCH,
    "update_billing_anchor_day": Evidence("inferred", f"{API}/subscriptions/update"),
    "update_next_renewal_date": Evidence("inferred", f"{API}/subscriptions/update"),
    "update_status": Evidence("inferred", f"{API}/subscriptions/update"),
    "create_credit_grant": Evidence("docs", f"{API}/subscriptions/create-credit-grant"),
    "create_draft_invoice": Evidence("docs", f"{DOCS}/quickstart"),
    "ingest_event": Evidence("docs", f"{API}/events/ingest"),
}
