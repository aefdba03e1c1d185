"""The evidence: how well the wire format of each capability is known, and from which page.

It was read from Mollie's documentation and its public OpenAPI description
(https://github.com/mollie/openapi). No account was used, and nothing was tried live.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.plugin import Absence, Evidence

DOCS: Final = "https://docs.mollie.com"
API: Final = f"{DOCS}/reference"

_SUBSCRIBE: Final = Evidence("docs", f"{API}/create-subscription")
_CANCEL: Final = Evidence("docs", f"{API}/cancel-subscription")
_FIND: Final = Evidence("docs", f"{API}/list-customers")
_FIRST_PAYMENT: Final = Evidence("docs", f"{DOCS}/docs/recurring-payments")

_NO_PLANS: Final = "Mollie has no plans: price and interval belong to each subscription"
_INLINE: Final = "keep the plan in your application, and pass it to `subscribe` as a PlanDraft"
_NO_INVOICES: Final = Absence(
    "a subscription creates payments and no invoices; sales invoices, which are in beta, are not "
    "supported by this plugin",
    "client.walk(Mollie.list_subscription_payments, ...) lists what was charged",
    kind="plugin",
)
_NO_PAGE: Final = (
    "no page of Mollie's starts a subscription: a first payment on one only creates a mandate"
)
_TWO_STEPS: Final = (
    "`create_setup_link` creates the page; `subscribe` the customer when `payment_methods` shows "
    "that they agreed"
)

_NO_PAUSE = Absence(
    "a subscription is suspended only by Mollie, while its mandate is invalid",
    "`cancel_subscription` now, and `subscribe` again later; the mandate stays valid",
)

_NO_PORTAL = Absence(
    "Mollie has no page on which customers manage subscriptions",
    "build one with `list_subscriptions`, `cancel_subscription` and `create_setup_link`",
)

EVIDENCE: Final[Mapping[str, Evidence | Absence]] = {
    "create_plan": Absence(_NO_PLANS, _INLINE),
    "get_plan": Absence(_NO_PLANS, _INLINE),
    "list_plans": Absence(_NO_PLANS, _INLINE),
    "update_plan": Absence(_NO_PLANS, "change each subscription with `update_subscription`"),
    "create_customer": Evidence("docs", f"{API}/create-customer"),
    "get_customer": Evidence("docs", f"{API}/get-customer"),
    "list_customers": Evidence("docs", f"{API}/list-customers"),
    "find_customer": _FIND,
    "find_customer:external_id": _FIND,
    "find_customer:email": _FIND,
    "update_customer": Evidence("docs", f"{API}/update-customer"),
    "delete_customer": Evidence("docs", f"{API}/delete-customer"),
    "create_signup_link": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:new_customer": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:existing_customer": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:return_url": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:back_url": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:replaces": Absence(_NO_PAGE, "change it with `update_subscription`"),
    "create_signup_link:period_end": Absence(_NO_PAGE, "change it with `update_subscription`"),
    "create_signup_link:prorated": Absence(_NO_PAGE, "change it with `update_subscription`"),
    "create_signup_link:credit": Absence(_NO_PAGE, "change it with `update_subscription`"),
    "create_signup_link:trial_days": Absence(_NO_PAGE, _TWO_STEPS),
    "create_signup_link:quantity": Absence(_NO_PAGE, _TWO_STEPS),
    "follow_signup_link": Absence(
        "Mollie has no signup links that could be followed",
        "`payment_methods` shows what came of a setup link",
    ),
    "create_setup_link": _FIRST_PAYMENT,
    "create_setup_link:return_url": _FIRST_PAYMENT,
    "create_setup_link:back_url": _FIRST_PAYMENT,
    "create_portal_link": _NO_PORTAL,
    "create_portal_link:return_url": _NO_PORTAL,
    "payment_methods": Evidence("docs", f"{API}/list-mandates"),
    "subscribe": _SUBSCRIBE,
    "subscribe:plan_id": Absence(_NO_PLANS, "pass the terms as a PlanDraft"),
    "subscribe:inline_plan": _SUBSCRIBE,
    "subscribe:starts_on": _SUBSCRIBE,
    "subscribe:payment_method": _SUBSCRIBE,
    "subscribe:trial_days": Absence(
        "a subscription has no trial: its first payment is on its first day",
        "`subscribe` with `starts_on` on the day after the trial",
    ),
    "subscribe:quantity": Absence(
        "a subscription has an amount, and no quantity",
        "`subscribe` to a PlanDraft whose price is that of all units",
    ),
    "get_subscription": Evidence("docs", f"{API}/get-subscription"),
    "list_subscriptions": Evidence("docs", f"{API}/list-all-subscriptions"),
    "change_subscription": Absence(
        _NO_PLANS, "change price, interval and description with `update_subscription`"
    ),
    "change_subscription:now": Absence(_NO_PLANS, "use `update_subscription`"),
    "change_subscription:period_end": Absence(_NO_PLANS, "use `update_subscription`"),
    "change_subscription:prorated": Absence(_NO_PLANS, "use `update_subscription`"),
    "change_subscription:credit": Absence(_NO_PLANS, "use `update_subscription`"),
    "change_subscription:quantity": Absence(_NO_PLANS, "change the price of all units"),
    "update_subscription": Evidence("docs", f"{API}/update-subscription"),
    "cancel_subscription": _CANCEL,
    "cancel_subscription:now": _CANCEL,
    "cancel_subscription:period_end": Absence(
        "Mollie cancels a subscription at once, and has no cancellation to come",
        "cancel before the day in `renews_on`, and serve the customer until then",
    ),
    "cancel_subscription:prorated": Absence(
        "canceling a subscription pays nothing back",
        "refund the last payment in Mollie's dashboard",
    ),
    "cancel_subscription:credit": Absence(
        "a customer at Mollie has no balance that a later payment could use",
        "keep the credit in your application, and `subscribe` at a lower price until it is used",
    ),
    "uncancel_subscription": Absence(
        "Mollie cancels a subscription at once, so there is no cancellation to come that could be "
        "undone",
        "`subscribe` the customer again; the mandate is still valid",
    ),
    "pause_subscription": _NO_PAUSE,
    "resume_subscription": _NO_PAUSE,
    "list_invoices": _NO_INVOICES,
    "list_invoices:subscription": _NO_INVOICES,
    "get_invoice": _NO_INVOICES,
    "get_invoice_pdf": _NO_INVOICES,
    "webhooks": Evidence("docs", f"{API}/webhooks"),
    "create_first_payment": _FIRST_PAYMENT,
    "get_payment": Evidence("docs", f"{API}/get-payment"),
    "list_subscription_payments": Evidence("docs", f"{API}/list-subscription-payments"),
    "revoke_mandate": Evidence("docs", f"{API}/revoke-mandate"),
}
