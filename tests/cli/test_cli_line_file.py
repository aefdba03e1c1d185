"""A line of a result file is on the disk as a whole, or not in the file at all."""

from __future__ import annotations

import os
import resource
import stat
import threading
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from subhub.system.line_file import LineFile, whole_length

FILLED = b"x" * 99_999 + b"\n"
LINE = b"2,k0,done,21919be2,https://pay.example/k0i0oydfdudz\n"


@contextmanager
def room(size: int) -> Generator[None]:
    """Let no file of this process grow over *size*, as a disk that is full does."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of some lines."""
    path = tmp_path / "results.csv"
    _ = path.write_bytes(FILLED)
    return path


class TestAppend:
    def test_adds_lines_to_a_private_file(self, tmp_path: Path) -> None:
        path = tmp_path / "new.csv"
        with closing(LineFile(path)) as file:
            file.append(LINE)
            file.append(LINE)
        assert path.read_bytes() == LINE * 2
        assert stat.S_IMODE(path.stat().st_mode) == 0o600

    @pytest.mark.parametrize("left", [0, 1, len(LINE) - 1])
    def test_leaves_no_part_of_a_line_on_a_full_disk(self, path: Path, left: int) -> None:
        with closing(LineFile(path)) as file:
            with room(len(FILLED) + left), pytest.raises(OSError, match="too large"):
                file.append(LINE)
            assert path.read_bytes() == FILLED
            file.append(LINE)
        assert path.read_bytes() == FILLED + LINE

    @pytest.mark.parametrize(
        ("written", "left"), [(0, b""), (10, b""), (len(LINE), LINE)], ids=("none", "part", "all")
    )
    def test_leaves_no_part_of_a_line_after_ctrl_c(
        self, path: Path, written: int, left: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = os.write

        def interrupted(descriptor: int, content: bytes) -> int:
            _ = write(descriptor, content[:written])
            raise KeyboardInterrupt

        with closing(LineFile(path)) as file:
            monkeypatch.setattr(os, "write", interrupted)
            with pytest.raises(KeyboardInterrupt):
                file.append(LINE)
        assert path.read_bytes() == FILLED + left

    def test_takes_a_line_back_that_did_not_reach_the_disk(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(descriptor: int) -> None:
            raise OSError(5, f"an error of the disk, for {descriptor}")

        with closing(LineFile(path)) as file:
            monkeypatch.setattr(os, "fsync", failing)
            with pytest.raises(OSError, match="an error of the disk"):
                file.append(LINE)
        assert path.read_bytes() == FILLED

    def test_survives_that_nothing_can_be_taken_back(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def failing(*_: object) -> None:
            raise OSError(5, "an error of the disk")

        with closing(LineFile(path)) as file:
            monkeypatch.setattr(os, "fsync", failing)
            monkeypatch.setattr(os, "ftruncate", failing)
            with pytest.raises(OSError, match="an error of the disk"):
                file.append(LINE)

    @pytest.mark.parametrize("replaced", [False, True])
    def test_notices_a_file_that_was_removed_or_replaced(
        self,
        path: Path,
        replaced: bool,  # noqa: FBT001 - a case of the rule
    ) -> None:
        with closing(LineFile(path)) as file:
            path.unlink()
            if replaced:
                _ = path.write_bytes(FILLED)
            with pytest.raises(OSError, match="it was removed or replaced"):
                file.append(LINE)


class TestOpening:
    def test_is_for_one_process_at_a_time(self, path: Path) -> None:
        with (
            closing(LineFile(path)),
            pytest.raises(OSError, match="another process is writing it"),
        ):
            _ = LineFile(path)
        LineFile(path).close()

    def test_follows_a_link(self, path: Path, tmp_path: Path) -> None:
        link = tmp_path / "link.csv"
        link.symlink_to(path)
        with closing(LineFile(link)) as file:
            file.append(LINE)
        assert path.read_bytes() == FILLED + LINE

    def test_refuses_what_is_not_a_file(self, tmp_path: Path) -> None:
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        with pytest.raises(OSError, match="it is not a file"):
            _ = LineFile(pipe)
        with pytest.raises(OSError, match="directory"):
            _ = LineFile(tmp_path)


class TestReserve:
    def test_leaves_the_file_as_it_is(self, path: Path) -> None:
        with closing(LineFile(path)) as file:
            file.reserve(5000)
        assert path.read_bytes() == FILLED

    def test_fails_on_a_full_disk(self, path: Path) -> None:
        with closing(LineFile(path)) as file, room(len(FILLED) + 100):
            with pytest.raises(OSError, match="too large"):
                file.reserve(101)
            file.reserve(100)
        assert path.read_bytes() == FILLED

    @pytest.mark.parametrize("missing", [True, False])
    def test_promises_nothing_where_the_system_cannot(
        self,
        path: Path,
        missing: bool,  # noqa: FBT001 - a case of the rule
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def unsupported(*_: object) -> None:
            raise OSError(95, "not supported")

        monkeypatch.setattr(os, "posix_fallocate", None if missing else unsupported)
        with closing(LineFile(path)) as file:
            file.reserve(5000)


class TestCutLines:
    def test_are_set_aside_in_a_private_file(self, path: Path) -> None:
        other = path.with_name("results.csv.cut")
        for part in (b"2,k0,do", b"3,k1"):
            with path.open("ab") as file:
                _ = file.write(part)
            with closing(LineFile(path)) as lines:
                assert lines.set_aside(len(FILLED)) == other
        assert path.read_bytes() == FILLED
        assert other.read_bytes() == b"2,k0,do\n3,k1\n"
        assert stat.S_IMODE(other.stat().st_mode) == 0o600

    def test_stay_where_they_are_if_they_cannot_be_set_aside(self, path: Path) -> None:
        _ = path.write_bytes(FILLED + b"2,k0")
        path.with_name("results.csv.cut").mkdir()
        with closing(LineFile(path)) as file, pytest.raises(OSError, match="directory"):
            _ = file.set_aside(len(FILLED))
        assert path.read_bytes() == FILLED + b"2,k0"

    def test_of_zeros_are_what_a_crash_left_of_a_reservation(self, path: Path) -> None:
        _ = path.write_bytes(FILLED + bytes(1000))
        with closing(LineFile(path)) as file:
            assert file.set_aside(len(FILLED)) is None
        assert path.read_bytes() == FILLED

    @pytest.mark.parametrize(
        ("whole", "rest"),
        [
            (b"", b""),
            (b"", b"a,b"),
            (b"a,b\n", b""),
            (b"a,b\n", b"c"),
            (b"", b'a,"b\nc'),
            (b"", b'a,"b\nc\n'),
            (b'a,"b\nc"\n', b""),
            (b"", b'a,"b""\n'),
            (b'a\n"b\n"\n', b"c"),
        ],
    )
    def test_begin_after_the_last_whole_record(self, whole: bytes, rest: bytes) -> None:
        assert whole_length(whole + rest) == len(whole)


def test_two_threads_that_open_a_file_do_not_both_get_it(tmp_path: Path) -> None:
    opened: list[LineFile] = []
    barrier = threading.Barrier(8)

    def attempt() -> None:
        _ = barrier.wait()
        try:
            opened.append(LineFile(tmp_path / "new.csv"))
        except BlockingIOError:
            return

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 1
    opened[0].close()
