"""The neutral models that applications and plugins share: plans, customers, money and so on."""

from subhub.models.access import Access, Answer, access_at
from subhub.models.customers import Customer, CustomerDraft, CustomerUpdate, DeletedCustomer
from subhub.models.events import Change, Event, Refetched, RefetchState
from subhub.models.interval import Interval, Unit
from subhub.models.invoices import Invoice, InvoicePdf, InvoiceStatus
from subhub.models.links import Signup, SignupLink, SignupState
from subhub.models.money import ARITHMETIC, Currency, ExactDecimal, Money
from subhub.models.payment_methods import PaymentMethod, PaymentMethodStatus, SetupLink
from subhub.models.plans import Plan, PlanDraft, PlanUpdate, Tax
from subhub.models.portal_links import PortalLink
from subhub.models.record import Raw, Record, Result
from subhub.models.subscriptions import (
    Refund,
    Scheduled,
    Status,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.models.time_zones import time_zone

__all__ = [
    "ARITHMETIC",
    "Access",
    "Answer",
    "Change",
    "Currency",
    "Customer",
    "CustomerDraft",
    "CustomerUpdate",
    "DeletedCustomer",
    "Event",
    "ExactDecimal",
    "Interval",
    "Invoice",
    "InvoicePdf",
    "InvoiceStatus",
    "Money",
    "PaymentMethod",
    "PaymentMethodStatus",
    "Plan",
    "PlanDraft",
    "PlanUpdate",
    "PortalLink",
    "Raw",
    "Record",
    "RefetchState",
    "Refetched",
    "Refund",
    "Result",
    "Scheduled",
    "SetupLink",
    "Signup",
    "SignupLink",
    "SignupState",
    "Status",
    "Subscription",
    "SubscriptionChange",
    "SubscriptionUpdate",
    "Tax",
    "Unit",
    "When",
    "access_at",
    "time_zone",
]
