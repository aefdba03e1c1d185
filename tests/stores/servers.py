"""Real servers on loopback, each in a folder of its own, ended by their process ids."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import redis

PASSWORD: Final = "markedpassword7f3k"
_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin"


class Missing(Exception):
    """The program of a server is not installed."""


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


class Server:
    """A program that listens on `port`; `stop`, `kill` and `start` it as often as needed."""

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="subhub-store-"))
        self.settings: dict[str, str] = {}  # others than those of the tests
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command(), stdout=log, stderr=log)
        wait_for(self.is_ready, self._log)

    def is_ready(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def end(self, number: int = signal.SIGTERM) -> None:
        """Send a signal that ends it, and wait until it has ended."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            _ = process.wait(30)

    def kill(self) -> None:
        self.end(signal.SIGKILL)

    def close(self) -> None:
        self.end()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")[-2000:]


def redis_at(url: str) -> Any:
    """Return a client of a Redis; the annotations of the library are incomplete."""
    library: Any = redis.Redis
    return library.from_url(url)


def wait_for(ready: Callable[[], bool], problem: Callable[[], str], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < until, problem()
        time.sleep(0.02)


class RedisServer(Server):
    """A Redis that writes each change to disk, so that it keeps them when it is killed."""

    def __init__(self) -> None:
        self._program = _program("redis-server")
        super().__init__()

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self.port}/0"

    def command(self) -> list[str]:
        given = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "requirepass": PASSWORD,
            "dir": str(self.folder),
            "appendonly": "yes",
            "appendfsync": "always",
            "save": "",
        }
        return [self._program, *(part for name in given for part in (f"--{name}", given[name]))]

    def lose_data(self) -> None:
        for path in self.folder.glob("appendonlydir"):
            shutil.rmtree(path)


class PostgreSQLServer(Server):
    """A PostgreSQL cluster; as root it runs as the user `postgres`."""

    def __init__(self) -> None:
        self._programs = _postgresql()
        self._as_user = _unprivileged()
        super().__init__()
        self.data = self.folder / "data"
        self._own(self.folder)
        secret = self.folder / "password"
        _ = secret.write_text(PASSWORD)
        self._own(secret)
        creating = [str(self._programs / "initdb"), "-D", str(self.data), "-U", "owner"]
        options = ["-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "--no-instructions"]
        _ = subprocess.run(
            [*self._as_user, *creating, *options], check=True, capture_output=True, cwd="/"
        )

    @property
    def url(self) -> str:
        return f"postgresql://owner:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",  # its process is killed here, and not the machine
            "max_connections": "60",
            **self.settings,
        }
        given = [part for name in settings for part in ("-c", f"{name}={settings[name]}")]
        return [*self._as_user, str(self._programs / "postgres"), "-D", str(self.data), *given]

    def is_ready(self) -> bool:
        asked = [str(self._programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return not subprocess.run(asked, check=False).returncode

    def end(self, number: int = signal.SIGINT) -> None:  # "fast shutdown"
        super().end(number)

    def kill(self) -> None:
        """Let it crash with all its processes, without a word to anybody."""
        super().end(signal.SIGQUIT)

    def _own(self, path: Path) -> None:
        if self._as_user:
            user = pwd.getpwnam("postgres")
            os.chown(path, user.pw_uid, user.pw_gid)


class Pooler(Server):
    """PgBouncer in front of *server*, pooling by *mode*."""

    def __init__(self, server: PostgreSQLServer, mode: str) -> None:
        self._program = _program("pgbouncer")
        self._as_user = _unprivileged()
        super().__init__()
        settings = f"""
            [databases]
            * = host=127.0.0.1 port={server.port} user=owner password={PASSWORD}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {self.port}
            unix_socket_dir =
            auth_type = any
            pool_mode = {mode}
            """
        _ = (self.folder / "pgbouncer.ini").write_text(settings)
        self.folder.chmod(0o755)

    @property
    def url(self) -> str:
        return f"postgresql://owner:{PASSWORD}@127.0.0.1:{self.port}/postgres"

    def command(self) -> list[str]:
        return [*self._as_user, self._program, str(self.folder / "pgbouncer.ini")]


def _program(name: str) -> str:
    found = shutil.which(name, path=_PATH)
    if found is None:
        raise Missing(f"{name} is not installed: apt-get install {name}")
    return found


def _postgresql() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        raise Missing("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


def _unprivileged() -> list[str]:
    """Return the command that runs another as a user; PostgreSQL refuses to run as root."""
    if os.geteuid():
        return []
    try:
        _ = pwd.getpwnam("postgres")
    except KeyError as error:
        raise Missing("PostgreSQL does not run as root, and there is no user postgres") from error
    return [_program("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
