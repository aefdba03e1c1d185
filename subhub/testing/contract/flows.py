"""Contract tests of flows by themselves: they are pure, and an id is one segment of a path.

Flows run without a client here. A client would refuse some of these ids first, but they also reach
a flow in the provider's responses.
"""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterator
from contextlib import suppress
from typing import Final
from urllib.parse import quote

from subhub.errors import SubhubError
from subhub.messages import Request
from subhub.plugin.provider import Provider
from subhub.testing.contract.assertions import expect
from subhub.testing.contract.calls import conversations
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import MOMENT

IDS: Final = ("a b", "ü", "a?b", "a#b", "a/b", "a%2Fb", "..")
ALLOWED: Final = frozenset(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@%/")
"""What a path may hold (RFC 3986)."""


class FlowTests(ContractConfig):
    """Each claimed flow by itself."""

    @for_each(conversations)
    def test_an_id_is_one_segment_of_the_path(self, case: Case) -> None:
        """Every id is quoted: no id can change which address is asked."""
        usual = [_segments(request) for request in _asked(self, case, None)]
        for identity in IDS:
            for number, request in enumerate(_asked(self, case, identity)):
                strange = set(request.path) - ALLOWED
                expect(not strange, f"{request.path!r} holds {sorted(strange)!r}: use `path()`")
                alike = _segments(request) == usual[number]
                expect(alike, f"the id {identity!r} changed the address to {request.path!r}")
                plain = quote(identity, safe="") != identity
                raw = plain and f"/{identity}" in request.path
                expect(not raw, f"{identity!r} is not quoted in {request.path!r}: use `path()`")

    @for_each(conversations)
    def test_a_flow_is_pure(self, case: Case) -> None:
        """The same arguments and responses give the same requests; the plugin keeps no state."""
        from subhub.testing.network import no_network  # noqa: PLC0415 - it loads pytest

        plugin = self.provider()
        kept = dict(vars(plugin))
        with no_network("flows do no I/O"):
            first = _asked(self, case, None, plugin)
            _ = _asked(self, case, "another", plugin)
            second = _asked(self, case, None, plugin)
        expect(first == second, f"the second run sent {second!r}, not {first!r}")
        expect(vars(plugin) == kept, f"the plugin kept {vars(plugin)!r}")

    @for_each(conversations)
    def test_a_flow_reads_no_clock(self, case: Case) -> None:
        """The date comes from the argument `now`, and from nowhere else."""
        today = dt.datetime.now(dt.UTC).date()
        for request in _asked(self, case, None):
            sent = f"{request.path} {request.query} {request.body}"
            real = [day for day in _around(today) if day.isoformat() in sent]
            expect(not real, f"{sent} holds the real date, and it is {MOMENT.date()} here")


def _around(today: dt.date) -> Iterator[dt.date]:
    return (today + dt.timedelta(days=days) for days in (-1, 0, 1))


def _asked(
    config: ContractConfig, case: Case, identity: str | None, plugin: Provider | None = None
) -> list[Request]:
    """Return the requests of a flow that gets the responses of its rehearsal.

    Args:
        config: The contract class.
        case: What to call.
        identity: Replaces every id; a flow may refuse it before it sends anything.
        plugin: By default, a new instance.
    """
    replay = FlowReplay.of(config, case.capability, identity)
    # A flow may refuse a strange id itself; then there is nothing to compare.
    with suppress(SubhubError):
        replay.play(plugin or config.provider())
    return replay.asked


def _segments(request: Request) -> int:
    return request.path.count("/")
