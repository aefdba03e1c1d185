"""`--from` and `--resume`: a row is carried out once, also when the file was saved again since."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub import Client, Interval, Money, NotFound, PlanDraft
from subhub.cli.plan_check import PlanCheck
from subhub.cli.rows import CustomerRow
from subhub.plugin.registry import load
from subhub.sandbox import Fault
from subhub.sending.ratelimit import limiters
from subhub.server import Application, Sandbox, listen, origin_of, serving

Run = Callable[..., Result]
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
FILE = Path("customers.csv")
RESULTS = Path("customers.results.csv")


class Shop(Application):
    """A provider behind a port; *fake* remembers what it sold."""

    def __init__(self, sandbox: Sandbox, provider: str) -> None:
        super().__init__(sandbox)
        self.provider = provider
        account = sandbox.add(load(provider), "main", {"phone": PHONE})
        self.fake: Any = account.fake
        self.log = account.request_log
        self.fake.enforce_limits = False
        self.base_url = account.base_url
        self.plan = account.plan_ids["phone"]

    @property
    def sold(self) -> tuple[int, int]:
        return len(self.fake.customers), len(self.fake.subscriptions)

    def words(self, *more: str, plan: str = "") -> tuple[str, ...]:
        return ("subscribe", "--from", str(FILE), "--plan", plan or self.plan, *more)


def opened(provider: str) -> Iterator[Shop]:
    with listen("127.0.0.1", 0) as listening:
        shop = Shop(Sandbox(origin_of(listening)), provider)
        _ = Path("subhub.toml").write_text(
            f"""[accounts.main]
            provider = "{provider}"
            api_key = "{shop.fake.api_key}"
            base_url = "{shop.base_url}"
            rate_limit = "100000 per 1"
            """,
            "utf-8",
        )
        with serving(shop, listening):
            yield shop


@pytest.fixture
def portal(run: Run) -> Iterator[Shop]:
    del run  # it makes the folder to work in
    yield from opened("mijnklantportaal")


@pytest.fixture
def afternoon(run: Run) -> Iterator[Shop]:
    del run
    yield from opened("afternoon")


def write(head: str, *rows: str) -> None:
    _ = FILE.write_text("\n".join((head, *rows, "")), "utf-8")


HEAD = "name,email,address,postal_code,city"
ANNA = "Anna GmbH,anna@test.com,Weg 1,01067,Dresden"
BEN = "Ben BV,ben@test.com,Weg 2,1234AB,Amsterdam"


def results() -> list[dict[str, str]]:
    with RESULTS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class TestAFileWithoutKeys:
    @pytest.mark.parametrize(
        ("rows", "problem"),
        [
            ((ANNA.replace("01067", "1067"), BEN), "line 2 is gone or changed"),
            ((ANNA,), "line 3 is gone or changed"),
            (("Carla BV,carla@test.com,Weg 3,1234AB,Ede",), "lines 2, 3 are gone or changed"),
        ],
        ids=["changed", "gone", "another file"],
    )
    @pytest.mark.parametrize("missing", ["", "results", "journal"])
    def test_is_refused_if_earlier_rows_are_gone_or_changed(
        self, run: Run, portal: Shop, rows: tuple[str, ...], problem: str, missing: str
    ) -> None:
        write(HEAD, ANNA, BEN)
        assert run(*portal.words()).exit_code == 0
        write(HEAD, *rows)
        if missing:
            FILE.with_suffix(f".{missing}.{'csv' if missing == 'results' else 'db'}").unlink()
        ran = run(*portal.words("--resume"))
        assert ran.exit_code == 2
        if missing == "results":  # the journal alone does not know the lines
            count = 2 if "lines" in problem else 1
            problem = f"{count} of its rows are" if count > 1 else "one of its rows is"
        assert problem in " ".join(ran.stderr.split())
        assert portal.sold == (2, 2)

    def test_may_have_new_rows_and_corrected_ones(self, run: Run, portal: Shop) -> None:
        write(HEAD, ANNA, BEN)
        portal.fake.faults.next(Fault("rate_limited", seconds=9999), method="POST", times=2)
        assert run(*portal.words()).exit_code == 1
        assert {row["outcome"] for row in results()} <= {"refused", "not sent"}
        write(HEAD, ANNA, BEN.replace("Ben BV", "Ben NV"), "C BV,c@test.com,Weg 3,1234AB,Ede")
        # As in another process, after the wait; the first 429 may have kept the second row back.
        limiters(None).clear()
        portal.fake.faults.clear()
        assert run(*portal.words("--resume")).exit_code == 0
        assert portal.sold == (3, 3)

    def test_is_refused_if_a_row_has_created_its_customer(self, run: Run, portal: Shop) -> None:
        write(HEAD, ANNA)
        late = Fault("rate_limited", seconds=9999)
        portal.fake.faults.next(late, method="POST", path="*/sign-up")
        assert run(*portal.words()).exit_code == 1
        write(HEAD, ANNA.replace("Weg 1", "Weg 11"))
        ran = run(*portal.words("--resume"))
        assert "line 2 is gone or changed" in ran.stderr
        assert portal.sold == (1, 0)

    def test_is_refused_if_its_rows_have_keys_now(self, run: Run, portal: Shop) -> None:
        write(HEAD, ANNA, BEN)
        assert run(*portal.words()).exit_code == 0
        write(f"key,{HEAD}", f"a,{ANNA}", f"b,{BEN}")
        ran = run(*portal.words("--resume"))
        assert "begun without one: lines 2, 3. Remove it from these rows" in ran.stderr
        assert portal.sold == (2, 2)

    def test_names_its_rows_by_external_id(self, run: Run, afternoon: Shop) -> None:
        write("name,email,external_id", "Anna,anna@test.com,0071")
        assert run(*afternoon.words()).exit_code == 0
        write("name,email,external_id", "Anna,anna@test.com,71")
        assert "line 2 is gone or changed" in run(*afternoon.words("--resume")).stderr
        assert afternoon.sold == (1, 1)


def test_rows_with_keys_may_be_changed_and_removed(run: Run, portal: Shop) -> None:
    write(f"key,{HEAD}", f"a,{ANNA}", f"b,{BEN}")
    assert run(*portal.words()).exit_code == 0
    write(f"key,{HEAD}", f"a,{ANNA.replace('01067', '1067')}")
    assert run(*portal.words("--resume")).exit_code == 0
    assert portal.sold == (2, 2)


class TestAPlan:
    def test_that_does_not_exist_ends_the_run(self, run: Run, portal: Shop) -> None:
        write(HEAD, ANNA, BEN)
        ran = run(*portal.words(plan="spg_nowhere"))
        assert ran.exit_code == 2
        assert "the plan 'spg_nowhere' does not exist at mijnklantportaal" in ran.stderr
        assert portal.sold == (0, 0)
        assert run(*portal.words("--resume")).exit_code == 0
        assert portal.sold == (2, 2)

    def test_is_read_once(self, run: Run, portal: Shop) -> None:
        write(HEAD, *(ANNA.replace("anna", f"anna{n}") for n in range(10)))
        assert run(*portal.words()).exit_code == 0
        methods = [entry.method for entry in portal.log.after()]
        assert methods == ["GET", *["POST"] * 20]

    def test_of_some_rows_is_an_error_of_these_rows(self, run: Run, portal: Shop) -> None:
        write(f"{HEAD},plan", f"{ANNA},spg_nowhere", f"{BEN},", f"{ANNA}2,spg_nowhere")
        assert run(*portal.words()).exit_code == 1
        assert sorted(row["outcome"] for row in results()) == ["done", "refused", "refused"]
        assert portal.sold == (1, 1)

    def test_that_cannot_be_read_leaves_one_customer(self, run: Run, afternoon: Shop) -> None:
        """Afternoon has no endpoint for plans: the first row finds out that there is none."""
        write("name,email", *(f"A{n},a{n}@test.com" for n in range(30)))
        ran = run(*afternoon.words(plan="nowhere"))
        assert ran.exit_code == 2
        assert "the plan 'nowhere' does not exist" in ran.stderr
        (customer,) = afternoon.fake.customers
        assert [(row["outcome"], row["customer_id"]) for row in results()] == [
            ("refused", customer)
        ]
        assert run(*afternoon.words("--resume")).exit_code == 0
        assert afternoon.sold == (30, 30)

    def test_that_cannot_be_read_may_be_fine(self, run: Run, afternoon: Shop) -> None:
        """A customer who does not exist says nothing about the plan."""
        customer = "c" + 24 * "9"
        write("customer,name,email", f"{customer},,", ",Anna,anna@test.com", ",Ben,ben@test.com")
        assert run(*afternoon.words()).exit_code == 1
        assert afternoon.sold == (2, 2)

    def test_with_an_odd_answer_exists(self, run: Run, portal: Shop) -> None:
        write(HEAD, ANNA)
        portal.fake.faults.next("malformed_json", method="GET", times=4)
        assert run(*portal.words()).exit_code == 0
        assert portal.sold == (1, 1)


def test_results_name_the_customer(run: Run, portal: Shop) -> None:
    """Also of a row that failed after its customer was created."""
    write(HEAD, ANNA, BEN)
    portal.fake.faults.next(Fault("dropped"), method="POST", path="*/sign-up")
    assert run(*portal.words()).exit_code == 4
    assert {row["customer_id"] for row in results()} == set(portal.fake.customers)


def test_a_customer_who_is_missing_says_nothing_of_the_plan() -> None:
    """Where plans cannot be read, only a new customer's sale shows that the plan is missing."""
    row = CustomerRow(2, "a", "a", {"plan": "phone", "customer": "c0123456789abcdefghijklmn"})
    calls: list[CustomerRow] = []

    def refuse(called: CustomerRow) -> None:
        calls.append(called)
        raise NotFound("no such customer")

    with Client("afternoon", sandbox=True) as client:
        check = PlanCheck(client, refuse, [row])
        for _ in range(2):
            with pytest.raises(NotFound, match="no such customer"):
                check(row)
    assert calls == [row, row]
