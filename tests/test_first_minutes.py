"""docs/first-fifteen-minutes.md is what a newcomer sees: typed again, it comes out the same."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sys
from pathlib import Path

import pytest

from tests.releases import TESTED
from tools.first_minutes.__main__ import OTHER, PAGE, SHOWN, alike, played
from tools.first_minutes.environments import FIRST, ROOT, build
from tools.first_minutes.terminal import Terminal

UV = os.environ.get("UV") or shutil.which("uv")
TEXT = PAGE.read_text("utf-8")

pytestmark = pytest.mark.skipif(os.name == "nt", reason="it types into a terminal of Unix")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path, Path(sys.executable).parent)


@pytest.mark.slow
@pytest.mark.skipif(UV is None, reason="building needs uv, and uv is not on the path")
def test_what_is_typed_again_comes_out_the_same(tmp_path: Path) -> None:
    bounds = tmp_path / "constraints.txt"
    _ = bounds.write_text("\n".join(TESTED))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]

    wheels = build(tmp_path / "wheels")
    _, *sections = played(tmp_path, wheels, sys.executable, port, bounds)

    known = alike(TEXT)
    assert [section for section in sections if alike(section) not in known] == [], (
        "if it is meant to be so: uv run python -m tools.first_minutes"
    )
    assert len(re.findall("^## ", TEXT, re.MULTILINE)) == sum(
        section.startswith("## ") for section in sections
    )


def test_the_page_names_both_versions_and_nothing_of_the_machine_that_wrote_it() -> None:
    assert f"Python {SHOWN}" in TEXT
    assert f"Python {OTHER}" in TEXT
    assert f"$ pip install {FIRST}" in (ROOT / "README.md").read_text("utf-8")
    for word in ("tmp/", "/work", "/root", "/home", "pypi", "Traceback", "SSL_CERT"):
        assert word not in TEXT


def test_only_times_ids_and_widths_may_differ() -> None:
    assert alike("cst_9a  12.95 EUR\n") == alike("cst_8bcd     14.95 EUR\n")
    assert alike("1/9 rows, 0 failed, 4 requests, 10 s\ndone") == "done"
    assert alike("3 rows: failed") != alike("3 rows: done")


def test_an_end_that_was_not_expected_is_an_error(terminal: Terminal) -> None:
    assert terminal.typed("echo a", "exit 3", code=3) == (
        "```text\n$ echo a\na\n$ exit 3\n(exit code 3)\n```"
    )
    with pytest.raises(RuntimeError, match=r"'exit 3' ended with 3, not 0"):
        _ = terminal.typed("exit 3")


def test_a_command_that_ends_too_early_is_not_waited_for(terminal: Terminal) -> None:
    running = terminal.start("echo bad luck")

    with pytest.raises(RuntimeError, match="did not get that far:\nbad luck"):
        running.wait_for(lambda: False)
    assert running.end() == 0


def test_ctrl_c_reaches_the_command_and_not_the_shell(terminal: Terminal) -> None:
    running = terminal.start("echo ready; sleep 60; echo after")
    running.wait_for(lambda: "ready" in running.printed)
    running.interrupt()

    assert running.end() == 0
    assert running.printed == "ready\nafter\n"
    running.stop()
