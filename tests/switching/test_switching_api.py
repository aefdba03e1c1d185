"""Moving by API: created, read back, and only then ended; whatever happens between these steps."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Barrier, Timer

import pytest

from subhub import (
    AuthenticationFailed,
    Client,
    CustomerDraft,
    InvalidRequest,
    Scheduled,
    Status,
    Subscription,
    switching,
)
from subhub.sandbox import Fault
from subhub.sending.attempts import Attempt
from subhub.switching import Outcome
from subhub.switching.creating import make
from subhub.switching.moving import Move
from subhub.switching.outcomes import CannotRecord, Halt, ResultLog
from subhub.switching.rows import at
from subhub.switching.rules import has_ended
from subhub.switching.sides import Sides
from subhub.switching.turn import Budget
from subhub.system.line_file import LineFile
from tests.switching.conftest import Accounts

RENEWAL = dt.date(2026, 11, 20)
SOLD_TWICE = "subscriptions were sold twice"


def words(outcomes: Sequence[Outcome]) -> list[str]:
    return [found.outcome for found in outcomes]


class Watch:
    """A hook that knows what was sent, and does something after a request, once."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.then: dict[str, Callable[[], object]] = {}

    def __call__(self, attempt: Attempt) -> None:
        sent = f"{attempt.account} {attempt.operation} {attempt.method}"
        self.sent.append(sent)
        _ = self.then.pop(sent, lambda: None)()


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def accounts(open_accounts: Callable[..., Accounts], watch: Watch) -> Accounts:
    return open_accounts(hooks=[watch])


def days_paid(accounts: Accounts, old_customer: str) -> Counter[dt.date]:
    """Return how many times each day was paid for, at both, by one customer."""
    new = next(
        (
            customer["id"]
            for customer in accounts.company.customers.values()
            if customer["external_id"] == old_customer
        ),
        "",
    )
    return accounts.portal.charges.paid_days(old_customer) + accounts.company.charges.paid_days(new)


def paid_once(accounts: Accounts, old_customer: str, first: dt.date, last: dt.date) -> bool:
    days = days_paid(accounts, old_customer)
    asked = [first + dt.timedelta(n) for n in range((last - first).days + 1)]
    return all(days[day] == 1 for day in asked)


def test_the_new_one_is_created_and_read_back_before_the_old_one_ends(
    accounts: Accounts, watch: Watch
) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    watch.sent.clear()

    (done,) = accounts.run(rows)

    assert watch.sent == [
        "main get_subscription GET",
        "next create_customer GET",
        "next create_customer POST",
        "next subscribe POST",
        "next get_subscription GET",
        "main get_subscription GET",
        "main cancel_subscription GET",
        "main cancel_subscription PATCH",
    ]
    assert (done.outcome, done.starts_on, done.paid_until) == ("moved", RENEWAL, RENEWAL)
    assert accounts.main.get_subscription(old).status is Status.CANCELED
    accounts.forward(400)
    assert paid_once(accounts, old.customer_id or "", dt.date(2026, 10, 20), dt.date(2027, 11, 30))


def test_a_run_again_only_reads_and_not_even_that_for_who_has_moved(
    accounts: Accounts, watch: Watch
) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    (first,) = accounts.run(rows)
    watch.sent.clear()

    (again,) = accounts.run(rows)

    assert (again.outcome, again.new, again.paid_until) == ("moved earlier", first.new, RENEWAL)
    assert not watch.sent
    assert accounts.status(rows) == ["target"]


def test_each_outcome_is_in_the_results_with_the_day_until_which_is_paid(
    accounts: Accounts,
) -> None:
    _ = accounts.sell()
    (done,) = accounts.run(accounts.plan())

    (line,) = csv.DictReader(accounts.results.read_text("utf-8").splitlines())
    assert (line["outcome"], line["new"], line["paid_until"]) == ("moved", done.new, "2026-11-20")
    assert accounts.results.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("began", [dt.date(2026, 10, 31), dt.date(2026, 8, 31)])
def test_the_day_of_the_month_is_kept_through_a_short_month(
    accounts: Accounts, began: dt.date
) -> None:
    old = accounts.sell(starts_on=began)
    (row,) = accounts.plan()
    assert (row.renews_on, row.options) == (dt.date(2026, 11, 30), {"billing_anchor_day": 31})

    assert words(accounts.run([row])) == ["moved"]

    accounts.forward(400)
    assert paid_once(accounts, old.customer_id or "", dt.date(2026, 11, 1), dt.date(2027, 11, 30))
    starts = {charge.first_on for charge in accounts.company.charges}
    assert {dt.date(2026, 12, 31), dt.date(2027, 2, 28), dt.date(2027, 3, 31)} <= starts


