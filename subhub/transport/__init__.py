"""Transport: the one place that knows httpx. It sends one request and brings back one answer."""

from subhub.transport.channel import (
    CONNECTIONS,
    AsyncChannel,
    AsyncHttpClient,
    AsyncTransport,
    Channel,
    SyncHttpClient,
    SyncTransport,
    sleep,
)
from subhub.transport.fakes import fake_transport

__all__ = [
    "CONNECTIONS",
    "AsyncChannel",
    "AsyncHttpClient",
    "AsyncTransport",
    "Channel",
    "SyncHttpClient",
    "SyncTransport",
    "fake_transport",
    "sleep",
]
