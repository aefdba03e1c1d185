"""The subhub plugin for Afternoon (https://docs.afternoon.co)."""

from subhub_afternoon.invoices import InvoiceLine
from subhub_afternoon.provider import Afternoon
from subhub_afternoon.usage import CreditGrant, CustomerBalances, IngestedEvent

__all__ = [
    "Afternoon",
    "CreditGrant",
    "CustomerBalances",
    "IngestedEvent",
    "InvoiceLine",
]
