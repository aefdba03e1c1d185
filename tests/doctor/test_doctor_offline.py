"""What the doctor learns without the provider; nothing is written, and nothing is hidden."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import subhub
from subhub import Client, Finding, PlanDraft, diagnose
from subhub.plugin import Provider, Webhooks, standard, unsigned
from tests.capture import Asked, Capture
from tests.conftest import Toy
from tests.doctor.conftest import KEY, PLAN, Find, Found, Write, healthy, unwell

RUNS_AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def only(found: Found, check: str) -> Finding:
    (finding,) = found[check]
    return finding


@contextmanager
def without_rights(path: Path, mode: int) -> Generator[None]:
    """Take rights to *path* from this process, root's too."""
    before = path.stat().st_mode
    path.chmod(mode)
    if RUNS_AS_ROOT:
        os.seteuid(65534)
    try:
        if not os.access(sys.prefix, os.R_OK, effective_ids=True):
            pytest.skip(f"no other user may read the plugins in {sys.prefix}")
        yield
    finally:
        if RUNS_AS_ROOT:
            os.seteuid(0)
        path.chmod(before)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that any user may reach: those of pytest are for their owner only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


# The file -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[accounts", "is not TOML"),
        ("", "has no account"),
        ("[accounts.main]\nprovider = 1", "accounts.main.provider"),
    ],
)
def test_a_file_that_cannot_be_used_is_a_finding(folder: Path, text: str, words: str) -> None:
    _ = (folder / "subhub.toml").write_text(text)
    (finding,) = diagnose()
    assert (finding.account, finding.check, finding.level) == ("", "configuration", "wrong")
    assert words in finding.message


def test_several_accounts_need_a_choice_and_are_checked_without_it(folder: Path) -> None:
    account = 'provider = "mollie"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(f"[accounts.a]\n{account}[accounts.b]\n{account}")
    findings = diagnose()
    assert [each.message for each in findings if each.level != "ok"] == [findings[0].message]
    assert "no `account = ...`" in findings[0].message
    assert {each.account for each in findings} == {"", "a", "b"}


def test_a_plugin_that_is_missing_is_a_finding(write: Write, find: Find) -> None:
    _ = write(provider="nowhere", key="a-key")
    found = find()
    assert found.keys() == {"plugin"}
    assert "no plugin for the provider 'nowhere'" in only(found, "plugin").message


def test_versions_are_shown(capture: Capture, write: Write, find: Find) -> None:
    _ = write(capture.url)
    assert only(find(), "plugin").message == (
        f"subhub-billing {subhub.__version__}, subhub-toy 1.0, plugin interface 1"
    )


@pytest.mark.parametrize(
    ("key", "more", "mode"),
    [
        ("live_0123456789", "", "live: the key shows it"),
        ("test_0123456789", 'mode = "test"', "test: the key shows it, and `mode` says so too"),
    ],
)
def test_the_mode_is_shown_as_the_key_shows_it(
    capture: Capture, write: Write, find: Find, key: str, more: str, mode: str
) -> None:
    _ = write(capture.url, more, key=key)
    assert only(find(), "mode").message == mode


def test_a_key_in_the_wrong_mode_is_wrong(capture: Capture, write: Write, find: Find) -> None:
    _ = write(capture.url, 'mode = "live"')
    assert (
        "`mode` is 'live', but the `api_key` is a test key" in only(find(), "configuration").message
    )
    assert capture.asked == []


def test_the_mode_of_a_key_without_a_sign_is_what_the_file_says(
    capture: Capture, write: Write, find: Find
) -> None:
    words = ('mode = "live"',)
    _ = write(capture.url, *words, provider="mijnklantportaal", key="a0123456789")
    assert only(find(), "mode").message == "live, as `mode` says; the key does not show it"


# Plans --------------------------------------------------------------------------------------------


def test_a_plan_that_could_not_be_sold_is_named(capture: Capture, write: Write, find: Find) -> None:
    key = "a0123456789"
    _ = write(capture.url, provider="mijnklantportaal", key=key, plans=PLAN)
    found = find()
    assert unwell(found)["plans"] == ["wrong"]
    assert "phone: it cannot be a plan of mijnklantportaal: `tax_rate`" in found["plans"][0].message


