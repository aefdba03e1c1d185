"""The evidence for each capability: the page that documents it, or why it is absent.

`docs/evidence.md` explains the marks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.plugin import Absence, Evidence
from subhub_mijnklantportaal.addresses import DOCUMENTATION

_REFERENCE: Final = f"{DOCUMENTATION}/api-reference"
_PACKAGES: Final = f"{_REFERENCE}/customer-subscription-packages-api"
_CUSTOMERS: Final = f"{_REFERENCE}/customers-api"
_SUBSCRIPTIONS: Final = f"{_REFERENCE}/customer-subscriptions-api"
_LINKS: Final = f"{_REFERENCE}/payment-links-api"
_INVOICES: Final = f"{_REFERENCE}/customer-invoices-api"

_WEBHOOKS: Final = f"{_REFERENCE}/webhooks-api"

_SIGN_UP: Final = f"{_PACKAGES}/sign-up-a-customer-for-a-customer-subscription-package"
_SIGN_UP_NEW: Final = f"{_PACKAGES}/sign-up-a-non-customer-for-a-customer-subscription-package"
_CHANGE: Final = f"{_SUBSCRIPTIONS}/change-customer-subscription"

_NO_SWAP: Final = Absence(
    "a subscription does not name its package, and no request changes the package",
    "change the subscription's own terms with update_subscription(price=..., interval=...)",
)
_NO_REPLACEMENT: Final = Absence(
    "a sign-up cannot end another subscription",
    "cancel the old subscription yourself after the new one is paid",
)
_NO_REFUND: Final = Absence(
    "no request refunds a payment", "refund it at the connected payment provider"
)

_NO_CREDIT: Final = Absence(
    "no request credits a customer, and no balance of a customer is documented",
    "keep the credit in your application, and `subscribe` to a PlanDraft with a lower price until "
    "it is used",
)

_NO_TRIAL: Final = Absence(
    "no request has a trial",
    "`subscribe` with `starts_on` on the day after the trial",
)

_NO_SETUP: Final = Absence(
    "no request creates or lists a mandate: an id of one is only given to a sign-up",
    "sign a new customer up with create_signup_link, or pass the id of a mandate at the connected "
    "payment provider to `subscribe` as `payment_method`",
)

_ONE_UNIT: Final = Absence(
    "no request has a quantity",
    "subscribe to a PlanDraft whose price is that of all units",
)

_NO_PAUSE = Absence(
    "pausing and resuming are not documented",
    "`cancel_subscription`, and `subscribe` the customer again from the day on which it continues",
)

_NO_PORTAL = Absence(
    "no request that creates a link for one customer is documented",
    "refer customers to the portal, or offer `cancel_subscription` on a page of your own",
)

EVIDENCE: Final[Mapping[str, Evidence | Absence]] = {
    "create_plan": Evidence("seed", f"{_PACKAGES}/create-customer-subscription-package"),
    "create_plan:code": Absence(
        "a package has no field for a code of your own",
        "store the `spg_...` id, or link it to the code as the key of a configured plan",
    ),
    "get_plan": Evidence("docs", f"{_PACKAGES}/get-customer-subscription-package"),
    "list_plans": Evidence("docs", f"{_PACKAGES}/list-customer-subscription-packages"),
    "update_plan": Evidence("docs", f"{_PACKAGES}/change-customer-subscription-package"),
    "create_customer": Evidence("docs", f"{_CUSTOMERS}/create-customer"),
    "get_customer": Evidence("docs", f"{_CUSTOMERS}/get-customer"),
    "list_customers": Evidence("docs", f"{_CUSTOMERS}/list-customers"),
    "find_customer": Evidence("docs", f"{_CUSTOMERS}/list-customers"),
    "find_customer:external_id": Absence(
        "a customer has no field for your own id",
        "store the `cst_...` id, or use find_customer(email=...)",
    ),
    "find_customer:email": Evidence("docs", f"{_CUSTOMERS}/list-customers"),
    "update_customer": Evidence("docs", f"{_CUSTOMERS}/edit-customer"),
    "delete_customer": Absence(
        "a scope and an event speak of deleted customers, and no page describes the request",
        "delete the customer in the portal",
    ),
    "create_signup_link": Evidence("seed", _SIGN_UP_NEW),
    "create_signup_link:new_customer": Evidence("seed", _SIGN_UP_NEW),
    "create_signup_link:existing_customer": Absence(
        "a sign-up page always creates a new customer",
        "use subscribe(plan=..., customer=..., payment_method=...) with an existing mandate",
    ),
    "create_signup_link:return_url": Absence(
        "a sign-up has no return URL",
        "leave it out, and tell your customer how to continue after paying",
    ),
    "create_signup_link:back_url": Absence("a sign-up has no URL to go back to", "leave it out"),
    "create_signup_link:replaces": _NO_REPLACEMENT,
    "create_signup_link:period_end": _NO_REPLACEMENT,
    "create_signup_link:prorated": _NO_REFUND,
    "create_signup_link:credit": _NO_CREDIT,
    "create_signup_link:trial_days": _NO_TRIAL,
    "create_signup_link:quantity": _ONE_UNIT,
    # lists and fields are documented, and nothing that joins them to a sign-up
    "follow_signup_link": Evidence("inferred", _SIGN_UP_NEW),
    "create_setup_link": _NO_SETUP,
    "create_setup_link:return_url": _NO_SETUP,
    "create_setup_link:back_url": _NO_SETUP,
    "create_portal_link": _NO_PORTAL,
    "create_portal_link:return_url": _NO_PORTAL,
    "payment_methods": _NO_SETUP,
    "subscribe": Evidence("seed", _SIGN_UP),
    "subscribe:plan_id": Evidence("seed", _SIGN_UP),
    "subscribe:inline_plan": Evidence("seed", f"{_SUBSCRIPTIONS}/create-customer-subscription"),
    "subscribe:description": Absence(
        "a subscription without a package has one text, and the plan's name is sent as that",
        "say in the name what the customer is to read",
    ),
    "subscribe:code": Absence(
        "a subscription has no field for a code of your own", "store the `sub_...` id"
    ),
    "subscribe:starts_on": Evidence("seed", _SIGN_UP),
    "subscribe:payment_method": Evidence("seed", _SIGN_UP),
    "subscribe:trial_days": _NO_TRIAL,
    "subscribe:quantity": _ONE_UNIT,
    "get_subscription": Evidence("docs", f"{_SUBSCRIPTIONS}/get-customer-subscription"),
    "list_subscriptions": Evidence("docs", f"{_SUBSCRIPTIONS}/list-customer-subscriptions"),
    "change_subscription": _NO_SWAP,
    "change_subscription:now": _NO_SWAP,
    "change_subscription:period_end": _NO_SWAP,
    "change_subscription:prorated": _NO_SWAP,
    "change_subscription:credit": _NO_SWAP,
    "change_subscription:quantity": _NO_SWAP,
    "update_subscription": Evidence("docs", _CHANGE),
    "cancel_subscription": Evidence("docs", _CHANGE),
    "cancel_subscription:now": Evidence("docs", _CHANGE),
    "cancel_subscription:period_end": Absence(
        "whether a termination in the future is accepted and can be undone is not documented",
        "use cancel_subscription(when='now') on the day of `renews_on`",
    ),
    "cancel_subscription:prorated": _NO_REFUND,
    "cancel_subscription:credit": _NO_CREDIT,
    "uncancel_subscription": Absence(
        "whether a termination can be taken back is not documented",
        "`subscribe` the customer again, from the day on which the old subscription ends",
    ),
    "pause_subscription": _NO_PAUSE,
    "resume_subscription": _NO_PAUSE,
    "list_invoices": Evidence("docs", f"{_INVOICES}/list-customer-invoices"),
    "list_invoices:subscription": Absence(
        "an invoice does not name its subscription",
        "list the invoices of the customer",
    ),
    "get_invoice": Evidence("docs", f"{_INVOICES}/get-customer-invoice"),
    "get_invoice_pdf": Evidence("docs", f"{_INVOICES}/get-customer-invoice-as-pdf"),
    # the event types and the header are documented, and what is in a call is not
    "webhooks": Evidence("inferred", f"{_WEBHOOKS}/get-webhook-record"),
    "create_payment_link": Evidence("docs", f"{_LINKS}/create-payment-link"),
    "get_payment_link": Evidence("docs", f"{_LINKS}/get-payment-link"),
    "list_payment_links": Evidence("docs", f"{_LINKS}/list-payment-links"),
    "close_payment_link": Evidence("docs", f"{_LINKS}/close-payment-link"),
    "list_payment_link_payments": Evidence("docs", f"{_LINKS}/list-payment-link-payments"),
    "mark_customer_invoice_paid": Evidence("docs", f"{_INVOICES}/mark-customer-invoice-paid"),
    "create_manual_customer_invoice": Evidence(
        "docs", f"{_INVOICES}/create-manual-customer-invoice"
    ),
    "create_webhook": Evidence("docs", f"{_WEBHOOKS}/create-webhook-record"),
    "get_webhook": Evidence("docs", f"{_WEBHOOKS}/get-webhook-record"),
    "list_webhooks": Evidence("docs", f"{_WEBHOOKS}/list-webhook-records"),
}
