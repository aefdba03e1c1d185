"""The pages of the served sandbox: the hosted ones, where customers pay, and the dashboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from subhub import CustomerDraft, OutcomeUnknown
from subhub.server import Sandbox, ServedAccount
from subhub.server.markup import web_address

Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]


class TestPages:
    def test_a_customer_can_decline_go_back_and_pay_in_the_end(
        self, account: ServedAccount, billing: Any, signup: Signup
    ) -> None:
        url = signup(account, billing)
        assert "was declined" in httpx.post(url, data={"do": "decline"}, follow_redirects=True).text
        assert "Nothing was paid." in httpx.get(f"{url}?after=back").text
        assert "Paid." in httpx.post(url, data={"do": "pay"}, follow_redirects=True).text
        assert httpx.post(url, data={"do": "decline"}).status_code == 409
        assert httpx.get(f"{url}x").status_code == 404

    @pytest.mark.parametrize("account", ["afternoon"], indirect=True)
    def test_the_browser_is_sent_where_the_application_said(
        self, account: ServedAccount, billing: Any, signup: Signup
    ) -> None:
        urls = {"return_url": "https://shop.test/thanks", "back_url": "https://shop.test/?a&b"}
        url = signup(account, billing, **urls)

        assert 'href="https://shop.test/?a&amp;b"' in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).headers["location"] == urls["return_url"]

    @pytest.mark.parametrize("account", ["mijnklantportaal"], indirect=True)
    def test_a_payment_link_is_paid_closed_and_expires(
        self, account: ServedAccount, control: Control
    ) -> None:
        key = {"authorization": f"Bearer {account.fake.api_key}"}
        soon = f"{account.fake.clock.now() + dt.timedelta(days=3):%Y-%m-%d}"
        body = {"description": "Setup", "amount": "10.00", "expiresAt": soon}
        paid, closed, late = (
            httpx.post(f"{account.base_url}/payment-links", json=body, headers=key).json()
            for _ in range(3)
        )
        _ = httpx.delete(f"{account.base_url}/payment-links/{closed['id']}", headers=key)

        assert "Pay 10.00 EUR" in httpx.get(paid["checkoutUrl"]).text
        _ = httpx.post(paid["checkoutUrl"], data={"do": "pay"})
        assert "Paid." in httpx.get(paid["checkoutUrl"]).text
        assert "This link was closed." in httpx.get(closed["checkoutUrl"]).text
        _ = httpx.post(control(account, "/clock"), json={"days": 5})
        assert "This link has expired." in httpx.get(late["checkoutUrl"]).text
        with pytest.raises(LookupError, match="nothing to pay"):
            account.fake.pay("https://elsewhere.test/")
        with pytest.raises(LookupError, match="there is no checkout page"):
            account.fake.decline("https://elsewhere.test/")

    def test_the_dashboard_does_what_its_forms_say(self, account: ServedAccount) -> None:
        board = f"{account.site.replace(account.path, '')}_dashboard/{account.path}"
        before = account.fake.clock.now()

        for asked in (
            {"do": "advance", "days": "2"},
            {"do": "fault", "kind": "slow", "after": "true"},
        ):
            assert httpx.post(board, data=asked).status_code == 303
        assert (account.fake.clock.now() - before).days == 2
        assert "slow: next 1, any request" in httpx.get(board).text
        assert httpx.post(board, data={"do": "clear"}).status_code == 303
        assert account.fake.faults.planned == ()
        assert httpx.post(board, data={"do": "reset"}).headers["location"] in board
        assert httpx.get(board.partition("_dashboard")[0]).status_code == 200

    def test_only_what_is_known_is_done(
        self, account: ServedAccount, billing: Any, signup: Signup
    ) -> None:
        url = signup(account, billing)
        board = f"{account.site.replace(account.path, '')}_dashboard/{account.path}"
        long = "x" * 70_000

        assert httpx.post(url, data={"do": "steal"}).status_code == 200
        assert httpx.post(url, data={"do": "pay", "more": long}).status_code == 200
        assert httpx.post(board, data={"do": "steal"}).status_code == 400
        assert httpx.post(board, data={"do": "advance", "days": "x"}).status_code == 400
        assert httpx.post(f"{board}x", data={"do": "reset"}).headers["location"] == "/"
        assert httpx.get(f"{board}x").status_code == 404
        assert httpx.get(f"{board}?after=x").status_code == 200
        assert billing.list_subscriptions() == []

    def test_nothing_is_shown_as_markup_that_somebody_wrote(
        self, account: ServedAccount, billing: Any, somebody: CustomerDraft
    ) -> None:
        named = somebody.model_copy(update={"name": "<script>alert(1)</script>"})
        link = billing.create_signup_link(plan=account.plan_ids["phone"], customer=named)
        board = f"{account.site.replace(account.path, '')}_dashboard/{account.path}"

        for address in (link.url, board):
            text = httpx.get(address).text
            assert "<script>alert" not in text
            assert "&lt;script&gt;alert" in text

    def test_a_program_is_no_address_to_send_a_browser_to(self) -> None:
        assert web_address("javascript:alert(1)") is None
        assert web_address(None) is None
        assert web_address("https://shop.test/") == "https://shop.test/"

    def test_faults_and_many_objects_are_shown(
        self, account: ServedAccount, billing: Any, somebody: CustomerDraft
    ) -> None:
        board = f"{account.site.replace(account.path, '')}_dashboard/{account.path}"
        for _ in range(12):
            _ = billing.create_customer(somebody)
        account.fake.faults.rule("dropped", every=1, method="POST")
        with pytest.raises(OutcomeUnknown):
            billing.create_customer(somebody)

        text = httpx.get(board).text

        assert "customers (12)" in text
        assert "the newest 10" in text
        assert "dropped: every 1, POST" in text
        assert "none<br>dropped" in text

    @pytest.mark.parametrize(
        ("name", "status"), [("sandbox.css", 200), ("dashboard.js", 200), ("secret", 404)]
    )
    def test_only_the_files_of_the_pages_are_given_out(
        self, served: Sandbox, name: str, status: int
    ) -> None:
        assert httpx.get(f"{served.origin}/_static/{name}").status_code == status