def test_a_renewal_within_the_margin_waits(accounts: Accounts, watch: Watch) -> None:
    """At midnight the old account bills on, whatever is on its way: so nothing is begun before."""
    old = accounts.sell(starts_on=dt.date(2026, 10, 11))
    rows = accounts.plan()
    watch.sent.clear()

    (waits,) = accounts.run(rows)

    assert waits.outcome == "waiting"
    assert "within the margin" in waits.reason
    assert watch.sent == ["main get_subscription GET"]
    accounts.forward(1)
    (moved,) = accounts.run(rows)
    assert (moved.outcome, moved.starts_on) == ("moved", dt.date(2026, 12, 11))
    accounts.forward(400)
    assert paid_once(accounts, old.customer_id or "", dt.date(2026, 10, 11), dt.date(2027, 11, 30))


def test_the_margin_is_in_days(accounts: Accounts) -> None:
    _ = accounts.sell(starts_on=dt.date(2026, 10, 12))
    rows = accounts.plan()
    assert words(accounts.run(rows, margin=3)) == ["waiting"]
    assert words(accounts.run(rows, margin=2)) == ["moved"]
    with pytest.raises(InvalidRequest, match="`margin`"):
        _ = accounts.run(rows, margin=0)


def test_a_customer_who_left_before_is_left_alone(accounts: Accounts, watch: Watch) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    _ = accounts.main.cancel_subscription(old, when="now")
    watch.sent.clear()

    assert words(accounts.run(rows)) == ["left"]
    assert watch.sent == ["main get_subscription GET"]
    assert accounts.status(rows) == ["left"]


def test_a_customer_who_leaves_in_the_middle_is_not_revived(
    accounts: Accounts, watch: Watch
) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    watch.then["next get_subscription GET"] = lambda: accounts.main.cancel_subscription(
        old, when="now"
    )

    (left,) = accounts.run(rows)

    assert left.outcome == "left"
    (new,) = accounts.next.list_subscriptions()
    assert new.status is Status.CANCELED
    assert words(accounts.run(rows)) == ["left"]
    assert len(accounts.company.subscriptions) == 1
    accounts.forward(400)
    assert not list(accounts.company.charges)


def test_who_is_gone_from_the_source_has_left(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    del accounts.portal.subscriptions[old.id]

    assert words(accounts.run(rows)) == ["left"]
    assert accounts.status(rows) == ["left"]


def test_what_changed_since_the_plan_is_not_moved_by_it(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    _ = accounts.main.update_subscription(old, price="14.95 EUR")
    before = len(accounts.changes())

    (refused,) = accounts.run(rows)

    assert refused.outcome == "refused"
    assert "its price is 14.95 EUR, and the plan of the switch says 12.95 EUR" in refused.reason
    assert len(accounts.changes()) == before


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"status": "canceled"}, "its status is 'canceled'"),
        ({"plan_code": "care"}, "its plan is care"),
        ({"customer_id": "c000000000000000000000000"}, "its customer is c0000"),
        ({"next_renewal_date": "2026-11-10T00:00:00Z"}, "it renews on 2026-11-10, before"),
    ],
)
def test_what_reads_back_otherwise_ends_nothing(
    accounts: Accounts, watch: Watch, changes: dict[str, str], problem: str
) -> None:
    old = accounts.sell()
    rows = accounts.plan()

    def differs() -> None:
        (made,) = accounts.company.subscriptions.values()
        made.update(changes)

    watch.then["next subscribe POST"] = differs
    (refused,) = accounts.run(rows)

    assert refused.outcome == "refused"
    assert problem in refused.reason
    assert accounts.main.get_subscription(old).status is Status.ACTIVE
    assert words(accounts.run(rows)) == ["refused"]  # and once more
    assert len(accounts.company.subscriptions) == 1


@pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
def test_a_lost_subscription_is_found_or_created_by_the_next_run(
    accounts: Accounts, *, after: bool
) -> None:
    old = accounts.sell()
    rows = accounts.plan()
    lost = Fault("dropped", after=after)
    accounts.company.faults.next(lost, method="POST", path="/v1/subscriptions")

    (unknown,) = accounts.run(rows)
    assert (unknown.outcome, bool(unknown.token)) == ("unknown", True)
    assert accounts.main.get_subscription(old).status is Status.ACTIVE

    assert words(accounts.run(rows)) == ["moved"]
    assert len(accounts.company.subscriptions) == 1
    assert not accounts.next.open_intents()
    assert accounts.status(rows) == ["target"]


def test_a_lost_subscription_of_a_customer_from_before_is_for_a_person(
    accounts: Accounts,
) -> None:
    known = accounts.next.create_customer(CustomerDraft(name="Ann", email="ann@test.com"))
    _ = accounts.sell()
    rows = [at(row, to_customer=known.id) for row in accounts.plan()]
    lost = Fault("dropped", after=True)
    accounts.company.faults.next(lost, method="POST", path="/v1/subscriptions")

    assert words(accounts.run(rows)) == ["unknown"]
    (unknown,) = accounts.run(rows)
    assert unknown.outcome == "unknown"
    (made,) = accounts.company.subscriptions
    accounts.next.mark_resolved(unknown.token or "", done=True, object_id=made)
    assert words(accounts.run(rows)) == ["moved"]


def test_a_lost_subscription_is_not_taken_for_that_of_another_row(accounts: Accounts) -> None:
    first = accounts.sell()
    _ = accounts.main.subscribe(
        plan="phone", customer=first.customer_id or "", starts_on=dt.date(2026, 10, 25)
    )
    rows = accounts.plan()
    lost = Fault("dropped", after=True)
    accounts.company.faults.rule(lost, method="POST", path="/v1/subscriptions")
    assert words(accounts.run(rows)) == ["unknown", "unknown"]
    accounts.company.faults.clear()

    assert set(words(accounts.run(rows))) == {"unknown"}  # two new ones, and either may be either
    assert len(accounts.company.subscriptions) == 2


def test_two_subscriptions_of_a_customer_have_one_customer(accounts: Accounts) -> None:
    first = accounts.sell()
    _ = accounts.main.subscribe(plan="care", customer=first.customer_id or "")
    rows = accounts.plan()

    assert words(accounts.run(rows)) == ["moved", "moved"]
    assert len(accounts.company.customers) == 1
    assert accounts.status(rows) == ["target", "target"]


def test_a_customer_who_is_known_at_the_target_is_used(accounts: Accounts) -> None:
    old = accounts.sell()
    known = accounts.next.create_customer(
        CustomerDraft(name="Ann", email="ann@test.com", external_id=old.customer_id)
    )
    rows = accounts.plan()

    assert words(accounts.run(rows)) == ["moved"]
    (made,) = accounts.next.list_subscriptions()
    assert made.customer_id == known.id
    assert accounts.status(rows) == ["target"]


@pytest.mark.parametrize("after", [True, False], ids=["carried out", "not carried out"])
def test_a_lost_end_is_found_or_repeated_by_the_next_run(
    accounts: Accounts, *, after: bool
) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    accounts.portal.faults.next(Fault("dropped", after=after), method="PATCH")

    assert words(accounts.run(rows)) == ["unknown"]
    assert words(accounts.run(rows)) == ["moved"]
    assert len(accounts.company.subscriptions) == 1
    assert not accounts.main.open_intents()
    assert accounts.status(rows) == ["target"]


def test_an_end_that_shows_late_is_waited_for(accounts: Accounts) -> None:
    """The clock of the source may be behind ours, by which its end is dated."""
    _ = accounts.sell()
    rows = [at(row, source="mijnklantportaal") for row in accounts.plan()]
    ahead = Client(
        "mijnklantportaal",
        sandbox=accounts.portal,
        journal=accounts.folder / "journal.db",
        clock=lambda: accounts.portal.clock.now() + dt.timedelta(minutes=3),
    )
    with ahead:
        again = partial(switching.run, ahead, accounts.next, rows, results=accounts.results)
        (waits,) = again()
        assert (waits.outcome, "does not show it yet" in waits.reason) == ("waiting", True)
        accounts.forward(0.1)
        assert words(list(again())) == ["moved"]


