"""Replay of a cassette, in which responses come from nowhere else.

A replay is strict: the exact address, JSON bodies equal by value, each recording played once, all
of them played, and no network. Requests to other hosts are let through to whatever answers them
without a network, such as an application under test; the rest meets the network block.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Collection, Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from vcr.cassette import Cassette as VcrCassette
from vcr.request import Request as Recorded

from subhub.testing.cassettes.diff import (
    at_most,
    canonical,
    nearest,
    one_line,
    request_differences,
)
from subhub.testing.cassettes.format import Cassette, CassetteMismatch, Persister
from subhub.testing.cassettes.scrubbing.keys import keys_in, without_keys
from subhub.testing.expectations import Expectations
from subhub.testing.network import no_network

_NOT_HTTPX: Final = ("httplib", "requests", "boto3", "urllib3", "httplib2", "tornado", "aiohttp")
"""Libraries that vcrpy need not patch: our transport is httpx's, and the rest is blocked anyway."""
_LOOKED_FOR: Final = ("httpx2", "httpx_curl_cffi", "pyreqwest")
"""Libraries that vcrpy tries to import for every cassette, because it would patch them too."""
_REMEDY: Final = "if that was meant, record it again and read the diff"
_in_use: Final[dict[str, list[str]]] = {}
"""The cassette in use: vcrpy patches httpx for the whole process, so there can be one."""


@contextmanager
def replay(
    path: Path, *, hosts: Iterable[str] = (), allowed: Iterable[str] = ()
) -> Generator[ReplayCassette]:
    """Answer requests in this block from the cassette at *path*, and from nowhere else.

    Raises `CassetteMismatch` for a request that is not recorded, and at the end for a recording
    that was not played.

    Args:
        path: The cassette.
        hosts: Hosts that the cassette answers for, besides those it has recordings of.
        allowed: Hosts that may be reached over the network all the same, such as a database's.
    """
    if not path.is_file():
        message = f"there is no cassette {path}: record it first"
        raise CassetteMismatch(message)
    recorded = Cassette.at(path)
    addresses = (str(kept["request"]["uri"]) for kept in recorded.interactions)
    answered = {*hosts, *(str(urlsplit(address).hostname) for address in addresses)}
    with ExitStack() as stack:
        stack.enter_context(_exclusive(path.name))
        with _absent_at_once():
            opening = ReplayCassette.use(path=str(path), recorded=recorded, hosts=answered)
            cassette = stack.enter_context(opening)
        where = " and ".join(sorted(answered)) or "no host"
        why = f"this test replays {path.name}, which answers for {where} alone"
        stack.enter_context(no_network(why, allowed))
        try:
            yield cassette
        except BaseException as failure:
            cassette.expectations.test_failed(failure)
            raise
        cassette.expectations.verify(cassette.unplayed())


class ReplayCassette(VcrCassette):
    """A vcrpy cassette that finds a recording by a key instead of comparing it with all of them.

    A matcher registered with vcrpy was tried: 1,000 requests took 8.4 s instead of 0.07 s, two
    threads could be given the same recording, and a miss caught by an application passed unseen.
    """

    def __init__(self, path: str, *, recorded: Cassette, hosts: Collection[str]) -> None:
        def ours(request: Recorded) -> Recorded | None:
            return request if request.host in hosts else None

        super().__init__(
            path, persister=Persister(recorded), record_mode="none", before_record_request=ours
        )
        self.skip_patchers = _NOT_HTTPX
        self.provenance = recorded.provenance
        self.expectations = Expectations()
        self._name = Path(path).name
        self._unplayed: dict[object, deque[int]] = {}

    @classmethod
    def load(cls, **settings: Any) -> Self:
        """Load the recordings, and sort them by what they answer, equal ones in their order."""
        cassette = super().load(**settings)
        for number, request in enumerate(cassette.requests):
            cassette._unplayed.setdefault(_key(request), deque()).append(number)  # noqa: SLF001 - its own
        return cassette

    def can_play_response_for(self, request: Recorded) -> bool:
        """Return whether this cassette answers, with a recording or with a `CassetteMismatch`."""
        return self.filter_request(request) is not None

    def play_response(self, request: Recorded) -> Any:
        """Return the next recorded response to *request*."""
        try:
            # Taking one from a deque is atomic, so threads never share a recording.
            number = self._unplayed[_key(request)].popleft()
        except LookupError:
            miss = CassetteMismatch(self._describe_miss(request))
            raise self.expectations.missed(miss) from None
        self.play_counts[number] += 1
        return self.data[number][1]

    def unplayed(self) -> CassetteMismatch | None:
        """Return the error for recordings that were not played, if there are any."""
        played = self.play_counts
        left = [one_line(sent) for i, sent in enumerate(self.requests) if i not in played]
        if not left:
            return None
        lines = "\n".join(at_most(left, "  "))
        return CassetteMismatch(f"{self._name} was not played to its end; left are:\n{lines}")

    def _describe_miss(self, asked: Recorded) -> str:
        head = f"{self._name} has no recording, not played yet, of this request:"
        lines = [head, f"  asked     {one_line(asked)}"]
        number = nearest(asked, self.requests, self.play_counts)
        if number is None:
            lines.append("  nothing is recorded at all")
        else:
            lines += self._compare(asked, number)
        keys = keys_in(asked.headers.items(), ())
        return str(without_keys("\n".join([*lines, f"  {_REMEDY}"]), keys))

    def _compare(self, asked: Recorded, number: int) -> list[str]:
        recorded = self.requests[number]
        differing = request_differences(recorded, asked)
        played = ", played already" if number in self.play_counts else ""
        place = f"number {number + 1} of {len(self.data)}{played}"
        # Equal, and a miss all the same: every recording of it was played before.
        if not differing:
            return [f"  recorded  the same request, as {place}: it was asked once too often"]
        return [
            f"  recorded  {one_line(recorded)}",
            f"            ({place})",
            *at_most(differing, "    "),
        ]


def _key(request: Recorded) -> object:
    return request.method, request.uri, canonical(request.body)


@contextmanager
def _exclusive(name: str) -> Generator[None]:
    """Refuse a second cassette at the same time, in whatever thread."""
    mine = [name]
    # `setdefault` is atomic: of two threads, one finds the other's entry.
    (other,) = current = _in_use.setdefault("now", mine)
    if current is not mine:
        message = (
            f"{name} cannot be replayed while {other} is: one test replays one cassette at a time, "
            "because the whole process sees it"
        )
        raise CassetteMismatch(message)
    try:
        yield
    finally:
        del _in_use["now"]


@contextmanager
def _absent_at_once() -> Generator[None]:
    """Let imports of what is not installed fail at once: the search takes longer than a replay."""
    modules: dict[str, Any] = sys.modules
    # `None` in `sys.modules` makes an import fail without a search (documented by Python).
    modules.update(dict.fromkeys(_not_installed()))
    try:
        yield
    finally:
        for name in _not_installed():
            _ = modules.pop(name, None)


@cache
def _not_installed() -> frozenset[str]:
    return frozenset(name for name in _LOOKED_FOR if find_spec(name) is None)
