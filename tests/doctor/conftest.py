"""An account of the toy provider at a server that answers as a test says, and what is found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from pathlib import Path

import httpx
import pytest

from subhub import Finding, diagnose
from subhub.plugin import Provider
from tests.capture import Answer, Asked, Capture, capturing
from tests.conftest import Toy

KEY = "test_0123456789"
PLAN = '[plans.phone]\nname = "Phone"\nprice = "12.95 EUR"\ninterval = "1 year"\n'
Found = dict[str, list[Finding]]
Write = Callable[..., Path]
Find = Callable[..., Found]


def answer(
    status: int = 200, body: object = None, headers: Mapping[str, str] | None = None
) -> Answer:
    """An answer in JSON, or of bytes as they are, with the present as its date."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {"date": formatdate(usegmt=True), **(headers or {})}, content


def healthy(asked: Asked) -> Answer:
    """The toy as it is documented: an empty list, and every plan."""
    plan_id = asked.target.rpartition("/")[2]
    return answer(body={"items": [], "id": plan_id}, headers={"X-RateLimit-Remaining": "59"})


@pytest.fixture
def capture(offer: Callable[[type[Provider]], None]) -> Iterator[Capture]:
    offer(Toy)
    with capturing(healthy) as found:
        yield found


@pytest.fixture
def write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a configuration with one account, and return its path."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    def written(
        url: str | None = None,
        *more: str,
        provider: str = "toy",
        key: str | None = KEY,
        plans: str = "",
        head: str = "",
    ) -> Path:
        lines = [head, "[accounts.main]", f'provider = "{provider}"']
        lines += [f'base_url = "{url}"'] if url else []
        lines += [f'api_key = "{key}"'] if key else []
        path = folder / "subhub.toml"
        _ = path.write_text("\n".join([*lines, *more, plans]), "utf-8")
        return path

    return written


def found_in(findings: list[Finding]) -> Found:
    """The findings by what was checked."""
    found: Found = {}
    for finding in findings:
        found.setdefault(finding.check, []).append(finding)
    return found


@pytest.fixture
def find() -> Find:
    """What the doctor finds about the configuration in the working folder."""

    def found(path: Path | None = None, transport: httpx.BaseTransport | None = None) -> Found:
        return found_in(diagnose(path, transport=transport))

    return found


def unwell(found: Found) -> dict[str, list[str]]:
    """The levels of what is not ok, by what was checked."""
    levels: dict[str, list[str]] = {
        check: [each.level for each in findings if each.level != "ok"]
        for check, findings in found.items()
    }
    return {check: levels for check, levels in levels.items() if levels}
