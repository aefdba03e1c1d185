"""`subhub.testing.sandbox`: what the tests of an application have in their hands."""

from __future__ import annotations

import datetime as dt
import socket
from typing import Any, NoReturn
from unittest.mock import ANY

import anyio
import pytest
from subhub_afternoon import Afternoon

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    Interval,
    Money,
    OutcomeUnknown,
    PlanDraft,
    PluginError,
    Subscription,
)
from subhub.plugin import Request
from subhub.sandbox import Fault
from subhub.testing import Sandbox, sandbox

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ANNE = CustomerDraft(
    name="Anne", email="anne@example.com", address="A 1", postal_code="1", city="B", country="NL"
)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"), tax_rate=21
)
PROVIDERS = ["mijnklantportaal", "afternoon"]


def sell(box: Sandbox) -> Subscription:
    return box.client.subscribe(
        plan=box.plan_ids["phone"],
        customer=ANNE.model_copy(update={"address": None, "postal_code": None, "city": None})
        if box.client.provider == "afternoon"
        else ANNE,
    )


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_test_reads_alike_for_every_provider(provider: str) -> None:
    with sandbox(provider, plans={"phone": PHONE}, start=START) as box:
        sold = sell(box)
        made, subscribed = box.asked("subscribe")

    assert [made, subscribed] == box.requests
    assert made.body is not None
    assert "anne@example.com" in made.body.values()
    assert (box.asked("create_plan"), sold.provider) == ([], provider)
    assert box.clock.now() == START


def test_both_clients_share_the_sandbox_and_what_was_asked() -> None:
    box = sandbox(Afternoon)

    async def read(customer: str) -> str | None:
        async with box.async_client as client:
            return (await client.get_customer(customer)).name

    customer = box.client.create_customer(CustomerDraft(name="Anne", email="anne@example.com"))
    assert anyio.run(read, customer.id) == "Anne"
    assert box.asked("get_customer") == [Request("GET", f"/v1/customers/{customer.id}")]
    assert isinstance(box.async_client, AsyncClient)


def test_a_fault_reaches_the_application_and_what_it_asked_is_noted() -> None:
    with sandbox("mijnklantportaal") as box:
        box.faults.next("dropped", method="POST")
        with pytest.raises(OutcomeUnknown):
            _ = box.client.create_customer(ANNE)
        assert len(box.asked("create_customer")) == 1
        box.client.close()
        with pytest.raises(RuntimeError, match="was closed"):
            _ = box.client.get_customer("cst_1")


def test_a_retry_is_asked_again_and_takes_virtual_time() -> None:
    with sandbox("mijnklantportaal", start=START) as box:
        box.faults.next(Fault("rate_limited", seconds=30))
        _ = box.client.create_customer(ANNE)
        assert [each.method for each in box.asked("create_customer")] == ["POST", "POST"]
    assert box.clock.now() >= START + dt.timedelta(seconds=30)


def test_a_sandbox_that_was_not_used_closes_too() -> None:
    with sandbox("afternoon") as box:
        pass
    assert box.requests == []


def test_a_broken_off_list_leaves_no_trace_of_what_was_not_asked() -> None:
    with sandbox("mijnklantportaal") as box:
        for _ in range(16):
            _ = box.client.create_customer(ANNE)
        assert next(iter(box.client.list_customers())).name == "Anne"
        assert len(box.asked("list_customers")) == 1


