"""Shared fixtures for the served sandbox: a server, its accounts, and clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving

PROVIDERS = ("afternoon", "mijnklantportaal")
PLAN = PlanDraft(
    code="phone",
    name="Phone <b>subscription</b>",
    price=Money.parse("12.95 EUR"),
    interval=Interval.parse("1 month"),
    tax_rate=21,
)


@pytest.fixture
def phone() -> PlanDraft:
    """Return the plan of every account."""
    return PLAN


@pytest.fixture
def company() -> CustomerDraft:
    """Return a customer with all fields that the two providers require."""
    return CustomerDraft(
        name="Test Company BV",
        email="john.doe@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _add_accounts(sandbox)
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.fixture
def served(server: Sandbox) -> Sandbox:
    for account in server.accounts.values():
        account.reset()
    return server


@pytest.fixture
def add_accounts() -> Callable[[Sandbox], None]:
    """Return a function that adds an account of each provider to a sandbox."""
    return _add_accounts


def _add_accounts(sandbox: Sandbox) -> None:
    for name in PROVIDERS:
        _ = sandbox.add(load(name), "main", {"phone": PLAN})


@pytest.fixture(params=PROVIDERS)
def account(request: pytest.FixtureRequest, served: Sandbox) -> ServedAccount:
    """Return the account of each provider in turn, for what their fakes do differently."""
    return served.accounts[f"{request.param}/main"]


@pytest.fixture
def afternoon(served: Sandbox) -> ServedAccount:
    """Return one account, for what the server does in the same way for all."""
    return served.accounts["afternoon/main"]


@pytest.fixture
def connect() -> Iterator[Callable[..., Client]]:
    """Return a function that connects a client to an account."""
    clients: list[Client] = []

    def make(account: ServedAccount, **settings: object) -> Client:
        options = {"api_key": account.fake.api_key, "base_url": account.base_url, **settings}
        clients.append(Client(account.provider, **options))  # type: ignore[arg-type]
        return clients[-1]

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def control() -> Callable[[ServedAccount, str], str]:
    """Return a function for the URLs of an account's control API."""

    def url(account: ServedAccount, path: str) -> str:
        return account.site.replace(account.path, f"_sandbox/{account.path}") + path

    return url


@pytest.fixture
def dashboard() -> Callable[[ServedAccount], str]:
    """Return a function for the URL of an account's dashboard."""

    def url(account: ServedAccount) -> str:
        return account.site.replace(account.path, f"_dashboard/{account.path}")

    return url


@pytest.fixture
def signup(company: CustomerDraft) -> Callable[..., str]:
    """Return a function that creates a signup link for the plan."""

    def make(account: ServedAccount, billing: Client, **urls: str) -> str:
        plan = account.plan_ids["phone"]
        return billing.create_signup_link(plan=plan, customer=company, **urls).url  # type: ignore[arg-type]

    return make
