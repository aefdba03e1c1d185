"""While a configuration is served, its commands use that sandbox, and afterwards their own."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub import ConfigError
from subhub.cli.joined_sandbox import announced, joined
from subhub.client.configuration import Configuration
from subhub.client.served_sandbox import control
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of, serving
from tests.capture import capturing

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
PERSON = ("--name", "Test Company BV", "--email", "john.doe@test.com")
FILE = """
account = "main"

[accounts.main]
provider = "afternoon"
sandbox = true

[accounts.other]
provider = "afternoon"
sandbox = true

[accounts.keyed]
provider = "afternoon"
api_key = "ak_test_0123456789abcdefghijklmn"

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
"""


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Run:
    _ = (tmp_path / "subhub.toml").write_text(FILE)
    return run


@pytest.fixture
def server(shop: Run) -> Iterator[Sandbox]:
    """A server of the account `main` alone, which nobody has announced."""
    del shop
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        _ = sandbox.add(load("afternoon"), "main", Configuration.read().plans())
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def announcing(server: Sandbox, tmp_path: Path, notes: list[str]) -> Iterator[Sandbox]:
    with announced(tmp_path, server.origin, server.accounts, notes.append):
        yield server


def test_commands_use_it_say_so_and_go_back_to_their_own(
    shop: Run, as_json: AsJson, server: Sandbox, tmp_path: Path, notes: list[str]
) -> None:
    own = as_json(shop("customer", "create", *PERSON, "--json"))
    with announced(tmp_path, server.origin, server.accounts, notes.append):
        listed = shop("-v", "customer", "list")
        created = as_json(shop("customer", "create", *PERSON, "--json"))

        assert f"sandbox: the one that is served at {server.origin}\n" in listed.stderr
        assert "no customers" in listed.stderr
        assert as_json(shop("customer", "get", created["id"], "--json")) == created
        assert server.accounts["afternoon/main"].request_log.total == 3
    assert [found["id"] for found in as_json(shop("customer", "list", "--json"))] == [own["id"]]
    assert notes == []
    assert not (tmp_path / ".subhub" / "served.json").exists()


def test_a_link_is_paid_and_the_clock_moves_there(
    shop: Run, as_json: AsJson, announcing: Sandbox
) -> None:
    link = as_json(shop("signup-link", "create", "--plan", "phone", *PERSON, "--json"))
    assert link["url"].startswith(announcing.origin)

    assert as_json(shop("sandbox", "pay", link["url"], "--json")) == {"paid": link["url"]}
    assert len(as_json(shop("subscription", "list", "--json"))) == 1
    again = shop("sandbox", "pay", link["url"])
    assert again.exit_code == 2
    assert "error: `URL`: cannot be paid: " in again.stderr

    now = as_json(shop("sandbox", "advance", "--days", "40", "--json"))["now"]
    assert now == announcing.accounts["afternoon/main"].fake.clock.now().isoformat()
    assert "the year 2999" in shop("sandbox", "advance", "-d", "9999999").stderr

    deleted = as_json(shop("sandbox", "reset", "--json"))
    assert deleted == {"path": announcing.origin, "deleted": True}
    assert as_json(shop("subscription", "list", "--json")) == []


def test_an_account_that_is_not_served_keeps_its_own(shop: Run, announcing: Sandbox) -> None:
    listed = shop("--account", "other", "customer", "list")

    assert "its state is in .subhub/" in listed.stderr
    assert announcing.accounts["afternoon/main"].request_log.total == 0
    keyed = Configuration.read(None, "keyed")
    assert joined(keyed) is keyed


@pytest.mark.parametrize(
    "text", [None, "", "[]", '{"address": "http://127.0.0.1:1", "accounts": []}']
)
def test_a_server_that_is_starting_or_stopping_disturbs_no_command(
    shop: Run, announcing: Sandbox, tmp_path: Path, text: str | None
) -> None:
    del announcing
    place = tmp_path / ".subhub" / "served.json"
    place.unlink()
    if text is not None:
        _ = place.write_text(text)

    assert "its state is in .subhub/" in shop("customer", "list").stderr


def test_the_first_of_two_servers_is_used(
    shop: Run, announcing: Sandbox, tmp_path: Path, notes: list[str]
) -> None:
    with announced(tmp_path, "http://127.0.0.1:1", ["afternoon/main"], notes.append):
        assert notes == [f"commands in {tmp_path} use another server, which was started before"]
        assert f"served at {announcing.origin}\n" in shop("customer", "list").stderr
    assert f"served at {announcing.origin}\n" in shop("customer", "list").stderr


def test_a_folder_that_cannot_be_written_is_served_all_the_same(
    tmp_path: Path, notes: list[str]
) -> None:
    _ = (tmp_path / ".subhub").write_text("a file, and not a folder")

    with announced(tmp_path, "http://127.0.0.1:1", [], notes.append):
        assert notes[0].startswith(f"commands in {tmp_path} cannot use this server: ")


def test_a_server_that_was_killed_is_forgotten(shop: Run, tmp_path: Path) -> None:
    program = "from subhub.cli import main; main()"
    words = ("sandbox", "serve", "--config", "subhub.toml", "--port", "0", "--json")
    with (
        subprocess.Popen(
            [sys.executable, "-c", program, *words], stdout=subprocess.PIPE, text=True, cwd=tmp_path
        ) as process,
        ExitStack() as stopping,
    ):
        _ = stopping.callback(process.kill)
        assert process.stdout is not None
        text = ""
        while not text.endswith("\n}\n"):
            text += process.stdout.readline()
        address = json.loads(text)["dashboard"].rstrip("/")
        assert f"served at {address}\n" in shop("customer", "list").stderr
        process.kill()
        _ = process.wait()
        assert (tmp_path / ".subhub" / "served.json").exists()

        assert "its state is in .subhub/" in shop("customer", "list").stderr


def test_who_serves_nothing_of_the_file_is_shown_how_to(shop: Run) -> None:
    with listen("127.0.0.1", 0) as taken:
        port = str(taken.getsockname()[1])
        hint = "to serve the accounts of subhub.toml: --config subhub.toml\n"

        assert hint in shop("sandbox", "serve", "--port", port).stderr
        for chosen in (("--provider", "afternoon"), ("--config", "subhub.toml")):
            ended = shop("sandbox", "serve", "--port", port, *chosen)
            assert ended.exit_code == 2
            assert hint not in ended.stderr


@pytest.mark.parametrize("content", [b"[]", b"<html>", b'"text"'])
def test_what_is_no_sandbox_is_not_controlled(content: bytes) -> None:
    with (
        capturing(lambda _: (200, {}, content)) as capture,
        pytest.raises(ConfigError, match="is not a sandbox of subhub"),
    ):
        _ = control(capture.url, "afternoon/main", "reset")
