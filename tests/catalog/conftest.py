"""Accounts as a customer has them: a key and an address, served over sockets, without plans."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subhub import Client
from subhub.catalog.plans import Catalog
from subhub.client.configuration import Configuration
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving

PLANS = """
[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21

[plans.data]
name = "Data"
price = "5 EUR"
interval = "1 month"
tax_rate = 21
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Sandbox]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        for name in ("mijnklantportaal", "afternoon"):
            _ = sandbox.add(load(name), "main", {})
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.fixture
def write(server: Sandbox, folder: Path) -> Callable[..., Path]:
    """Write the configuration of the served account of a provider, and return its path."""

    def written(provider: str = "mijnklantportaal", more: str = "", plans: str = PLANS) -> Path:
        account = server.accounts[f"{provider}/main"]
        account.reset()
        path = folder / "subhub.toml"
        head = f'[accounts.main]\nprovider = "{provider}"\nbase_url = "{account.base_url}"\n'
        key = f'api_key = "{account.fake.api_key}"\n'
        _ = path.write_text(f"{head}{key}{more}\n{plans}", "utf-8")
        return path

    return written


@pytest.fixture
def catalog() -> Iterator[Callable[..., Catalog]]:
    """Open the catalog of the configured account."""
    clients: list[Client] = []

    def opened(**options: object) -> Catalog:
        client = Client.from_config(check_plans=False, **options)  # type: ignore[arg-type]
        clients.append(client)
        dry_run = bool(options.get("dry_run"))
        return Catalog(Configuration.read(), client, "main", dry_run=dry_run)

    yield opened
    for client in clients:
        client.close()
