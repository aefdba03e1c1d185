"""The engine for provider fakes; each plugin ships its own fake on top of it."""

from subhub.sandbox.clock import VirtualClock
from subhub.sandbox.exchange import Exchange, JsonObject, Received, Refusal, Reply
from subhub.sandbox.fake import Fake
from subhub.sandbox.ids import Ids
from subhub.sandbox.routes import route

__all__ = [
    "Exchange",
    "Fake",
    "Ids",
    "JsonObject",
    "Received",
    "Refusal",
    "Reply",
    "VirtualClock",
    "route",
]
