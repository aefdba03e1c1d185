"""The engine for provider fakes; each plugin ships its own fake on top of it."""

from subhub.sandbox.agenda import Agenda
from subhub.sandbox.charge_plan import ChargePlan
from subhub.sandbox.charges import Charge, ChargeBook, chargeable
from subhub.sandbox.checkout import CheckoutPage, CheckoutState
from subhub.sandbox.clock import VirtualClock
from subhub.sandbox.collecting import Collector, attempts, collect
from subhub.sandbox.exchange import Delivery, Exchange, JsonObject, Received, Refusal, Reply
from subhub.sandbox.fake import Fake
from subhub.sandbox.faults import Fault, FaultPlan
from subhub.sandbox.form_input import form_tree
from subhub.sandbox.ids import Ids
from subhub.sandbox.loopback import NotLoopback, WebhookCall
from subhub.sandbox.outbox import Outbox, Webhook, WebhookDelivery
from subhub.sandbox.periods import day_of_month, length_of, part_of, period_start, periods_begun
from subhub.sandbox.portal import PortalPage, PortalPages, PortalSubscription
from subhub.sandbox.routes import route
from subhub.sandbox.webhook_plan import WebhookPlan
from subhub.sandbox.windows import RateWindow

__all__ = [
    "Agenda",
    "Charge",
    "ChargeBook",
    "ChargePlan",
    "CheckoutPage",
    "CheckoutState",
    "Collector",
    "Delivery",
    "Exchange",
    "Fake",
    "Fault",
    "FaultPlan",
    "Ids",
    "JsonObject",
    "NotLoopback",
    "Outbox",
    "PortalPage",
    "PortalPages",
    "PortalSubscription",
    "RateWindow",
    "Received",
    "Refusal",
    "Reply",
    "VirtualClock",
    "Webhook",
    "WebhookCall",
    "WebhookDelivery",
    "WebhookPlan",
    "attempts",
    "chargeable",
    "collect",
    "day_of_month",
    "form_tree",
    "length_of",
    "part_of",
    "period_start",
    "periods_begun",
    "route",
]
