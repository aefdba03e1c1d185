"""The permit file: one for all processes of a machine, crash-safe, with clear errors."""

from __future__ import annotations

import math
import os
import resource
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from subhub.errors import ConfigError
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.shared import SharedStore, check_file, check_folder, fingerprint
from subhub.system.file_locks import is_held

KEY = "ak_live_very_secret"
LIMIT = RateLimit(3, per=60.0)
START = 1000.0


@contextmanager
def pacing(directory: Path, limit: RateLimit = LIMIT, key: str = KEY) -> Generator[RateLimiter]:
    limiter = RateLimiter(limit, SharedStore(directory, key, lease=30.0))
    try:
        yield limiter
    finally:
        limiter.close()


def free(limiter: RateLimiter, now: float) -> int:
    tickets = [limiter.enter() for _ in range(30)]
    count = sum(ticket.wait(now) == 0 for ticket in tickets)
    for ticket in tickets:
        ticket.unsent(now)
        ticket.leave()
    return count


def test_users_of_one_key_share_its_permits(tmp_path: Path) -> None:
    with pacing(tmp_path) as one, pacing(tmp_path) as other:
        ticket = one.enter()
        assert ticket.wait(START) == 0
        assert free(other, START) == 2
        ticket.answered(START + 1, {}, 200)
        assert free(other, START + 61) == 3


def test_a_refusal_stops_every_user_of_the_key(tmp_path: Path) -> None:
    with pacing(tmp_path) as one, pacing(tmp_path) as other:
        ticket = one.enter()
        assert ticket.wait(START) == 0
        ticket.answered(START, {"retry-after": "17"}, 429)
        assert other.enter().wait(START) == 17


def test_each_account_has_a_file_of_its_own_that_does_not_reveal_the_key(tmp_path: Path) -> None:
    folder = tmp_path / "created" / "for it"
    with pacing(folder) as one, pacing(folder, key="another") as other:
        assert one.enter().wait(START) == 0
        assert free(other, START) == 3
    files = list(folder.iterdir())
    assert {file.name for file in files} == {
        f"{fingerprint(KEY)}.permits",
        f"{fingerprint('another')}.permits",
    }
    for file in files:
        assert KEY not in file.name
        assert KEY.encode() not in file.read_bytes()
        assert file.stat().st_mode & 0o077 == 0


def test_the_leases_of_a_killed_process_run_out_by_themselves(tmp_path: Path) -> None:
    with pacing(tmp_path) as killed:
        assert killed.enter().wait(START) == 0
    with pacing(tmp_path) as later:
        assert free(later, START + 89.99) == 2
        assert free(later, START + 90) == 3


def test_a_closed_limiter_opens_its_file_again(tmp_path: Path) -> None:
    with pacing(tmp_path) as limiter:
        ticket = limiter.enter()
        assert ticket.wait(START) == 0
        limiter.close()
        limiter.close()
        assert free(limiter, START) == 2


def test_a_removed_file_is_created_again_for_all(tmp_path: Path) -> None:
    with pacing(tmp_path) as one, pacing(tmp_path) as other:
        next(tmp_path.iterdir()).unlink()
        assert one.enter().wait(START) == 0
        assert free(other, START) == 2
        with pacing(tmp_path) as later:  # it never saw the removed file
            assert free(later, START) == 2


def test_a_child_process_does_not_use_the_lock_of_its_parent(tmp_path: Path) -> None:
    store = SharedStore(tmp_path, KEY)
    limiter = RateLimiter(LIMIT, store)
    with store:
        child = os.fork()
        if not child:
            _ = signal.alarm(20)
            granted = False
            try:
                ticket = limiter.enter()
                while ticket.wait(START):
                    time.sleep(0.01)
                granted = True
            finally:
                os._exit(0 if granted else 1)
        time.sleep(0.2)
        assert os.waitpid(child, os.WNOHANG) == (0, 0)  # it asks again and again
    assert os.waitpid(child, 0) == (child, 0)
    assert free(limiter, START) == 2
    limiter.close()


def test_a_process_killed_while_it_creates_the_file_leaves_no_damage(tmp_path: Path) -> None:
    store = SharedStore(tmp_path, KEY)
    for content in (b"", bytes(24), bytes(2000)):
        _ = store.path.write_bytes(content)
        with pacing(tmp_path) as limiter:
            assert free(limiter, START) == 3


@pytest.mark.parametrize(
    ("kept", "added", "problem"),
    [
        (0, b"not a permit file, but a letter", "is damaged or not a permit file"),
        (0, b"subhub-1", "is damaged or not a permit file"),
        (-8, b"", "has the wrong size"),
        (None, bytes(8), "has the wrong size"),
        (-8, struct.pack("=d", math.nan), "holds values that are not times"),
        (-8, struct.pack("=d", -1.0), "holds values that are not times"),
    ],
    ids=["a letter", "head cut", "end cut", "too long", "no number", "negative"],
)
def test_a_damaged_file_is_refused_and_the_remedy_named(
    tmp_path: Path, kept: int | None, added: bytes, problem: str
) -> None:
    with pacing(tmp_path):
        pass
    file = next(tmp_path.iterdir())
    _ = file.write_bytes(file.read_bytes()[:kept] + added)

    with pytest.raises(ConfigError, match=rf"{problem}.*remove the file") as caught:
        _ = RateLimiter(LIMIT, SharedStore(tmp_path, KEY))
    assert str(file) in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_file_cut_off_in_use_is_refused(tmp_path: Path) -> None:
    with pacing(tmp_path) as limiter:
        os.truncate(next(tmp_path.iterdir()), 24)
        with pytest.raises(ConfigError, match="changed its size"):
            _ = limiter.enter().wait(START)


