"""The served sandbox's control: its clock, its exchanges and its faults; and whom it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from subhub import CustomerDraft
from subhub.server import Sandbox, ServedAccount
from subhub.server.request_log import KEPT

PROVIDERS = ("afternoon", "mijnklantportaal")
Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


class TestControl:
    def test_tells_what_a_client_needs(self, served: Sandbox) -> None:
        told = httpx.get(f"{served.origin}/_sandbox").json()

        assert [each["account"] for each in told] == [f"{name}/main" for name in PROVIDERS]
        assert told[0]["base_url"] == f"{served.origin}/afternoon/main"
        assert told[1]["base_url"] == f"{served.origin}/mijnklantportaal/main/v1"
        assert all(each["plans"].keys() == {"phone"} for each in told)

    def test_lets_time_pass(
        self, account: ServedAccount, billing: Any, control: Control, signup: Signup
    ) -> None:
        url = signup(account, billing)
        before = account.fake.clock.now()

        answer = httpx.post(control(account, "/clock"), json={"days": 2, "hours": 1})

        assert (account.fake.clock.now() - before).total_seconds() == 49 * 3600
        assert httpx.get(control(account, "/clock")).json() == answer.json()
        assert "This link has expired." in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).status_code == 409

    def test_begins_anew(
        self, account: ServedAccount, billing: Any, control: Control, somebody: CustomerDraft
    ) -> None:
        _ = billing.create_customer(somebody)

        answer = httpx.post(control(account, "/reset"))

        assert answer.json()["plans"] == account.plan_ids
        assert billing.list_customers() == []

    def test_shows_the_exchanges_without_the_key(
        self, account: ServedAccount, billing: Any, control: Control, somebody: CustomerDraft
    ) -> None:
        _ = billing.create_customer(somebody)
        told = httpx.get(control(account, "/exchanges")).json()
        later = httpx.get(control(account, "/exchanges?after=1")).json()

        assert told["total"] == 1
        assert told["exchanges"][0]["status"] == 201
        assert "john.doe@test.com" in told["exchanges"][0]["request"]
        assert account.fake.api_key not in json.dumps(told)
        assert later["exchanges"] == []

    def test_plans_and_clears_faults(self, account: ServedAccount, control: Control) -> None:
        address = control(account, "/faults")
        _ = httpx.post(address, json={"kind": "dropped", "times": 2, "method": "POST"})
        _ = httpx.post(address, json={"kind": "server_error", "every": 3, "path": "/customers*"})
        _ = httpx.post(address, json={"kind": "slow", "probability": 0.5})

        told = httpx.get(address).json()["planned"]

        assert [each["kind"] for each in told] == ["dropped", "server_error", "slow"]
        assert [each["left"] for each in told] == [2, None, None]
        assert httpx.delete(address).json() == {"planned": []}

    @pytest.mark.parametrize(
        ("path", "content", "problem"),
        [
            ("/clock", b"{", "send a JSON object"),
            ("/clock", b"[]", "send a JSON object"),
            ("/clock", b'{"weeks": 1}', "unknown field `weeks`"),
            ("/clock", b'{"days": -1}', "`days` must be >= 0, got -1"),
            ("/clock", b'{"days": 1e9}', "cannot go that far"),
            ("/clock", b"[" + b" " * 70_000 + b"]", "at most 65536 bytes"),
            ("/faults", b"{}", "`kind` is required"),
            ("/faults", b'{"kind": "slow", "times": 1.5}', "must be a whole number, got 1.5"),
            ("/faults", b'{"kind": "slow", "times": Infinity}', "`times` is not valid, got inf"),
            ("/faults", b'{"kind": "droped"}', "did you mean 'dropped'"),
            ("/faults", b'{"kind": "slow", "times": 0}', "`times` must be >= 1, got 0"),
            ("/faults", b'{"kind": "slow", "times": 1, "every": 2}', "give `times`"),
        ],
    )
    def test_says_what_is_wrong(
        self, account: ServedAccount, path: str, content: bytes, problem: str, control: Control
    ) -> None:
        answer = httpx.post(control(account, path), content=content)

        assert answer.status_code == 400
        assert problem in answer.json()["message"]

    def test_knows_no_other_accounts_and_numbers(
        self, account: ServedAccount, control: Control
    ) -> None:
        strange = control(account, "/clock").replace("/main/", "/other/")
        numbered = httpx.get(control(account, "/exchanges?after=x"))

        assert httpx.get(strange).status_code == 404
        assert numbered.status_code == 400


def test_a_journal_stays_bounded(account: ServedAccount) -> None:
    for _ in range(KEPT + 50):
        _ = account.handle("GET", "/v1/none", {}, b"x" * 5000)

    entries = account.request_log.after()
    assert len(entries) == KEPT
    assert account.request_log.total == KEPT + 50
    assert all(len(each.request) < 2100 for each in entries)


class TestRealTime:
    def test_lets_the_clock_go_on_and_enforces_limits(
        self, serve: Callable[[Sandbox], None]
    ) -> None:
        standing = Sandbox("http://127.0.0.1:1")
        going = Sandbox("http://127.0.0.1:1", real_time=True)
        serve(standing)
        serve(going)
        asked = (
            "GET",
            "/v1/customers",
            {"authorization": "Bearer sandbox-key-of-mijnklantportaal"},
        )

        still, moving = (each.accounts["mijnklantportaal/main"] for each in (standing, going))
        began = moving.fake.clock.now()
        moving.caught_up_at -= 5

        assert {still.handle(*asked, b"").status for _ in range(61)} == {200}
        assert [moving.handle(*asked, b"").status for _ in range(61)].count(429) == 1
        assert (moving.fake.clock.now() - began).total_seconds() >= 5


class TestGuard:
    @pytest.mark.parametrize("path", ["/", "/_sandbox"])
    def test_another_site_that_points_its_name_here_is_refused(
        self, served: Sandbox, path: str
    ) -> None:
        answer = httpx.get(f"{served.origin}{path}", headers={"host": "evil.example"})

        assert answer.status_code == 421

    def test_a_form_of_another_site_is_refused(
        self, account: ServedAccount, billing: Any, control: Control, signup: Signup
    ) -> None:
        url = signup(account, billing)
        foreign = {"origin": "http://evil.example"}

        assert httpx.post(url, data={"do": "pay"}, headers=foreign).status_code == 403
        assert httpx.post(control(account, "/reset"), headers=foreign).status_code == 403
        assert billing.list_subscriptions() == []

    def test_a_live_key_is_refused_and_kept_nowhere(
        self, served: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        account = served.accounts["afternoon/main"]
        key = "ak_live_0123456789abcdefghijklmn"
        address = f"{account.base_url}/v1/customers"

        answer = httpx.get(address, headers={"authorization": f"Bearer {key}"})

        assert answer.status_code == 401
        assert "a live key of afternoon was sent to the sandbox" in caplog.text
        assert key not in caplog.text + str(account.request_log.after())

    def test_a_request_without_end_is_not_read(self, account: ServedAccount) -> None:
        answer = httpx.post(f"{account.base_url}/customers", content=b" " * 300_000)

        assert answer.status_code == 413
