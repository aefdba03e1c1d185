"""Contract tests of flows by themselves: they are pure, and an id is one segment of a path.

Flows run without a client here. A client would refuse some of these ids first, but they also reach
a flow in the provider's responses.
"""

from __future__ import annotations

import datetime as dt
import re
import string
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from subhub.errors import SubhubError
from subhub.messages import Request
from subhub.plugin.provider import Provider
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import conversations
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay, Identity
from subhub.testing.contract.harness import MOMENT

IDS: Final = ("a b", "ü", "a?b", "a#b", "a/b", "a%2Fb", "..", ".", "")
SEPARATOR: Final = re.compile("([:|;,~])")
"""What stands between the parts of an id, where a provider's address has several."""
ALLOWED: Final = frozenset(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@%/")
"""What a path may hold (RFC 3986)."""


class FlowTests(ContractConfig):
    """Each claimed flow by itself."""

    @for_each(conversations)
    def test_an_id_is_one_segment_of_the_path(self, case: Case) -> None:
        """Every id is quoted: no id can change which address is asked."""
        usual = _asked(self, case)
        for hostile in IDS:
            for identity in spoilt_ids(hostile):
                asked = _asked(self, case, identity)
                expect_none(
                    problem
                    for request, normal in zip(asked, usual, strict=False)
                    for problem in led_astray(request, normal, hostile)
                )

    @for_each(conversations)
    def test_a_flow_is_pure(self, case: Case) -> None:
        """The same arguments and responses give the same requests; the plugin keeps no state."""
        from subhub.testing.network import no_network  # noqa: PLC0415 - it loads pytest

        plugin = self.provider()
        kept = dict(vars(plugin))
        with no_network("flows do no I/O"):
            first = _asked(self, case, plugin=plugin)
            _ = _asked(self, case, lambda _: "another", plugin)
            second = _asked(self, case, plugin=plugin)
        expect(first == second, f"the second run sent {second!r}, not {first!r}")
        expect(vars(plugin) == kept, f"the plugin kept {vars(plugin)!r}")

    @for_each(conversations)
    def test_a_flow_reads_no_clock(self, case: Case) -> None:
        """The date comes from the argument `now`, and from nowhere else."""
        today = dt.datetime.now(dt.UTC).date()
        for request in _asked(self, case):
            sent = f"{request.path} {request.query} {request.body}"
            real = [day for day in _around(today) if day.isoformat() in sent]
            expect(not real, f"{sent} holds the real date, and it is {MOMENT.date()} here")


def _around(today: dt.date) -> Iterator[dt.date]:
    return (today + dt.timedelta(days=days) for days in (-1, 0, 1))


def spoilt_ids(hostile: str) -> Iterator[Identity]:
    """Yield ways to put *hostile* in the place of an id, and of each part of one with several."""
    yield lambda value: value if SEPARATOR.search(value) else hostile
    for number in (0, 1):
        yield lambda value, number=number: _with_part(value, number, hostile)  # type: ignore[misc]


def led_astray(request: Request, normal: Request, hostile: str) -> Iterator[str]:
    """Yield how an id has changed the address of a request.

    Args:
        request: The request with the id.
        normal: The same request with an id of the provider.
        hostile: The id, or a part of it.
    """
    strange = set(request.path) - ALLOWED
    if strange:
        yield f"{request.path!r} holds {sorted(strange)!r}: use `path()`"
    segments = request.path.split("/")
    if len(segments) != normal.path.count("/") + 1 or {".", ".."} & {*segments}:
        yield f"the id {hostile!r} changed the address to {request.path!r}"
    if "//" in request.path:
        yield f"an empty part of an id was accepted, and changed the address to {request.path!r}"
    if quote(hostile, safe="") != hostile and f"/{hostile}" in request.path:
        yield f"{hostile!r} is not quoted in {request.path!r}: use `path()`"


def _with_part(value: str, number: int, hostile: str) -> str:
    parts = SEPARATOR.split(value)
    if len(parts) > 1:  # the separator between them is a part as well
        parts[2 * number] = hostile
    return "".join(parts)


def _asked(
    config: ContractConfig,
    case: Case,
    identity: Identity = lambda value: value,
    plugin: Provider | None = None,
) -> list[Request]:
    """Return the requests of a flow that gets the responses of its rehearsal.

    Args:
        config: The contract class.
        case: What to call.
        identity: Returns what to put in the place of an id; a flow may refuse that unsent.
        plugin: By default, a new instance.
    """
    replay = FlowReplay.of(config, case.capability, identity)
    # A flow may refuse a strange id itself; then there is nothing to compare.
    with suppress(SubhubError):
        _ = replay.play(plugin or config.provider())
    return replay.asked
