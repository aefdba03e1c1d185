"""`push` and `adopt`: one plan for each key, whatever goes wrong between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subhub import Ambiguous, Client, ConfigError, InvalidRequest, Unsupported, WouldSend
from subhub.catalog.lock_file import LockFile
from subhub.catalog.plans import Catalog, PlanStatus
from subhub.client.configuration import Configuration
from subhub.client.plan_links import LOCK_NAME, read_lock

TODAY = dt.date(2026, 11, 26)
Write = Callable[..., Path]
Open = Callable[..., Catalog]


def ids() -> dict[str, str]:
    return {key: link.id for key, link in read_lock(Path(LOCK_NAME)).get("main", {}).items()}


def existing() -> list[str]:
    with Client.from_config(check_plans=False) as billing:
        return sorted(plan.id for plan in billing.list_plans())


def push(catalog: Catalog) -> list[PlanStatus]:
    return list(catalog.push(TODAY))


def test_a_push_creates_and_links_what_the_application_then_sells(
    write: Write, catalog: Open
) -> None:
    _ = write(more='[accounts.main.plans]\n"data" = "spg_by_hand0000001"')

    (pushed,) = catalog().push(TODAY)

    assert (pushed.key, pushed.how) == ("phone", "pushed 2026-11-26")
    assert existing() == [pushed.id]
    with Client.from_config() as billing:
        assert billing.get_plan("phone").price == billing.plans["phone"].price
    assert push(catalog()) == []


def test_a_push_that_was_killed_before_it_recorded_a_plan_is_repeated(
    write: Write, catalog: Open
) -> None:
    _ = write()
    first = [str(plan.id) for plan in catalog().push(TODAY)]
    Path(LOCK_NAME).unlink()

    again = push(catalog())

    assert [plan.id for plan in again] == first
    assert {plan.how for plan in again} == {"adopted 2026-11-26"}
    assert existing() == sorted(first)


def test_two_pushes_at_once_create_each_plan_once(write: Write, catalog: Open) -> None:
    _ = write()
    both = [catalog(), catalog()]
    with ThreadPoolExecutor() as pool:
        linked = pool.map(push, both)

    assert sorted(map(len, linked)) == [0, 2]
    assert existing() == sorted(ids().values())
    assert len(ids()) == 2


def test_two_keys_with_equal_plans_have_a_plan_each(write: Write, catalog: Open) -> None:
    terms = 'name = "Phone"\nprice = "5 EUR"\ninterval = "1 month"\ntax_rate = 21'
    _ = write(plans=f"[plans.a]\n{terms}\n[plans.b]\n{terms}")

    a, b = catalog().push(TODAY)

    assert a.id != b.id


def test_several_equal_plans_are_named_and_none_is_chosen(write: Write, catalog: Open) -> None:
    _ = write()
    with Client.from_config(check_plans=False) as billing:
        two = [billing.create_plan(billing.plans["phone"]).id for _ in range(2)]

    with pytest.raises(Ambiguous) as caught:
        _ = push(catalog())

    assert all(plan in str(caught.value) for plan in two)
    assert ids() == {}


def test_a_dry_run_shows_the_first_plan_and_records_nothing(write: Write, catalog: Open) -> None:
    _ = write()
    with Client.from_config(check_plans=False) as billing:
        _ = billing.create_plan(billing.plans["phone"])  # it would be adopted

    with pytest.raises(WouldSend, match="customer-subscription-packages"):
        _ = push(catalog(dry_run=True))

    assert not Path(LOCK_NAME).exists()


def test_a_file_that_cannot_be_written_is_told_before_a_plan_is_created(
    write: Write, catalog: Open
) -> None:
    _ = write()
    Path(f".{LOCK_NAME}.new").mkdir()

    with pytest.raises(ConfigError, match=r"subhub\.lock cannot be written: Is a directory"):
        _ = push(catalog())

    assert existing() == []


def test_a_link_that_cannot_be_recorded_is_told_with_the_id(write: Write, catalog: Open) -> None:
    _ = write()
    blocked = Path(LOCK_NAME)

    def block(attempt: object) -> None:
        if "create_plan" in repr(attempt):
            blocked.mkdir()

    with pytest.raises(ConfigError, match=r"subhub plans adopt phone spg_\w+") as caught:
        _ = push(catalog(hooks=[block]))
    blocked.rmdir()

    (created,) = existing()
    assert f"{created!r} exists" in str(caught.value)
    assert ids() == {}
    assert len(push(catalog())) == 2
    assert len(existing()) == 2


def test_another_program_is_waited_for_and_then_named(folder: Path) -> None:
    waits: list[float] = []
    file = LockFile(folder / LOCK_NAME, patience=1, sleep=waits.append)
    with (
        LockFile(folder / LOCK_NAME).exclusive(),
        pytest.raises(ConfigError, match="another program has been changing"),
        file.exclusive(),
    ):
        pass
    assert 0.9 < sum(waits) < 1.2
    with file.exclusive():  # and it is free again
        file_names = {path.name for path in folder.iterdir()}
    assert file_names == {f".{LOCK_NAME}.writing"}
    with pytest.raises(ConfigError, match="cannot be written"), LockFile(Path("no/x")).exclusive():
        pass


def test_what_is_adopted_must_have_the_terms(write: Write, catalog: Open) -> None:
    _ = write()
    with Client.from_config(check_plans=False) as billing:
        phone = billing.create_plan(billing.plans["phone"]).id
    with pytest.raises(InvalidRequest, match=r"12\.95 EUR / 1 year / 21 %, and the configuration"):
        _ = catalog().adopt("data", phone, TODAY)
    with pytest.raises(InvalidRequest, match="got 'fone': phone, data"):
        _ = catalog().adopt("fone", phone, TODAY)

    assert catalog().adopt("phone", phone, TODAY).id == phone

    assert ids() == {"phone": phone}
    _ = write(more=f'[accounts.main.plans]\nphone = "{phone}"')
    with pytest.raises(InvalidRequest, match="linked in the configuration itself"):
        _ = catalog().adopt("phone", phone, TODAY)


def test_a_provider_that_has_its_plans_made_by_hand(write: Write, catalog: Open) -> None:
    _ = write("afternoon")
    with pytest.raises(Unsupported, match="dashboard"):
        _ = push(catalog())
    assert [key for key, _ in catalog().checklist()] == ["phone", "data"]

    adopted = catalog().adopt("phone", "phone_yearly", TODAY)

    assert adopted.how == "adopted 2026-11-26, not compared"
    assert [key for key, _ in catalog().checklist()] == ["data"]
    assert Configuration.read().open().plan_ids == {"phone": "phone_yearly", "data": "data"}


def test_a_sandbox_has_its_plans_already(write: Write, catalog: Open) -> None:
    path = write()
    _ = path.write_text('[accounts.main]\nprovider = "afternoon"\nsandbox = true\n', "utf-8")
    for action in (lambda: push(catalog()), lambda: catalog().adopt("a", "b", TODAY)):
        with pytest.raises(ConfigError, match="'main' is a sandbox"):
            _ = action()
