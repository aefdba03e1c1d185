"""The whole switch, over sockets, judged by the books of both providers.

Several processes work on it, which are killed at random moments while answers are lost. The clocks
of the providers are three minutes apart from ours. Months later, each customer has paid once for
each day, and what they would have paid without a switch.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, Interval, Money, PlanDraft, switching
from subhub.switching import Outcome, SwitchRow
from tests.served import PATIENCE, Serve, Served, serving
from tests.switching.workers import opened

NOON = dt.datetime(2027, 1, 20, 12, tzinfo=dt.UTC)
"""When the switch begins: a few days before the last ones of a month, and a February."""
PLANS = {
    "monthly": PlanDraft(
        name="Monthly", price=Money("12.95", "EUR"), interval=Interval(1, "month")
    ),
    "yearly": PlanDraft(name="Yearly", price=Money("120", "EUR"), interval=Interval(1, "year")),
}
BEGUN = [
    *(dt.date(2026, month, day) for month in (8, 10, 12) for day in (28, 29, 30, 31)),
    dt.date(2026, 12, 19),  # it was renewed on the day before
    dt.date(2026, 12, 20),  # it is renewed on the day of the move
    dt.date(2026, 12, 21),  # on the day after
    dt.date(2026, 12, 22),
    dt.date(2026, 11, 5),
]
MONTHS_LATER = 13 * 31
MINUTES = 3


@dataclass
class Move:
    """A switch from one served provider to another."""

    portal: Served
    company: Served
    folder: Path
    names: dict[str, str] = field(default_factory=dict[str, str])
    begun: float = field(default_factory=time.time)
    passed: dt.timedelta = dt.timedelta()
    started: int = 0
    outcomes: list[Counter[str]] = field(default_factory=list[Counter[str]])

    def __post_init__(self) -> None:
        self.rows = self.folder / "switch.csv"
        self.results = self.folder / "switch.results.csv"
        self.skew: dict[Served, dt.timedelta] = {}
        self.start = NOON - dt.datetime.now(dt.UTC)

    @property
    def ahead(self) -> dt.timedelta:
        """How far our clock is ahead of the machine's."""
        return self.start + self.passed

    @property
    def sold(self) -> MijnKlantportaalFake:
        assert isinstance(self.portal.fake, MijnKlantportaalFake)
        return self.portal.fake

    @property
    def bought(self) -> AfternoonFake:
        assert isinstance(self.company.fake, AfternoonFake)
        return self.company.fake

    def begin(
        self, customers: int, minutes: int, begun: Sequence[dt.date] = BEGUN, yearly: int = 5
    ) -> None:
        """Set the clocks, and sell to customers.

        Args:
            customers: How many.
            minutes: How far the clocks are apart.
            begun: On which days they became customers.
            yearly: Each of so many pays by the year; 0 for none.
        """
        for server, sign in ((self.portal, 1), (self.company, -1)):
            self.skew[server] = dt.timedelta(minutes=sign * minutes)
            server.fake.clock.set(NOON + self.skew[server])
        self.forward()
        for key, plan in PLANS.items():
            _ = self.bought.add_plan(key, plan)
        _ = _sell(self.sold, customers, begun, yearly)

    def forward(self, **time: float) -> None:
        """Let time pass, everywhere."""
        self.passed += dt.timedelta(**time)
        for server, skew in self.skew.items():
            server.ahead = self.ahead + skew
            server.fake.clock.reach(NOON + self.passed + skew)

    def account(self, server: Served) -> dict[str, Any]:
        provider = "mijnklantportaal" if server is self.portal else "afternoon"
        return {
            "provider": provider,
            "api_key": server.fake.api_key,
            "base_url": server.address,
            "journal": str(self.folder / "journal.db"),
            "statuses": {"active": "active"} if server is self.company else None,
        }

    def client(self, server: Served) -> Client:
        return opened(self.account(server), self.ahead.total_seconds())

    def plan(self, way: Any, **options: Any) -> list[SwitchRow]:
        lines, table = self.folder / "export.jsonl", self.folder / "export.csv"
        with self.client(self.portal) as source, self.client(self.company) as target:
            _ = switching.export(source, lines)
            switching.write_table(table, lines)
            plans = {plan.name: key for key, plan in PLANS.items()}
            found = switching.plan(source, target, table, way=way, plans=plans, **options)
        assert not found.report.missing
        switching.write_rows(self.rows, found.rows)
        return list(found.rows)

    def run(self, **options: Any) -> list[Outcome]:
        """Run it in this process."""
        with self.client(self.portal) as source, self.client(self.company) as target:
            return list(
                switching.run(
                    source, target, self.rows, results=self.results, grace_period=0.1, **options
                )
            )

    def start_worker(self, in_flight: int = 4) -> subprocess.Popen[str]:
        self.started += 1
        task = {
            "source": self.account(self.portal),
            "target": self.account(self.company),
            "ahead": self.ahead.total_seconds(),
            "rows": str(self.rows),
            "results": str(self.results),
            "patience": PATIENCE,
            "in_flight": in_flight,
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.switching.workers", json.dumps(task)],
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        _ = worker.stdout.readline()
        return worker

    def work(self, workers: int, kills: int, chance: random.Random) -> int:
        """Run it in several processes, kill some, and return how many changes were open then."""
        running = [self.start_worker() for _ in range(workers)]
        hits = 0
        try:
            for _ in range(kills):
                number = chance.randrange(workers)
                hits += self._kill(running[number], chance)
                running[number] = self.start_worker()
            for worker in running:
                output, errors = worker.communicate(timeout=PATIENCE)
                assert worker.returncode == 0, errors
                self.outcomes.append(Counter(json.loads(output)))
        finally:
            for worker in running:
                worker.kill()
                _ = worker.communicate(timeout=PATIENCE)
        return hits

    def _kill(self, worker: subprocess.Popen[str], chance: random.Random) -> bool:
        server = chance.choice([self.portal, self.company])
        hold = chance.random() < 0.5
        return server.kill(worker, chance, 12, requests=60, hold=hold) > 0

    def new_customers(self) -> dict[str, str]:
        """Return the customers of the target, by their id at the source."""
        return {found["external_id"]: found["id"] for found in self.bought.customers.values()}

    def open_intents(self) -> int:
        with self.client(self.portal) as source, self.client(self.company) as target:
            return len(source.open_intents()) + len(target.open_intents())


def _sell(
    fake: MijnKlantportaalFake,
    customers: int,
    begun: Sequence[dt.date] = BEGUN,
    yearly: int = 5,
) -> list[str]:
    sold: list[str] = []
    for number in range(customers):
        customer = fake.add_customer(
            {
                "companyName": f"Customer {number}",
                "address": "Street 1",
                "zipCode": "1234AB",
                "city": "Amsterdam",
                "primaryEmail": f"customer{number}@test.com",
            }
        )
        plan = PLANS["yearly" if yearly and number % yearly == 0 else "monthly"]
        terms = {
            "description": plan.name,
            "interval": str(plan.interval),
            "amount": plan.price.to_text(),
            "vatRate": 21,
        }
        starts_on = begun[number % len(begun)]
        _ = fake.add_subscription(customer_id=customer["id"], terms=terms, starts_on=starts_on)
        sold.append(customer["id"])
    return sold


def without_switch(customers: int) -> dict[str, list[tuple[dt.date, dt.date, Money]]]:
    """Return what each customer would have paid if they had stayed."""
    fake = MijnKlantportaalFake(start=NOON)
    sold = _sell(fake, customers)
    _ = fake.clock.advance(days=MONTHS_LATER)
    return {
        customer: [(c.first_on, c.last_on, c.amount) for c in fake.charges.of_customer(customer)]
        for customer in sold
    }


def judge(move: Move, customers: int) -> None:
    """Compare what each customer has paid with what they would have paid."""
    expected = without_switch(customers)
    assert len(move.sold.customers) == customers
    new = move.new_customers()
    wrong: list[str] = []
    for customer, stayed in expected.items():
        charges = (
            *move.sold.charges.of_customer(customer),
            *move.bought.charges.of_customer(new.get(customer, "")),
        )
        paid = sorted((c.first_on, c.last_on, c.amount) for c in charges)
        if paid != stayed:
            wrong.append(f"{customer}: {paid} instead of {stayed}")
    assert not wrong, f"{len(wrong)} of {customers} customers: {wrong[:3]}"


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


@pytest.fixture
def move(serve: Serve, tmp_path: Path) -> Move:
    return Move(serve(MijnKlantportaal, 1), serve(Afternoon, 2), tmp_path)


@pytest.mark.parametrize(
    ("customers", "workers", "kills", "minutes", "losing"),
    [
        (17, 2, 1, MINUTES, 0.1),
        pytest.param(100, 2, 4, -MINUTES, 0.05, marks=pytest.mark.slow),
        pytest.param(2000, 4, 44, MINUTES, 0.02, marks=pytest.mark.slow),
    ],
)
def test_every_customer_pays_once_for_each_day_however_the_switch_is_disturbed(
    move: Move, customers: int, workers: int, kills: int, minutes: int, losing: float
) -> None:
    chance = random.Random(customers)  # noqa: S311 - not for secrets
    move.begin(customers, minutes)
    rows = move.plan("api")
    assert {row.way for row in rows} == {"api"}
    move.portal.losing = move.company.losing = losing

    hits = move.work(workers, kills, chance)
    lost = move.portal.lost + move.company.lost
    move.portal.losing = move.company.losing = 0.0
    with move.client(move.portal) as source, move.client(move.company) as target:
        undone = list(switching.undo(source, target, rows, results=move.results, grace_period=0.1))
    # who waited within the margin has been renewed three days later
    move.forward(days=3)
    _ = move.run()
    move.forward(minutes=10)
    last = Counter(found.outcome for found in move.run())
    assert last.keys() <= {"moved", "moved earlier"}, last
    assert sum(last.values()) == customers

    changes = move.portal.changes + move.company.changes
    assert {found.outcome for found in move.run()} == {"moved earlier"}
    assert move.portal.changes + move.company.changes == changes
    assert move.open_intents() == 0
    with move.client(move.portal) as source, move.client(move.company) as target:
        assert {found.state for found in switching.status(source, target, rows)} == {"target"}
    move.forward(days=MONTHS_LATER - 3, minutes=-10)
    judge(move, customers)
    assert {found.outcome for found in undone} <= {"undone", "kept"}
    assert hits >= kills // 4, f"only {hits} kills came between a change and its answer"
    assert lost >= losing * customers / 2 or customers < 100


KINDS = [*["at once"] * 6, *["on the last day"] * 2, "a later one", "never"]
OVERLAP = 14


@pytest.mark.parametrize(
    ("customers", "days", "begun"),
    [
        (10, 12, [dt.date(2026, 12, 28), dt.date(2026, 12, 31)]),
        pytest.param(200, 36, BEGUN, marks=pytest.mark.slow),
    ],
)
def test_by_links_no_day_is_lost_and_only_those_of_the_overlap_are_double(
    move: Move, customers: int, days: int, begun: list[dt.date]
) -> None:
    move.begin(customers, MINUTES, begun, yearly=0)
    rows = move.plan("link", overlap_days=OVERLAP)
    kinds = {row.subscription: KINDS[number % 10] for number, row in enumerate(rows)}
    links: dict[str, list[Outcome]] = {row.subscription: [] for row in rows}
    paid: set[str] = set()
    for _ in range(days):
        for outcome in move.run():
            if outcome.url is not None:
                links[outcome.subscription].append(outcome)
        for subscription, offered in links.items():
            if subscription not in paid and offered and _pays(move, kinds[subscription], offered):
                move.bought.pay(offered[-1].url or "")
                paid.add(subscription)
        move.forward(days=1)

    assert {kinds[subscription] for subscription in kinds.keys() - paid} == {"never"}
    last = {found.subscription: found.outcome for found in move.run()}
    assert {last[subscription] for subscription in paid} == {"moved earlier"}
    move.forward(days=MONTHS_LATER - days)
    new, first = move.new_customers(), NOON.date()
    for row in rows:
        at_source = move.sold.charges.paid_days(row.customer)
        at_target = move.bought.charges.paid_days(new[row.customer])
        both = at_source + at_target
        for number in range(MONTHS_LATER - 31):
            assert both[first + dt.timedelta(number)] >= 1, row
        double = [day for day, times in both.items() if times > 1]
        assert len(double) <= OVERLAP
        assert max(both.values()) <= 2
        assert bool(at_target) == (kinds[row.subscription] != "never")


def _pays(move: Move, kind: str, offered: Sequence[Outcome]) -> bool:
    """Return whether a customer of a kind pays the last of their links now."""
    link = offered[-1]
    present = move.company.fake.clock.now()
    if link.expires_at is None or present >= link.expires_at:
        return False
    if kind == "at once":
        return True
    if kind == "a later one":
        return len(offered) > 1
    renews_on = move.sold.subscriptions[link.subscription].billed_until
    return kind == "on the last day" and (renews_on - present.date()).days <= 3
