"""Whatever stdout and stderr are, there is no traceback, and the result of a change is not lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO, Any, TypeAlias

import pytest

from subhub import cli

Open: TypeAlias = Callable[[], IO[str] | None]
Run: TypeAlias = Callable[..., tuple[object, str, str]]

CREATE = ("customer", "create", "--name", "Jöhn \N{SNOWMAN}", "--email", "john@test.nl")
LIST = ("subscription", "list", "--json")
REFUSED = ("plan", "create", "--name", "P", "--price", "12.95 EUR", "--interval", "1 year")
FILE = "[accounts.main]\nprovider = 'afternoon'\nsandbox = true\n"
PROGRAM = "import sys\nfrom subhub.cli import main\nsys.argv[0] = 'subhub'\nmain()"


def unread() -> IO[str]:
    """Return a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w", 1)


def full() -> IO[str]:
    return Path("/dev/full").open("w", 1, encoding="utf-8")


def closed() -> None:
    return None


def file(encoding: str = "utf-8") -> IO[str]:
    return TextIOWrapper(BytesIO(), encoding, line_buffering=True)


UNWRITABLE = pytest.mark.parametrize("stream", [closed, full, unread])


@pytest.fixture
def run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the program with these streams; return its exit code, and the text in the streams."""
    _ = (folder / "subhub.toml").write_text(FILE)
    monkeypatch.setenv("NO_COLOR", "1")

    def main(*words: str, out: Open = file, err: Open = file) -> tuple[object, str, str]:
        streams = out(), err()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["subhub", *words])
            patch.setattr(sys, "stdout", streams[0])
            patch.setattr(sys, "stderr", streams[1])
            code: object = 0
            try:
                cli.main()
            except SystemExit as ended:
                code = ended.code or 0
        return code, written(streams[0]), written(streams[1])

    return main


def written(stream: IO[str] | None) -> str:
    if stream is None:
        return ""
    buffer: Any = getattr(stream, "buffer", None)
    if isinstance(buffer, BytesIO):
        return buffer.getvalue().decode()
    with suppress(OSError):  # what could not be written is still there
        stream.close()
    return ""


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_what_cannot_be_encoded_does_not_hide_the_id(run: Run, encoding: str) -> None:
    words = [word.replace("ö", "o") for word in CREATE]

    code, shown, _ = run(*words, out=partial(file, encoding))

    assert code == 0
    assert shown.split()[2] == "id"
    # click itself writes UTF-8 where ASCII is asked for
    assert ("John \N{SNOWMAN}" if encoding == "ascii" else "John \\u2603") in shown


@UNWRITABLE
@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_the_result_of_a_change_goes_to_stderr_if_stdout_cannot_be_written(
    run: Run, stream: Open, as_json: tuple[str, ...]
) -> None:
    code, _, shown = run(*CREATE, *as_json, out=stream)

    assert code == 1
    assert "the change was made, but stdout cannot be written (" in shown
    assert '"id": "c' in shown
    if as_json:
        assert json.loads(shown)["error"]["result"]["email"] == "john@test.nl"


@UNWRITABLE
def test_the_counts_of_a_bulk_run_go_to_stderr_if_stdout_cannot_be_written(
    run: Run, folder: Path, stream: Open
) -> None:
    _ = (folder / "people.csv").write_text("name,email\nA,a@b.nl\n", "utf-8")

    code, _, shown = run("subscribe", "--from", "people.csv", "--plan", "phone", out=stream)

    assert code == 1
    assert "1 rows: " in shown


def test_a_list_ends_silently_when_its_reader_is_gone(run: Run) -> None:
    assert run(*LIST, out=unread) == (1, "", "")


def test_a_list_that_cannot_be_written_is_one_message(run: Run) -> None:
    code, _, shown = run(*LIST, out=full)

    assert code == 1
    message = "cannot write the output or a file: No space left on device"
    assert json.loads(shown)["error"]["message"] == message


@pytest.mark.parametrize("word", ["--help", "--version"])
def test_help_that_cannot_be_written_is_no_traceback(run: Run, word: str) -> None:
    message = "error: cannot write the output or a file: No space left on device\n"

    assert run(word, out=full) == (1, "", message)
    for silent in (closed, full):
        assert run(word, out=full, err=silent) == (1, "", "")
    assert run(word, out=unread)[::2] == (1, "")


def test_a_version_that_nobody_can_see_is_no_error(run: Run) -> None:
    assert run("--version", out=closed) == (0, "", "")


@UNWRITABLE
def test_an_error_goes_to_stdout_if_stderr_cannot_be_written(run: Run, stream: Open) -> None:
    code, shown, _ = run(*REFUSED, err=stream)

    assert code == 3
    assert shown.startswith("error: afternoon ")


@UNWRITABLE
def test_a_change_ends_without_a_word_if_neither_can_be_written(run: Run, stream: Open) -> None:
    assert run(*CREATE, out=stream, err=stream) == (1, "", "")


def test_what_the_shell_gave_in_another_encoding_is_refused(run: Run) -> None:
    """Python reads the bytes of `Jöhn` so, where the locale is C."""
    code, _, shown = run(*(word.replace("ö", "\udcc3\udcb6") for word in CREATE))

    assert code == 2
    assert "--name" in shown


@pytest.mark.slow
def test_python_does_not_complain_at_the_end_of_the_program(run: Run, folder: Path) -> None:
    del run
    with unread() as pipe:
        ended = subprocess.run(
            [sys.executable, "-c", PROGRAM, *CREATE],
            stdout=pipe,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
            cwd=folder,
            env={**os.environ, "PYTHONUNBUFFERED": ""},  # so that something is left to flush
        )

    assert ended.returncode == 1
    assert '"id": "c' in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
