"""The subhub plugin for MijnKlantportaal, a Dutch customer portal."""

from subhub_mijnklantportaal.invoices import InvoiceLine
from subhub_mijnklantportaal.provider import MijnKlantportaal
from subhub_mijnklantportaal.results import (
    PaymentLink,
    PaymentLinkPayment,
    WebhookRecord,
)

__all__ = [
    "InvoiceLine",
    "MijnKlantportaal",
    "PaymentLink",
    "PaymentLinkPayment",
    "WebhookRecord",
]
