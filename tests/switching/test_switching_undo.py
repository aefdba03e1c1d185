"""Undo and status: what has not begun is taken back, and who bills is read at both."""

from __future__ import annotations

import datetime as dt

import pytest
from subhub_afternoon import Afternoon

from subhub import Client, CustomerDraft, Status, switching
from subhub.sandbox import Fault
from subhub.switching import SwitchRow
from subhub.switching.rows import at
from tests.switching.conftest import Accounts


def made(accounts: Accounts) -> list[SwitchRow]:
    """Return the rows of a run that could not end the old subscription."""
    _ = accounts.sell()
    rows = accounts.plan()
    accounts.portal.faults.rule("rate_limited", method="PATCH")
    (refused,) = accounts.run(rows)
    assert refused.outcome == "refused"
    accounts.portal.faults.clear()
    assert undone(accounts, rows) == ["kept"]  # until it is certain that no end shows late
    accounts.forward(0.01)
    return rows


def undone(accounts: Accounts, rows: list[SwitchRow]) -> list[str]:
    return [found.outcome for found in accounts.undo(rows)]


def test_what_has_not_begun_is_taken_back_and_begun_again(accounts: Accounts) -> None:
    rows = made(accounts)
    assert accounts.status(rows) == ["both"]

    assert undone(accounts, rows) == ["undone"]
    (first,) = accounts.next.list_subscriptions()
    assert first.status is Status.CANCELED
    assert accounts.status(rows) == ["source"]
    assert undone(accounts, rows) == ["undone"]  # nothing more

    (moved,) = accounts.run(rows)
    assert (moved.outcome, moved.new != first.id) == ("moved", True)
    accounts.forward(400)
    customer = next(iter(accounts.company.customers))
    days = accounts.company.charges.paid_days(customer)
    assert set(days.values()) == {1}
    assert min(days) == dt.date(2026, 11, 20)


