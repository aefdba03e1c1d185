"""The subhub plugin for MijnKlantportaal, a Dutch customer portal."""

from subhub_mijnklantportaal.invoices import InvoiceLine
from subhub_mijnklantportaal.provider import MijnKlantportaal
from subhub_mijnklantportaal.results import (
    CustomerInvoice,
    InvoicePdf,
    PaymentLink,
    PaymentLinkPayment,
    WebhookRecord,
)

__all__ = [
    "CustomerInvoice",
    "InvoiceLine",
    "InvoicePdf",
    "MijnKlantportaal",
    "PaymentLink",
    "PaymentLinkPayment",
    "WebhookRecord",
]
