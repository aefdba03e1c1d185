"""Real clients against the served sandbox's port, and the faults that they meet on the wire."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from subhub import CustomerDraft, InvalidReply, OutcomeUnknown
from subhub.errors import SubhubError, TransportError
from subhub.server import ServedAccount

Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


class TestClients:
    def test_do_the_main_job(self, account: ServedAccount, billing: Any, signup: Signup) -> None:
        url = signup(account, billing)
        assert url.startswith(f"{account.site}/pages/")
        assert billing.list_subscriptions() == []

        answer = httpx.post(url, data={"do": "pay"})

        assert answer.status_code == 303
        (made,) = billing.list_subscriptions()
        canceled = billing.cancel_subscription(made.id, when="now")
        assert canceled.id == made.id

    def test_read_every_page_of_a_list(self, billing: Any, somebody: CustomerDraft) -> None:
        made = [billing.create_customer(somebody).id for _ in range(31)]

        assert [each.id for each in billing.list_customers()] == made

    def test_are_refused_as_the_provider_refuses(
        self,
        account: ServedAccount,
        billing: Any,
        connect: Callable[..., Any],
        somebody: CustomerDraft,
    ) -> None:
        with pytest.raises(SubhubError) as caught:
            billing.get_customer({"afternoon": "cm5x9z8nv0000"}.get(billing.provider, "cst_none"))
        assert getattr(caught.value, "status", None) == 404
        other = connect(account.provider, api_key="ak_test_another", base_url=account.base_url)
        with pytest.raises(SubhubError) as caught:
            other.create_customer(somebody)
        assert getattr(caught.value, "status", None) == 401


class TestFaultsOnTheWire:
    @pytest.mark.parametrize("kind", ["dropped", "reset", "unreachable"])
    def test_an_answer_that_never_comes_leaves_the_outcome_unknown(
        self,
        account: ServedAccount,
        billing: Any,
        kind: str,
        control: Control,
        somebody: CustomerDraft,
    ) -> None:
        _ = httpx.post(control(account, "/faults"), json={"kind": kind}).raise_for_status()

        with pytest.raises(OutcomeUnknown):
            billing.create_customer(somebody)

        assert account.request_log.after()[-1].fault == kind
        assert billing.list_customers() == []

    def test_a_change_can_be_made_and_its_answer_lost(
        self, account: ServedAccount, billing: Any, control: Control, somebody: CustomerDraft
    ) -> None:
        fault = {"kind": "dropped", "after": True}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        with pytest.raises(OutcomeUnknown):
            billing.create_customer(somebody)

        assert len(billing.list_customers()) == 1

    def test_a_body_breaks_off(
        self, account: ServedAccount, billing: Any, control: Control, somebody: CustomerDraft
    ) -> None:
        _ = httpx.post(control(account, "/faults"), json={"kind": "cut_body"}).raise_for_status()

        with pytest.raises(InvalidReply, match="broke off"):
            billing.create_customer(somebody)

    def test_a_slow_answer_is_too_late_for_a_client_without_patience(
        self,
        account: ServedAccount,
        connect: Callable[..., Any],
        control: Control,
        somebody: CustomerDraft,
    ) -> None:
        settings = {"api_key": account.fake.api_key, "base_url": account.base_url}
        _ = httpx.post(control(account, "/faults"), json={"kind": "slow"}).raise_for_status()

        with pytest.raises(TransportError):
            connect(account.provider, timeout=0.3, **settings).create_customer(somebody)

    @pytest.mark.parametrize("kind", ["slow", "trickle"])
    def test_a_slow_answer_comes_in_the_end(
        self,
        account: ServedAccount,
        billing: Any,
        kind: str,
        control: Control,
        somebody: CustomerDraft,
    ) -> None:
        fault = {"kind": kind, "seconds": 0.05}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        assert billing.create_customer(somebody).id

    def test_pieces_stop_when_nobody_waits_for_them(
        self,
        account: ServedAccount,
        connect: Callable[..., Any],
        control: Control,
        somebody: CustomerDraft,
    ) -> None:
        settings = {"api_key": account.fake.api_key, "base_url": account.base_url}
        fault = {"kind": "trickle", "seconds": 5}
        _ = httpx.post(control(account, "/faults"), json=fault).raise_for_status()

        with pytest.raises(SubhubError):
            connect(account.provider, timeout=0.3, **settings).create_customer(somebody)
