"""Moving by links: one link at a time, within the window, and the old one ends when it is paid."""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Sequence

import pytest

from subhub import CustomerDraft, Status, switching
from subhub.sandbox import Fault
from subhub.switching import Outcome
from subhub.switching.rows import at
from tests.switching.conftest import Accounts


def words(outcomes: Sequence[Outcome]) -> list[str]:
    return [found.outcome for found in outcomes]


def test_the_old_one_ends_when_the_link_is_paid(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan("link")

    (link,) = accounts.run(rows)
    assert (link.outcome, bool(link.url), bool(link.expires_at)) == ("link", True, True)
    assert words(accounts.run(rows)) == ["open"]
    assert accounts.main.get_subscription(old).status is Status.ACTIVE
    assert accounts.status(rows) == ["source"]

    accounts.company.pay(link.url or "")
    assert accounts.status(rows) == ["source", "both"]  # both bill until the next run
    (moved,) = accounts.run(rows)
    assert (moved.outcome, moved.paid_until) == ("moved", dt.date(2026, 11, 20))
    assert accounts.main.get_subscription(old).status is Status.CANCELED
    assert words(accounts.run(rows)) == ["moved earlier"]
    assert accounts.status(rows) == ["target"]


def test_a_link_is_in_the_results_once(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    (link,) = accounts.run(rows)
    _ = accounts.run(rows)

    lines = list(csv.DictReader(accounts.results.read_text("utf-8").splitlines()))
    assert [line["outcome"] for line in lines] == ["link", "open"]
    assert [line["url"] for line in lines] == [link.url, ""]


def test_a_link_that_expires_has_a_successor(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    (first,) = accounts.run(rows)
    accounts.forward(2)
    (second,) = accounts.run(rows)
    assert (second.outcome, second.url == first.url) == ("link", False)

    accounts.company.pay(second.url or "")
    assert words(accounts.run(rows)) == ["moved"]


def test_no_link_is_created_before_its_window_nor_within_the_margin(accounts: Accounts) -> None:
    _ = accounts.sell(starts_on=dt.date(2026, 10, 26))
    rows = accounts.plan("link", overlap_days=10)
    (waits,) = accounts.run(rows)
    assert (waits.outcome, "its window opens on 2026-11-16" in waits.reason) == ("waiting", True)
    accounts.forward(15)
    (waits,) = accounts.run(rows)
    assert (waits.outcome, "within the margin" in waits.reason) == ("waiting", True)
    assert not accounts.company.links


def test_a_link_that_outlives_the_renewal_is_not_given_out(accounts: Accounts) -> None:
    _ = accounts.sell(starts_on=dt.date(2026, 10, 11))
    rows = accounts.plan("link")
    for _ in range(2):
        (waits,) = accounts.run(rows, margin=1)
        assert waits.outcome == "waiting"
        assert "a link of today could be paid after the renewal on 2026-11-11" in waits.reason
    urls = [link["url"] for link in accounts.company.links.values()]
    assert len(urls) == 2
    assert not any(url in accounts.results.read_text("utf-8") for url in urls)


def test_who_leaves_with_a_link_out_has_left(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan("link")
    _ = accounts.run(rows)
    accounts.forward(2)
    _ = accounts.main.cancel_subscription(old, when="now")
    assert words(accounts.run(rows)) == ["left"]


def test_who_pays_and_ends_the_old_one_themselves_has_moved(accounts: Accounts) -> None:
    old = accounts.sell()
    rows = accounts.plan("link")
    (link,) = accounts.run(rows)
    accounts.company.pay(link.url or "")
    _ = accounts.main.cancel_subscription(old, when="now")
    assert words(accounts.run(rows)) == ["moved"]
    (new,) = accounts.next.list_subscriptions()
    assert new.status is Status.ACTIVE
    assert accounts.status(rows) == ["target"]


@pytest.mark.parametrize("after", [True, False], ids=["created", "not created"])
def test_a_link_whose_answer_was_lost_has_a_successor(accounts: Accounts, *, after: bool) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    path = "/v1/subscription-signup-links"
    accounts.company.faults.next(Fault("dropped", after=after), method="POST", path=path)

    assert words(accounts.run(rows)) == ["unknown"]
    (link,) = accounts.run(rows)
    assert (link.outcome, bool(link.url)) == ("link", True)
    assert not accounts.next.open_intents()


def test_one_link_at_a_time_for_a_customer(accounts: Accounts) -> None:
    first = accounts.sell()
    _ = accounts.main.subscribe(
        plan="phone", customer=first.customer_id or "", starts_on=dt.date(2026, 10, 21)
    )
    rows = accounts.plan("link")
    link, waits = accounts.run(rows)
    assert (link.outcome, waits.outcome) == ("link", "waiting")
    assert "another link of this customer is out" in waits.reason

    accounts.company.pay(link.url or "")
    moved, second = accounts.run(rows)
    assert (moved.outcome, second.outcome) == ("moved", "link")
    accounts.company.pay(second.url or "")
    assert words(accounts.run(rows)) == ["moved earlier", "moved"]
    assert accounts.status(rows) == ["target", "target"]


def test_what_may_have_come_of_a_link_is_for_a_person(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    (link,) = accounts.run(rows)
    accounts.company.pay(link.url or "")
    (customer,) = accounts.company.customers
    _ = accounts.company.start(customer, "phone", "active", 1)

    (unknown,) = accounts.run(rows)
    assert unknown.outcome == "unknown"
    assert accounts.main.list_subscriptions().first() is not None


def test_one_that_renewed_before_the_payment_was_seen_is_reported(accounts: Accounts) -> None:
    _ = accounts.sell()
    rows = accounts.plan("link")
    (link,) = accounts.run(rows)
    accounts.company.pay(link.url or "")
    accounts.forward(15)

    (both,) = accounts.run(rows)
    assert (both.outcome, both.paid_until) == ("both", dt.date(2026, 12, 20))
    assert accounts.status(rows) == ["both"]


def test_a_limit_counts_the_first_link_of_each(accounts: Accounts) -> None:
    for name in ("Ann", "Ben"):
        _ = accounts.sell(name)
    rows = accounts.plan("link")
    assert sorted(words(accounts.run(rows, limit=1, in_flight=1))) == ["link", "waiting"]


def test_a_target_whose_links_create_the_customer(accounts: Accounts) -> None:
    """From Afternoon to MijnKlantportaal: a sign-up page always creates a new customer."""
    draft = CustomerDraft(
        name="Ann", email="ann@test.com", address="Street 1", postal_code="1234AB", city="Amsterdam"
    )
    customer = accounts.next.create_customer(draft)
    _ = accounts.company.start(customer.id, "phone", "active", 20)
    rows = accounts.plan("link", source=accounts.next)
    assert [(row.way, row.note.partition(":")[0]) for row in rows] == [("leave", "missing_field")]
    more = {**rows[0].more, "address": "Street 1", "postal_code": "1234AB", "city": "Amsterdam"}
    rows = [at(rows[0], way="link", more=more, overlap_days=14)]

    def again() -> list[Outcome]:
        return list(
            switching.run(
                accounts.next, accounts.main, rows, results=accounts.results, grace_period=0
            )
        )

    (link,) = again()
    assert link.outcome == "link"
    accounts.portal.pay(link.url or "")
    (moved,) = again()
    assert (moved.outcome, moved.paid_until) == ("moved", dt.date(2026, 11, 20))
    found = list(switching.status(accounts.next, accounts.main, rows))
    assert [standing.state for standing in found] == ["target"]
    accounts.forward(11)
    (old,) = accounts.next.list_subscriptions()
    assert old.status is Status.CANCELED
    assert [s.state for s in switching.status(accounts.next, accounts.main, rows)] == ["target"]
