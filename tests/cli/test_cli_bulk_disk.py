"""The result file of a bulk run: what is recorded, and what is said if the disk is full."""

from __future__ import annotations

import csv
import json
import os
import resource
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub import Interval, Money, PlanDraft
from subhub.cli.result_file import COLUMNS
from subhub.plugin.registry import load
from subhub.sandbox import Reply
from subhub.server import Application, Sandbox, listen, origin_of, serving
from subhub.server.connection import Receive, Scope, Send
from subhub.server.responses import send_reply

Run = Callable[..., Result]
RESULTS = Path("customers.results.csv")
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
OLD = f"{','.join(COLUMNS)}\n" + "".join(f"{n},old{n},done,x,,,,,\n" for n in range(20_000))
"""So long that a limit on the size of files is not one for the journal."""


class Shop(Application):
    """A provider behind a port, which does something at a change of its choice."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox)
        account = sandbox.add(load("mijnklantportaal"), "main", {"phone": PHONE})
        self.fake, self.base_url = account.fake, account.base_url
        self.plan = account.plan_ids["phone"]
        self.changes = 0
        self.at = 0
        self.act: Callable[[], object] = list
        self.refusal: Reply | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            self.changes += 1
            if self.changes == self.at:
                _ = self.act()
            if self.refusal is not None:
                while (await receive()).get("more_body"):
                    pass
                return await send_reply(self.refusal, scope, receive, send)
        return await super().__call__(scope, receive, send)

    @property
    def links(self) -> int:
        return len(self.sign_ups)

    @property
    def sign_ups(self) -> Mapping[str, object]:
        """The links that were created, by address."""
        fake: Any = self.fake
        found: Mapping[str, object] = fake.sign_ups
        return found


@pytest.fixture
def shop(run: Run) -> Iterator[Shop]:
    """The account of the configuration, and a file with six customers."""
    del run  # it makes the folder to work in
    lines = [f"k{n},Company {n},a{n}@test.com,Street 1,1234AB,Amsterdam" for n in range(6)]
    _ = Path("customers.csv").write_text(
        "\n".join(("key,name,email,address,postal_code,city", *lines, "")), "utf-8"
    )
    with listen("127.0.0.1", 0) as listening:
        shop = Shop(Sandbox(origin_of(listening)))
        _ = Path("subhub.toml").write_text(
            f"""[accounts.main]
            provider = "mijnklantportaal"
            api_key = "{shop.fake.api_key}"
            base_url = "{shop.base_url}"
            rate_limit = "100000 per 1"
            """,
            "utf-8",
        )
        with serving(shop, listening):
            yield shop


@pytest.fixture
def room() -> Iterator[Callable[[int], None]]:
    """Return a function that lets no file grow over a size, until the end of the test."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before if size < 0 else size, hard))

    yield limit
    limit(-1)


def words(shop: Shop, *more: str) -> tuple[str, ...]:
    return ("signup-link", "create", "--from", "customers.csv", "--plan", shop.plan, *more)


def rows() -> list[dict[str, str]]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if not row["key"].startswith("old")]


