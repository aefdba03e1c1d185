"""The clock of a served sandbox: it runs in real time, can be ahead, and survives a restart."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from subhub_afternoon.fake import AfternoonFake

from subhub import Client, CustomerDraft
from subhub.server import Application, Sandbox, ServedAccount, StateFile, listen, origin_of
from subhub.server.program import serving

ORIGIN = "http://127.0.0.1:1"
NOON = dt.datetime(2026, 3, 1, 12, 0, 0, 700_000, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
Accounts = Callable[[Sandbox], None]


class Wall:
    """The clock of this machine, as a test sets it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> dt.datetime:
        return self.now


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def opened(add_accounts: Accounts, wall: Wall) -> Callable[..., Sandbox]:
    def make(state: StateFile | None = None, *, real_time: bool = True) -> Sandbox:
        sandbox = Sandbox(ORIGIN, state, real_time=real_time, now=wall)
        add_accounts(sandbox)
        return sandbox

    return make


def lag(account: ServedAccount, wall: Wall) -> float:
    return (account.fake.clock.now() - wall.now).total_seconds()


def test_now_is_the_same_on_both_sides(opened: Callable[..., Sandbox], wall: Wall) -> None:
    account = opened().accounts["afternoon/main"]
    for step in (0.1, 0.2, 1, 3600, 0.9):
        wall.now += dt.timedelta(seconds=step)
        _ = account.handle("GET", "/v1/customers", {}, b"")
        assert -1 < lag(account, wall) <= 0


def test_limits_are_enforced_in_real_time_only(opened: Callable[..., Sandbox], wall: Wall) -> None:
    headers = {"authorization": "Bearer sandbox-key-of-mijnklantportaal"}
    request = ("GET", "/v1/customers", headers, b"")
    frozen = opened(real_time=False).accounts["mijnklantportaal/main"]
    running = opened().accounts["mijnklantportaal/main"]
    assert {frozen.handle(*request).status for _ in range(61)} == {200}
    assert [running.handle(*request).status for _ in range(61)].count(429) == 1
    wall.now += dt.timedelta(seconds=60)
    assert running.handle(*request).status == 200


def test_a_frozen_clock_stays(opened: Callable[..., Sandbox], wall: Wall) -> None:
    account = opened(real_time=False).accounts["afternoon/main"]
    wall.now += DAY
    assert not account.catch_up()
    assert lag(account, wall) == pytest.approx(-86400.7)


def test_a_clock_that_was_advanced_stays_ahead(opened: Callable[..., Sandbox], wall: Wall) -> None:
    account = opened().accounts["afternoon/main"]
    wall.now += dt.timedelta(hours=1)
    _ = account.fake.clock.advance(days=30)
    wall.now += dt.timedelta(hours=1)
    _ = account.catch_up()
    # the hour before the advance had not been caught up, and counts as well
    assert account.ahead == 30 * DAY
    assert lag(account, wall) == pytest.approx(30 * 86400 - 0.7)
    account.reset()
    assert lag(account, wall) == pytest.approx(-0.7)


def test_a_machine_whose_clock_is_set_back_does_not_turn_time_back(
    opened: Callable[..., Sandbox], wall: Wall
) -> None:
    account = opened().accounts["afternoon/main"]
    before = account.fake.clock.now()
    wall.now -= DAY
    _ = account.catch_up()
    assert account.fake.clock.now() == before
    wall.now += DAY + dt.timedelta(hours=1)
    _ = account.catch_up()
    assert -1 < lag(account, wall) <= 0


@pytest.mark.parametrize("advanced", [0, 30])
def test_it_continues_after_a_restart(
    opened: Callable[..., Sandbox], wall: Wall, tmp_path: Path, advanced: int
) -> None:
    state = StateFile(tmp_path / "state.json")
    first = opened(state)
    fake = first.accounts["afternoon/main"].fake
    assert isinstance(fake, AfternoonFake)
    _ = fake.start("c1", "phone", "active", 1)
    _ = fake.clock.advance(days=advanced)
    first.changes += 1
    first.save()
    charged = len(fake.charges)

    wall.now += 100 * DAY
    second = opened(state)
    account = second.accounts["afternoon/main"]
    second.catch_up()
    assert lag(account, wall) == pytest.approx(advanced * 86400 - 0.7)
    assert len(account.fake.charges) in {charged + 3, charged + 4}
    assert second.changes == 1, "what was due is saved"


def test_a_frozen_one_that_lags_behind_catches_up_in_real_time(
    opened: Callable[..., Sandbox], wall: Wall, tmp_path: Path
) -> None:
    state = StateFile(tmp_path / "state.json")
    first = opened(state, real_time=False)
    wall.now += DAY
    first.changes += 1
    first.save()
    frozen = opened(state, real_time=False).accounts["afternoon/main"]
    assert lag(frozen, wall) == pytest.approx(-86400.7)
    running = opened(state)
    running.catch_up()
    assert -1 < lag(running.accounts["afternoon/main"], wall) <= 0


def test_what_is_due_happens_without_a_request(add_accounts: Accounts) -> None:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        add_accounts(sandbox)
        fake = sandbox.accounts["afternoon/main"].fake
        assert isinstance(fake, AfternoonFake)
        starts_at = fake.clock.now() + dt.timedelta(seconds=2)
        with serving(Application(sandbox), listening):
            _ = fake.start("c1", "phone", "pending", 1, starts_at)
            for _ in range(100):
                time.sleep(0.1)
                if len(fake.charges):
                    break
    assert [charge.charged_at for charge in fake.charges] == [starts_at]


def test_the_dashboard_says_how_far_it_is_ahead(
    add_accounts: Accounts, dashboard: Callable[[ServedAccount], str]
) -> None:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        add_accounts(sandbox)
        account = sandbox.accounts["afternoon/main"]
        with serving(Application(sandbox), listening):
            assert "Clock in real time: " in httpx.get(dashboard(account)).text
            _ = httpx.post(dashboard(account), data={"do": "advance", "days": "3"})
            assert (
                "Clock in real time, 3 days, 0:00:00 ahead: " in httpx.get(dashboard(account)).text
            )


def test_today_of_a_client_is_today_of_the_sandbox(
    add_accounts: Accounts, connect: Callable[..., Client], company: CustomerDraft
) -> None:
    """A client with a key has the time of this machine; the start it sends is not in the past."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening), real_time=True)
        add_accounts(sandbox)
        account = sandbox.accounts["mijnklantportaal/main"]
        with serving(Application(sandbox), listening):
            made = connect(account).subscribe(plan=account.plan_ids["phone"], customer=company)
            assert made.status == "active"
            [charge] = account.fake.charges
    assert charge.first_on == made.starts_on
