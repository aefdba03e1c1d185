"""File locks: one holder, released with its process, and never shared with a forked child."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

from subhub.system.file_locks import LockableFile, acquire, is_held


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.lock"


def acquired(path: Path) -> LockableFile:
    lock = acquire(path)
    assert lock is not None
    return lock


class TestLock:
    def test_is_held_by_one(self, path: Path) -> None:
        first = acquired(path)
        assert acquire(path) is None
        assert is_held(path)
        first.remove()
        assert not path.exists()
        assert not is_held(path)

    def test_can_be_acquired_again(self, path: Path) -> None:
        acquired(path).remove()
        again = acquired(path)
        assert is_held(path)
        again.remove()

    def test_ends_with_the_last_reference(self, path: Path) -> None:
        lock: LockableFile | None = acquired(path)
        del lock
        assert not is_held(path)

    def test_ends_although_a_duplicate_of_the_descriptor_is_open(self, path: Path) -> None:
        lock = acquired(path)
        duplicate = os.dup(lock.descriptor)  # as `mmap` has one
        lock.close()
        lock.close()  # has no effect
        assert not is_held(path)
        os.close(duplicate)

    def test_cannot_be_had_through_a_symbolic_link(self, path: Path, tmp_path: Path) -> None:
        path.symlink_to(tmp_path / "elsewhere")
        with pytest.raises(OSError, match="symbolic link"):
            _ = acquire(path)
        assert not (tmp_path / "elsewhere").exists()


class TestFile:
    def test_is_private(self, path: Path) -> None:
        lock = acquired(path)
        assert path.stat().st_mode & 0o077 == 0
        lock.remove()

    def test_that_was_left_behind_is_removed(self, path: Path) -> None:
        _ = path.write_bytes(b"")
        assert not is_held(path)
        assert not path.exists()

    def test_that_is_removed_before_it_is_locked_is_no_lock(self, path: Path) -> None:
        vanishing = Vanishing(path)
        lock = acquired(vanishing)
        assert vanishing.removed == 1
        assert is_held(path)
        lock.remove()

    def test_that_is_replaced_before_it_is_locked_keeps_its_holder(self, path: Path) -> None:
        _ = path.write_bytes(b"")  # left behind by a session that has ended
        replaced = Replaced(path)
        assert is_held(replaced)
        assert path.exists()
        replaced.holder.remove()

    def test_is_removed_by_its_holder_only(self, path: Path) -> None:
        first = acquired(path)
        first.remove()
        second = acquired(path)
        first.remove()
        assert is_held(path)
        second.remove()

    def test_that_cannot_be_removed_while_it_is_open_is_removed_then(self, path: Path) -> None:
        lock = acquired(OpenOnWindows(path))
        lock.remove()
        assert not path.exists()

    def test_that_cannot_be_removed_at_all_is_released(self, path: Path) -> None:
        lock = acquired(NeverRemoved(path))
        lock.remove()
        again = acquire(path)
        assert again is not None
        again.remove()


class TestProcess:
    def test_that_is_killed_releases_its_lock(self, path: Path) -> None:
        holder = start("hold()", path)
        assert is_held(path)
        kill(holder)
        assert not is_held(path)

    def test_that_is_killed_leaves_no_lock_to_its_child(self, path: Path) -> None:
        holder = start(
            """
            reading, writing = os.pipe()
            if not (child := os.fork()):
                os.write(writing, b"running")
                time.sleep(60)
                os._exit(0)
            os.read(reading, 7)
            Path("child").write_text(str(child))
            hold()
            """,
            path,
        )
        child = int((path.parent / "child").read_text())
        kill(holder)
        try:
            os.kill(child, 0)  # it is still there
            assert not is_held(path)
        finally:
            os.kill(child, signal.SIGKILL)

    def test_that_was_forked_cannot_release_the_lock_of_its_parent(self, path: Path) -> None:
        lock = acquired(path)
        child = os.fork()
        if not child:
            code = 1
            try:
                lock.unlock()
                lock.close()
                lock.remove()
                code = 0
            finally:
                os._exit(code)
        assert os.waitpid(child, 0) == (child, 0)
        assert path.exists()
        assert is_held(path)
        lock.remove()

    def test_that_was_forked_can_acquire_a_lock_of_its_own(self, path: Path) -> None:
        lock = acquired(path)
        other = path.with_name("b.lock")
        child = os.fork()
        if not child:
            own = None
            try:
                own = acquire(other)
            finally:
                os._exit(0 if own is not None and acquire(path) is None else 1)
        assert os.waitpid(child, 0) == (child, 0)
        lock.remove()


# What Windows lacks is taken away after filelock, which has its own way there, was imported.
WITHOUT_UNIX = """
import filelock
import os, sys