class TestBeforeTheRun:
    def test_a_full_disk_is_an_error(
        self, run: Run, shop: Shop, room: Callable[[int], None]
    ) -> None:
        _ = RESULTS.write_text(OLD, "utf-8")
        room(len(OLD) + 1000)
        ran = run(*words(shop, "--resume"))
        assert ran.exit_code == 2
        assert "cannot write customers.results.csv (File too large)" in ran.stderr
        assert shop.changes == 0
        assert RESULTS.read_text("utf-8") == OLD

    def test_an_error_leaves_no_new_file(
        self, run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, os.strerror(28))

        with monkeypatch.context() as patch:
            patch.setattr(os, "posix_fallocate", full)
            ran = run(*words(shop))
        assert "(No space left on device): name another `--result`" in ran.stderr
        assert not RESULTS.exists()
        assert run(*words(shop)).exit_code == 0

    @pytest.mark.parametrize("name", ["customers.csv", "./customers.csv", "customers.journal.db"])
    def test_a_file_of_the_run_cannot_be_its_result(self, run: Run, shop: Shop, name: str) -> None:
        for more in ((), ("--resume",)):
            ran = run(*words(shop, "--result", name, *more))
            assert ran.exit_code == 2
            assert "`--result` must not be the " in ran.stderr
        assert shop.changes == 0

    def test_a_folder_cannot_be_the_result(self, run: Run, shop: Shop) -> None:
        RESULTS.mkdir()
        ran = run(*words(shop, "--resume"))
        assert "cannot write customers.results.csv (Is a directory)" in ran.stderr
        assert shop.changes == 0

    def test_another_file_is_not_changed(self, run: Run, shop: Shop) -> None:
        notes = Path("notes.txt")
        _ = notes.write_text("not a newline at its end", "utf-8")
        notes.chmod(0o644)
        ran = run(*words(shop, "--resume", "--result", "notes.txt"))
        assert "is not the result of a bulk command" in ran.stderr
        assert notes.read_text("utf-8") == "not a newline at its end"
        assert stat.S_IMODE(notes.stat().st_mode) == 0o644

    def test_two_runs_cannot_write_one_file(self, run: Run, shop: Shop) -> None:
        Path("other.csv").symlink_to("customers.csv")
        ended = threading.Event()
        second: list[Result] = []

        def run_second() -> None:
            another = ("--from", "other.csv", "--plan", shop.plan, "--resume")
            target = ("--result", str(RESULTS))
            second.append(run("signup-link", "create", *another, *target))
            ended.set()

        thread = threading.Thread(target=run_second)

        def wait_for_second() -> None:
            thread.start()
            _ = ended.wait(20)

        shop.at, shop.act = 3, wait_for_second
        assert run(*words(shop)).exit_code == 0
        thread.join()
        assert "(another process is writing it)" in second[0].output
        assert shop.changes == 6

    def test_a_trial_does_not_remove_a_folder(self, run: Run) -> None:
        _ = Path("c.csv").write_text("name,email\nOne,a@b.c\n", "utf-8")
        Path("c.trial.csv").mkdir()
        ran = run("subscribe", "--from", "c.csv", "--plan", "phone")
        assert ran.exit_code == 2
        assert "cannot replace c.trial.csv" in ran.stderr


