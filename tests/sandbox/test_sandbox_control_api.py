"""What a test can do through the control API besides the clock and faults, and its description."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from subhub import Client, CustomerDraft
from subhub._version import __version__
from subhub.server import Sandbox, ServedAccount
from subhub.server.control import ENDPOINTS

Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]
Signup = Callable[..., str]
PLAN = {"key": "starter", "name": "Starter", "price": "5.00 EUR", "interval": "1 month"}


def test_health_says_what_is_served(served: Sandbox) -> None:
    health = httpx.get(f"{served.origin}/health").json()

    assert health == {"status": "ok", "version": __version__, "accounts": list(served.accounts)}


def test_a_plan_is_created_and_sold(
    account: ServedAccount, connect: Connect, control: Control, company: CustomerDraft
) -> None:
    taxed = {**PLAN, "tax_rate": 21} if account.provider.name == "mijnklantportaal" else PLAN
    created = httpx.post(control(account, "/plans"), json=taxed).json()["plans"]

    assert created == httpx.get(control(account, "/plans")).json()["plans"] == account.plan_ids
    billing = connect(account)
    customer = billing.create_customer(company)
    sold = billing.subscribe(plan=created["starter"], customer=customer)
    assert sold.customer_id == customer.id


@pytest.mark.parametrize(
    ("change", "status", "problem"),
    [
        ({"key": "phone"}, 409, "there is a plan 'phone' already"),
        ({"price": "5.00"}, 400, "invalid amount '5.00'"),
        ({"price": "5.001 EUR"}, 400, "5.001"),
        ({"interval": "1 moon"}, 400, "moon"),
        ({"tax_rate": "much"}, 400, "tax_rate"),
        ({"tax": "gross"}, 400, "`tax`"),
        ({"name": None}, 400, "`name` must be text, got None"),
        ({"colour": "red"}, 400, "unknown field `colour`"),
    ],
    ids=str,
)
def test_a_plan_that_cannot_be_created_says_why(
    afternoon: ServedAccount,
    control: Control,
    change: dict[str, object],
    status: int,
    problem: str,
) -> None:
    before = dict(afternoon.plan_ids)
    response = httpx.post(control(afternoon, "/plans"), json={**PLAN, **change})

    assert (response.status_code, afternoon.plan_ids) == (status, before)
    assert problem in response.json()["message"]


def test_a_link_is_declined_then_paid(
    account: ServedAccount, connect: Connect, control: Control, signup: Signup
) -> None:
    billing = connect(account)
    url = signup(account, billing)

    declined = httpx.post(control(account, "/decline"), json={"url": url})
    assert (declined.status_code, list(billing.list_subscriptions())) == (200, [])
    paid = httpx.post(control(account, "/pay"), json={"url": url})
    assert (paid.status_code, len(list(billing.list_subscriptions()))) == (200, 1)
    again = httpx.post(control(account, "/pay"), json={"url": url})
    elsewhere = httpx.post(control(account, "/pay"), json={"url": "https://pay.test/1"})
    assert (again.status_code, elsewhere.status_code) == (409, 404)
    assert "no checkout page" in elsewhere.json()["message"]


def test_an_assumption_is_read_and_decided(afternoon: ServedAccount, control: Control) -> None:
    url = control(afternoon, "/assumptions")
    named = {one["name"]: one for one in httpx.get(url).json()["assumptions"]}
    assert named["single_use_links"]["value"] is True
    assert not any("bound method" in str(one) for one in named.values())

    decided = httpx.post(url, json={"name": "single_use_links", "value": False}).json()
    assert {"name": "single_use_links", "value": False}.items() <= next(
        one for one in decided["assumptions"] if one["name"] == "single_use_links"
    ).items()
    assert afternoon.fake.assumed_values()["single_use_links"] is False


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("single_use_link", False, "unknown assumption 'single_use_link'"),
        ("single_use_links", "no", "must be a bool, got 'no'"),
        ("error_codes", "none", "must be a dict, got 'none'"),
        ("single_use_links", None, "`value"),
    ],
)
def test_an_assumption_that_cannot_be_decided_says_why(
    afternoon: ServedAccount, control: Control, name: str, value: object, problem: str
) -> None:
    response = httpx.post(control(afternoon, "/assumptions"), json={"name": name, "value": value})

    assert response.status_code == 400
    assert problem in response.json()["message"]


def test_a_state_is_restored(
    account: ServedAccount, connect: Connect, control: Control, company: CustomerDraft
) -> None:
    billing = connect(account)
    url = control(account, "/state")
    kept = billing.create_customer(company)
    state = httpx.get(url).json()
    _ = billing.create_customer(company.model_copy(update={"email": "jane.doe@test.com"}))

    restored = httpx.put(url, json=state)

    assert restored.json()["plans"] == account.plan_ids
    assert httpx.get(url).json() == state
    assert [found.id for found in billing.list_customers()] == [kept.id]


@pytest.mark.parametrize("state", [{}, {"site": "http://x", "plans": {}}, {"site": 1}], ids=str)
def test_what_is_no_state_changes_nothing(
    afternoon: ServedAccount, control: Control, state: object
) -> None:
    url = control(afternoon, "/state")
    before = httpx.get(url).json()
    response = httpx.put(url, json={"state": state})

    assert response.status_code == 400
    assert "this is not a state of afternoon/main" in response.json()["message"]
    assert httpx.get(url).json() == before


class TestDescription:
    def test_has_every_endpoint_with_its_fields(self, served: Sandbox) -> None:
        found = httpx.get(f"{served.origin}/_sandbox/openapi.json").json()
        page = httpx.get(f"{served.origin}/_sandbox/api").text

        for endpoint in ENDPOINTS:
            operation = found["paths"]["/_sandbox/{provider}/{name}" + endpoint.path]
            described = operation[endpoint.method.lower()]
            assert described["summary"] == endpoint.what
            assert f"<code>{endpoint.method} {endpoint.path}</code>" in page
            for field in endpoint.command.model_fields:
                assert f'"{field}"' in str(described).replace("'", '"')
                assert field in page

    def test_is_of_what_is_answered(self, afternoon: ServedAccount, control: Control) -> None:
        for endpoint in ENDPOINTS:
            if endpoint.method == "GET":
                assert httpx.get(control(afternoon, endpoint.path)).status_code == 200
            else:
                response = httpx.request(
                    endpoint.method, control(afternoon, endpoint.path), json={"nothing": 1}
                )
                assert "unknown field `nothing`" in response.json()["message"]
