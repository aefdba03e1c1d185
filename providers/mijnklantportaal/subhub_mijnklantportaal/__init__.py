"""The subhub plugin for MijnKlantportaal, a Dutch customer portal."""

from subhub_mijnklantportaal.provider import MijnKlantportaal
from subhub_mijnklantportaal.results import (
    CustomerInvoice,
    InvoicePdf,
    PaymentLink,
    PaymentLinkPayment,
)

__all__ = [
    "CustomerInvoice",
    "InvoicePdf",
    "MijnKlantportaal",
    "PaymentLink",
    "PaymentLinkPayment",
]
