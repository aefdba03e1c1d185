"""Fixtures for MijnKlantportaal: its fake at a known moment, and the description of its API."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub.testing.openapi import Document

START = dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)


@pytest.fixture
def document() -> dict[str, Any]:
    return Document.of(MijnKlantportaal).content


@pytest.fixture
def documented(document: dict[str, Any]) -> Callable[..., dict[str, Any]]:
    """The provider's own example of an object, with fields changed."""

    def example(name: str, **changes: object) -> dict[str, Any]:
        if name in {"Package", "PendingSignUp"}:
            path = "/customer-subscription-packages"
            path += "" if name == "Package" else "/{packageId}/sign-up/"
            answer = document["paths"][path]["post"]["responses"]["201"]
            return {**answer["content"]["application/json"]["example"], **changes}
        return {**document["components"]["examples"][name]["value"], **changes}

    return example


@pytest.fixture
def portal() -> MijnKlantportaal:
    return MijnKlantportaal()


@pytest.fixture
def fake() -> MijnKlantportaalFake:
    return MijnKlantportaalFake(start=START)


@pytest.fixture
def billing(connect: Callable[..., Any], fake: MijnKlantportaalFake) -> Any:
    return connect(MijnKlantportaal, sandbox=fake)
