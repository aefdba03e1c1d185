"""Fixtures for MijnKlantportaal: its fake at a known moment, and the description of its API."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
import yaml
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

START = dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)


@functools.cache
def _document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(
        files("subhub_mijnklantportaal").joinpath("openapi.yaml").read_text("utf-8")
    )
    return loaded


@pytest.fixture
def document() -> dict[str, Any]:
    return _document()


@pytest.fixture
def documented() -> Callable[..., dict[str, Any]]:
    """The provider's own example of an object, with fields changed."""

    def example(name: str, **changes: object) -> dict[str, Any]:
        if name in {"Package", "PendingSignUp"}:
            path = "/customer-subscription-packages"
            path += "" if name == "Package" else "/{packageId}/sign-up/"
            answer = _document()["paths"][path]["post"]["responses"]["201"]
            return {**answer["content"]["application/json"]["example"], **changes}
        return {**_document()["components"]["examples"][name]["value"], **changes}

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
