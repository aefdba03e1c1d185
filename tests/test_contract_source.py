"""What docs/contract.md leaves to ruff is found by ruff, here and in new plugins."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "contract.md").read_text("utf-8")
(BLOCK,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SCAFFOLD = ROOT / "subhub/cli/scaffold/templates/pyproject.toml.tmpl"
FLOW = """\
import os
from time import monotonic
import datetime as dt

def flow():
    yield open("x"), os, monotonic
    return dt.datetime.now(dt.UTC), dt.date.today()
"""


def banned(text: str) -> dict[str, Any]:
    lint: dict[str, Any] = tomllib.loads(text)["tool"]["ruff"]["lint"]
    table: dict[str, Any] = lint["flake8-tidy-imports"]["banned-api"]
    return table


def test_the_list_on_the_page_is_that_of_this_project() -> None:
    assert banned(BLOCK) == banned((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_list_on_the_page_is_that_of_a_new_plugin() -> None:
    assert BLOCK.partition("\n")[2] in SCAFFOLD.read_text("utf-8")


def test_ruff_finds_every_way_to_the_outside(tmp_path: Path) -> None:
    settings = '[tool.ruff.lint]\nselect = ["TID251", "PTH123"]\n'
    _ = (tmp_path / "pyproject.toml").write_text(settings + BLOCK)
    _ = (tmp_path / "flow.py").write_text(FLOW)

    command = ["ruff", "check", "--no-cache", "--output-format=concise", "flow.py"]
    ran = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)

    found = [line.split(":")[1] for line in ran.stdout.splitlines() if line.startswith("flow.py")]
    assert found == ["1", "2", "6", "7", "7"]
