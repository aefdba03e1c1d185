"""The control API of the served sandbox, its limits, and the requests that it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from subhub import Client, CustomerDraft
from subhub.server import Sandbox, ServedAccount
from subhub.server.request_log import KEPT, LONGEST

PROVIDERS = ("afternoon", "mijnklantportaal")
Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


class TestControl:
    def test_lists_the_accounts_with_what_a_client_needs(self, served: Sandbox) -> None:
        accounts = httpx.get(f"{served.origin}/_sandbox").json()

        assert [account["account"] for account in accounts] == [f"{p}/main" for p in PROVIDERS]
        assert accounts[0]["base_url"] == f"{served.origin}/afternoon/main"
        assert accounts[1]["base_url"] == f"{served.origin}/mijnklantportaal/main/v1"
        assert all(account["plans"].keys() == {"phone"} for account in accounts)

    def test_advances_the_clock(
        self, account: ServedAccount, connect: Connect, control: Control, signup: Signup
    ) -> None:
        url = signup(account, connect(account))
        before = account.fake.clock.now()

        response = httpx.post(control(account, "/clock"), json={"days": 2, "hours": 1})

        assert (account.fake.clock.now() - before).total_seconds() == 49 * 3600
        assert httpx.get(control(account, "/clock")).json() == response.json()
        assert "This link has expired." in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).status_code == 409

    def test_resets_the_account(
        self, account: ServedAccount, connect: Connect, control: Control, company: CustomerDraft
    ) -> None:
        billing = connect(account)
        _ = billing.create_customer(company)

        response = httpx.post(control(account, "/reset"))

        assert response.json()["plans"] == account.plan_ids
        assert list(billing.list_customers()) == []

    def test_lists_the_exchanges_without_the_key(
        self, afternoon: ServedAccount, connect: Connect, control: Control, company: CustomerDraft
    ) -> None:
        _ = connect(afternoon).create_customer(company)
        log = httpx.get(control(afternoon, "/exchanges")).json()
        later = httpx.get(control(afternoon, "/exchanges?after=1")).json()

        assert log["total"] == 1
        assert log["exchanges"][0]["status"] == 201
        assert "john.doe@test.com" in log["exchanges"][0]["request"]
        assert afternoon.fake.api_key not in json.dumps(log)
        assert later["exchanges"] == []

    def test_schedules_and_clears_faults(self, afternoon: ServedAccount, control: Control) -> None:
        url = control(afternoon, "/faults")
        _ = httpx.post(url, json={"kind": "dropped", "times": 2, "method": "POST"})
        _ = httpx.post(url, json={"kind": "server_error", "every": 3, "path": "/customers*"})
        _ = httpx.post(url, json={"kind": "slow", "probability": 0.5})

        planned = httpx.get(url).json()["planned"]

        assert [fault["kind"] for fault in planned] == ["dropped", "server_error", "slow"]
        assert [fault["left"] for fault in planned] == [2, None, None]
        assert httpx.delete(url).json() == {"planned": []}

    @pytest.mark.parametrize(
        ("path", "content", "problem"),
        [
            ("/clock", b"{", "send a JSON object"),
            ("/clock", b"[]", "send a JSON object"),
            ("/clock", b'{"weeks": 1}', "unknown field `weeks`"),
            ("/clock", b'{"days": -1}', "`days` must be >= 0, got -1"),
            ("/clock", b'{"days": 1e9}', "cannot go that far"),
            ("/clock", b'{"days": 800000}', "ends with the year 2999"),
            ("/clock", b"[" + b" " * 70_000 + b"]", "at most 65536 bytes"),
            ("/faults", b"{}", "`kind` is required"),
            ("/faults", b'{"kind": "slow", "times": 1.5}', "must be a whole number, got 1.5"),
            ("/faults", b'{"kind": "slow", "times": Infinity}', "Infinity is not JSON"),
            ("/faults", b'{"kind": "droped"}', "did you mean 'dropped'"),
            ("/faults", b'{"kind": "slow", "times": 0}', "`times` must be >= 1, got 0"),
            ("/faults", b'{"kind": "slow", "times": 1, "every": 2}', "give `times`"),
        ],
        ids=str,
    )
    def test_says_what_is_wrong(
        self, afternoon: ServedAccount, control: Control, path: str, content: bytes, problem: str
    ) -> None:
        response = httpx.post(control(afternoon, path), content=content)

        assert response.status_code == 400
        assert problem in response.json()["message"]

    def test_refuses_unknown_accounts_and_numbers(
        self, afternoon: ServedAccount, control: Control
    ) -> None:
        unknown = httpx.get(control(afternoon, "/clock").replace("/main/", "/other/"))
        numbered = httpx.get(control(afternoon, "/exchanges?after=x"))

        assert (unknown.status_code, numbered.status_code) == (404, 400)
        assert "known are afternoon/main, mijnklantportaal/main" in unknown.json()["message"]


def test_a_request_log_has_a_limited_size(afternoon: ServedAccount) -> None:
    for _ in range(KEPT + 50):
        _ = afternoon.handle("GET", "/v1/none", {}, b"x" * 2 * LONGEST)

    entries = afternoon.request_log.after()
    assert len(entries) == KEPT
    assert afternoon.request_log.total == KEPT + 50
    assert all(len(entry.request) < LONGEST + 100 for entry in entries)


class TestGuard:
    def test_a_form_on_another_site_is_refused(
        self, afternoon: ServedAccount, connect: Connect, control: Control, signup: Signup
    ) -> None:
        billing = connect(afternoon)
        url = signup(afternoon, billing)
        foreign = {"origin": "http://evil.example"}

        assert httpx.post(url, data={"do": "pay"}, headers=foreign).status_code == 403
        assert httpx.post(control(afternoon, "/reset"), headers=foreign).status_code == 403
        assert list(billing.list_subscriptions()) == []

    def test_a_live_key_is_refused_and_not_stored(
        self, afternoon: ServedAccount, caplog: pytest.LogCaptureFixture
    ) -> None:
        key = "ak_live_0123456789abcdefghijklmn"
        url = f"{afternoon.base_url}/v1/customers"

        response = httpx.get(url, headers={"authorization": f"Bearer {key}"})

        assert response.status_code == 401
        assert "a live key of afternoon was sent to the sandbox" in caplog.text
        assert key not in caplog.text + str(afternoon.request_log.after())

    def test_a_request_that_is_too_long_is_not_read(self, afternoon: ServedAccount) -> None:
        response = httpx.post(f"{afternoon.base_url}/customers", content=b" " * 300_000)

        assert response.status_code == 413
