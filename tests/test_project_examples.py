"""The examples run as they are, and switch providers by one word."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[1] / "examples" / "switch"


@pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon"])
def test_the_shop_switches_by_one_word(tmp_path: Path, provider: str) -> None:
    shop = Path(shutil.copy(EXAMPLE / "shop.py", tmp_path))
    written = (EXAMPLE / "subhub.toml").read_text("utf-8")
    switched = written.replace('provider = "mijnklantportaal"', f'provider = "{provider}"')
    _ = (tmp_path / "subhub.toml").write_text(switched, "utf-8")

    ran = subprocess.run(
        [sys.executable, "-W", "error", str(shop)], capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stderr
    assert f"billed by {provider}" in ran.stdout
    assert len(ran.stdout.splitlines()) == 4
