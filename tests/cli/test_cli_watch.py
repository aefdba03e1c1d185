"""`subhub watch` prints what changes, and remembers what it has printed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from subhub_afternoon import Afternoon
from typer.testing import Result

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft
from tests.served import Serve, Served, serving

Run = Callable[..., Result]
PHONE = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))


@pytest.fixture
def served(run: Run) -> Iterator[Served]:
    """An Afternoon on a port, which the configuration reaches with a key."""
    del run
    with serving() as serve:
        yield start(serve)


def start(serve: Serve) -> Served:
    server = serve(Afternoon, 14)
    _ = server.fake.add_plan("phone", PHONE)
    settings = f"base_url = '{server.address}'\napi_key = '{server.fake.api_key}'\nattempts = 1\n"
    _ = Path("subhub.toml").write_text(f"[accounts.main]\nprovider = 'afternoon'\n{settings}")
    return server


def sell() -> str:
    with Client.from_config() as client:
        customer = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com"))
        return client.subscribe(plan="phone", customer=customer).id


def test_events_are_printed_once_over_several_runs(run: Run, served: Served) -> None:
    del served
    assert run("watch", "--once", "--token", "seen.txt").stdout == ""
    sold = sell()

    first = run("watch", "--once", "--token", "seen.txt", "--about", "subscription")
    second = run("watch", "--once", "--token", "seen.txt", "--about", "subscription")

    words = first.stdout.split()
    assert words[:3] == ["subscription", "created", sold]
    assert words[3].startswith("changes:")
    assert second.stdout == ""


def test_scripts_get_a_line_of_json_for_each_event(run: Run, served: Served) -> None:
    del served
    _ = run("watch", "--once", "--token", "seen.txt")
    sold = sell()

    lines = run("watch", "--once", "--token", "seen.txt", "--json").stdout.splitlines()

    events = [json.loads(line) for line in lines]
    assert [(event["about"], event["change"]) for event in events] == [
        ("customer", "created"),
        ("subscription", "created"),
    ]
    assert events[1]["object_id"] == sold
    assert events[1]["account"] == "main"
    assert "raw" not in events[1]


def test_it_compares_again_after_a_while_also_after_an_outage(run: Run, served: Served) -> None:
    """Until the key is revoked, which no later comparison would survive."""
    _ = run("watch", "--once", "--token", "seen.txt")
    sold: list[str] = []

    def happen() -> None:
        for outage in (False, True, False):
            if outage:
                served.fake.faults.next("server_error", method="GET")
            sold.append(sell())
            seen = served.requests
            _ = served.reached(change=10**9, request=seen + 6, living=lambda: True)
        served.fake.revoke_key()

    thread = threading.Thread(target=happen)
    thread.start()
    result = run("watch", "--token", "seen.txt", "--interval", "0.05", "--about", "subscription")
    thread.join()

    assert result.exit_code == 1
    assert "HTTP 401" in result.stderr
    assert "it is tried again in 0.05 s" in result.stderr
    assert [line.split()[2] for line in result.stdout.splitlines()] == sold


def test_without_a_token_it_begins_with_what_there_is(run: Run, served: Served) -> None:
    _ = sell()

    def end() -> None:
        _ = served.reached(change=10**9, request=4, living=lambda: True)
        served.fake.revoke_key()

    thread = threading.Thread(target=end)
    thread.start()
    result = run("watch", "--interval", "0.05")
    thread.join()

    assert (result.stdout, result.exit_code) == ("", 1)


def test_with_once_a_failure_is_one(run: Run, served: Served) -> None:
    served.fake.faults.next("server_error", method="GET")

    assert run("watch", "--once", "--token", "seen.txt").exit_code == 1
    assert not Path("seen.txt").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--once",), "`--once` needs `--token`"),
        (("--interval", "0"), "`--interval` must be > 0 seconds, got 0"),
        (("--interval", "nan"), "`--interval` must be a number from 0 to 10000000, got 'nan'"),
        (("--about", "invoice"), "`--about` must be one of 'plan'"),
    ],
)
def test_what_cannot_be_watched_is_refused(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run("watch", *words)

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_token_of_something_else_is_refused(run: Run) -> None:
    _ = Path("seen.txt").write_text("subhub-changes-9.abc")

    result = run("watch", "--once", "--token", "seen.txt")

    assert result.exit_code == 2
    assert "has the format 9" in result.stderr


def test_a_token_that_cannot_be_read_is_named(run: Run) -> None:
    _ = Path("seen.txt").write_bytes(b"\xff\xfe\x00")

    result = run("watch", "--once", "--token", "seen.txt")

    assert result.exit_code == 2
    assert "`--token` seen.txt cannot be read" in result.stderr


def test_a_token_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    missing = os.path.join("nowhere", "seen.txt")  # noqa: PTH118 - as it is typed

    result = run("watch", "--once", "--token", missing)

    assert result.exit_code == 2
    assert f"`--token` {missing} cannot be written" in result.stderr
    assert not (tmp_path / "nowhere").exists()