def test_one_that_renewed_before_it_could_be_ended_is_reported(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    accounts.portal.faults.rule("server_error", method="PATCH")
    (refused,) = accounts.run(rows)
    assert refused.outcome == "unknown"
    accounts.portal.faults.clear()
    accounts.forward(15)

    (both,) = accounts.run(rows)

    assert (both.outcome, both.paid_until) == ("both", dt.date(2026, 12, 20))
    assert "both bill from 2026-11-20 on" in both.reason
    (standing,) = switching.status(accounts.main, accounts.next, rows)
    assert (standing.state, standing.fits) == ("both", False)
    assert "both have billed from 2026-11-20 to 2026-12-20" in standing.reason


def test_a_refusal_of_one_row_leaves_the_others(accounts: Accounts) -> None:
    first = accounts.sell()
    _ = accounts.sell("Ben")
    rows = accounts.plan()
    path = f"/customer-subscriptions/{first.id}"
    accounts.portal.faults.rule("server_error", method="GET", path=path)

    assert Counter(words(accounts.run(rows))) == {"refused": 1, "moved": 1}


def test_an_error_that_all_rows_would_have_ends_the_run(accounts: Accounts) -> None:
    _ = accounts.sell()
    _ = accounts.sell("Ben")
    rows = accounts.plan()
    accounts.portal.revoke_key()

    with pytest.raises(AuthenticationFailed):
        _ = accounts.run(rows)


def test_a_limit_counts_those_that_are_begun(accounts: Accounts) -> None:
    left = accounts.sell()
    for name in ("Ben", "Cleo", "Dora"):
        _ = accounts.sell(name)
    rows = accounts.plan()
    _ = accounts.main.cancel_subscription(left, when="now")

    first = accounts.run(rows, limit=2, in_flight=1)
    assert Counter(words(first)) == {"left": 1, "moved": 2, "waiting": 1}
    assert {found.reason for found in first if found.outcome == "waiting"} == {
        "the limit of this run is reached"
    }
    assert Counter(words(accounts.run(rows))) == {"left": 1, "moved earlier": 2, "moved": 1}


def test_a_limit_holds_among_those_who_are_looked_at_together(
    accounts: Accounts, watch: Watch
) -> None:
    """The last place of a run may be taken between the look at a subscription and its move."""
    _ = accounts.sell()
    _ = accounts.sell("Ben")
    rows = accounts.plan()
    inner: list[str] = []

    def other_first() -> None:
        inner.extend(words(accounts.run(rows[1:], limit=1)))

    watch.then["main get_subscription GET"] = other_first
    assert words(accounts.run(rows, limit=1, in_flight=1)).count("waiting") <= 1
    assert inner == ["moved"]


def test_an_undo_in_the_middle_does_not_lose_the_customer(accounts: Accounts, watch: Watch) -> None:
    """Between the new one and the end of the old one, no other process may touch the row."""
    _ = accounts.sell()
    rows = accounts.plan()
    inner: list[str] = []
    results = accounts.folder / "other.csv"

    def undo() -> None:
        inner.extend(
            words(
                list(
                    switching.undo(
                        accounts.main,
                        accounts.next,
                        rows,
                        results=results,
                        grace_period=0,
                        patience=0,
                    )
                )
            )
        )

    watch.then["main cancel_subscription GET"] = undo
    assert words(accounts.run(rows)) == ["moved"]
    assert inner == ["in progress"]
    assert accounts.status(rows) == ["target"]


def test_a_process_that_has_a_customer_is_waited_for(accounts: Accounts, watch: Watch) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    inner: list[str] = []
    watch.then["next subscribe POST"] = lambda: inner.extend(
        words(accounts.run(rows, patience=0.3))
    )
    assert words(accounts.run(rows)) == ["moved"]
    assert inner == ["in progress"]
    assert len(accounts.company.subscriptions) == 1


def test_rows_of_other_accounts_are_refused(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    before = accounts.changes()
    with pytest.raises(InvalidRequest, match="the rows are from 'main' to 'next'"):
        _ = list(switching.run(accounts.next, accounts.main, rows, results=accounts.results))
    with pytest.raises(InvalidRequest, match="both are the account 'main'"):
        _ = list(switching.run(accounts.main, accounts.main, rows, results=accounts.results))
    assert accounts.changes() == before


def test_the_last_place_of_a_run_is_taken_once(accounts: Accounts, watch: Watch) -> None:
    """Two threads have looked at a subscription each before one of them takes the place."""
    for name in ("Ann", "Ben"):
        _ = accounts.sell(name)
    rows = accounts.plan()
    both = Barrier(2, timeout=30)

    def meet() -> None:
        watch.then["main get_subscription GET"] = both.wait
        _ = both.wait()

    watch.then["main get_subscription GET"] = meet
    assert sorted(words(accounts.run(rows, limit=1, in_flight=2))) == ["moved", "waiting"]
    assert len(accounts.company.subscriptions) == 1


def test_a_subscription_that_is_not_running_is_not_moved(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    accounts.portal.faults.next("unknown_status", method="GET")
    (refused,) = accounts.run(rows)
    assert refused.outcome == "refused"
    assert "the subscription at the source: its status is" in refused.reason


def test_a_subscription_without_a_renewal_is_not_moved(accounts: Accounts) -> None:
    customer = accounts.next.create_customer(
        CustomerDraft(name="Ann", email="ann@test.com", external_id="ours")
    )
    old = accounts.company.start(customer.id, "phone", "active", 20)
    known = accounts.main.create_customer(
        CustomerDraft(
            name="Ann", email="a@b.c", address="Street 1", postal_code="1234AB", city="Amsterdam"
        )
    )
    (row,) = accounts.plan(source=accounts.next)
    rows = [at(row, way="api", to_customer=known.id)]
    old["next_renewal_date"] = None
    (refused,) = switching.run(accounts.next, accounts.main, rows, results=accounts.results)
    assert (refused.outcome, "it shows no renewal" in refused.reason) == ("refused", True)


def test_results_that_cannot_be_written_end_the_run(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    with pytest.raises(CannotRecord, match="so the run was stopped"):
        _ = accounts.run(rows, results=accounts.folder / "no" / "results.csv")
    assert words(accounts.run(rows)) == ["moved earlier"]


def outcome(key: str) -> Outcome:
    return Outcome(key=key, subscription="sub", outcome="moved")


def test_a_line_that_was_cut_stays_a_line_of_its_own(folder: Path) -> None:
    log, path, moment = ResultLog(folder / "r.csv"), folder / "r.csv", dt.datetime.now(dt.UTC)
    log.add(outcome("a"), moment)
    with path.open("ab") as file:
        _ = file.write(b"2026-11-2")
    log.add(outcome("b"), moment)
    lines = path.read_text("utf-8").splitlines()
    assert [line.split(",")[1:2] for line in lines] == [["key"], ["a"], [], ["b"]]


def test_processes_wait_for_each_other_at_the_results(folder: Path) -> None:
    path, moment = folder / "r.csv", dt.datetime.now(dt.UTC)
    held = LineFile(path)
    with pytest.raises(CannotRecord, match="another process is writing it"):
        ResultLog(path, patience=0).add(outcome("a"), moment)
    Timer(0.1, held.close).start()
    ResultLog(path).add(outcome("b"), moment)
    assert "b,sub,moved" in path.read_text("utf-8")


def test_nothing_is_created_by_an_undo(accounts: Accounts) -> None:
    """Also if the journal changes its mind about a lost change between two looks."""
    _ = accounts.sell()
    (row,) = accounts.plan()
    sides = Sides.of(accounts.main, accounts.next)
    move = Move(row, sides, 1, Budget(None), ResultLog(accounts.results))
    with pytest.raises(Halt) as halt:
        _ = make(move, 1, begin=False)
    assert halt.value.outcome.outcome == "undone"
    assert not accounts.company.subscriptions


def test_a_start_that_moved_on_since_the_plan_is_remembered(accounts: Accounts) -> None:
    """Afternoon does not show when a subscription starts that is still to come."""
    _ = accounts.sell(starts_on=dt.date(2026, 10, 11))
    rows = accounts.plan()
    assert words(accounts.run(rows)) == ["waiting"]
    accounts.forward(1)
    lost = Fault("dropped", after=True)
    accounts.company.faults.next(lost, method="POST", path="/v1/subscriptions")
    assert words(accounts.run(rows)) == ["unknown"]

    (moved,) = accounts.run(rows)
    assert (moved.outcome, moved.starts_on) == ("moved", dt.date(2026, 12, 11))
    assert accounts.status(rows) == ["target"]


def test_a_change_of_plan_that_is_still_to_come_is_no_end() -> None:
    ends, changes = (
        Subscription(provider="p", id="s", scheduled=Scheduled(change=change))
        for change in ("cancel", "plan")
    )
    assert (has_ended(ends), has_ended(changes)) == (True, False)
