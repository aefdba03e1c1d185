"""Every recorded exchange, held against the API description that the provider's plugin ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from subhub.plugin.registry import load
from subhub.testing.cassettes import Cassette
from subhub.testing.openapi import Document

CASSETTES = Path(__file__).parents[1] / "cassettes"
PATHS = sorted(CASSETTES.glob("*/*.yaml"))


def test_both_providers_have_recordings() -> None:
    assert {path.parent.name for path in PATHS} == {"afternoon", "mijnklantportaal"}


@pytest.mark.parametrize("path", PATHS, ids=[f"{each.parent.name}-{each.stem}" for each in PATHS])
def test_every_recorded_exchange_is_as_described(path: Path) -> None:
    document = Document.of(load(path.parent.name))
    exchanges = list(Cassette.at(path).exchanges())
    assert exchanges
    for exchange in exchanges:
        _ = document.check(exchange)
