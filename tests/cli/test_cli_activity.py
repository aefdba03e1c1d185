"""Whatever takes longer than a second says on stderr how far it is, and no output is disturbed."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import Result

from subhub.cli.activity import CURRENT, Activity, active, counted, idle
from subhub.cli.output import complain, write

Run = Callable[..., Result]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@contextmanager
def current(activity: Activity) -> Generator[None]:
    token = CURRENT.set(activity)
    try:
        yield
    finally:
        CURRENT.reset(token)


def test_a_terminal_shows_a_line_from_the_first_second_on(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    activity = Activity(terminal=True, clock=clock)
    clock.now = 0.9
    activity.tick()
    assert capsys.readouterr().err == ""
    clock.now = 1.0
    activity.tick()
    assert capsys.readouterr().err == "\r\x1b[Kworking, 1 s"


def test_the_line_fits_the_terminal(clock: Clock, capsys: pytest.CaptureFixture[str]) -> None:
    activity = Activity(terminal=True, width=8, clock=clock)
    clock.now = 2.0
    activity.tick()

    assert capsys.readouterr().err == "\r\x1b[Kworking"


def test_the_line_is_erased_before_anything_else_is_printed(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    activity = Activity(terminal=True, clock=clock)
    clock.now = 1.0
    with current(activity):
        activity.tick()
        write("a result")
        write("another")
        complain("an error")

    printed = capsys.readouterr()
    assert printed.err == "\r\x1b[Kworking, 1 s\r\x1b[Kan error\n"
    assert printed.out == "a result\nanother\n"


def test_without_a_terminal_a_line_is_printed_every_ten_seconds(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    activity = Activity(terminal=False, clock=clock)
    for clock.now in (1.0, 9.9, 10.0, 12.0, 19.0, 20.5, 75.0):
        activity.tick()

    assert capsys.readouterr().err == "working, 10 s\nworking, 20 s\nworking, 1 min 15 s\n"


def test_a_script_that_reads_json_gets_no_line(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    activity = Activity(terminal=False, silent=True, clock=clock)
    clock.now = 100.0
    activity.tick()

    assert capsys.readouterr().err == ""


def test_requests_and_waits_are_part_of_the_line(clock: Clock) -> None:
    activity = Activity(terminal=True, clock=clock)
    activity.requests = 1
    assert activity.text() == "working, 1 request, 0 s"
    activity.requests = 20
    activity.wait(12.4, "for the rate limit")
    assert activity.text() == "working, 20 requests, 0 s, waiting 12 s for the rate limit"
    clock.now = 12.0
    assert activity.text() == "working, 20 requests, 12 s"


def test_nothing_is_shown_while_a_command_only_waits(
    clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    activity = Activity(terminal=False, clock=clock)
    with current(activity), idle():
        clock.now = 300.0
        activity.tick()
    assert capsys.readouterr().err == ""
    clock.now = 309.0
    activity.tick()
    assert capsys.readouterr().err == ""
    clock.now = 310.0
    activity.tick()
    assert capsys.readouterr().err == "working, 5 min 10 s\n"


def test_without_a_command_there_is_nothing_to_show() -> None:
    with idle():
        assert counted("reading plans", (number for number in range(3))) == [0, 1, 2]


def test_items_are_counted_while_they_are_read(clock: Clock) -> None:
    activity = Activity(terminal=True, clock=clock)
    seen: list[str] = []

    def items() -> Iterator[int]:
        for number in range(2):
            yield number
            seen.append(activity.text())

    with current(activity):
        _ = counted("reading plans", items())

    assert seen == ["reading plans: 1 so far, 0 s", "reading plans: 2 so far, 0 s"]


def test_a_stderr_that_is_closed_disturbs_nothing(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    activity = Activity(terminal=True, clock=clock)
    clock.now = 1.0
    closed = io.StringIO()
    closed.close()
    for stream in (None, closed):
        monkeypatch.setattr(sys, "stderr", stream)
        activity.tick()


def test_the_requests_of_a_command_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger("subhub")
    before = logger.level, list(logger.handlers)
    with active(as_json=False, verbose=False) as activity:
        logger.info("sent", extra={"subhub": {"event": "attempt"}})
        logger.info("waits", extra={"subhub": {"event": "wait", "seconds": 30.0}})
        logger.info("something else")
        logger.warning("look at this")
        assert "1 request, 0 s, waiting 30 s for the rate limit" in activity.text()
        logger.warning("again", extra={"subhub": {"event": "retry", "seconds": 14.0}})
        assert activity.text().endswith(", waiting 14 s to try again")

    assert (logger.level, list(logger.handlers)) == before
    assert capsys.readouterr().err == "look at this\n"


SLOW = """
import sys, time
from subhub.cli import activity, output
with activity.active(as_json=False, verbose=False):
    output.counted("reading plans", [1, 2])
    time.sleep(2.5)
    output.write("done")
"""


def test_a_slow_command_draws_on_a_real_terminal_and_leaves_nothing() -> None:
    """It is drawn several times, and the last thing on stderr is that it was erased."""
    master, slave = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    ended = subprocess.run(
        [sys.executable, "-c", SLOW],
        stdout=subprocess.PIPE,
        stderr=slave,
        check=True,
        text=True,
        env=environment,
    )
    os.close(slave)
    drawn = os.read(master, 100_000).decode()
    os.close(master)

    assert ended.stdout == "done\n"
    assert drawn.count("reading plans: 2 so far, 1 s") >= 2
    assert drawn.endswith("\r\x1b[K")


def test_a_command_with_its_output_in_a_pipe_is_not_disturbed(run: Run, tmp_path: Path) -> None:
    del tmp_path
    began = time.monotonic()
    shown = run("plan", "list", "--json")

    assert json.loads(shown.stdout)
    assert shown.stderr == ""
    assert time.monotonic() - began < 10