def test_who_has_moved_is_kept(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    (moved,) = accounts.run(rows)
    (kept,) = accounts.undo(rows)
    assert (kept.outcome, kept.new) == ("kept", moved.new)
    assert accounts.status(rows) == ["target"]


def test_what_has_begun_is_kept(accounts: Accounts) -> None:
    rows = made(accounts)
    accounts.forward(11)
    assert undone(accounts, rows) == ["kept"]


def test_where_nothing_was_created_nothing_is_sent(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    before = len(accounts.changes())
    assert undone(accounts, rows) == ["undone"]
    assert len(accounts.changes()) == before


def test_a_link_cannot_be_taken_back(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    (link,) = accounts.run(rows)
    assert undone(accounts, rows) == ["open"]
    accounts.company.pay(link.url or "")
    accounts.portal.faults.rule("rate_limited", method="PATCH")
    assert [found.outcome for found in accounts.run(rows)] == ["refused"]
    accounts.forward(0.01)
    (kept,) = accounts.undo(rows)
    assert (kept.outcome, kept.reason) == ("kept", "the customer has signed up")


@pytest.mark.parametrize("after", [True, False], ids=["created", "not created"])
def test_a_lost_subscription_is_looked_for_and_not_sent_again(
    accounts: Accounts, *, after: bool
) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    lost = Fault("dropped", after=after)
    accounts.company.faults.next(lost, method="POST", path="/v1/subscriptions")
    assert [found.outcome for found in accounts.run(rows)] == ["unknown"]

    assert undone(accounts, rows) == ["undone"]
    statuses = [found["status"] for found in accounts.company.subscriptions.values()]
    assert statuses == (["canceled"] if after else [])


def test_a_lost_undo_is_found_or_repeated(accounts: Accounts) -> None:
    rows = made(accounts)
    accounts.company.faults.next(Fault("dropped"), method="POST", path="/v1/subscriptions/*/cancel")
    assert undone(accounts, rows) == ["unknown"]
    assert undone(accounts, rows) == ["undone"]
    assert accounts.status(rows) == ["source"]


def test_an_end_that_the_target_does_not_show_is_refused(accounts: Accounts) -> None:
    rows = made(accounts)
    accounts.company.faults.next("unknown_status", method="POST", path="/v1/subscriptions/*/cancel")
    (refused,) = accounts.undo(rows)
    assert (refused.outcome, "still shows it" in refused.reason) == ("refused", True)


def test_the_portal_never_charges_what_is_undone_before_it_starts(accounts: Accounts) -> None:
    """In the other direction: a subscription that is terminated before its start."""
    customer = accounts.next.create_customer(
        CustomerDraft(name="Ann", email="ann@test.com", external_id="ours")
    )
    _ = accounts.company.start(customer.id, "phone", "active", 20)
    (row,) = accounts.plan(source=accounts.next)
    more = {**row.more, "address": "Street 1", "postal_code": "1234AB", "city": "Amsterdam"}
    rows = [at(row, way="api", more=more)]
    options = {"results": accounts.results, "grace_period": 0}
    accounts.company.faults.rule("rate_limited", method="POST", path="/v1/subscriptions/*/cancel")
    (refused,) = switching.run(accounts.next, accounts.main, rows, **options)  # type: ignore[arg-type]
    assert refused.outcome == "refused"
    accounts.company.faults.clear()
    accounts.forward(0.01)

    (back,) = switching.undo(accounts.next, accounts.main, rows, **options)  # type: ignore[arg-type]
    assert back.outcome == "undone"
    accounts.forward(400)
    assert not list(accounts.portal.charges)
    assert {found.status for found in accounts.main.list_subscriptions()} == {Status.ENDED}


def test_an_end_at_the_period_whose_answer_is_lost_is_repeated(accounts: Accounts) -> None:
    """Afternoon does not show an end that is to come: looking cannot decide, and twice is once."""
    customer = accounts.next.create_customer(
        CustomerDraft(name="Ann", email="ann@test.com", external_id="ours")
    )
    _ = accounts.company.start(customer.id, "phone", "active", 20)
    (row,) = accounts.plan(source=accounts.next)
    assert row.end == "period_end"
    more = {**row.more, "address": "Street 1", "postal_code": "1234AB", "city": "Amsterdam"}
    rows = [at(row, way="api", more=more)]
    options = {"results": accounts.results, "grace_period": 0}
    lost = Fault("dropped", after=True)
    accounts.company.faults.next(lost, method="POST", path="/v1/subscriptions/*/cancel")

    (unknown,) = switching.run(accounts.next, accounts.main, rows, **options)  # type: ignore[arg-type]
    assert unknown.outcome == "unknown"
    (moved,) = switching.run(accounts.next, accounts.main, rows, **options)  # type: ignore[arg-type]
    assert moved.outcome == "moved"
    assert not accounts.next.open_intents()
    (standing,) = switching.status(accounts.next, accounts.main, rows)
    assert standing.state == "target"
    accounts.forward(400)
    old = accounts.company.charges.paid_days(customer.id)
    new = accounts.portal.charges.paid_days(next(iter(accounts.portal.customers)))
    assert set((old + new).values()) == {1}
    (standing,) = switching.status(accounts.next, accounts.main, rows)
    assert standing.state == "target"


def test_status_finds_what_was_done_by_hand(accounts: Accounts) -> None:
    for name in ("Ann", "Ben", "Cleo", "Dora", "Eve"):
        _ = accounts.sell(name)
    rows = accounts.plan()
    made_of = {found.subscription: found.new for found in accounts.run(rows)}
    new = [accounts.company.subscriptions[made_of[row.subscription] or ""] for row in rows]
    new[0]["status"] = "canceled"
    new[1]["plan_code"] = "care"
    accounts.portal.subscriptions[rows[2].subscription].terminated_at = None
    _ = accounts.company.start(new[3]["customer_id"], "care", "active", 1)

    found = list(switching.status(accounts.main, accounts.next, rows))
    assert [standing.state for standing in found] == [
        "none",
        "differs",
        "both",
        "target",
        "target",
        "both",
    ]
    assert [standing.fits for standing in found] == [False, False, False, True, True, False]
    assert "its plan is care, and asked for was phone" in found[1].reason
    assert (found[5].key, "no row has this subscription" in found[5].reason) == ("", True)


def test_status_finds_what_has_not_begun_in_time(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan()
    accounts.company.pending_starts = False
    assert [found.outcome for found in accounts.run(rows)] == ["moved"]
    assert accounts.status(rows) == ["target"]
    accounts.forward(12)
    (standing,) = switching.status(accounts.main, accounts.next, rows)
    assert (standing.state, "should have begun on 2026-11-20" in standing.reason) == ("none", True)


class Unrepeatable(Afternoon):
    """A provider that does not declare that two cancellations are as one."""

    repeatable = frozenset()


def test_an_end_that_may_not_be_repeated_is_for_a_person(accounts: Accounts) -> None:
    customer = accounts.next.create_customer(CustomerDraft(name="Ann", email="ann@test.com"))
    _ = accounts.company.start(customer.id, "phone", "active", 20)
    known = accounts.main.create_customer(
        CustomerDraft(
            name="Ann", email="a@b.c", address="Street 1", postal_code="1234AB", city="Amsterdam"
        )
    )
    (row,) = accounts.plan(source=accounts.next)
    rows = [at(row, way="api", source="afternoon", to_customer=known.id)]
    path = "/v1/subscriptions/*/cancel"
    accounts.company.faults.next(Fault("dropped", after=True), method="POST", path=path)
    statuses = {"active": "active"}
    journal = accounts.folder / "journal.db"
    with Client(Unrepeatable, sandbox=accounts.company, journal=journal, statuses=statuses) as old:
        for _ in range(2):
            (unknown,) = switching.run(
                old, accounts.main, rows, results=accounts.results, grace_period=0
            )
            assert unknown.outcome == "unknown"


def test_an_end_that_was_taken_for_not_done_is_ones_own(accounts: Accounts) -> None:
    """It is dated by our clock, and the provider's is behind: it shows three minutes later."""
    _ = accounts.sell()
    rows = [at(row, source="mijnklantportaal") for row in accounts.plan()]
    portal, options = accounts.portal, {"results": accounts.results, "grace_period": 0}
    ahead = Client(
        "mijnklantportaal",
        sandbox=portal,
        journal=accounts.folder / "journal.db",
        clock=lambda: portal.clock.now() + dt.timedelta(minutes=3),
    )
    with ahead:
        portal.faults.next(Fault("dropped", after=True), method="PATCH")
        (unknown,) = switching.run(ahead, accounts.next, rows, **options)  # type: ignore[arg-type]
        (found,) = ahead.resolve_all([unknown.token or ""], grace_period=0)
        assert getattr(found, "outcome", "") == "ambiguous"
        ahead.mark_resolved(unknown.token or "", done=False)  # a person, who looked too early
        (kept,) = switching.undo(ahead, accounts.next, rows, **options)  # type: ignore[arg-type]
        assert (kept.outcome, "may show late" in kept.reason) == ("kept", True)

        accounts.forward(0.01)
        (moved,) = switching.run(ahead, accounts.next, rows, **options)  # type: ignore[arg-type]
        assert moved.outcome == "moved"
        assert len(accounts.company.subscriptions) == 1


def test_who_leaves_long_after_an_end_that_failed_has_left(accounts: Accounts) -> None:
    rows = made(accounts)
    accounts.forward(1)
    _ = accounts.main.cancel_subscription(rows[0].subscription, when="now")
    assert [found.outcome for found in accounts.run(rows)] == ["left"]
    (new,) = accounts.next.list_subscriptions()
    assert new.status is Status.CANCELED
