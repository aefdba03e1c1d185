"""A terminal to type commands into: what they print there, and how they end."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import termios
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PATIENCE: Final = 120.0
"""The seconds after which a command is taken to hang."""
WIDTH: Final = 100
SHOWN_PORT: Final = 8420
"""The port of the documentation; a test serves on another one."""


class Running:
    """A command that runs in a terminal of its own, in a process group of its own.

    Args:
        command: As it is typed.
        folder: Where it is typed.
        environment: The variables.
    """

    def __init__(self, command: str, folder: Path, environment: Mapping[str, str]) -> None:
        self.command = command
        self._master, slave = pty.openpty()
        settings = termios.tcgetattr(slave)
        settings[1] &= ~termios.ONLCR  # lines end with "\n" alone
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        self._process = subprocess.Popen(
            # an interactive shell outlives the Ctrl-C that ends its command
            ["/bin/sh", "-c", f"trap : INT\n{command}"],
            cwd=folder,
            env=environment,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)
        self._printed = bytearray()
        # read at once: a terminal holds a few KiB, and then the command waits
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def printed(self) -> str:
        """What it has printed so far."""
        return self._printed.decode()

    def interrupt(self) -> None:
        """Press Ctrl-C: the whole process group is sent the signal, as by a terminal."""
        os.killpg(self._process.pid, signal.SIGINT)

    def wait_for(self, happened: Callable[[], bool]) -> None:
        """Wait until something has *happened*."""
        until = time.monotonic() + PATIENCE
        while not happened():
            if self._process.poll() is not None or time.monotonic() > until:
                self._reader.join(1)  # what it printed at last
                raise RuntimeError(f"{self.command!r} did not get that far:\n{self.printed}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Press Ctrl-C unless it has ended, and wait for its end."""
        if self._process.poll() is None:
            self.interrupt()
        _ = self.end()

    def end(self) -> int:
        """Wait for its end, and return its exit code."""
        code = self._process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def _read(self) -> None:
        try:
            while part := os.read(self._master, 65536):
                self._printed += part
        except OSError:  # Linux says so at the end of the last process
            pass
        finally:
            os.close(self._master)


@dataclass
class Terminal:
    """Types commands in one folder, and returns what they printed as blocks of Markdown.

    Args:
        folder: Where the files of the user are; it is shown as ~/shop.
        scripts: The folder of the programs of the environment.
        port: The port to serve on.
        variables: What was exported.
    """

    folder: Path
    scripts: Path
    port: int = SHOWN_PORT
    variables: dict[str, str] = field(default_factory=dict[str, str])

    def write(self, name: str, text: str) -> None:
        """Save a file."""
        _ = (self.folder / name).write_text(self._own(text), "utf-8")

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.folder / name).read_text("utf-8")

    def shown(self, text: str) -> str:
        """Return *text* with the port and the folder of the documentation."""
        found = text.replace(str(self.port), str(SHOWN_PORT)).replace(str(self.folder), "~/shop")
        return "\n".join(line.rstrip() for line in found.splitlines())

    def start(self, command: str) -> Running:
        """Start *command* without waiting for its end."""
        return Running(self._own(command), self.folder, self._environment())

    def typed(self, *commands: str, code: int = 0) -> str:
        """Return a block with *commands* and their output; the last one ends with *code*."""
        parts: list[str] = []
        for command in commands:
            running = self.start(command)
            expected = code if command is commands[-1] else 0
            parts.append(self.ended(command, running, expected))
        return block(*parts)

    def ended(
        self, command: str, running: Running, code: int = 0, note: str = "", since: int = 0
    ) -> str:
        """Return what is shown of a command that ends with *code*.

        Args:
            command: As it is shown.
            running: The command.
            code: Any other one is an error.
            note: What else happened at the end, such as ^C.
            since: How many characters of what it printed were shown before.
        """
        found = running.end()
        if found != code:
            raise RuntimeError(f"{command!r} ended with {found}, not {code}:\n{running.printed}")
        ends = f"(exit code {code})" if code else ""
        text = "\n".join(filter(None, (self.shown(running.printed[since:]).strip("\n"), ends)))
        return "\n".join(filter(None, (f"$ {command}", note, text)))

    @contextmanager
    def serving(self, command: str) -> Generator[Running]:
        """Run `subhub sandbox serve` during the block."""
        own = "" if self.port == SHOWN_PORT else f" --port {self.port}"
        running = self.start(f"{command}{own}")
        try:
            running.wait_for(lambda: "stop with Ctrl-C" in running.printed)
            yield running
        finally:
            running.stop()

    def _environment(self) -> dict[str, str]:
        """Return what a newcomer has: nothing of subhub, and the environment's programs first."""
        taken = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(
                ("SUBHUB_", "PYTHON", "COV", "PIP_", "UV_", "VIRTUAL_ENV", "SSL_")
            )
        }
        search = f"{self.scripts}{os.pathsep}{os.environ.get('PATH', '')}"
        screen = {"TERM": "dumb", "COLUMNS": str(WIDTH), "LINES": "40"}
        return {**taken, **screen, "PATH": search, **self.variables}

    def _own(self, text: str) -> str:
        return text.replace(str(SHOWN_PORT), str(self.port))


def block(*parts: str) -> str:
    """Return *parts* as one block of Markdown."""
    return "\n".join(("```text", *parts, "```"))