@pytest.mark.parametrize("limit", [RateLimit(4, per=60.0), RateLimit(3, per=61.0)])
def test_all_users_must_have_the_same_limit(tmp_path: Path, limit: RateLimit) -> None:
    with (
        pacing(tmp_path),
        pytest.raises(ConfigError, match=r"was created for 3 requests per 60 s.*same settings"),
    ):
        _ = RateLimiter(limit, SharedStore(tmp_path, KEY))


def test_a_directory_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    _ = blocked.write_text("")
    with pytest.raises(ConfigError, match=r"file/.*cannot be used: .* Set `permits` to a folder"):
        _ = RateLimiter(LIMIT, SharedStore(blocked, KEY))


@pytest.mark.parametrize("room", [0, 100])
def test_a_full_disk_is_noticed_when_the_file_is_created(tmp_path: Path, room: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        with pytest.raises(ConfigError, match="cannot be written"):
            _ = RateLimiter(RateLimit(100, per=60.0), SharedStore(tmp_path, KEY))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_is_refused_is_unlocked_while_the_error_is_handled(tmp_path: Path) -> None:
    with pacing(tmp_path):
        pass
    file = next(tmp_path.iterdir())
    _ = file.write_bytes(file.read_bytes()[:-8] + struct.pack("=d", math.nan))
    with pytest.raises(ConfigError) as caught:  # its traceback has the mapped cells
        _ = RateLimiter(LIMIT, SharedStore(tmp_path, KEY))
    assert not is_held(file)
    assert caught.value


WORKER = """
import sys, threading, time
from subhub.sending.ratelimit import RateLimiter
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit.shared import SharedStore

limiter = RateLimiter(RateLimit(20, per=1.0), SharedStore(sys.argv[1], "key"))
out = threading.Lock()

def work():
    for _ in range(5):
        ticket = limiter.enter()
        while (pause := ticket.wait(time.monotonic())) > 0:
            time.sleep(pause)
        counted = time.monotonic()  # the server's moment lies between the sending and the answer
        time.sleep(0.005)
        ticket.answered(time.monotonic(), {}, 200)
        with out:
            print(counted, flush=True)

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


@pytest.mark.slow
def test_four_processes_together_keep_the_limit_and_lose_hardly_any_time(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    times = sorted(
        float(line) for process in processes for line in process.communicate(timeout=30)[0].split()
    )

    assert [process.returncode for process in processes] == [0] * 4
    assert len(times) == 80
    for first, excess in zip(times, times[20:], strict=False):
        assert excess - first >= 1.0
    assert times[-1] - times[0] < 3.0 + 1.5


def test_a_process_killed_while_it_works_stops_nobody(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WORKER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        _ = killed.stdout.readline()
        killed.kill()
    with pacing(tmp_path, RateLimit(20, per=1.0), key="key") as limiter:
        assert free(limiter, time.monotonic() + 121) == 20


def described(mode: int, user: int) -> os.stat_result:
    return os.stat_result((mode, 0, 0, 1, user, 0, 0, 0, 0, 0))


ME = os.geteuid()


@pytest.mark.parametrize(
    ("mode", "user", "problem"),
    [
        (0o700, ME, None),
        (0o755, ME, None),
        (0o1777, 0, None),  # as `/tmp`
        (0o770, ME, "can be written by other users"),
        (0o777, 0, "can be written by other users"),
        (0o700, ME + 1, "belongs to the user"),
    ],
)
def test_a_folder_that_others_may_write_is_refused(
    mode: int, user: int, problem: str | None
) -> None:
    if problem is None:
        check_folder(Path("permits"), described(mode, user))
        return
    with pytest.raises(ConfigError, match=f"the `permits` folder 'permits' {problem}") as caught:
        check_folder(Path("permits"), described(mode, user))
    assert "chmod 700" in str(caught.value)


def test_the_folder_is_looked_at_before_a_file_is_created(tmp_path: Path) -> None:
    folder = tmp_path / "permits"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigError, match="can be written by other users"), pacing(folder):
        pass
    assert list(folder.iterdir()) == []
    with pacing(folder / "own"):
        assert (folder / "own").stat().st_mode & 0o777 == 0o700


def test_a_file_of_another_user_is_refused() -> None:
    check_file(Path("a.permits"), described(0o600, ME))
    with pytest.raises(ConfigError, match="belongs to another user"):
        check_file(Path("a.permits"), described(0o600, ME + 1))