class TestAssertions:
    @pytest.fixture
    def box(self) -> Sandbox:
        made = sandbox("mijnklantportaal")
        _ = made.client.create_customer(ANNE)
        return made

    def test_pass_for_what_was_asked(self, box: Sandbox) -> None:
        body = {
            "companyName": "Anne",
            "address": "A 1",
            "zipCode": "1",
            "city": "B",
            "primaryEmail": ANY,
            "countryCode": "NL",
        }
        assert box.assert_asked("POST", "/customers", json=body).body == body
        assert box.assert_asked("POST", "/customers").query == {}
        box.assert_not_asked("GET", "/customers")

    def test_show_the_difference(self, box: Sandbox) -> None:
        with pytest.raises(AssertionError) as caught:
            _ = box.assert_asked("POST", "/customers", json={"companyName": "Bo", "city": "B"})
        lines = str(caught.value).splitlines()
        assert lines[0] == "POST /customers was asked with another body:"
        assert '-   "companyName": "Bo"' in lines
        assert '+   "companyName": "Anne",' in lines

    def test_show_what_was_asked_instead(self, box: Sandbox) -> None:
        with pytest.raises(AssertionError, match="GET /plans was never asked, but:\n  POST /cust"):
            _ = box.assert_asked("GET", "/plans")
        with pytest.raises(AssertionError, match="never asked, but: nothing"):
            _ = sandbox("afternoon").assert_asked("GET", "/plans")
        with pytest.raises(AssertionError, match="POST /customers was asked, 1 times"):
            box.assert_not_asked("POST", "/customers")

    def test_know_bodies_that_are_no_objects(self, box: Sandbox) -> None:
        for content in (b"{", b"[]"):
            _ = box.fake.handle("POST", "/v1/customers?a=1", {}, content)
        assert box.requests[1:] == [Request("POST", "/customers", None, {"a": "1"})] * 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_renewals_are_seen_when_time_passes(provider: str) -> None:
    with sandbox(provider, plans={"phone": PHONE}, start=START) as box:
        options: Any = {"afternoon": {"initial_status": "active"}}
        plan, customer = box.plan_ids["phone"], ANNE
        if provider == "afternoon":
            customer = CustomerDraft(name="Anne", email="anne@example.com")
        sold = box.client.subscribe(plan=plan, customer=customer, provider_options=options)
        _ = box.clock.advance(days=40)
        renewed = box.client.get_subscription(sold.id)
    assert sold.renews_on is not None
    assert renewed.renews_on is not None
    assert (sold.renews_on.month, renewed.renews_on.month) == (4, 5)


def test_what_time_brings_shows_without_being_asked_for() -> None:
    box = sandbox("afternoon", plans={"phone": PHONE}, start=START)
    options: Any = {"afternoon": {"initial_status": "active"}}
    customer = CustomerDraft(name="Anne", email="anne@example.com")
    sold = box.client.subscribe(plan="phone", customer=customer, provider_options=options)
    _ = box.client.cancel_subscription(sold.id, when="period_end")
    fake: Any = box.fake
    assert fake.subscriptions[sold.id]["status"] == "active"
    _ = box.clock.advance(days=40)
    assert fake.subscriptions[sold.id]["status"] == "canceled"


class TestOpenPoints:
    def test_can_be_decided(self) -> None:
        box = sandbox("afternoon", assume={"active_status": "live", "rate_window": "rolling"})
        fake: Any = box.fake
        assert (fake.active_status, fake.rate_window) == ("live", "rolling")

    def test_that_nobody_knows_are_refused_with_those_that_can_be_set(self) -> None:
        with pytest.raises(ValueError, match=r"unknown assumption 'colour'.*active_status, "):
            _ = sandbox("afternoon", assume={"colour": "red"})

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_are_never_the_state_of_the_fake(self, provider: str) -> None:
        fake = sandbox(provider).fake
        settable = fake.assumed_values().keys()
        assert not settable & {"customers", "invoices", "plans", "events", "mandates", "declined"}
        assert len(settable) >= 5


class TestTheGuard:
    @pytest.fixture(autouse=True)
    def offline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(*_: object) -> NoReturn:
            message = "a sandbox opened a socket"
            raise AssertionError(message)

        monkeypatch.setattr(socket.socket, "connect", refuse)
        monkeypatch.setattr(socket.socket, "connect_ex", refuse)

    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_refuses_live_keys(self, kind: type[Client | AsyncClient]) -> None:
        with pytest.raises(ConfigError, match="a live key of afternoon, and this is a sandbox"):
            _ = kind("afternoon", api_key="ak_live_0123456789abcdefghijklmn", sandbox=True)

    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_opens_no_socket_whatever_goes_wrong(self, provider: str) -> None:
        with sandbox(provider, plans={"phone": PHONE}) as box:
            box.faults.next("redirect", path="*customers")
            with pytest.raises(Exception, match="redirects to https://elsewhere"):
                _ = sell(box)
            assert sell(box).id

    def test_finds_no_sandbox_of_a_provider_that_is_not_there(self) -> None:
        with pytest.raises(PluginError, match="no plugin for the provider 'nobody'"):
            _ = sandbox("nobody")