LOCK = '[main.phone]\nid = "pln_1"\nterms = "12.95 EUR / 1 year"\nhow = "pushed 2026-11-26"\n'


def test_the_lock_file_is_read(capture: Capture, write: Write, find: Find) -> None:
    path = write(capture.url, plans=PLAN)
    assert only(find(), "lock").message == "subhub.lock is not there"
    _ = path.with_name("subhub.lock").write_text(LOCK)
    found = find()
    assert unwell(found) == {}
    assert only(found, "lock").message == "subhub.lock links phone"
    assert capture.asked[-1].target == "/plans/pln_1"
    _ = path.with_name("subhub.lock").write_text(LOCK.replace("main", "other"))
    assert only(find(), "lock").message == "subhub.lock links no plan of this account"


def test_a_lock_file_with_a_conflict_is_wrong_and_hides_nothing(
    capture: Capture, write: Write, find: Find
) -> None:
    path = write(capture.url, plans=PLAN)
    _ = path.with_name("subhub.lock").write_text(f"<<<<<<< HEAD\n{LOCK}=======\n>>>>>>> x\n")
    found = find()
    assert unwell(found)["lock"] == ["wrong"]
    assert "has a merge conflict" in only(found, "lock").message
    assert only(found, "key").level == "ok"


def test_a_link_of_a_plan_that_is_not_described_is_wrong(
    capture: Capture, write: Write, find: Find
) -> None:
    _ = write(capture.url, 'plans.data = "pln_2"', plans=PLAN)
    found = find()
    assert (
        "plans.data links a plan that [plans.data] does not describe" in found["plans"][0].message
    )
    assert only(found, "key").level == "ok"


def test_a_need_that_is_not_met_is_wrong(capture: Capture, write: Write, find: Find) -> None:
    _ = write(
        capture.url, provider="mollie", key=KEY + "0" * 24, head='needs = ["create_signup_link"]'
    )
    assert "mollie has no `create_signup_link`" in only(find(), "configuration").message


# Journal ------------------------------------------------------------------------------------------

KILLED = """
import os
import subhub
from tests.conftest import Toy
from subhub.models import Interval, Money, PlanDraft

def die(request):
    os._exit(9)

import httpx
client = subhub.Client.from_config(transport=httpx.MockTransport(die))
client.create_plan(PlanDraft(name="A", price=Money("1", "EUR"), interval=Interval(1, "year")))
"""


def lose_a_change(folder: Path) -> None:
    """Let a process with the configuration of *folder* be killed while it creates a plan."""
    import tests  # noqa: PLC0415 - to find its folder

    root = Path(next(iter(tests.__path__))).parent
    path = os.pathsep.join([str(root), *sys.path])
    ran = subprocess.run(
        [sys.executable, "-c", KILLED],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        check=False,
    )
    assert ran.returncode == 9


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file of *folder*, but for the index of a WAL, which readers mark."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.endswith("-shm")
    }


def test_changes_with_an_unknown_outcome_are_counted_and_nothing_is_written(
    capture: Capture, write: Write, find: Find, folder: Path
) -> None:
    _ = write(capture.url, 'journal = "journal.db"', 'permits = "permits"')
    lose_a_change(folder)
    before, names = contents(folder), sorted(folder.iterdir())
    found = find()
    assert unwell(found) == {"journal": ["warning"]}
    finding = only(found, "journal")
    assert "journal.db has 1 with an unknown outcome, the oldest from 20" in finding.message
    assert finding.message.endswith("UTC") or "+" in finding.message
    assert finding.remedy == "run `subhub resolve`"
    assert (contents(folder), sorted(folder.iterdir())) == (before, names)
    with Client.from_config() as client:
        assert len(client.open_intents()) == 1


def test_a_change_that_is_being_sent_is_not_lost(
    capture: Capture, write: Write, find: Find, draft: PlanDraft, folder: Path
) -> None:
    _ = write(capture.url, 'journal = "journal.db"')
    seen: list[Found] = []

    def meanwhile(asked: Asked) -> object:
        if asked.method == "POST":
            seen.append(find())
        return healthy(asked)

    capture.answer = meanwhile  # type: ignore[assignment]
    with Client.from_config() as client:
        _ = client.create_plan(draft)
    (found,) = seen
    assert unwell(found) == {}
    assert only(found, "journal").message.endswith(
        "no change with an unknown outcome, 1 being sent"
    )
    before, names = contents(folder), sorted(folder.iterdir())
    assert only(find(), "journal").message.endswith("no change with an unknown outcome")
    assert (contents(folder), sorted(folder.iterdir())) == (before, names)


