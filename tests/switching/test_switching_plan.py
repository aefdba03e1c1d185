"""The plan: who moves in which way, who is left and why, and what the table has to look like."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subhub import Client, InvalidRequest, Money, Unsupported, switching
from subhub.plugin import Provider
from subhub.switching import SwitchRow, read_rows, write_rows
from subhub.switching.rows import OWN, at
from subhub.switching.rules import changed
from tests.switching.conftest import CONFIGURATION, Accounts

HEAD = "subscription,customer,status,price,interval,renews_on,starts_on,name,email"
LINE = "sub_1,cst_1,active,12.95 EUR,1 month,2026-11-20,2026-10-20,Ann,ann@test.com"


def table(accounts: Accounts, *lines: str, head: str = HEAD) -> Path:
    path = accounts.folder / "customers.csv"
    _ = path.write_text("\n".join((head, *lines)) + "\n", "utf-8")
    return path


def planned(accounts: Accounts, *lines: str, head: str = HEAD, **options: Any) -> list[SwitchRow]:
    path = table(accounts, *lines, head=head)
    return list(switching.plan(accounts.main, accounts.next, path, **options).rows)


def test_a_row_says_all_that_happens(accounts: Accounts) -> None:
    (row,) = planned(accounts, LINE, way="api")
    cells = row.cells()
    assert list(cells)[: len(OWN)] == list(OWN)
    assert cells["key"] == cells["subscription"] == "sub_1"
    assert (cells["plan"], cells["price"], cells["way"]) == ("phone", "12.95 EUR", "api")
    assert (cells["starts_on"], cells["break"]) == ("2026-11-20", "now")
    assert (cells["from"], cells["to"]) == ("main", "next")
    assert cells["options"] == '{"billing_anchor_day": 20}'
    assert (cells["name"], cells["external_id"]) == ("Ann", "cst_1")


def test_the_plan_sends_nothing(accounts: Accounts) -> None:
    before = (accounts.changes(), len(accounts.portal.exchanges), len(accounts.company.exchanges))
    _ = planned(accounts, LINE)
    assert before == (
        accounts.changes(),
        len(accounts.portal.exchanges),
        len(accounts.company.exchanges),
    )


def test_mandates_do_not_travel_so_links_are_the_default(accounts: Accounts) -> None:
    link, api, leave = planned(
        accounts,
        f"{LINE},,",
        f"{LINE.replace('_1', '_2')},pm_1,",
        f"{LINE.replace('_1', '_3')},,leave",
        head=f"{HEAD},payment_method,way",
    )
    assert [link.way, api.way, leave.way] == ["link", "api", "leave"]
    assert (link.overlap_days, api.overlap_days) == (14, 0)
    assert (dict(link.options), api.payment_method) == ({}, "pm_1")
    assert leave.note == "by_hand"


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("active", "past_due", "past_due: its status is 'past_due'"),
        ("active", "unknown", "unknown_status: its status is 'unknown'"),
        ("cst_1", "", "no_customer: the source does not show it"),
        ("2026-11-20", "", "no_renewal: the source does not show it"),
        ("12.95 EUR", "", "no_price: the source does not show it"),
        ("12.95", "13.95", "no_plan: no configured plan is linked to it"),
        ("1 month", "2 months", "no_plan: no configured plan is linked to it"),
        ("ann@test.com", "ann", "invalid_customer: email"),
    ],
)
def test_who_cannot_move_is_left_with_a_reason(
    accounts: Accounts, old: str, new: str, note: str
) -> None:
    (row,) = planned(accounts, LINE.replace(old, new), way="api")
    assert row.way == "leave"
    assert row.note.startswith(note)


@pytest.mark.parametrize(
    ("plan", "line", "note"),
    [
        ("care", LINE, "price_differs: the plan 'care' costs 120.00 EUR, and they pay 12.95 EUR"),
        ("phone", LINE.replace("1 month", "2 months"), "interval_differs: the plan bills every 1"),
    ],
)
def test_a_plan_on_other_terms_is_not_sold(
    accounts: Accounts, plan: str, line: str, note: str
) -> None:
    (row,) = planned(accounts, f"{line},{plan},mine", head=f"{HEAD},plan,note", way="api")
    assert row.way == "leave"
    assert row.note.startswith(note)
    assert row.note.endswith("(mine)")


def test_several_units_do_not_move(accounts: Accounts) -> None:
    one, five = planned(accounts, f"{LINE},1", f"{LINE},5", head=f"{HEAD},quantity", way="api")
    problem = "it bills 5 units, and a switch moves subscriptions of one"
    assert (one.way, five.way, five.note) == ("api", "leave", f"quantity: {problem}")

    old = accounts.sell()  # and not if there are more by the time of the run
    assert changed(old.model_copy(update={"quantity": 5}), one) == problem


def test_a_plan_of_the_source_can_be_named(accounts: Accounts) -> None:
    head = f"{HEAD},plan_id,description"
    lines = (f"{LINE},old_1,", f"{LINE.replace('_1', '_2')},,Phone 2")
    rows = planned(accounts, *lines, head=head, plans={"old_1": "phone", "Phone 2": "other"})
    assert [row.plan for row in rows] == ["phone", "other"]


def test_a_plan_that_is_linked_at_the_source_is_known_by_its_id(
    open_accounts: Callable[..., Accounts],
) -> None:
    same = (
        CONFIGURATION
        + '[plans.same]\nname = "Same"\nprice = "12.95 EUR"\ninterval = "1 month"\ntax_rate = 21\n'
    )
    accounts = open_accounts(same)
    linked = {plan.name: plan.id for plan in accounts.main.list_plans()}
    lines = (f"{LINE},{linked['Same']}", f"{LINE.replace('_1', '_2')},")
    rows = planned(accounts, *lines, head=f"{HEAD},plan_id", way="api")
    assert [row.plan for row in rows] == ["same", ""]
    assert rows[1].note.startswith("no_plan")


def test_a_source_that_shows_no_price_has_that_of_its_plan(accounts: Accounts) -> None:
    path = table(accounts, "c1,c2,active,,,2026-11-20,,Ann,a@b.c,phone", head=f"{HEAD},plan_id")
    found = switching.plan(accounts.next, accounts.main, path, way="api", end="now")
    (row,) = found.rows
    assert (row.price, str(row.interval), row.end) == (Money("12.95", "EUR"), "1 month", "now")
    assert row.note == "missing_field: address, postal_code, city"
    assert "external_id" not in row.more


def test_a_customer_from_before_needs_no_fields(accounts: Accounts) -> None:
    line = LINE.replace("ann@test.com", "")
    (row,) = planned(accounts, f"{line},cst_9,mine", head=f"{HEAD},to_customer,key", way="api")
    assert (row.way, row.to_customer, row.key) == ("api", "cst_9", "mine")
    assert row.cells()["email"] == ""


def test_the_report_has_counts_fields_requests_and_hours(accounts: Accounts) -> None:
    lines = (
        f"{LINE},Street 1",
        f"{LINE.replace('_1', '_2').replace('active', 'past_due')},",
        ",cst_3,,,,,,Cleo,,",
    )
    path = table(accounts, *lines, head=f"{HEAD},address")
    report = switching.plan(accounts.main, accounts.next, path, way="api").report
    assert report.ways == {"api": 1, "leave": 1}
    assert report.reasons == {"past_due": 1}
    assert not report.missing
    assert [(loss.field, loss.customers) for loss in report.fields] == [("address", 1)]
    assert [(load.account, load.requests) for load in report.loads] == [("main", 4), ("next", 4)]
    assert report.loads[0].hours == pytest.approx(4 / 60 / 60)
    text = report.markdown()
    assert "# Switch from main to next" in text
    assert "- past_due: 1" in text
    assert "no key but that of the country is documented; instead: enter it" in text
    assert "- main: about 4 requests, 0.0 hours at its rate limit" in text
    assert "mandates and cards" in text
    assert report.as_json()["ways"] == {"api": 1, "leave": 1}


def test_a_limit_of_ones_own_counts_for_the_hours(open_accounts: Callable[..., Accounts]) -> None:
    own = CONFIGURATION.replace(
        '"mijnklantportaal"', '"mijnklantportaal"\nrate_limit = "1 per 1800"'
    )
    accounts = open_accounts(own)
    report = switching.plan(accounts.main, accounts.next, table(accounts, LINE), way="api").report
    assert report.loads[0].hours == 2


MOLLIE = """
[accounts.third]
provider = "mollie"
sandbox = true
journal = "journal.db"
"""


def test_what_a_target_cannot_do_is_in_the_report_and_refuses_the_run(
    open_accounts: Callable[..., Accounts],
) -> None:
    accounts = open_accounts(CONFIGURATION + MOLLIE, check_plans=False)
    third = accounts.clients["third"]
    found = switching.plan(
        accounts.main,
        third,
        table(accounts, f"{LINE},pm_1", head=f"{HEAD},payment_method"),
        way="link",
    )
    assert any("`follow_signup_link`" in missing for missing in found.report.missing), found.report
    assert "Cannot be done" in found.report.markdown()
    rows = [at(row, way="link", note="") for row in found.rows]
    before = accounts.changes()
    with pytest.raises(Unsupported, match="nothing was changed"):
        _ = list(switching.run(accounts.main, third, rows, results=accounts.results))
    assert accounts.changes() == before


@pytest.mark.parametrize(
    ("lines", "head", "problem"),
    [
        ((), HEAD, "has no subscription"),
        ((LINE,), HEAD.replace("renews_on", "renewal"), "no column 'renews_on': did you mean"),
        ((LINE,), HEAD.replace("status", "qqq"), "no column 'status': "),
        ((f"{LINE},x",), HEAD, "line 2 has 10 cells, and the first line 9"),
        ((f"{LINE},x",), f"{HEAD},name", "has the column 'name' twice"),
        (
            (LINE.replace("12.95 EUR", "12.95"),),
            HEAD,
            "line 2, column price: invalid value '12.95'",
        ),
        ((f"{LINE},walk",), f"{HEAD},way", "line 2, column way must be one of api, link, leave"),
        (('"',), HEAD, "is not CSV in line 2"),
    ],
)
def test_a_wrong_file_is_refused(
    accounts: Accounts, lines: tuple[str, ...], head: str, problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        _ = planned(accounts, *lines, head=head)


def test_a_file_that_is_not_there_or_no_text_is_refused(accounts: Accounts) -> None:
    path = accounts.folder / "customers.csv"
    with pytest.raises(InvalidRequest, match="cannot be read"):
        _ = switching.plan(accounts.main, accounts.next, path)
    _ = path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(InvalidRequest, match="is not"):
        _ = switching.plan(accounts.main, accounts.next, path)


@pytest.mark.parametrize("options", [{"way": "walk"}, {"end": "later"}, {"overlap_days": 0}])
def test_wrong_arguments_are_refused(accounts: Accounts, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        _ = planned(accounts, LINE, **options)


class Bare(Provider):
    """A provider that can create nothing."""

    name = "bare"
    base_url = "https://bare.example"


def test_a_target_that_can_do_nothing_has_a_report_too(accounts: Accounts) -> None:
    with Client(Bare, api_key="key") as bare:
        found = switching.plan(
            accounts.main, bare, table(accounts, f"{LINE},phone", head=f"{HEAD},plan"), way="api"
        )
    assert any("`subscribe`" in missing for missing in found.report.missing)
    assert not found.report.fields


# The table ------------------------------------------------------------------------------------


def written(accounts: Accounts, **cells: str) -> Path:
    """Write a plan with one row, in which some cells were changed."""
    (row,) = planned(accounts, LINE, way="api")
    path = accounts.folder / "switch.csv"
    path.unlink(missing_ok=True)
    write_rows(path, [row])
    (line,) = csv.DictReader(path.read_text("utf-8").splitlines())
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, line.keys(), delimiter=";")  # as a Dutch Excel saves it
        table.writeheader()
        table.writerow({**line, **{name.rstrip("_"): value for name, value in cells.items()}})
    return path


def test_what_is_written_is_read_again(accounts: Accounts) -> None:
    lines = (f"{LINE},cst_9", "", LINE.replace("_1", "_2").replace("12.95 EUR", "") + ",")
    rows = planned(accounts, *lines, head=f"{HEAD},to_customer", way="api")
    path = accounts.folder / "switch.csv"
    write_rows(path, rows)
    assert read_rows(path) == rows
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(InvalidRequest, match="exists already"):
        write_rows(path, rows)
    with pytest.raises(InvalidRequest, match="cannot write"):
        write_rows(accounts.folder / "no" / "switch.csv", rows)


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"way": "walk"}, "line 2, column way must be one of api, link, leave, got 'walk'"),
        ({"break_": "never"}, "column break must be one of now, period_end, got 'never'"),
        ({"starts_on": "tomorrow"}, "column starts_on: invalid value 'tomorrow'"),
        ({"overlap_days": "-1"}, "column overlap_days: invalid value '-1'"),
        ({"options": "[1]"}, "column options: invalid value"),
        ({"options": "x"}, "column options: invalid value 'x'"),
        ({"interval": "often"}, "column interval: invalid value 'often'"),
        ({"subscription": ""}, "column subscription is empty"),
        ({"plan": ""}, "column plan is empty: it must have a value to move by api"),
        ({"email": "ann"}, "column email: "),
    ],
)
def test_a_wrong_cell_is_refused_before_anything_is_sent(
    accounts: Accounts, cells: dict[str, str], problem: str
) -> None:
    path = written(accounts, **cells)
    before = accounts.changes()
    with pytest.raises(InvalidRequest, match=problem):
        _ = accounts.run(path)
    assert accounts.changes() == before


@pytest.mark.parametrize(
    ("cells", "problem"),
    [
        ({"plan": "care"}, "price_differs"),
        ({"price": "1 EUR"}, "price_differs: the plan 'phone' costs 12.95 EUR, and they pay 1.00"),
        ({"interval": "1 year"}, "interval_differs"),
    ],
)
def test_a_wrong_plan_is_refused_before_anything_is_sent(
    accounts: Accounts, cells: dict[str, str], problem: str
) -> None:
    path = written(accounts, **cells)
    before = (len(accounts.portal.exchanges), len(accounts.company.exchanges))
    with pytest.raises(InvalidRequest, match=problem):
        _ = accounts.run(path)
    assert (len(accounts.portal.exchanges), len(accounts.company.exchanges)) == before


def test_a_plan_that_is_linked_nowhere_is_not_sold(open_accounts: Callable[..., Accounts]) -> None:
    third = '[accounts.third]\nprovider = "stripe"\napi_key = "sk_test_1"\njournal = "journal.db"\n'
    accounts = open_accounts(CONFIGURATION + third, check_plans=False, simulated=("main", "next"))
    path = table(accounts, LINE)
    (row,) = switching.plan(accounts.main, accounts.clients["third"], path, way="link").rows
    assert row.note.startswith("no_plan: the plan 'phone' of the configuration is linked to")


def test_rows_of_two_switches_and_rows_twice_are_refused(accounts: Accounts) -> None:
    (row,) = planned(accounts, LINE, way="api")
    path = accounts.folder / "switch.csv"
    write_rows(path, [row, row, at(row, key="b", subscription="c", source="third")])
    with pytest.raises(InvalidRequest) as refused:
        _ = read_rows(path)
    assert "key 'sub_1' is in several rows: keep one" in str(refused.value)
    assert "subscription 'sub_1' is in several rows" in str(refused.value)
    assert "columns from and to must be the same in all rows" in str(refused.value)


def test_a_table_without_rows_is_refused(accounts: Accounts) -> None:
    path = accounts.folder / "switch.csv"
    _ = path.write_text(",".join(OWN) + "\n", "utf-8")
    with pytest.raises(InvalidRequest, match="has no rows"):
        _ = read_rows(path)
    with pytest.raises(InvalidRequest, match="`rows`"):
        _ = accounts.run([])


def test_those_who_are_left_are_outcomes_too(accounts: Accounts) -> None:
    (row,) = planned(accounts, LINE.replace("active", "past_due"), way="api")
    (left,) = accounts.run([row])
    assert (left.outcome, left.reason) == ("leave", "past_due: its status is 'past_due'")
