"""Time zones are read on machines without a database of them, or the missing package is named."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import requires
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from subhub import ConfigError
from subhub.models import time_zone

CLIENTS = """
from subhub import Client
for name in ("mijnklantportaal", "afternoon"):
    Client(name, sandbox=True).close()
    print("opened", name)
"""


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


@pytest.fixture
def no_zones(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process for which there are no time zones at all."""
    for name in {"tzdata", *(name for name in sys.modules if name.startswith("tzdata."))}:
        monkeypatch.setitem(sys.modules, name, None)
    ZoneInfo.clear_cache()
    reset_tzpath(())
    yield
    reset_tzpath()


@pytest.mark.usefixtures("no_zones")
@pytest.mark.parametrize("name", ["UTC", "Europe/Amsterdam", "Mars"])
def test_without_any_time_zones_the_missing_package_is_named(name: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = time_zone(name)

    assert str(caught.value) == (
        f"cannot read `timezone` {name!r}: this machine has no database of time zones. "
        "Install it: pip install tzdata"
    )


@pytest.mark.parametrize(
    "name", ["Europe/Amsterdm", "../etc/passwd", "Europe", "", "\0", "A" * 300]
)
def test_an_unknown_time_zone_is_a_config_error(name: str) -> None:
    with pytest.raises(ConfigError, match="unknown `timezone` "):
        _ = time_zone(name)
