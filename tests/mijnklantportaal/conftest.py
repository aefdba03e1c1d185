"""Shared fixtures for MijnKlantportaal: a sandbox with a frozen clock, and documented examples."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client
from subhub.testing.openapi import Document

START = dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)


@pytest.fixture
def document() -> dict[str, Any]:
    return Document.of(MijnKlantportaal).content


@pytest.fixture
def documented(document: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """Return a function for the provider's own example of an object, with changed fields."""

    def example(name: str, **changes: object) -> dict[str, Any]:
        if name in {"Package", "PendingSignUp"}:
            path = "/customer-subscription-packages"
            path += "" if name == "Package" else "/{packageId}/sign-up/"
            response = document["paths"][path]["post"]["responses"]["201"]
            return {**response["content"]["application/json"]["example"], **changes}
        return {**document["components"]["examples"][name]["value"], **changes}

    return example


@pytest.fixture
def portal() -> MijnKlantportaal:
    return MijnKlantportaal()


@pytest.fixture
def fake() -> MijnKlantportaalFake:
    return MijnKlantportaalFake(start=START)


@pytest.fixture
def billing(fake: MijnKlantportaalFake) -> Iterator[Client]:
    with Client(MijnKlantportaal, sandbox=fake) as client:
        yield client
