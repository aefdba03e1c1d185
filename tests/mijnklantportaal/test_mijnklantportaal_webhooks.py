"""What MijnKlantportaal's webhooks say, and no more than its documents say about them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from subhub_mijnklantportaal.webhooks import EVENTS, WEBHOOKS

from subhub import Event, WebhookRefused
from subhub.webhooks import WebhookReader

NOW = dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)


@pytest.fixture
def secret(document: dict[str, Any]) -> str:
    """The secret of the documented example."""
    example: str = document["components"]["examples"]["Webhook"]["value"]["secret"]
    return example


@pytest.fixture
def reader(secret: str) -> WebhookReader:
    return WebhookReader(WEBHOOKS, "mijnklantportaal", "main", [secret], lambda: NOW)


def read(reader: WebhookReader, path: str, body: bytes = b"{}") -> Event:
    (event,) = reader.read(path, {"X-Webhook-Signature": reader.secrets[0]}, body)
    return event


def test_every_documented_event_type_is_known_and_no_other(document: dict[str, Any]) -> None:
    assert [*EVENTS] == document["components"]["schemas"]["WebhookType"]["enum"]
    assert len(EVENTS) == 23


@pytest.mark.parametrize("word", EVENTS)
def test_the_event_type_is_the_last_part_of_the_path(reader: WebhookReader, word: str) -> None:
    for path in [f"/hooks/{word}", f"/hooks/{word}/", f"/{word}?source=portal", word]:
        event = read(reader, path)

        assert event.word == word
        assert (event.about, event.change) == EVENTS[word]


def test_the_event_type_is_the_bodys_where_the_path_has_none(reader: WebhookReader) -> None:
    body = json.dumps({"type": "invoice-paid", "id": "inv_abc12345def678"}).encode()

    event = read(reader, "/hooks/mijnklantportaal", body)

    assert (event.word, event.about, event.change) == ("invoice-paid", "invoice", "changed")


def test_the_path_goes_before_the_body(reader: WebhookReader) -> None:
    body = json.dumps({"type": "invoice-paid"}).encode()

    assert read(reader, "/hooks/customer-deleted", body).word == "customer-deleted"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"{}", None),
        (b"", None),
        (b"a=1&b=2", None),
        (b"\xff\xfe", None),
        (b"[1]", None),
        (b'{"type": 7}', None),
        (b'{"type": "customer-updated"}', "customer-updated"),
    ],
    ids=repr,
)
def test_a_call_that_does_not_say_its_event_type_is_still_an_event(
    reader: WebhookReader, body: bytes, word: str | None
) -> None:
    event = read(reader, "/hooks", body)

    assert (event.about, event.change, event.word) == ("unknown", "unknown", word)


def test_nothing_is_taken_from_an_undocumented_body(reader: WebhookReader) -> None:
    body = (
        b'{"id": "sub_abc12345def678", "status": "ended", "createdAt": "2024-04-29T21:00:00+02:00"}'
    )

    event = read(reader, "/hooks/subscription-updated", body)

    assert (event.object_id, event.occurred_at) == (None, None)
    assert event.key.startswith("sha256:")
    assert event.raw == json.loads(body)


def test_the_header_is_the_secret_itself(reader: WebhookReader, secret: str) -> None:
    assert reader.proof == "secret"
    assert WEBHOOKS.scheme.sign(b"{}", secret, at=NOW) == {"X-Webhook-Signature": secret}
    for headers, status in [
        ({"X-Webhook-Signature": secret[:-1]}, 401),
        ({"X-Webhook-Signature": secret.lower()}, 401),
        ({"X-Webhook-Signature": f"sha256={secret}"}, 401),
        ({"X-Webhook-Signature": ""}, 400),
        ({}, 400),
    ]:
        with pytest.raises(WebhookRefused) as refused:
            _ = reader.read("/hooks/customer-created", headers, b"{}")
        assert refused.value.status == status


def test_each_record_has_a_secret_of_its_own(secret: str) -> None:
    secrets = [secret, "another-20-characters"]
    reader = WebhookReader(WEBHOOKS, "mijnklantportaal", "main", secrets, lambda: NOW)

    for known in secrets:
        assert reader.read("/hooks", {"x-webhook-signature": known}, b"{}")
