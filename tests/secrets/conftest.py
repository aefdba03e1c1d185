"""A key and a person that would be recognised anywhere, and a server that knows both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from subhub import CustomerDraft
from subhub.plugin import Provider
from subhub.sandbox import Fake
from tests.faults.server import BreakingServer

PERSON = CustomerDraft(
    name="Zaphod Markedname",
    email="zaphod.marked@person.example",
    address="Markedstreet 4711",
    postal_code="9876MK",
    city="Markedtown",
    country="NL",
    phone="+31699887766",
)
IBAN = "NL91MARK0417164300"
PERSONAL = (
    "Zaphod",
    "Markedname",
    "zaphod.marked",
    "person.example",
    "Markedstreet",
    "9876MK",
    "Markedtown",
    "699887766",
    IBAN,
)
KEYS = {
    "afternoon": "ak_live_MARKEDKEY7f3kQ9xZ2mW8vB4nL6pR1sT5",
    "mijnklantportaal": "MARKED/key+7f3k&Q9x=Z2m\"W8vB4nL6p'R1sT5\\y%20",
}
Serve = Callable[[type[Provider]], BreakingServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Put a server in front of a fake that accepts the marked key."""
    running: list[BreakingServer] = []

    def start(provider: type[Provider]) -> BreakingServer:
        fake: Fake = provider.sandbox()
        keyed: Any = fake
        keyed.api_key = KEYS[provider.name]
        running.append(BreakingServer(fake))
        return running[-1]

    yield start
    for server in running:
        server.close()


def somebody(provider: type[Provider]) -> CustomerDraft:
    """The person, with as much as *provider* takes of one."""
    taken = {} if provider.name == "afternoon" else {"phone": None}
    return PERSON.model_copy(update=taken)
