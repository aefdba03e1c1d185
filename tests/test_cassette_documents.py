"""Every recorded exchange, held against the API description that the provider's plugin ships."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from subhub.registry import load
from subhub.sandbox import Exchange, Received, Reply
from subhub.testing.documents import Document

CASSETTES = Path(__file__).parents[1] / "cassettes"
PATHS = sorted(CASSETTES.glob("*/*.yaml"))


def recorded(path: Path) -> Iterator[Exchange]:
    for each in yaml.safe_load(path.read_text("utf-8"))["interactions"]:
        request, response = each["request"], each["response"]
        address = urlsplit(str(request["uri"]))
        query = dict(parse_qsl(address.query, keep_blank_values=True))
        yield Exchange(
            Received(request["method"], address.path, query, request["headers"], content(request)),
            Reply(response["status"], content(response), response["headers"]),
        )


def content(written: Mapping[str, Any]) -> bytes:
    return json.dumps(written["json"]).encode() if "json" in written else b""


def test_both_providers_have_recordings() -> None:
    assert {path.parent.name for path in PATHS} == {"afternoon", "mijnklantportaal"}


@pytest.mark.parametrize("path", PATHS, ids=[f"{each.parent.name}-{each.stem}" for each in PATHS])
def test_every_recorded_exchange_is_as_described(path: Path) -> None:
    document = Document.of(load(path.parent.name))
    exchanges = list(recorded(path))
    assert exchanges
    for exchange in exchanges:
        _ = document.check(exchange)
