"""The export: everything, page by page, and resumed where it stopped."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from subhub import Client, InvalidReply, InvalidRequest, ProviderUnavailable, Unsupported, switching
from subhub.models import Subscription
from subhub.plugin import Flow, Page, Provider, done
from subhub.sandbox import Fake
from tests.switching.conftest import Accounts


@pytest.fixture
def path(folder: Path) -> Path:
    return folder / "export.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def sell(accounts: Accounts, count: int) -> None:
    accounts.portal.enforce_limits = False
    for number in range(count):
        _ = accounts.sell(f"P{number}")


def test_it_has_all_in_neutral_words_with_what_the_provider_said(
    accounts: Accounts, path: Path
) -> None:
    old = accounts.sell()
    seen: list[tuple[str, int]] = []

    def progress(name: str, count: int) -> None:
        seen.append((name, count))

    exported = switching.export(accounts.main, path, progress=progress)

    assert (exported.customers, exported.subscriptions, exported.path) == (1, 1, path)
    assert seen == [("customers", 1), ("subscriptions", 1)]
    assert path.stat().st_mode & 0o077 == 0
    head, customer, _, subscription, _, end = lines(path)
    assert (head["provider"], head["account"]) == ("mijnklantportaal", "main")
    assert (customer["name"], customer["raw"]["companyName"]) == ("Ann", "Ann")
    assert (subscription["id"], subscription["status"]) == (old.id, "active")
    assert subscription["raw"]["amount"] == "12.95"
    assert end == {"type": "end", "customers": 1, "subscriptions": 1}


def test_the_table_has_a_line_for_each_subscription_and_each_customer_without_one(
    accounts: Accounts, path: Path
) -> None:
    old = accounts.sell()
    _ = accounts.portal.add_customer(
        {
            "companyName": "Ben",
            "address": "Street 2",
            "zipCode": "1234AB",
            "city": "Utrecht",
            "primaryEmail": "ben@test.com",
        }
    )
    _ = switching.export(accounts.main, path)
    switching.write_table(path.with_suffix(".csv"), path)

    table = list(csv.DictReader(path.with_suffix(".csv").read_text("utf-8").splitlines()))
    first, second = table
    assert (first["subscription"], first["name"], first["price"]) == (old.id, "Ann", "12.95 EUR")
    assert (first["interval"], first["renews_on"]) == ("1 month", "2026-11-20")
    assert (second["subscription"], second["name"], second["city"]) == ("", "Ben", "Utrecht")


@pytest.mark.parametrize("list_", ["customers", "customer-subscriptions"])
def test_one_that_was_stopped_is_resumed(accounts: Accounts, path: Path, list_: str) -> None:
    sell(accounts, 32)
    accounts.portal.faults.rule("server_error", method="GET", path=f"/{list_}", every=2)
    with pytest.raises(ProviderUnavailable):
        _ = switching.export(accounts.main.with_options(attempts=1), path)
    accounts.portal.faults.clear()
    with pytest.raises(InvalidRequest, match="is not finished: resume the export"):
        _ = switching.read_export(path)
    before = len(accounts.portal.exchanges)
    with path.open("ab") as file:
        _ = file.write(b'{"type": "custo')  # what a crash has left

    exported = switching.export(accounts.main, path, resume=True)

    assert (exported.customers, exported.subscriptions) == (32, 32)
    assert len(accounts.portal.exchanges) - before == (5 if list_ == "customers" else 2)
    again = switching.export(accounts.main, path, resume=True)
    assert again == exported
    assert len(accounts.portal.exchanges) - before == (5 if list_ == "customers" else 2)


def test_a_file_that_exists_is_not_overwritten(accounts: Accounts, path: Path) -> None:
    _ = switching.export(accounts.main, path)
    with pytest.raises(InvalidRequest, match="exists already"):
        _ = switching.export(accounts.main, path)


@pytest.mark.parametrize("content", [b"my notes", b'{"type": "export", "format": 1'])
def test_another_file_is_left_as_it_is(accounts: Accounts, path: Path, content: bytes) -> None:
    _ = path.write_bytes(content)
    if content.startswith(b"{"):  # the first line of an export, cut
        assert switching.export(accounts.main, path, resume=True).customers == 0
        return
    with pytest.raises(InvalidRequest, match="is not an export of the account 'main'"):
        _ = switching.export(accounts.main, path, resume=True)
    assert path.read_bytes() == content


def test_the_export_of_another_account_is_refused(accounts: Accounts, path: Path) -> None:
    _ = switching.export(accounts.main, path)
    with pytest.raises(InvalidRequest, match="is not an export of the account 'next'"):
        _ = switching.export(accounts.next, path, resume=True)


@pytest.mark.parametrize("line", ["[]", "{}", "x"])
def test_a_damaged_export_is_refused(accounts: Accounts, path: Path, line: str) -> None:
    _ = switching.export(accounts.main, path)
    _ = path.write_text(path.read_text("utf-8") + line + "\n", "utf-8")
    with pytest.raises(InvalidRequest, match="is not an export of subhub"):
        _ = switching.read_export(path)


def test_a_folder_is_refused(accounts: Accounts, folder: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot write"):
        _ = switching.export(accounts.main, folder, resume=True)


def test_a_record_that_cannot_be_read_is_an_error_unless_it_may_be_skipped(
    accounts: Accounts, path: Path
) -> None:
    old = accounts.sell()
    accounts.portal.subscriptions[old.id].terms["amount"] = "much"
    with pytest.raises(InvalidReply):
        _ = switching.export(accounts.main, path)
    exported = switching.export(accounts.main, path, resume=True, skip_unreadable=True)
    assert (exported.customers, exported.subscriptions) == (1, 0)


def test_a_full_disk_is_reported(accounts: Accounts, path: Path) -> None:
    """The file is removed meanwhile: its next page has no place."""

    def removed(name: str, count: int) -> None:
        del name, count
        path.unlink()

    with pytest.raises(InvalidRequest, match="so the export was stopped"):
        _ = switching.export(accounts.main, path, progress=removed)


class Lists(Provider):
    """A provider that lists subscriptions, and no customers."""

    name = "lists"
    base_url = "https://lists.example"

    @classmethod
    def sandbox(cls) -> Fake:
        raise AssertionError

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        del cursor, customer
        return done(Page([Subscription(provider=self.name, id="s1")], None))


def test_a_provider_without_customers_exports_subscriptions(path: Path) -> None:
    with Client(Lists, api_key="key") as client:
        exported = switching.export(client, path)
    assert (exported.customers, exported.subscriptions) == (0, 1)
    switching.write_table(path.with_suffix(".csv"), path)
    assert "s1" in path.with_suffix(".csv").read_text("utf-8")


def test_a_provider_without_lists_is_refused(path: Path) -> None:
    class Nothing(Lists):
        list_subscriptions = Provider.list_subscriptions

    with Client(Nothing, api_key="key") as client, pytest.raises(Unsupported):
        _ = switching.export(client, path)
    assert not path.exists()
