"""Replaying: answers come from a cassette, and from nothing else.

It is strict: the exact address, bodies equal by meaning, each recording played once, all of them
played, and no network. What is asked of other hosts is let through to whatever answers it without a
network, such as an application under test; the rest meets the block.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from vcr.cassette import Cassette
from vcr.request import Request as Recorded

from subhub.testing.cassettes import CassetteMismatch, Persister
from subhub.testing.cassettes.diff import line, meaning, nearest, request_differences, told
from subhub.testing.cassettes.scrubbing.keys import keys_in, without_keys
from subhub.testing.expectations import Strictness
from subhub.testing.network import no_network

_NOT_HTTPX: Final = ("httplib", "requests", "boto3", "urllib3", "httplib2", "tornado", "aiohttp")
"""What vcrpy need not patch: our transport is httpx's, and the rest is blocked anyway."""
_LOOKED_FOR: Final = ("httpx2", "httpx_curl_cffi", "pyreqwest")
"""What vcrpy tries to import for every cassette, because it would patch it too."""
_REMEDY: Final = "if that was meant, record anew and read the diff"
_playing: Final[dict[str, list[str]]] = {}
"""The name of the tape in use: vcrpy patches httpx for the whole process, so there can be one."""


@contextmanager
def replay(
    path: Path, *, hosts: Iterable[str] = (), allowed: Iterable[str] = ()
) -> Generator[ReplayCassette]:
    """Answer requests in this block from the cassette at *path*, and from nothing else.

    The cassette answers for the hosts that it has recordings of, and for *hosts*. *allowed* are
    hosts that may be reached over the network all the same, such as that of a database.
    """
    if not path.is_file():
        message = f"there is no cassette {path}: record it first"
        raise CassetteMismatch(message)
    with ExitStack() as stack:
        stack.enter_context(_alone(path.name))
        with _absent_at_once():
            tape = stack.enter_context(
                ReplayCassette.use(path=str(path), persister=Persister(), record_mode="none")
            )
        tape.hosts.update(hosts)
        stack.enter_context(no_network(tape.answering, allowed))
        try:
            yield tape
        except BaseException as failure:
            tape.strictness.excuse(failure)
            raise
        tape.strictness.settle(tape.unplayed())


class ReplayCassette(Cassette):
    """A cassette that is being replayed, with its recordings found by what they say.

    vcrpy's own compares every request with every recording, by every matcher, several times.
    """

    def __init__(self, path: str, **settings: Any) -> None:
        super().__init__(path, **settings)
        self.skip_patchers = _NOT_HTTPX
        self.strictness = Strictness()
        self.hosts: set[str] = set()
        self._waiting: dict[object, deque[int]] = {}

    @property
    def name(self) -> str:
        """The name of the file."""
        return Path(self._path).name

    @property
    def answering(self) -> str:
        """What this tape answers, in words."""
        hosts = " and ".join(sorted(self.hosts)) or "no host"
        return f"this test replays {self.name}, which answers for {hosts} alone"

    # What vcrpy asks of a cassette ----------------------------------------------------------------

    def append(self, request: Recorded, response: Any) -> None:
        """Take in a recording; what is let through while replaying is not kept."""
        if not self.rewound:
            self._waiting.setdefault(_identity(request), deque()).append(len(self.data))
            self.data.append((request, response))
            self.hosts.add(request.host)

    def filter_request(self, request: Recorded) -> Recorded | None:
        """*request*, if it is this tape's business."""
        return request if request.host in self.hosts else None

    def can_play_response_for(self, request: Recorded) -> bool:
        """Whether this tape answers: with a recording, or by failing the test."""
        return request.host in self.hosts

    def play_response(self, request: Recorded) -> Any:
        """The next recorded answer to *request*; a `CassetteMismatch` if there is none left."""
        try:
            index = self._waiting[_identity(request)].popleft()
        except LookupError:
            raise self.strictness.missed(CassetteMismatch(self._missed(request))) from None
        self.play_counts[index] += 1
        return self.data[index][1]

    # What is told ---------------------------------------------------------------------------------

    def unplayed(self) -> CassetteMismatch | None:
        """What is wrong when some recordings were never asked for."""
        left = [line(each) for i, each in enumerate(self.requests) if i not in self.play_counts]
        if not left:
            return None
        return CassetteMismatch(
            f"{self.name} was not played to its end; left are:\n" + "\n".join(told(left, "  "))
        )

    def _missed(self, asked: Recorded) -> str:
        head = f"{self.name} has no recording, not played yet, of what was asked:"
        lines = [head, f"  asked     {line(asked)}"]
        index = nearest(asked, self.requests, self.play_counts)
        if index is None:
            lines.append("  nothing is recorded at all")
        else:
            lines += self._compared(asked, index)
        keys = keys_in(asked.headers.items(), ())
        return str(without_keys("\n".join([*lines, f"  {_REMEDY}"]), keys))

    def _compared(self, asked: Recorded, index: int) -> list[str]:
        recorded = self.requests[index]
        differing = request_differences(recorded, asked)
        played = ", played already" if index in self.play_counts else ""
        place = f"number {index + 1} of {len(self.data)}{played}"
        if not differing:
            return [f"  recorded  the very same, as {place}: it was asked once too often"]
        return [f"  recorded  {line(recorded)}", f"            ({place})", *told(differing, "    ")]


def _identity(request: Recorded) -> object:
    return request.method, request.uri, meaning(request.body)


@contextmanager
def _alone(name: str) -> Generator[None]:
    """No other cassette may be in use at the same time, in whatever thread."""
    mine = [name]
    (other,) = playing = _playing.setdefault("now", mine)
    if playing is not mine:
        message = (
            f"{name} cannot be replayed while {other} is: one test replays one cassette at a time, "
            "because the whole process sees it"
        )
        raise CassetteMismatch(message)
    try:
        yield
    finally:
        del _playing["now"]


@contextmanager
def _absent_at_once() -> Generator[None]:
    """Let imports of what is not installed fail at once: a search takes longer than a replay."""
    modules: dict[str, Any] = sys.modules
    modules.update(dict.fromkeys(_not_installed()))
    try:
        yield
    finally:
        for name in _not_installed():
            _ = modules.pop(name, None)


@cache
def _not_installed() -> frozenset[str]:
    return frozenset(name for name in _LOOKED_FOR if find_spec(name) is None)