for name in ("fcntl", "resource", "pwd", "grp"):
    sys.modules[name] = None
for name in (
    "O_CLOEXEC", "O_NOFOLLOW", "fork", "geteuid", "getuid", "pread", "pwrite", "register_at_fork",
):
    delattr(os, name)

from subhub.models.identity import Identity
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Job, Journal
from subhub.recovery.journal.claims import Done
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.shared import SharedStore

path = sys.argv[1]
journal = Journal(path)
journal.write(Intent("acme", "main", "subscribe", "2026-01-01"), None)
acme = Identity.of("acme", "https://api.acme.example", "live", "key", None)
(left,) = journal.open_intents(acme, "main")
assert left.in_flight
job = Job(journal, acme, "main", "move")
item = job.item("a")
assert job.claim(item) is None
job.finish(item, None)
assert job.claim(job.item("a")) == Done(None)
journal.close()

os.mkdir(path + ".d")
os.chmod(path + ".d", 0o777)  # as every folder seems to be there
limiters = [RateLimiter(RateLimit(2, per=60.0), SharedStore(path + ".d", "key")) for _ in "ab"]
for limiter in limiters:
    assert limiter.enter().wait(1.0) == 0
assert limiters[0].enter().wait(1.0) > 0
print("fine")
"""


def test_journals_jobs_and_permits_need_nothing_that_windows_lacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_UNIX, str(tmp_path / "journal.db")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("fine\n", "")


READER = """
import sys
from subhub import Client

with Client("mijnklantportaal", sandbox=True, journal=sys.argv[1]) as client:
    assert client.open_intents() == []
    assert list(client.list_plans()) == []
print("filelock" in sys.modules)
"""


def test_a_client_that_locks_nothing_does_not_load_filelock(tmp_path: Path) -> None:
    loaded = subprocess.check_output(
        [sys.executable, "-c", READER, str(tmp_path / "journal.db")], text=True
    )
    assert loaded == "False\n"


HOLDER = """
import os, sys, time
from pathlib import Path
from subhub.system.file_locks import acquire

def hold():
    print("held", flush=True)
    time.sleep(60)

lock = acquire(Path(sys.argv[1]))
"""


def start(program: str, path: Path) -> subprocess.Popen[str]:
    """Start a process that acquires the lock of *path* and runs *program*, until it holds it."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER + textwrap.dedent(program), str(path)],
        cwd=path.parent,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    _ = process.wait(30)
    assert process.stdout is not None
    process.stdout.close()


class Vanishing(type(Path())):  # type: ignore[misc]
    """A path whose file is removed, once, between being opened and being locked."""

    removed = 0

    def stat(self, **options: Any) -> Any:
        if not self.removed:
            self.removed += 1
            self.unlink()
        return super().stat(**options)


class Replaced(type(Path())):  # type: ignore[misc]
    """A path whose file is replaced by that of another holder, once, before it is locked."""

    holder: LockableFile

    def stat(self, **options: Any) -> Any:
        if not hasattr(self, "holder"):
            self.unlink()
            self.holder = acquired(Path(self))
        return super().stat(**options)


class OpenOnWindows(type(Path())):  # type: ignore[misc]
    """A path whose file cannot be removed while it is open."""

    refused = False

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: FBT001, FBT002 - as in Path
        if not self.refused:
            self.refused = True
            raise PermissionError
        super().unlink(missing_ok)


class NeverRemoved(type(Path())):  # type: ignore[misc]
    """A path whose file cannot be removed."""

    def unlink(self, missing_ok: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - as in Path
        raise PermissionError