def test_a_journal_that_is_not_there_yet_is_not_created(
    capture: Capture, write: Write, find: Find, folder: Path
) -> None:
    _ = write(capture.url, 'journal = "journal.db"', 'permits = "a/b"')
    found = find()
    assert unwell(found) == {}
    assert only(found, "journal").message.endswith("will be created by the first change")
    assert only(found, "permits").message.endswith("a/b will be created by the first client")
    assert [path.name for path in folder.iterdir()] == ["subhub.toml"]


def torn(path: Path) -> None:
    """Leave a WAL without its index, as a copy of some of the files does."""
    with closing(sqlite3.connect(path)) as first:
        _ = first.execute("PRAGMA journal_mode = WAL").fetchall()
        _ = first.execute("CREATE TABLE intents (a)")
        wal = path.with_name("journal.db-wal").read_bytes()
    _ = path.with_name("journal.db-wal").write_bytes(wal)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        _ = other.execute("CREATE TABLE mine (a)")


def later(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        _ = other.execute("PRAGMA application_id = 1937072744")
        _ = other.execute("PRAGMA user_version = 99")


def no_folder(path: Path) -> None:
    path.parent.rmdir()


def in_a_file(path: Path) -> None:
    path.parent.rmdir()
    _ = path.parent.write_text("")


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "damaged": (lambda path: path.write_bytes(b"no database" * 99), "is damaged or not a SQLite"),
    "a folder": (lambda path: path.mkdir(), "cannot be opened"),
    "torn": (torn, "has a WAL without an index"),
    "foreign": (foreign, "is another program's database"),
    "later": (later, "was written by a later version of subhub"),
    "no folder": (no_folder, "its folder does not exist"),
    "in a file": (in_a_file, "cannot be read: Not a directory"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_journal_that_cannot_be_used_is_wrong(
    capture: Capture, write: Write, find: Find, folder: Path, name: str
) -> None:
    spoil, words = BROKEN[name]
    path = folder / "state" / "journal.db"
    path.parent.mkdir()
    _ = spoil(path)
    before = contents(folder)
    toml = write(capture.url, 'journal = "state/journal.db"')
    found = find()
    assert unwell(found) == {"journal": ["wrong"]}
    assert words in only(found, "journal").message
    toml.unlink()
    assert contents(folder) == before


def test_an_empty_file_is_a_journal_to_come(
    capture: Capture, write: Write, find: Find, folder: Path
) -> None:
    path = folder / "journal.db"
    path.touch(0o600)
    path.with_name("journal.db-wal").touch()
    _ = write(capture.url, 'journal = "journal.db"')
    assert unwell(find()) == {}


def test_a_journal_of_which_a_lock_file_cannot_be_used_is_wrong(
    capture: Capture, write: Write, find: Find, folder: Path
) -> None:
    _ = write(capture.url, 'journal = "journal.db"')
    lose_a_change(folder)
    (lock,) = folder.glob("*.lock")
    lock.unlink()
    lock.mkdir()
    assert "cannot use the lock file" in only(find(), "journal").message


@pytest.mark.skipif(os.name != "posix", reason="there are no permission bits")
def test_a_journal_that_others_may_read_is_a_warning(
    capture: Capture, write: Write, find: Find, draft: PlanDraft, folder: Path
) -> None:
    _ = write(capture.url, 'journal = "journal.db"')
    with Client.from_config() as client:
        _ = client.create_plan(draft)
    assert unwell(find()) == {}
    (folder / "journal.db").chmod(0o640)
    finding = only(find(), "journal")
    assert finding.level == "warning"
    assert "(permissions 640)" in finding.message
    assert "chmod 600" in finding.remedy


@pytest.mark.skipif(os.name != "posix", reason="there are no permission bits")
def test_a_journal_without_rights_is_wrong(
    capture: Capture, write: Write, find: Find, open_folder: Path
) -> None:
    path = open_folder / "journal.db"
    toml = write(capture.url, 'journal = "journal.db"', provider="mollie")
    toml = toml.rename(open_folder / "subhub.toml")
    assert only(find(path=toml), "journal").level == "ok"
    with without_rights(open_folder, 0o555):
        assert "cannot be written" in only(find(path=toml), "journal").message
    path.touch()
    with without_rights(path, 0o444):
        assert "cannot be written" in only(find(path=toml), "journal").message


# Permits ------------------------------------------------------------------------------------------


def test_the_permits_of_a_running_program_are_left_alone(
    capture: Capture, write: Write, find: Find, folder: Path
) -> None:
    _ = write(capture.url, 'permits = "permits"', 'rate_limit = "60 per 60"')
    with Client.from_config() as client:
        _ = client.get_plan("pln_1")
        before = contents(folder)
        found = find()
    assert unwell(found) == {}
    assert only(found, "permits").message == f"{folder / 'permits'} can be used"
    assert contents(folder) == before
    assert len(before) == 2


def shared(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


PLACES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file": (lambda path: path.write_text(""), "is not a folder where you may write"),
    "for all": (shared, "can be written by other users"),
    "in a file": (lambda path: path.parent.write_text(""), "Not a directory"),
}


@pytest.mark.parametrize("name", PLACES)
def test_permits_that_cannot_be_used_are_wrong(
    capture: Capture, write: Write, find: Find, folder: Path, name: str
) -> None:
    spoil, words = PLACES[name]
    place = "place/permits" if name == "in a file" else "permits"
    _ = spoil(folder / place)
    _ = write(capture.url, f'permits = "{place}"')
    found = find()
    assert unwell(found) == {"permits": ["wrong"]}
    assert words in only(found, "permits").message


@pytest.mark.skipif(os.name != "posix", reason="there are no permission bits")
@pytest.mark.parametrize("below", ["", "/new"])
def test_a_folder_without_rights_holds_no_permits(
    capture: Capture, write: Write, find: Find, open_folder: Path, below: str
) -> None:
    toml = write(capture.url, f'permits = ".{below}"', provider="mollie")
    toml = toml.rename(open_folder / "subhub.toml")
    assert only(find(path=toml), "permits").level == "ok"
    with without_rights(open_folder, 0o555):
        found = find(path=toml)
    assert "is not a folder where you may write" in only(found, "permits").message


class Unsigned(Toy):
    """The toy with calls that prove nothing."""

    name = "unsigned"
    webhooks = Webhooks(unsigned(), lambda _: [])


class Signed(Toy):
    """The toy with calls that are signed, by a secret in base64."""

    name = "signed"
    webhooks = Webhooks(standard(), lambda _: [])


@pytest.mark.parametrize(
    ("kind", "secrets", "level", "message"),
    [
        (Toy, "", "ok", "no calls of toy are read: `changes` compares its lists"),
        (Toy, "whsec_MfKQ9r8G", "warning", "no calls of toy are read"),
        (Unsigned, "", "ok", "calls of unsigned prove nothing: `refetch` does"),
        (Unsigned, "whsec_MfKQ9r8G", "warning", "calls of unsigned prove nothing"),
        (
            Signed,
            "",
            "ok",
            "every call of signed is refused, because there are no `webhook_secrets`",
        ),
        (Signed, "whsec_MfKQ9r8G whsec_MfKQ9r8H", "ok", "fits one of 2 secrets is accepted"),
        (Signed, "whsec_MfKQ9r8G short!", "wrong", "`webhook_secrets[1]` cannot be used: expected"),
    ],
)
def test_webhooks_need_usable_secrets_where_calls_prove_something(
    offer: Callable[[type[Provider]], None],
    write: Write,
    find: Find,
    kind: type[Provider],
    secrets: str,
    level: str,
    message: str,
) -> None:
    offer(kind)
    settings = ("sandbox = true", f"webhook_secrets = '{secrets}'")
    _ = write(None, *settings, provider=kind.name, key=None)
    found = only(find(), "webhooks")

    assert (found.level, found.account) == (level, "main")
    assert message in found.message
    assert not any(secret in repr(found) for secret in secrets.split())
