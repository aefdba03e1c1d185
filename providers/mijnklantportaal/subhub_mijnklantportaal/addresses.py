"""Name, URLs and paths of MijnKlantportaal.

Paths are sent verbatim: only the trailing slash of `SIGN_UP_NEW` tells two operations apart.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "mijnklantportaal"
BASE_URL: Final = "https://api.mijnklantportaal.nl/v1"
DOCUMENTATION: Final = "https://docs.developers.mijnklantportaal.nl"

PACKAGES: Final = "/customer-subscription-packages"
PACKAGE: Final = "/customer-subscription-packages/{}"
SIGN_UP_EXISTING: Final = "/customer-subscription-packages/{}/sign-up"
SIGN_UP_NEW: Final = "/customer-subscription-packages/{}/sign-up/"

CUSTOMERS: Final = "/customers"
CUSTOMER: Final = "/customers/{}"

SUBSCRIPTIONS: Final = "/customer-subscriptions"
SUBSCRIPTION: Final = "/customer-subscriptions/{}"

PAYMENT_LINKS: Final = "/payment-links"
PAYMENT_LINK: Final = "/payment-links/{}"
PAYMENT_LINK_PAYMENTS: Final = "/payment-links/{}/payments"

INVOICES: Final = "/customer-invoices"
INVOICE: Final = "/customer-invoices/{}"
MANUAL_INVOICES: Final = "/customer-invoices/manual"
INVOICE_PDF: Final = "/customer-invoices/{}/pdf"

WEBHOOKS: Final = "/webhooks"
WEBHOOK: Final = "/webhooks/{}"
