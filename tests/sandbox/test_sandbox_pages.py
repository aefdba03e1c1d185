"""The pages of the served sandbox: checkout pages and the dashboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import httpx
import pytest

from subhub import Client, CustomerDraft, OutcomeUnknown
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of, serving
from subhub.server.markup import web_address

Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]
Dashboard = Callable[[ServedAccount], str]
Signup = Callable[..., str]


class TestCheckout:
    def test_a_customer_can_decline_go_back_and_pay(
        self, account: ServedAccount, connect: Connect, signup: Signup
    ) -> None:
        url = signup(account, connect(account))
        assert "was declined" in httpx.post(url, data={"do": "decline"}, follow_redirects=True).text
        assert "Nothing was paid." in httpx.get(f"{url}?after=back").text
        assert "Paid." in httpx.post(url, data={"do": "pay"}, follow_redirects=True).text
        assert httpx.post(url, data={"do": "decline"}).status_code == 409
        assert httpx.get(f"{url}x").status_code == 404

    def test_who_agrees_to_be_charged_later_pays_nothing(self, connect: Connect) -> None:
        with listen("127.0.0.1", 0) as listening:
            sandbox = Sandbox(origin_of(listening))
            account = sandbox.add(load("stripe"), "main", {})
            with serving(Application(sandbox), listening):
                billing = connect(account)
                customer = billing.create_customer(CustomerDraft(name="Acme", email="a@b.example"))
                url = billing.create_setup_link(customer).url

                shown = httpx.get(url).text
                assert ">Agree</button>" in shown
                assert "Price" not in shown
                agreed = httpx.post(url, data={"do": "pay"}, follow_redirects=True).text
                assert "Agreed." in agreed
                assert len(list(billing.payment_methods(customer))) == 1

    def test_the_browser_is_redirected_to_the_applications_urls(
        self, afternoon: ServedAccount, connect: Connect, signup: Signup
    ) -> None:
        urls = {"return_url": "https://shop.test/thanks", "back_url": "https://shop.test/?a&b"}
        url = signup(afternoon, connect(afternoon), **urls)

        assert 'href="https://shop.test/?a&amp;b"' in httpx.get(url).text
        assert httpx.post(url, data={"do": "pay"}).headers["location"] == urls["return_url"]

    @pytest.mark.parametrize("account", ["mijnklantportaal"], indirect=True)
    def test_a_payment_link_can_be_paid_closed_and_expired(
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

    def test_unknown_actions_and_long_forms_have_no_effect(
        self, afternoon: ServedAccount, connect: Connect, signup: Signup
    ) -> None:
        billing = connect(afternoon)
        url = signup(afternoon, billing)

        assert httpx.post(url, data={"do": "steal"}).status_code == 400
        assert httpx.post(url, data={"do": "pay", "more": "x" * 70_000}).status_code == 400
        for unknown in (f"{url}x", url.replace("/main/", "/other/")):
            assert httpx.post(unknown, data={"do": "pay"}).status_code == 404
        assert list(billing.list_subscriptions()) == []

    def test_only_web_addresses_are_linked(self) -> None:
        assert web_address("javascript:alert(1)") is None
        assert web_address(None) is None
        assert web_address("https://shop.test/") == "https://shop.test/"


class TestDashboard:
    def test_its_forms_do_what_they_say(
        self, afternoon: ServedAccount, dashboard: Dashboard
    ) -> None:
        board = dashboard(afternoon)
        before = afternoon.fake.clock.now()

        for form in (
            {"do": "advance", "days": "2"},
            {"do": "fault", "kind": "slow", "after": "true"},
        ):
            assert httpx.post(board, data=form).status_code == 303
        assert (afternoon.fake.clock.now() - before).days == 2
        assert "slow: next 1, any request" in httpx.get(board).text
        assert httpx.post(board, data={"do": "clear"}).status_code == 303
        assert afternoon.fake.faults.planned == ()
        assert httpx.post(board, data={"do": "reset"}).headers["location"] in board
        assert httpx.get(board.partition("_dashboard")[0]).status_code == 200

    def test_invalid_forms_and_unknown_accounts_are_refused(
        self, afternoon: ServedAccount, dashboard: Dashboard
    ) -> None:
        board = dashboard(afternoon)

        assert httpx.post(board, data={"do": "steal"}).status_code == 400
        wrong = httpx.post(board, data={"do": "advance", "days": "x"})
        assert wrong.status_code == 400
        assert "`days` must be a number, got &#x27;x&#x27;" in wrong.text
        assert httpx.post(f"{board}x", data={"do": "reset"}).headers["location"] == "/"
        assert httpx.get(f"{board}x").status_code == 404
        assert httpx.get(f"{board}?after=x").status_code == 200

    def test_it_shows_faults_and_the_newest_objects(
        self,
        account: ServedAccount,
        connect: Connect,
        dashboard: Dashboard,
        company: CustomerDraft,
    ) -> None:
        billing = connect(account)
        for _ in range(12):
            _ = billing.create_customer(company)
        account.fake.faults.rule("dropped", every=1, method="POST")
        with pytest.raises(OutcomeUnknown):
            _ = billing.create_customer(company)

        text = httpx.get(dashboard(account)).text

        assert "customers (12)" in text
        assert "the newest 10" in text
        assert "dropped: every 1, POST" in text
        assert "none, dropped" in text

    @pytest.mark.parametrize(("real_time", "words"), [(False, "frozen at"), (True, "in real time")])
    def test_it_says_whether_the_clock_is_frozen(
        self,
        dashboard: Dashboard,
        real_time: bool,  # noqa: FBT001 - a case of the rule
        words: str,
    ) -> None:
        with listen("127.0.0.1", 0) as listening:
            sandbox = Sandbox(origin_of(listening), real_time=real_time)
            account = sandbox.add(load("afternoon"), "main", {})
            with serving(Application(sandbox), listening):
                assert f"Clock {words}" in httpx.get(dashboard(account)).text


def test_input_is_never_shown_as_markup(
    account: ServedAccount, connect: Connect, dashboard: Dashboard, company: CustomerDraft
) -> None:
    named = company.model_copy(update={"name": "<script>alert(1)</script>"})
    plan = account.plan_ids["phone"]
    link = connect(account).create_signup_link(plan=plan, customer=named)

    for url in (link.url, dashboard(account)):
        text = httpx.get(url).text
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert" in text


@pytest.mark.parametrize(
    ("name", "status"),
    [("sandbox.css", 200), ("dashboard.js", 200), ("secret", 404), ("..%2Faccounts.py", 404)],
)
def test_only_static_files_are_served(served: Sandbox, name: str, status: int) -> None:
    assert httpx.get(f"{served.origin}/_static/{name}").status_code == status
