"""Whose account is it? What belongs to another account is refused, and counts for nothing here."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from subhub import (
    Client,
    ConfigError,
    CustomerDraft,
    InvalidRequest,
    JournalError,
    OutcomeUnknown,
)
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Journal
from subhub.recovery.journal.jobs import hashed
from tests.conftest import Toy

KEY = "test_0123456789"
OTHER_KEY = "test_9876543210"
LIVE_KEY = "live_0123456789"
JANE = CustomerDraft(
    name="T BV", email="a@example.nl", address="S 1", postal_code="1234AB", city="A", country="NL"
)
SHOP = Identity.of("acme", "https://api.acme.example/v1", "live", "key-one", None)


class Other(Toy):
    """Another provider."""

    name = "other"


def lose(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("reset", request=request)


def create(request: httpx.Request) -> httpx.Response:
    del request
    return httpx.Response(201, json={"id": "cst_1", "name": "T BV"})


def opened(
    answer: Callable[[httpx.Request], httpx.Response] = create,
    provider: type[Provider] = Toy,
    **settings: Any,
) -> Client:
    terms: dict[str, Any] = {"api_key": KEY, "attempts": 1, **settings}
    return Client(provider, transport=httpx.MockTransport(answer), **terms)


def lost_token(**settings: Any) -> str:
    with opened(lose, **settings) as billing, pytest.raises(OutcomeUnknown) as caught:
        _ = billing.create_customer(JANE)
    assert caught.value.token is not None
    return caught.value.token


class TestIdentity:
    @pytest.mark.parametrize(
        ("other", "difference"),
        [
            (replace(SHOP, provider="zeta"), ["the provider 'zeta'"]),
            (replace(SHOP, mode="sandbox"), ["a sandbox"]),
            (replace(SHOP, address="https://b.example"), ["another address (https://b.example)"]),
            (replace(SHOP, fingerprint="0123456789"), ["another key (fingerprint 01234567)"]),
            (
                replace(SHOP, fingerprint="0123456789", mode="test"),
                ["a test key (fingerprint 01234567)"],
            ),
            (replace(SHOP, mode="unknown"), []),  # `mode` was not configured then
            (replace(SHOP, lineage="shop"), []),  # `lineage` was configured later
        ],
    )
    def test_differs_in_a_part_that_is_named(self, other: Identity, difference: list[str]) -> None:
        assert SHOP.differences(other) == difference
        assert SHOP.is_same(other) == (not difference)

    def test_of_a_sandbox_is_never_that_of_a_real_account(self) -> None:
        sandbox = replace(SHOP, mode="sandbox")
        assert sandbox.differences(SHOP) == ["an account outside of sandboxes"]

    def test_with_a_lineage_outlives_its_key(self) -> None:
        named = replace(SHOP, lineage="shop")
        rotated = replace(named, fingerprint="0123456789")
        assert named.is_same(rotated)
        assert named.name == rotated.name
        assert named.differences(replace(named, lineage="b")) == ["another lineage ('b')"]
        assert named.differences(replace(rotated, mode="test")) == ["a test key"]

    @pytest.mark.parametrize(
        ("written", "same"),
        [
            ("https://API.acme.example:443/v1", True),
            ("https://api.acme.example:8443/v1", False),
            ("https://api.acme.example/v2", False),
            ("http://[::1]/v1", False),
        ],
    )
    def test_has_one_form_of_an_address(self, written: str, same: bool) -> None:  # noqa: FBT001
        assert SHOP.is_same(Identity.of("acme", written, "live", "key-one", None)) is same

    def test_does_not_reveal_the_key(self) -> None:
        shown = f"{SHOP!r} {SHOP} {SHOP.name} {SHOP.facts()}"
        assert "key-one" not in shown

    @pytest.mark.parametrize("lineage", ["", "a b", "x" * 65, KEY, KEY[:12]])
    def test_has_a_name_and_no_key_as_its_lineage(self, lineage: str) -> None:
        with pytest.raises(ConfigError, match="`lineage` must") as caught:
            _ = opened(lineage=lineage)
        assert KEY not in str(caught.value)

    @pytest.mark.parametrize("facts", [None, {"provider": 1}, {"provider": "acme"}])
    def test_that_is_none_is_refused(self, facts: object) -> None:
        with pytest.raises(ValueError, match=r"identity|argument"):
            _ = Identity.read(facts)


class TestToken:
    @pytest.mark.parametrize(
        ("settings", "part"),
        [
            ({"provider": Other}, "the provider 'toy'"),
            ({"base_url": "https://b.toy.test/v1"}, "another address (https://toy.test/v1)"),
            ({"api_key": OTHER_KEY}, "another key (fingerprint "),
            ({"api_key": LIVE_KEY}, "a test key (fingerprint "),
            ({"api_key": None, "sandbox": True}, "an account outside of sandboxes"),
        ],
    )
    def test_of_another_account_is_refused_with_the_part_that_differs(
        self, settings: dict[str, Any], part: str, tmp_path: Path
    ) -> None:
        journal = tmp_path / "journal.db"
        token = lost_token(journal=journal)
        with opened(**settings, journal=journal) as other:
            with pytest.raises(InvalidRequest, match="`token`: it is of ") as caught:
                _ = other.resolve(token)
            assert part in str(caught.value)
            with pytest.raises(InvalidRequest, match="`token`: it is of "):
                other.mark_resolved(token, done=True)
            assert other.open_intents() == []
        with opened(journal=journal) as own:
            assert [left.token for left in own.open_intents()] == [token]

    def test_of_another_key_of_one_lineage_is_the_accounts(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal.db"
        token = lost_token(journal=journal, lineage="shop")
        with opened(api_key=OTHER_KEY, lineage="shop", journal=journal) as rotated:
            rotated.mark_resolved(token, done=True)
            assert rotated.open_intents() == []

    def test_of_an_earlier_version_is_read_with_one_warning(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        tokens = [earlier(lost_token()) for _ in range(2)]
        with opened(lambda _: httpx.Response(200, json={"items": []})) as billing:
            outcomes = billing.resolve_all(tokens, grace_period=1)
        assert len(outcomes) == 2
        (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
        assert "did not say which key" in warning
        with opened(provider=Other) as other, pytest.raises(InvalidRequest, match="'toy' at toy"):
            _ = other.resolve(tokens[0])

    def test_with_a_damaged_identity_is_refused(self) -> None:
        facts = json.loads(base64.urlsafe_b64decode(lost_token()))
        facts["identity"] = {"provider": 7}
        damaged = base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()
        with pytest.raises(InvalidRequest, match="must be the token"):
            _ = Intent.read(damaged)


def earlier(token: str) -> str:
    """Return *token* as a version wrote it that did not know identities."""
    facts = json.loads(base64.urlsafe_b64decode(token))
    del facts["identity"]
    return base64.urlsafe_b64encode(json.dumps(facts).encode()).decode()


def run_job(journal: Path, *, adopt: bool = False, **settings: Any) -> tuple[int, int]:
    """Run the job `move` with two items; return how many are done now, and how many earlier."""
    with opened(**settings, journal=journal) as billing:
        run = billing.bulk(
            lambda _: billing.create_customer(JANE), ["a", "b"], job="move", key=str, adopt=adopt
        )
        with run as results:
            found = [result.earlier for result in results]
    return found.count(False), found.count(True)


class TestJob:
    @pytest.mark.parametrize(
        "settings",
        [
            {"api_key": LIVE_KEY},
            {"base_url": "https://b.toy.test/v1"},
            {"api_key": None, "sandbox": True, "provider": Other},
            {"provider": Other},
        ],
    )
    def test_of_another_account_counts_for_nothing(
        self, tmp_path: Path, settings: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        journal = tmp_path / "journal.db"
        assert run_job(journal) == (2, 0)
        assert run_job(journal, **settings) == (2, 0)
        assert run_job(journal) == (0, 2)
        assert "another key" not in caplog.text

    def test_of_another_key_counts_for_nothing_with_a_warning(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Two tenants of one program: all accounts have the name of the provider."""
        journal = tmp_path / "journal.db"
        assert run_job(journal) == (2, 0)
        assert run_job(journal, api_key=OTHER_KEY) == (2, 0)
        assert "If the key was changed, use `adopt`" in caplog.text

    def test_outlives_a_change_of_the_key_by_its_lineage(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal.db"
        assert run_job(journal) == (2, 0)
        assert run_job(journal, lineage="shop") == (0, 2)  # configured later

        other = tmp_path / "other.db"
        assert run_job(other, lineage="shop") == (2, 0)
        assert run_job(other, lineage="shop", api_key=OTHER_KEY) == (0, 2)

    def test_of_another_key_can_be_adopted(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal.db"
        assert run_job(journal) == (2, 0)
        assert run_job(journal, api_key=OTHER_KEY, adopt=True) == (0, 2)
        assert run_job(journal, api_key=OTHER_KEY) == (0, 2)
        assert run_job(journal, api_key="test_5555555555") == (2, 0)
        with pytest.raises(InvalidRequest, match="begun with several other keys"):
            _ = run_job(journal, adopt=True)

    def test_of_a_named_account_is_refused_after_a_change_of_its_key(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        told = '[accounts.main]\nprovider = "mijnklantportaal"\njournal = "j.db"\napi_key = '
        for key, adopt in (("key-number-one", False), ("key-number-two", True)):
            _ = Path("subhub.toml").write_text(f'{told}"{key}"')
            with Client.from_config(transport=httpx.MockTransport(create)) as billing:
                bulk: Any = billing.bulk
                call = billing.create_customer
                if adopt:
                    begun = bulk(call, [], job="move", key=str)
                    with pytest.raises(InvalidRequest, match=r"another key \(.*\) of 'main'"):
                        _ = begun.__enter__()
                with bulk(call, [], job="move", key=str, adopt=adopt) as run:
                    assert [result.earlier for result in run] == []

    def test_of_an_earlier_version_is_refused_with_the_remedy(self, tmp_path: Path) -> None:
        journal = tmp_path / "journal.db"
        write_earlier_job(journal)
        with pytest.raises(InvalidRequest, match="earlier version of subhub") as caught:
            _ = run_job(journal)
        assert "`adopt=True` (`--adopt`)" in str(caught.value)
        assert run_job(journal, adopt=True) == (1, 1)
        assert run_job(journal) == (0, 2)


FIRST_FORM = """
    CREATE TABLE intents (name TEXT PRIMARY KEY, session TEXT NOT NULL, provider TEXT NOT NULL,
        account TEXT NOT NULL, operation TEXT NOT NULL, token TEXT NOT NULL, sent_at TEXT NOT NULL,
        job TEXT, item TEXT, step INTEGER, state TEXT NOT NULL DEFAULT 'open', object TEXT
    ) WITHOUT ROWID;
    CREATE UNIQUE INDEX steps ON intents (job, item, step) WHERE job IS NOT NULL;
    CREATE TABLE items (job TEXT NOT NULL, item TEXT NOT NULL, object TEXT, PRIMARY KEY (job, item))
        WITHOUT ROWID;
    PRAGMA application_id = 0x73756268;
    PRAGMA user_version = 1;
"""


def write_earlier_job(journal: Path) -> None:
    """Write a journal of form 1, with the item `a` of a job that is done."""
    job = hashed("toy\0toy\0move")
    with sqlite3.connect(journal) as database:
        _ = database.executescript(FIRST_FORM)
        _ = database.execute("INSERT INTO items VALUES (?, ?, 'cst_1')", (job, hashed(f"{job}\0a")))
    database.close()


def test_a_journal_of_the_first_form_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    token = earlier(lost_token())
    with sqlite3.connect(path) as database:
        _ = database.executescript(FIRST_FORM)
        _ = database.execute(
            """INSERT INTO intents (name, session, provider, account, operation, token, sent_at)
            VALUES ('x', '', 'toy', 'toy', 'create_customer', ?, '2026-01-01')""",
            (token,),
        )
    database.close()
    path.chmod(0o644)
    with opened(journal=path) as billing:
        assert [left.token for left in billing.open_intents()] == [token]
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o660)  # an administrator gives it to a group
    with opened(journal=path) as billing:
        assert len(billing.open_intents()) == 1
    assert path.stat().st_mode & 0o777 == 0o660


def test_a_new_journal_and_its_files_are_private(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    with opened(journal=path) as billing:
        _ = billing.create_customer(JANE)
        files = list(tmp_path.iterdir())
        assert len(files) == 4  # the database, its WAL, the index of that, the session
        assert [file.stat().st_mode & 0o777 for file in files] == [0o600] * 4


def remove(path: Path) -> str:
    path.unlink()
    return "removed"


def remove_all(path: Path) -> str:
    for file in path.parent.glob("journal.db*"):
        file.unlink()
    return "removed"


def remove_wal(path: Path) -> str:
    return remove(path.with_name("journal.db-wal"))


def remove_index(path: Path) -> str:
    return remove(path.with_name("journal.db-shm"))


def move_folder(path: Path) -> str:
    _ = path.parent.rename(path.parent.with_name("moved"))
    return "removed"


def replace_file(path: Path) -> str:
    Journal(path.with_name("new")).close()
    _ = path.with_name("new").replace(path)
    return "replaced"


def copy_wal(path: Path) -> str:
    return copy(path.with_name("journal.db-wal"))


def copy_index(path: Path) -> str:
    return copy(path.with_name("journal.db-shm"))


def copy(path: Path) -> str:
    copied = path.with_name("copy")
    _ = copied.write_bytes(path.read_bytes())
    _ = copied.replace(path)
    return "replaced"


def empty(path: Path) -> str:
    _ = path.write_bytes(b"")
    return "cut off"


DAMAGES: list[Callable[[Path], str]] = [
    remove,
    remove_all,
    remove_wal,
    remove_index,
    move_folder,
    replace_file,
    copy_wal,
    copy_index,
    empty,
]


class TestReplacedJournal:
    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "journal.db"

    @pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
    def test_is_noticed_before_the_next_change(
        self, path: Path, damage: Callable[[Path], str]
    ) -> None:
        sent: list[str] = []

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request.method)
            return create(request)

        with opened(answer, journal=path) as billing:
            _ = billing.create_customer(JANE)
            fate = damage(path)
            for _ in range(2):
                with pytest.raises(JournalError, match=f"was {fate} while it was in use"):
                    _ = billing.create_customer(JANE)
        assert sent == ["POST"]

    def test_whose_wal_was_cut_off_is_noticed_by_the_next_change(self, path: Path) -> None:
        with opened(journal=path) as billing:
            _ = billing.create_customer(JANE)
            _ = path.with_name("journal.db-wal").write_bytes(b"")
            for _ in range(2):
                with pytest.raises(JournalError, match="was cut off"):
                    _ = billing.create_customer(JANE)

    def test_a_wal_that_another_program_has_copied_back_is_fine(self, path: Path) -> None:
        with opened(journal=path) as billing:
            _ = billing.create_customer(JANE)
            other = sqlite3.connect(path)
            [(busy, _, _)] = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            other.close()
            assert busy == 0
            _ = billing.create_customer(JANE)
            assert billing.open_intents() == []

    def test_that_cannot_be_looked_at_is_an_error(self, path: Path) -> None:
        link = path.with_name("link.db")
        link.symlink_to(path)
        with opened(journal=link) as billing:
            _ = billing.create_customer(JANE)
            link.unlink()
            link.symlink_to(link)
            with pytest.raises(JournalError, match="cannot be used: Too many levels"):
                _ = billing.create_customer(JANE)

    def test_is_found_at_its_path_after_the_program_has_moved(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with opened(journal="journal.db") as billing:
            monkeypatch.chdir("/")
            _ = billing.create_customer(JANE)
