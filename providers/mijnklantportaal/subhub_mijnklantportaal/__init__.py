"""The subhub plugin for MijnKlantportaal, a Dutch customer portal.

Importing this package does not load the fake; `MijnKlantportaal.sandbox()` does.
"""

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
