"""Time zones are read on machines without a database of them, or the missing package is named."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

import pytest

from subhub import ConfigError
from subhub.models import time_zone

CLIENTS = """
from subhub import Client, ConfigError
for name in ("mijnklantportaal", "afternoon"):
    try:
        Client(name, sandbox=True).close()
        print("opened", name)
    except ConfigError as error:
        print("ConfigError", error)
"""
NO_PACKAGE = "import sys; sys.modules['tzdata'] = None\n"


def lines(program: str) -> list[str]:
    """Return the lines of *program*, run where the system has no time zones."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONTZPATH": ""}, check=True, timeout=60
    )
    return done.stdout.splitlines()


def test_a_system_without_time_zones_has_those_of_a_package_that_is_required() -> None:
    assert any(requirement.startswith("tzdata") for requirement in requires("subhub-billing") or ())
    assert lines(CLIENTS) == ["opened mijnklantportaal", "opened afternoon"]


def test_without_any_time_zones_the_missing_package_is_named() -> None:
    told = lines(NO_PACKAGE + CLIENTS)

    assert len(told) == 2
    for line in told:
        assert line.startswith("ConfigError cannot read `timezone` ")
        assert line.endswith("Install it: pip install tzdata")


@pytest.mark.parametrize(
    "name", ["Europe/Amsterdm", "../etc/passwd", "Europe", "", "\0", "A" * 300]
)
def test_an_unknown_time_zone_is_a_config_error(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown `timezone` "):
        _ = time_zone(name)
