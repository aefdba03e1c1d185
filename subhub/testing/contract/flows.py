"""Contract tests: flows are pure, and an id is one segment of a path, whatever it holds.

Here flows are driven without a client, which would refuse some of these ids first: they reach a
flow all the same, in answers of the provider's.
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
from subhub.testing.contract.harness import MOMENT
from subhub.testing.contract.scripts import Script
from subhub.testing.network import no_network

IDS: Final = ("a b", "ü", "a?b", "a#b", "a/b", "a%2Fb", "..")
ALLOWED: Final = frozenset(string.ascii_letters + string.digits + "-._~!$&'()*+,;=:@%/")
"""What a path may hold (RFC 3986)."""


class FlowTests(ContractConfig):
    """Each claimed flow by itself."""

    @for_each(conversations)
    def test_an_id_is_one_segment_of_the_path(self, case: Case) -> None:
        """Every id is quoted: no id can change which address is asked."""
        usual = [_segments(each) for each in _played(self, case, None)]
        for identity in IDS:
            for number, request in enumerate(_played(self, case, identity)):
                strange = set(request.path) - ALLOWED
                expect(not strange, f"{request.path!r} holds {sorted(strange)!r}: use `path()`")
                alike = _segments(request) == usual[number]
                expect(alike, f"the id {identity!r} changed the address to {request.path!r}")
                plain = quote(identity, safe="") != identity
                raw = plain and f"/{identity}" in request.path
                expect(not raw, f"{identity!r} stands unquoted in {request.path!r}: use `path()`")

    @for_each(conversations)
    def test_a_flow_is_pure(self, case: Case) -> None:
        """The same arguments and answers ask the same, and the provider keeps nothing of it."""
        connector = self.provider()
        kept = dict(vars(connector))
        with no_network("flows do no I/O"):
            first = _played(self, case, None, connector)
            _ = _played(self, case, "another", connector)
            second = _played(self, case, None, connector)
        expect(first == second, f"{second!r} was asked the second time, not {first!r}")
        expect(vars(connector) == kept, f"the provider kept {vars(connector)!r}")

    @for_each(conversations)
    def test_a_flow_reads_no_clock(self, case: Case) -> None:
        """What day it is comes in as `now`, and from nowhere else."""
        today = dt.datetime.now(dt.UTC).date()
        for request in _played(self, case, None):
            sent = f"{request.path} {request.query} {request.body}"
            told = [day for day in _around(today) if day.isoformat() in sent]
            expect(not told, f"{sent} holds the real date, and it is {MOMENT.date()} here")


def _around(today: dt.date) -> Iterator[dt.date]:
    return (today + dt.timedelta(days=each) for each in (-1, 0, 1))


def _played(
    terms: ContractConfig, case: Case, identity: str | None, connector: Provider | None = None
) -> list[Request]:
    """What the flow asks when it is answered as it was in the rehearsal.

    With an *identity*, it stands in place of every id; a flow may refuse it before asking.
    """
    script = Script.of(terms, case.capability, identity)
    with suppress(SubhubError):
        script.play(connector or terms.provider())
    return script.asked


def _segments(request: Request) -> int:
    return request.path.count("/")
