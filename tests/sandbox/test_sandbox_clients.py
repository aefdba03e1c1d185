"""Clients against the served sandbox, and the faults that they meet on the wire.

How each client reacts to each fault on real sockets is tested in `tests/faults`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from subhub import AsyncClient, Client, ConfigError, CustomerDraft, InvalidReply, OutcomeUnknown
from subhub.errors import SubhubError, TransportError
from subhub.server import Sandbox, ServedAccount

Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


class TestClients:
    def test_do_the_main_job(
        self, account: ServedAccount, connect: Connect, signup: Signup
    ) -> None:
        billing = connect(account)
        url = signup(account, billing)
        assert url.startswith(f"{account.site}/pages/")
        assert list(billing.list_subscriptions()) == []

        response = httpx.post(url, data={"do": "pay"})

        assert response.status_code == 303
        (signed_up,) = billing.list_subscriptions()
        canceled = billing.cancel_subscription(signed_up.id, when="now")
        assert canceled.id == signed_up.id

    def test_can_be_async(self, account: ServedAccount, company: CustomerDraft) -> None:
        async def create() -> str:
            async with AsyncClient(
                account.provider, api_key=account.fake.api_key, base_url=account.base_url
            ) as billing:
                return (await billing.create_customer(company)).id

        assert asyncio.run(create())
        assert account.request_log.total == 1

    def test_reach_a_served_account_by_the_address_of_the_server(
        self, account: ServedAccount, served: Sandbox, company: CustomerDraft
    ) -> None:
        """As `sandbox = "http://..."` in the file does."""
        with Client(account.provider, sandbox=served.origin) as billing:
            assert billing.sandbox is None, "it is asked over the network"
            created = billing.create_customer(company)

        assert account.request_log.total == 1
        assert created.provider == account.provider.name

    def test_refuse_a_key_next_to_a_served_sandbox(self, served: Sandbox) -> None:
        with pytest.raises(ConfigError, match="`sandbox` excludes `api_key`"):
            _ = Client("afternoon", sandbox=served.origin, api_key="ak_test_0123456789")
        with pytest.raises(ConfigError, match="`sandbox` must be true, or the address that"):
            _ = Client("afternoon", sandbox="maybe")

    def test_see_the_clock_of_the_sandbox(self, afternoon: ServedAccount) -> None:
        """The machine's would say that everything in the sandbox is older, or newer, than it is."""
        now = afternoon.fake.clock.advance(days=400)
        headers = {"authorization": f"Bearer {afternoon.fake.api_key}"}
        response = httpx.get(f"{afternoon.base_url}/v1/customers", headers=headers)
        assert response.headers.get_list("date") == [f"{now:%a, %d %b %Y %H:%M:%S} GMT"]

    def test_read_every_page_of_a_list(
        self, account: ServedAccount, connect: Connect, company: CustomerDraft
    ) -> None:
        billing = connect(account)
        created = [billing.create_customer(company).id for _ in range(51)]

        assert [customer.id for customer in billing.list_customers()] == created

    def test_get_the_providers_errors(
        self, account: ServedAccount, connect: Connect, company: CustomerDraft
    ) -> None:
        unknown = {"afternoon": "cm5x9z8nv0000"}.get(account.provider.name, "cst_none")
        another = {"afternoon": "ak_test_another"}.get(account.provider.name, "another")
        with pytest.raises(SubhubError) as caught:
            _ = connect(account).get_customer(unknown)
        assert getattr(caught.value, "status", None) == 404
        with pytest.raises(SubhubError) as caught:
            _ = connect(account, api_key=another).create_customer(company)
        assert getattr(caught.value, "status", None) == 401


class TestFaultsOnTheWire:
    @pytest.fixture
    def schedule(self, afternoon: ServedAccount, control: Control) -> Callable[..., None]:
        def post(**fault: object) -> None:
            _ = httpx.post(control(afternoon, "/faults"), json=fault).raise_for_status()

        return post

    @pytest.mark.parametrize("kind", ["dropped", "reset", "unreachable"])
    def test_a_lost_response_leaves_the_outcome_unknown(
        self,
        afternoon: ServedAccount,
        connect: Connect,
        schedule: Callable[..., None],
        company: CustomerDraft,
        kind: str,
    ) -> None:
        schedule(kind=kind)
        billing = connect(afternoon)

        with pytest.raises(OutcomeUnknown):
            _ = billing.create_customer(company)

        assert afternoon.request_log.after()[-1].fault == kind
        assert list(billing.list_customers()) == []

    def test_a_change_can_be_applied_and_its_response_lost(
        self,
        afternoon: ServedAccount,
        connect: Connect,
        schedule: Callable[..., None],
        company: CustomerDraft,
    ) -> None:
        schedule(kind="dropped", after=True)
        billing = connect(afternoon)

        with pytest.raises(OutcomeUnknown):
            _ = billing.create_customer(company)

        assert len(list(billing.list_customers())) == 1

    def test_a_body_is_cut(
        self,
        afternoon: ServedAccount,
        connect: Connect,
        schedule: Callable[..., None],
        company: CustomerDraft,
    ) -> None:
        schedule(kind="cut_body")

        with pytest.raises(InvalidReply, match="broke off"):
            _ = connect(afternoon).create_customer(company)

    @pytest.mark.parametrize("kind", ["slow", "trickle"])
    def test_a_slow_response_arrives_in_the_end(
        self,
        afternoon: ServedAccount,
        connect: Connect,
        schedule: Callable[..., None],
        company: CustomerDraft,
        kind: str,
    ) -> None:
        schedule(kind=kind, seconds=0.05)

        assert connect(afternoon).create_customer(company).id

    @pytest.mark.parametrize(
        ("kind", "error"), [("slow", TransportError), ("trickle", SubhubError)]
    )
    def test_a_client_that_timed_out_ends_the_response(
        self,
        afternoon: ServedAccount,
        connect: Connect,
        schedule: Callable[..., None],
        company: CustomerDraft,
        kind: str,
        error: type[Exception],
    ) -> None:
        schedule(kind=kind, seconds=5)

        with pytest.raises(error):
            _ = connect(afternoon, timeout=0.3).create_customer(company)
