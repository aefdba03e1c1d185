"""Every operation of an API description is performed in a recording, or its absence explained."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from subhub.plugin.registry import load
from subhub.testing.openapi import Document

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "coverage.md").read_text("utf-8")
EXPLAINED = re.findall(r"^\| (\w+) \| `(\w+) ([^`]+)` \|", PAGE, re.MULTILINE)


def performed(document: Document, folder: Path) -> set[tuple[str, str]]:
    requests = [
        exchange["request"]
        for cassette in folder.glob("*.yaml")
        for exchange in yaml.safe_load(cassette.read_text("utf-8"))["interactions"]
    ]
    found = [
        document.operation(each["method"], urlsplit(str(each["uri"])).path) for each in requests
    ]
    return {(each.method, each.path) for each in found}


@pytest.mark.parametrize("name", ["mijnklantportaal", "afternoon", "mollie"])
def test_an_operation_is_performed_or_its_absence_explained(name: str) -> None:
    document = Document.of(load(name))
    explained = {(method, path) for owner, method, path in EXPLAINED if owner == name}

    assert document.operations - performed(document, ROOT / "cassettes" / name) == explained
