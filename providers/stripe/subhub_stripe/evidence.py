"""The evidence for each capability: the page that documents it, or why it is absent.

`docs/evidence.md` explains the marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.plugin import Absence, Evidence

DOCS: Final = "https://docs.stripe.com"
API: Final = f"{DOCS}/api"

_PRICE = Evidence("docs", f"{API}/prices/create")
_LINK = Evidence("docs", f"{API}/checkout/sessions/create")
_PORTAL = Evidence("docs", f"{API}/customer_portal/sessions/create")
_SETUP = Evidence("docs", f"{DOCS}/payments/save-and-reuse")
_SUBSCRIBE = Evidence("docs", f"{API}/subscriptions/create")
_CHANGE = Evidence("docs", f"{API}/subscriptions/update")
_CANCEL = Evidence("docs", f"{API}/subscriptions/cancel")
# `invoice_now` with `prorate`: the final invoice has the credit, which goes to the balance
_CREDIT = Evidence("docs", f"{DOCS}/billing/subscriptions/cancel")
# `always_invoice`: the proration is invoiced at once, and credit reduces later invoices
_CREDITED_CHANGE = Evidence("docs", f"{DOCS}/billing/subscriptions/change-price")

_WEBHOOKS = Evidence("docs", f"{DOCS}/webhooks/signature")

_REPLACES = Absence(
    "a Checkout page starts a subscription and cannot end another",
    "change the plan with change_subscription",
)
_NO_REFUND = Absence(
    "Stripe credits the rest of a period, and refunds no payment for it",
    'pass `refund="credit"`, or refund the payment in Stripe\'s dashboard',
)
_SCHEDULES = "it needs a subscription schedule, which this plugin does not support"

EVIDENCE: Final[Mapping[str, Evidence | Absence]] = {
    "create_plan": _PRICE,
    "get_plan": Evidence("docs", f"{API}/prices/retrieve"),
    "list_plans": Evidence("docs", f"{API}/prices/list"),
    "update_plan": Evidence("docs", f"{API}/products/update"),
    "create_customer": Evidence("docs", f"{API}/customers/create"),
    "get_customer": Evidence("docs", f"{API}/customers/retrieve"),
    "list_customers": Evidence("docs", f"{API}/customers/list"),
    "find_customer": Evidence("docs", f"{API}/customers/list"),
    "find_customer:email": Evidence("docs", f"{DOCS}/search"),
    "find_customer:external_id": Evidence("docs", f"{API}/customers/search"),
    "update_customer": Evidence("docs", f"{API}/customers/update"),
    "create_signup_link": _LINK,
    "create_signup_link:new_customer": _LINK,
    "create_signup_link:existing_customer": _LINK,
    "create_signup_link:return_url": _LINK,
    "create_signup_link:back_url": _LINK,
    "create_signup_link:replaces": _REPLACES,
    "create_signup_link:period_end": _REPLACES,
    "create_signup_link:prorated": _REPLACES,
    "create_signup_link:credit": _REPLACES,
    "create_signup_link:trial_days": _LINK,
    "create_signup_link:quantity": _LINK,
    "follow_signup_link": Evidence("docs", f"{API}/checkout/sessions/retrieve"),
    "create_setup_link": _SETUP,
    "create_setup_link:return_url": _LINK,
    "create_setup_link:back_url": _LINK,
    "create_portal_link": _PORTAL,
    "create_portal_link:return_url": _PORTAL,
    "payment_methods": Evidence("docs", f"{API}/payment_methods/customer_list"),
    "subscribe": _SUBSCRIBE,
    "subscribe:plan_id": _SUBSCRIBE,
    "subscribe:inline_plan": Absence(
        "an inline price needs an existing product",
        "create the plan first, with create_plan",
    ),
    "subscribe:starts_on": Absence(_SCHEDULES, "subscribe on that day", kind="plugin"),
    "subscribe:payment_method": _SUBSCRIBE,
    "subscribe:trial_days": _SUBSCRIBE,
    "subscribe:quantity": _SUBSCRIBE,
    "get_subscription": Evidence("docs", f"{API}/subscriptions/retrieve"),
    "list_subscriptions": Evidence("docs", f"{API}/subscriptions/list"),
    "change_subscription": _CHANGE,
    "change_subscription:now": _CHANGE,
    "change_subscription:period_end": Absence(
        _SCHEDULES, "change it on the last day of the period", kind="plugin"
    ),
    "change_subscription:prorated": _NO_REFUND,
    "change_subscription:credit": _CREDITED_CHANGE,
    "change_subscription:quantity": _CHANGE,
    "update_subscription": Absence(
        "price and interval belong to the Stripe price, which cannot be changed",
        "change the plan with change_subscription",
    ),
    "cancel_subscription": _CANCEL,
    "cancel_subscription:now": _CANCEL,
    "cancel_subscription:period_end": _CHANGE,
    "cancel_subscription:prorated": _NO_REFUND,
    "cancel_subscription:credit": _CREDIT,
    "uncancel_subscription": _CHANGE,
    "pause_subscription": Evidence("docs", f"{API}/subscriptions/pause"),
    "resume_subscription": Evidence("docs", f"{API}/subscriptions/resume"),
    "list_invoices": Evidence("docs", f"{API}/invoices/list"),
    "list_invoices:subscription": Evidence("docs", f"{API}/invoices/list"),
    "get_invoice": Evidence("docs", f"{API}/invoices/retrieve"),
    "get_invoice_pdf": Evidence("docs", f"{API}/invoices/object"),
    "webhooks": _WEBHOOKS,
}
