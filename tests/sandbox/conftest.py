"""What the tests of the served sandbox share: a server, its accounts, and clients of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from subhub import AsyncClient, Client, CustomerDraft, Interval, Money, PlanDraft
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
    """The plan of every account."""
    return PLAN


@pytest.fixture
def somebody() -> CustomerDraft:
    """A customer with all that either provider asks for."""
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
        _serve(sandbox)
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.fixture
def served(server: Sandbox) -> Sandbox:
    for each in server.accounts.values():
        each.reset()
    return server


@pytest.fixture
def serve() -> Callable[[Sandbox], None]:
    """Add an account of each provider to a sandbox."""
    return _serve


def _serve(sandbox: Sandbox) -> None:
    for name in PROVIDERS:
        _ = sandbox.add(load(name), "main", {"phone": PLAN})


@pytest.fixture(params=PROVIDERS)
def account(request: pytest.FixtureRequest, served: Sandbox) -> ServedAccount:
    return served.accounts[f"{request.param}/main"]


@pytest.fixture
def billing(account: ServedAccount, connect: Callable[..., Any]) -> Any:
    return connect(account.provider, api_key=account.fake.api_key, base_url=account.base_url)


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    with start_blocking_portal() as portal:
        made: list[Caller] = []

        def make(*args: Any, **settings: Any) -> Caller:
            made.append(Caller(request.param(*args, **settings), portal))
            return made[-1]

        yield make
        for caller in made:
            _ = caller.close()


class Caller:
    """Calls a client of either kind; all of its calls are made in one event loop."""

    def __init__(self, client: Client | AsyncClient, portal: BlockingPortal) -> None:
        self.client = client
        self.portal = portal

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return partial(self._call, found) if callable(found) else found

    def _call(self, operation: Callable[..., Any], *args: Any, **settings: Any) -> Any:
        return self.portal.call(partial(_done, operation, *args, **settings))


async def _done(operation: Callable[..., Any], *args: Any, **settings: Any) -> Any:
    result = operation(*args, **settings)
    if inspect.isawaitable(result):
        return await result
    if hasattr(result, "__anext__"):
        return [item async for item in result]
    return list(result) if hasattr(result, "__next__") else result


@pytest.fixture
def control() -> Callable[[ServedAccount, str], str]:
    """Make the address of an account's control."""

    def address(account: ServedAccount, path: str) -> str:
        return account.site.replace(account.path, f"_sandbox/{account.path}") + path

    return address


@pytest.fixture
def signup(somebody: CustomerDraft) -> Callable[..., str]:
    """Make a link at which somebody can sign up for the plan."""

    def make(account: ServedAccount, billing: Any, **urls: str) -> str:
        link = billing.create_signup_link(plan=account.plan_ids["phone"], customer=somebody, **urls)
        return str(link.url)

    return make
