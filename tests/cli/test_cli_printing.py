"""Printing that fails ends no command in a traceback, and loses no id or address."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import PIPE

import pytest

PROGRAM = "from subhub.cli import main; main()"
CONFIGURATION = """
[accounts.main]
provider = "mijnklantportaal"
sandbox = true

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""
PERSON = (
    *("--name", "Éva", "--email", "a@b.nl", "--address", "Street 1"),
    *("--postal-code", "1234AB", "--city", "Amsterdam"),
)
LINK = ("signup-link", "create", "--plan", "phone", *PERSON)


def subhub(
    folder: Path, *words: str, out: int = PIPE, err: int = PIPE, **environment: str
) -> tuple[int, str, str]:
    """Run the program; *out* and *err* are descriptors to print to."""
    _ = (folder / "subhub.toml").write_text(CONFIGURATION, "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=out,
        stderr=err,
        encoding="utf-8",
        check=False,
    )
    printed, complained = done.stdout or "", done.stderr or ""
    assert "Traceback" not in printed + complained
    assert "Exception ignored" not in complained
    return done.returncode, printed, complained


@pytest.fixture
def full() -> Iterator[int]:
    """A device on which there is never room."""
    device = Path("/dev/full")
    if not device.exists():
        pytest.skip("this system has no /dev/full")
    with device.open("wb") as opened:
        yield opened.fileno()


@pytest.mark.parametrize("form", [(), ("--json",)])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_stdout_cannot_take_is_on_stderr(
    tmp_path: Path, full: int, form: tuple[str, ...], unbuffered: str
) -> None:
    code, _, err = subhub(tmp_path, *LINK, *form, out=full, PYTHONUNBUFFERED=unbuffered)
    assert code == 1
    assert "https://mollie.com/checkout/" in err
    assert "cannot write the output (No space left on device): it is on stderr instead" in err


def test_a_remark_that_cannot_be_printed_stops_nothing(tmp_path: Path, full: int) -> None:
    code, out, _ = subhub(tmp_path, *LINK, err=full)
    assert code == 0
    assert "https://mollie.com/checkout/" in out


def test_other_output_that_cannot_be_printed_is_an_error(tmp_path: Path, full: int) -> None:
    code, _, err = subhub(tmp_path, "demo", out=full)
    assert code == 1
    assert err.endswith("error: the output: No space left on device\n")


@pytest.mark.parametrize("words", [("customer", "create", *PERSON), ("demo",)])
def test_a_letter_that_the_encoding_lacks_stops_nothing(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    code, out, _ = subhub(tmp_path, *words, PYTHONIOENCODING="ascii")
    assert code == 0
    assert "mijnklantportaal" in out


def test_a_reader_that_has_left_is_no_error_to_speak_of(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        _, _, err = subhub(tmp_path, *LINK, out=writing)
    finally:
        os.close(writing)
    assert "error" not in err
