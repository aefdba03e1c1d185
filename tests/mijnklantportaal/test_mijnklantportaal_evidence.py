"""What the plugin says about itself."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub.plugin.capabilities import NEUTRAL, OPERATIONS, Absence, Evidence, overrides

README = Path(__file__).parents[2] / "providers/mijnklantportaal/README.md"
MARKS = {"seed", "docs", "docs-old", "inferred"}


@pytest.mark.parametrize("name", NEUTRAL)
def test_every_capability_has_evidence_or_a_reason_why_not(name: str) -> None:
    found = MijnKlantportaal.evidence[name]
    if isinstance(found, Absence):
        assert found.reason
        assert found.alternative
    else:
        assert found.mark in MARKS


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_done_is_evidenced_and_what_is_not_is_explained(name: str) -> None:
    evidenced = isinstance(MijnKlantportaal.evidence[name], Evidence)
    assert evidenced == overrides(MijnKlantportaal, name)


def test_evidence_is_a_page_of_the_provider() -> None:
    for found in MijnKlantportaal.evidence.values():
        if isinstance(found, Evidence):
            assert re.fullmatch(
                r"https://docs\.developers\.mijnklantportaal\.nl/api-reference/[a-z/-]+",
                found.source,
            )


def test_every_extension_is_a_method() -> None:
    extensions = set(MijnKlantportaal.evidence) - set(NEUTRAL)
    assert len(extensions) == 9
    for name in extensions:
        assert callable(getattr(MijnKlantportaal, name))


def test_the_options_of_subscribe_are_the_provider_s_own_fields() -> None:
    capability = MijnKlantportaal.capabilities()["subscribe"]
    assert capability.options == ("create_invoice", "invoice_text", "invoice_description")


def test_the_entry_point_leads_to_the_provider() -> None:
    (found,) = entry_points(group="subhub.providers", name="mijnklantportaal")
    assert found.load() is MijnKlantportaal


def test_importing_the_plugin_does_not_load_the_fake() -> None:
    program = (
        "import sys, subhub_mijnklantportaal\n"
        "sys.exit(any('sandbox' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    "program",
    re.findall(r"^```python\n(.*?)^```$", README.read_text("utf-8"), re.MULTILINE | re.DOTALL),
)
def test_the_programs_in_the_readme_run(program: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
