"""No span of OpenTelemetry tells a key, an id or a person, however the call went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from subhub import OutcomeUnknown
from subhub.plugin import Provider
from tests.faults.server import Line
from tests.secrets.conftest import KEYS, PERSONAL, Serve, somebody
from tests.secrets.scan import leaks
from tests.secrets.test_secrets_people import both


def lost(line: Line) -> None:
    _ = line.commit()


@both
def test_spans_hold_neither_keys_nor_people_nor_ids(
    connect: Callable[..., Any],
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    provider: type[Provider],
) -> None:
    exporter = InMemorySpanExporter()
    tracing = TracerProvider()
    tracing.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", tracing)
    server, key = serve(provider), KEYS[provider.name]
    billing = connect(provider, api_key=key, base_url=server.url, attempts=1)

    customer = billing.create_customer(somebody(provider))
    _ = billing.update_customer(customer.id, name="Zaphod Markedname II")
    server.break_after(0, lost)
    with pytest.raises(OutcomeUnknown):
        billing.create_customer(somebody(provider))

    told = [span.to_json() for span in exporter.get_finished_spans()]
    assert len(told) >= 3
    assert leaks(told, key, *PERSONAL, customer.id) == []
