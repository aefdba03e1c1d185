"""The releases that this project is tested with, for tests that install into environments."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
TESTED: list[str] = [
    *_PROJECT["tool"]["uv"]["constraint-dependencies"],
    *(pin for pin in _PROJECT["dependency-groups"]["dev"] if "==" in pin),
]
"""Bounds, as a constraint file has them: a release of somebody else must not fail our tests."""
