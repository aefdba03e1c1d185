"""Two accounts of one configuration, in sandboxes: customers are at the old one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, Clients, CustomerDraft, Subscription, switching
from subhub.switching import Outcome, SwitchRow

CONFIGURATION = """
[accounts.main]
provider = "mijnklantportaal"
sandbox = true
journal = "journal.db"

[accounts.next]
provider = "afternoon"
sandbox = true
journal = "journal.db"
statuses = { active = "active", past_due = "past_due" }

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
tax_rate = 21

[plans.care]
name = "Care"
price = "120 EUR"
interval = "1 year"
tax_rate = 21
"""
START = dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC)


@dataclass
class Accounts:
    """Both accounts, and what tests do with them."""

    clients: Clients
    folder: Path

    @property
    def main(self) -> Client:
        return self.clients["main"]

    @property
    def next(self) -> Client:
        return self.clients["next"]

    @property
    def portal(self) -> MijnKlantportaalFake:
        assert isinstance(self.main.sandbox, MijnKlantportaalFake)
        return self.main.sandbox

    @property
    def company(self) -> AfternoonFake:
        assert isinstance(self.next.sandbox, AfternoonFake)
        return self.next.sandbox

    @property
    def results(self) -> Path:
        return self.folder / "switch.results.csv"

    def sell(
        self, name: str = "Ann", starts_on: dt.date = dt.date(2026, 10, 20), plan: str = "phone"
    ) -> Subscription:
        """Sell a plan at the old account."""
        draft = CustomerDraft(
            name=name,
            email=f"{name.lower()}@test.com",
            address="Street 1",
            postal_code="1234AB",
            city="Amsterdam",
        )
        return self.main.subscribe(plan=plan, customer=draft, starts_on=starts_on)

    def plan(
        self, way: Any = "api", source: Client | None = None, **options: Any
    ) -> list[SwitchRow]:
        """Export the old account, and plan."""
        lines, table = self.folder / "export.jsonl", self.folder / "export.csv"
        lines.unlink(missing_ok=True)
        old = source or self.main
        new = self.next if old is self.main else self.main
        _ = switching.export(old, lines)
        switching.write_table(table, lines)
        return list(switching.plan(old, new, table, way=way, **options).rows)

    def run(self, rows: Any, **options: Any) -> list[Outcome]:
        options = {"results": self.results, "grace_period": 0, **options}
        return list(switching.run(self.main, self.next, rows, **options))

    def undo(self, rows: Any) -> list[Outcome]:
        return list(
            switching.undo(self.main, self.next, rows, results=self.results, grace_period=0)
        )

    def status(self, rows: Any) -> list[str]:
        return [found.state for found in switching.status(self.main, self.next, rows)]

    def forward(self, days: float) -> None:
        """Let time pass at both."""
        for fake in (self.portal, self.company):
            _ = fake.clock.advance(days=days)

    def changes(self) -> list[str]:
        """Return what was changed at either account, in order at each."""
        return [
            f"{exchange.received.method} {exchange.received.path}"
            for fake in (self.portal, self.company)
            for exchange in fake.exchanges
            if exchange.received.method != "GET"
        ]


@pytest.fixture
def open_accounts(folder: Path) -> Iterator[Callable[..., Accounts]]:
    """Open both accounts, at the same moment of the year."""
    opened: list[Clients] = []

    def open_(
        configuration: str = CONFIGURATION, simulated: Sequence[str] | None = None, **options: Any
    ) -> Accounts:
        _ = (folder / "subhub.toml").write_text(configuration, "utf-8")
        opened.append(Clients.from_config(**options))
        for name in simulated or opened[-1]:
            fake = opened[-1][name].sandbox
            assert fake is not None
            fake.clock.set(START)
        return Accounts(opened[-1], folder)

    yield open_
    for clients in opened:
        clients.close()


@pytest.fixture
def accounts(open_accounts: Callable[..., Accounts]) -> Accounts:
    return open_accounts()
