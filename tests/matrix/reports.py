"""Reports as the contract suite writes them, with the endings that a test wants."""

from __future__ import annotations

import json
from typing import Any

from subhub._version import __version__
from subhub.matrix.proofs import Report
from subhub.plugin.provider import Provider
from subhub.testing.contract.report import SUITE_VERSION, standing

DATE = "2001-02-03"


def counts(passed: int = 0, failed: int = 0, left_out: int = 0, not_run: int = 0) -> dict[str, Any]:
    ended = {"passed": passed, "failed": failed, "left_out": left_out, "not_run": not_run}
    return {"claimed": True, **ended, "proven": True}


def report_data(
    provider: type[Provider],
    capabilities: dict[str, Any],
    tested: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """A report that holds for what is installed, but for what is changed."""
    about = {
        "provider": provider.name,
        "contract": "tests.test_toy.TestToy",
        **standing(provider),
        "source": "sandbox",
        "left_out": {},
        "capabilities": capabilities,
        **(tested or {}),
    }
    head = {"format": 1, "suite": SUITE_VERSION, "subhub": __version__, "date": DATE}
    return {**head, "providers": [about], **changes}


def report(*given: Any, **changes: Any) -> Report:
    return Report.model_validate_json(json.dumps(report_data(*given, **changes)))
