"""A provider that repeats the key does not get it into an error, whatever it writes it like."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import SubhubError
from subhub.plugin import Provider
from tests.secrets.conftest import KEYS, somebody
from tests.secrets.echo import (
    STATUSES,
    Answer,
    across_the_end,
    in_another_encoding,
    in_the_body,
    in_the_headers,
    transport,
)
from tests.secrets.scan import forms, leaks, pieces, reachable

Connect = Callable[..., Any]
Told = Callable[[type[Provider], Answer], Iterator[object]]
ID = {"afternoon": "c0123456789", "mijnklantportaal": "cst_abc12345def678"}
WHO = {each.name: somebody(each) for each in (Afternoon, MijnKlantportaal)}
FORMS = tuple(forms("any"))


ASKED: tuple[Callable[[Any], Any], ...] = (
    lambda billing: billing.get_customer(ID[billing.provider]),
    lambda billing: billing.create_customer(WHO[billing.provider]),
    lambda billing: list(billing.list_customers()),
)


@pytest.fixture
def told(connect: Connect, caplog: pytest.LogCaptureFixture) -> Told:
    """What comes of asking a provider that answers so: results, errors, log records, attempts."""
    caplog.set_level(logging.DEBUG)

    numbers = itertools.count()

    def tell(provider: type[Provider], answer: Answer) -> Iterator[object]:
        key = KEYS[provider.name]
        seen: list[object] = []
        for ask in ASKED:  # each at an address of its own: after a 429 it would wait
            wire, address = transport(answer, key), f"{provider.base_url}/{next(numbers)}"
            settings = {"transport": wire, "attempts": 1, "hooks": [seen.append]}
            billing = connect(provider, api_key=key, base_url=address, **settings)
            try:
                yield ask(billing)
            except SubhubError as error:
                yield error
        assert len(seen) == len(ASKED)
        yield from seen
        yield from caplog.records
        caplog.clear()

    return tell


@pytest.mark.parametrize("provider", [Afternoon, MijnKlantportaal], ids=lambda each: each.name)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", [in_the_body, in_the_headers])
def test_a_key_that_is_repeated_is_told_nobody(
    told: Told, provider: type[Provider], form: str, place: Callable[[str, int], Answer]
) -> None:
    for status in STATUSES if form == FORMS[0] else (200, 307, 422, 500):
        for each in told(provider, place(form, status)):
            assert leaks(each, KEYS[provider.name]) == [], status


@pytest.mark.parametrize("provider", [Afternoon, MijnKlantportaal], ids=lambda each: each.name)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_another_encoding_hides_no_key(told: Told, provider: type[Provider], encoding: str) -> None:
    for status in (200, 422):
        for each in told(provider, in_another_encoding(encoding, status)):
            assert leaks(each, KEYS[provider.name]) == [], status


@pytest.mark.parametrize("provider", [Afternoon, MijnKlantportaal], ids=lambda each: each.name)
def test_half_a_key_is_told_nobody_either(told: Told, provider: type[Provider]) -> None:
    for status in STATUSES:
        for each in told(provider, across_the_end(status)):
            for place, text in reachable(each):
                assert not [piece for piece in pieces(KEYS[provider.name]) if piece in text], place
