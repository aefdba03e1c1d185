"""Transport: the one place that knows httpx. It sends one request and returns one answer."""

from subhub.sending.transport.connections import CONNECTIONS
from subhub.sending.transport.http import (
    AsyncHttpClient,
    AsyncHttpSender,
    AsyncTransport,
    HttpSender,
    SyncHttpClient,
    SyncTransport,
)
from subhub.sending.transport.sandbox import fake_transport

__all__ = [
    "CONNECTIONS",
    "AsyncHttpClient",
    "AsyncHttpSender",
    "AsyncTransport",
    "HttpSender",
    "SyncHttpClient",
    "SyncTransport",
    "fake_transport",
]