class TestInTheRun:
    def fill(self, shop: Shop, room: Callable[[int], None], left: int) -> None:
        """Leave *left* bytes on the disk from the third change on."""
        _ = RESULTS.write_text(OLD, "utf-8")
        shop.at, shop.act = 3, lambda: room(len(OLD) + left)

    def check_after_resuming(self, run: Run, shop: Shop) -> None:
        """Check that each row has its whole link, or is open: none is skipped without a link."""
        ran = run(*words(shop, "--resume", "--grace-period", "0"))
        by_key = {row["key"]: row for row in rows()}
        assert by_key.keys() == {f"k{n}" for n in range(6)}
        unknown = [row for row in by_key.values() if row["outcome"] == "unknown"]
        assert all(row["token"] for row in unknown)
        assert ran.exit_code == (4 if unknown else 0)
        done = [row for row in rows() if row["outcome"] == "done"]
        assert len(done) + len(unknown) == 6
        assert all(row["url"] and row["expires_at"].count(":") >= 2 for row in done)
        assert shop.links == 6

    @pytest.mark.parametrize("left", [0, 20, 100, 250])
    def test_a_full_disk_ends_it_with_every_line_whole(
        self, run: Run, shop: Shop, room: Callable[[int], None], left: int
    ) -> None:
        self.fill(shop, room, left)
        ran = run(*words(shop, "--resume"))
        room(-1)
        assert ran.exit_code == 1
        assert "cannot write customers.results.csv (File too large), so the run was" in ran.stderr
        assert "--resume" in ran.stderr
        assert RESULTS.read_bytes().endswith(b"\n")
        recorded = {row["key"] for row in rows()}
        told = {
            line.split()[6]: line.split()[-1]
            for line in ran.stdout.splitlines()
            if line.startswith("created, but not in that file: ")
        }
        assert len(recorded) + len(told) == shop.links
        assert not recorded & told.keys()
        assert all(address in shop.sign_ups for address in told.values())
        self.check_after_resuming(run, shop)

    def test_what_could_not_be_recorded_is_data_for_scripts(
        self, run: Run, shop: Shop, room: Callable[[int], None]
    ) -> None:
        self.fill(shop, room, 0)
        ran = run(*words(shop, "--resume", "--json"))
        room(-1)
        assert json.loads(ran.stderr)["error"]["type"] == "CannotRecord"
        data: Any = json.loads(ran.stdout)
        assert data["done"] + len(data["unrecorded"]) == shop.links
        assert all(link["url"] for link in data["unrecorded"].values())

    def test_a_line_that_did_not_reach_the_disk_is_not_done(
        self, run: Run, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sync = os.fsync

        def failing(descriptor: int) -> None:
            if RESULTS.exists() and os.path.sameopenfile(descriptor, opened):
                raise OSError(5, os.strerror(5))
            sync(descriptor)

        _ = RESULTS.write_text(OLD, "utf-8")
        opened = os.open(RESULTS, os.O_RDONLY)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", failing)
            ran = run(*words(shop, "--resume"))
        os.close(opened)
        assert ran.exit_code == 1
        assert "(Input/output error), so the run was stopped" in ran.stderr
        assert rows() == []
        self.check_after_resuming(run, shop)

    def test_a_file_that_is_removed_is_noticed(self, run: Run, shop: Shop) -> None:
        shop.at, shop.act = 3, RESULTS.unlink
        ran = run(*words(shop))
        assert ran.exit_code == 1
        assert "(it was removed or replaced), so the run was stopped" in ran.stderr
        assert ran.stdout.count("created, but not in that file") > 0


class TestResuming:
    def test_repairs_a_cut_line(self, run: Run, shop: Shop) -> None:
        head = f"{','.join(COLUMNS)}\n"
        _ = RESULTS.write_text(
            f"{head}2,k0,done,x,https://a,2026,,,\n3,k1,done,y,https://b", "utf-8"
        )
        RESULTS.chmod(0o644)
        ran = run(*words(shop, "--resume"))
        assert ran.exit_code == 0
        assert "ended in the middle of a line: moved that part to customers.results" in ran.stderr
        assert Path("customers.results.csv.cut").read_text("utf-8") == "3,k1,done,y,https://b\n"
        assert sorted(row["key"] for row in rows()) == [f"k{n}" for n in range(6)]
        assert stat.S_IMODE(RESULTS.stat().st_mode) == 0o600

    @pytest.mark.parametrize("content", ["", "line,key,outc", f"{','.join(COLUMNS)}"])
    def test_begins_again_where_the_first_line_was_cut(
        self, run: Run, shop: Shop, content: str
    ) -> None:
        _ = RESULTS.write_bytes(content.encode() + bytes(100))
        assert run(*words(shop, "--resume")).exit_code == 0
        assert len(rows()) == 6

    def test_does_not_count_a_line_with_half_of_its_cells(self, run: Run, shop: Shop) -> None:
        _ = RESULTS.write_text(f"{','.join(COLUMNS)}\n2,k0,done,21919be2\n", "utf-8")
        assert run(*words(shop, "--resume")).exit_code == 0
        assert [row["outcome"] for row in rows() if row["key"] == "k0"] == ["done", "done"]

    def test_reads_what_a_spreadsheet_has_saved(self, run: Run, shop: Shop) -> None:
        text = f"\ufeff{','.join(COLUMNS)}\r\n2,k0,done,x,https://a,2026,,,\r\n"
        _ = RESULTS.write_bytes(text.encode())
        assert run(*words(shop, "--resume")).exit_code == 0
        assert shop.links == 5


def test_a_message_that_utf_8_cannot_carry_is_recorded(run: Run, shop: Shop) -> None:
    refusal = b'{"message": "half of a character: \\ud83d"}'
    shop.refusal = Reply(422, refusal, {"content-type": "application/json"})
    ran = run(*words(shop))
    assert ran.exit_code == 1
    assert {row["outcome"] for row in rows()} == {"refused"}
    assert all("half of a character: " in row["error"] for row in rows())
