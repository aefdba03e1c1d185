"""The embedded sandbox of the program: its state outlasts a command, and two share it."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub import Client, CustomerDraft
from subhub.cli.kept_sandbox import KeptSandbox
from subhub.errors import ConfigError
from subhub.plugin.registry import load
from subhub.system.file_locks import acquire

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
PERSON = ("--name", "Test Company BV", "--email", "john.doe@test.com")
FILE = """
[accounts.main]
provider = "afternoon"
sandbox = true

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
"""
NOW = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def shop(run: Run, tmp_path: Path) -> Run:
    _ = (tmp_path / "subhub.toml").write_text(FILE)
    return run


def state_file(tmp_path: Path) -> Path:
    return tmp_path / ".subhub" / "main.afternoon.json"


def test_what_a_command_creates_the_next_one_finds(shop: Run, as_json: AsJson) -> None:
    created = as_json(shop("customer", "create", *PERSON, "--external-id", "7", "--json"))

    assert as_json(shop("customer", "get", created["id"], "--json")) == created
    assert as_json(shop("customer", "find", "--external-id", "7", "--json")) == created


def test_the_folder_ignores_itself_and_the_state_is_private(
    shop: Run, as_json: AsJson, tmp_path: Path
) -> None:
    _ = as_json(shop("customer", "create", *PERSON, "--json"))

    assert (tmp_path / ".subhub" / ".gitignore").read_text() == "*\n"
    assert state_file(tmp_path).stat().st_mode & 0o777 == 0o600


def test_a_link_is_paid_followed_and_renewed(shop: Run, as_json: AsJson, tmp_path: Path) -> None:
    words = ("signup-link", "create", "--plan", "phone", *PERSON, "--json")
    link = as_json(shop(*words))
    _ = (tmp_path / "link.json").write_text(json.dumps(link))

    before = as_json(shop("signup-link", "follow", "@link.json", "--json"))
    paid = shop("sandbox", "pay", link["url"])
    after = as_json(shop("signup-link", "follow", "@link.json", "--json"))

    assert (before["state"], after["state"]) == ("open", "completed")
    assert paid.stdout == f"paid: {link['url']}\n"
    other = as_json(shop(*words))["url"]
    assert as_json(shop("sandbox", "pay", other, "--json")) == {"paid": other}
    refused = shop("sandbox", "pay", link["url"], "--json")
    assert json.loads(refused.stderr)["error"]["message"].startswith("`URL`: cannot be paid: ")


def test_the_clock_can_be_advanced_and_keeps_its_time(shop: Run, as_json: AsJson) -> None:
    first = as_json(shop("sandbox", "advance", "--days", "40", "--json"))["now"]
    second = as_json(shop("sandbox", "advance", "--hours", "0.5", "--json"))["now"]
    passed = dt.datetime.fromisoformat(second) - dt.datetime.fromisoformat(first)

    assert dt.timedelta(minutes=30) <= passed < dt.timedelta(minutes=40)
    assert "in the sandbox" in shop("sandbox", "advance", "-d", "1").stdout
    assert "the year 2999" in shop("sandbox", "advance", "-d", "9999999").stderr


def test_the_state_can_be_deleted(shop: Run, as_json: AsJson, tmp_path: Path) -> None:
    created = as_json(shop("customer", "create", *PERSON, "--json"))

    assert as_json(shop("sandbox", "reset", "--json")) == {
        "path": str(state_file(tmp_path)),
        "deleted": True,
    }
    assert shop("customer", "get", created["id"]).exit_code == 1
    assert shop("sandbox", "reset").stdout == f"deleted: {state_file(tmp_path)}\n"
    assert shop("sandbox", "reset").stdout == "there was nothing to delete\n"


def test_a_real_account_has_no_sandbox_to_pay_in(run: Run) -> None:
    refused = run("sandbox", "pay", "https://pay.example/1", "--account", "real")

    assert refused.exit_code == 2
    assert "not in a sandbox, but at clitoy" in refused.stderr


def test_a_payment_that_a_fake_refuses_without_a_word_is_an_error_too(run: Run) -> None:
    assert run("sandbox", "pay", "https://pay.example/silent").stderr.endswith(
        "error: `URL`: cannot be paid: is not a page that can be paid\n"
    )


def test_new_terms_of_a_plan_are_a_new_plan(run: Run, as_json: AsJson, tmp_path: Path) -> None:
    file = tmp_path / "subhub.toml"
    first = as_json(run("plan", "update", "phone", "--name", "New", "--json"))
    again = as_json(run("plan", "get", "phone", "--json"))
    _ = file.write_text(file.read_text().replace("12.95", "14.95"))
    second = as_json(run("plan", "get", "phone", "--json"))

    assert first["price"] == again["price"] == {"amount": "12.95", "currency": "EUR"}
    assert second["price"] == {"amount": "14.95", "currency": "EUR"}


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"version": 0}', '{"version": 1}', '{"version": 1, "state": {"clock": 1}}'],
)
def test_a_file_that_cannot_be_used_is_an_error_with_the_remedy(
    shop: Run, tmp_path: Path, text: str
) -> None:
    (tmp_path / ".subhub").mkdir()
    _ = state_file(tmp_path).write_text(text)

    result = shop("subscription", "list")

    assert result.exit_code == 2
    assert f"cannot use the state of the sandbox in {state_file(tmp_path)}: " in result.stderr
    assert "Start again with `subhub sandbox reset`" in result.stderr


def test_where_nothing_can_be_written_the_sandbox_forgets_and_says_so(
    shop: Run, tmp_path: Path
) -> None:
    _ = (tmp_path / ".subhub").write_text("a file, and not a folder")

    result = shop("subscription", "list")

    assert result.exit_code == 0
    assert f"the sandbox forgets everything: {tmp_path / '.subhub'} cannot be" in result.stderr


def test_a_state_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state.json").symlink_to(tmp_path / "gone" / "state.json")
    kept = KeptSandbox(load("afternoon").sandbox(), tmp_path / "state.json")
    kept.load()

    with pytest.raises(ConfigError, match=r"cannot write .*: No such file"), kept.around():
        pass


def test_another_command_is_waited_for_and_not_forever(tmp_path: Path) -> None:
    kept = KeptSandbox(load("afternoon").sandbox(), tmp_path / "state.json", patience=0.05)
    lock = acquire(tmp_path / "state.lock")
    assert lock is not None

    with pytest.raises(ConfigError, match=r"another command has used .*state\.json for 0\.05 s"):
        kept.load()
    lock.close()
    kept.load()


def test_time_passes_between_two_commands(tmp_path: Path) -> None:
    moment = NOW
    first = KeptSandbox(load("afternoon").sandbox(), tmp_path / "state.json", now=lambda: moment)
    first.load()
    with first.around():
        first.fake.clock.set(dt.datetime(2030, 1, 1, tzinfo=dt.UTC))
    moment += dt.timedelta(days=3)
    second = KeptSandbox(load("afternoon").sandbox(), tmp_path / "state.json", now=lambda: moment)
    second.load()

    assert second.fake.clock.now() == dt.datetime(2030, 1, 4, tzinfo=dt.UTC)


def test_two_that_are_open_see_what_the_other_one_does(tmp_path: Path) -> None:
    kept = [KeptSandbox(load("afternoon").sandbox(), tmp_path / "state.json") for _ in range(2)]
    for one in kept:
        one.load()
        one.fake.around = one.around
    with (
        Client("afternoon", sandbox=kept[0].fake) as client,
        Client("afternoon", sandbox=kept[1].fake) as other,
    ):
        created = client.create_customer(CustomerDraft(name="A", email="a@b.nl"))

        assert other.get_customer(created.id) == created


WRITER = """
import sys
from pathlib import Path
from subhub import Client, CustomerDraft
from subhub.cli.kept_sandbox import KeptSandbox
from subhub.plugin.registry import load
kept = KeptSandbox(load("afternoon").sandbox(), Path(sys.argv[1]), patience=60)
kept.load()
kept.fake.around = kept.around
with Client("afternoon", sandbox=kept.fake, rate_limit="1000 per 1") as client:
    for number in range(10):
        print(client.create_customer(CustomerDraft(name=f"{sys.argv[2]}", email="a@b.nl")).id)
"""


def test_two_processes_at_once_lose_nothing(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(file), name], stdout=subprocess.PIPE, text=True
        )
        for name in ("A", "B")
    ]
    ids = [line for writer in writers for line in writer.communicate(timeout=100)[0].split()]
    state = json.loads(file.read_text())["state"]

    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(set(ids)) == 20
    assert all(json.dumps(state).count(f'"{found}"') for found in ids)
