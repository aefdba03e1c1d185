"""Transport: the one place that knows httpx. It sends one request and brings back one answer."""

from subhub.sending.transport.http import (
    CONNECTIONS,
    AsyncHttpClient,
    AsyncHttpSender,
    AsyncTransport,
    HttpSender,
    SyncHttpClient,
    SyncTransport,
    sleep,
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
    "sleep",
]
