"""Whose connections they are: a client's own are closed with it, anybody else's are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
import httpx
import pytest

from subhub import AsyncClient, Client, InvalidReply

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy


def test_somebody_elses_client_is_used_with_its_own_settings_and_not_closed(
    toy: type[Toy], desk: Desk
) -> None:
    desk.answer(200, {"id": "pln_1"})
    desk.answer(302, headers={"location": "/"})
    with httpx.Client(transport=desk.transport, timeout=7, follow_redirects=True) as lent:
        with Client(toy, api_key="test_1", http_client=lent) as client:
            assert client.get_plan("pln_1").id == "pln_1"
            with pytest.raises(InvalidReply, match="never followed"):
                _ = client.get_plan("pln_1")
        assert not lent.is_closed

    assert desk.sent[0].extensions["timeout"]["read"] == 7


def test_somebody_elses_async_client_is_used_with_its_own_settings_and_not_closed(
    toy: type[Toy], desk: Desk
) -> None:
    desk.answer(200, {"id": "pln_1"})

    async def main() -> None:
        async with httpx.AsyncClient(transport=desk.transport, timeout=7) as lent:
            async with AsyncClient(toy, api_key="test_1", http_client=lent) as client:
                assert (await client.get_plan("pln_1")).id == "pln_1"
            assert not lent.is_closed

    anyio.run(main)
    assert desk.sent[0].extensions["timeout"]["read"] == 7


class Watched(httpx.MockTransport):
    """Counts how often it is closed."""

    closed = 0

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


def test_a_client_closes_once_and_is_of_no_use_afterwards(
    connect: Callable[..., Caller], toy: type[Toy]
) -> None:
    transport = Watched(lambda _: httpx.Response(500))
    billing = connect(toy, api_key="test_1", transport=transport)
    for _ in range(2):
        billing.close()

    with pytest.raises(RuntimeError, match="this client was closed"):
        billing.get_plan("pln_1")
    assert transport.closed == 1
