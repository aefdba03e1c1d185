"""Transport: the one place that knows httpx. It sends one request and returns one answer."""

from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES
from subhub.sending.transport.http import HttpSender, SyncHttpClient, SyncTransport
from subhub.sending.transport.sandbox import fake_transport

__all__ = [
    "MAX_RESPONSE_BYTES",
    "HttpSender",
    "SyncHttpClient",
    "SyncTransport",
    "fake_transport",
]
