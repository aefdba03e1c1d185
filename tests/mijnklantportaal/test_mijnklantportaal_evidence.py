"""The plugin's declarations: capabilities, their evidence, and options.

The contract suite checks that each declaration is complete and agrees with the code.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import entry_points

from subhub_mijnklantportaal import MijnKlantportaal

from subhub.plugin.capabilities import Evidence
from subhub.plugin.operations import KNOWN, NEUTRAL


def test_every_capability_has_a_row() -> None:
    assert set(NEUTRAL) <= set(MijnKlantportaal.evidence)


def test_evidence_is_a_page_of_the_provider_and_absences_have_an_alternative() -> None:
    page = r"https://docs\.developers\.mijnklantportaal\.nl/api-reference/[a-z/-]+"
    for name, found in MijnKlantportaal.evidence.items():
        if isinstance(found, Evidence):
            assert re.fullmatch(page, found.source), name
        else:
            assert found.alternative, name


def test_every_extension_is_a_method() -> None:
    extensions = set(MijnKlantportaal.evidence) - set(KNOWN)
    assert len(extensions) == 10
    for name in extensions:
        assert callable(getattr(MijnKlantportaal, name))


def test_its_options_are_the_portals_own_fields() -> None:
    capabilities = MijnKlantportaal.capabilities()
    invoices = ("create_invoice", "invoice_text", "invoice_description")
    assert capabilities["subscribe"].options == invoices
    assert capabilities["cancel_subscription"].options == ("terminated_at",)


def test_the_entry_point_leads_to_the_class() -> None:
    (found,) = entry_points(group="subhub.providers", name="mijnklantportaal")
    assert found.load() is MijnKlantportaal


def test_importing_the_plugin_does_not_import_the_fake() -> None:
    program = (
        "import sys, subhub_mijnklantportaal\n"
        "sys.exit(any('sandbox' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
