"""`--from FILE.csv`: checked as a whole, one call for each row, and resumable."""

from __future__ import annotations

import csv
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import Result

from subhub import Client, Interval, Money, PlanDraft, RateLimit
from subhub.cli.progress import Estimate, RowProgress
from subhub.sandbox import Fake, Reply
from subhub.sandbox.faults import Fault

Run = Callable[..., Result]
HEAD = "key,name,email,address,postal_code,city"
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)


def people(*names: str) -> str:
    rows = [f"{each},{each} BV,{each}@test.com,Street 1,1234AB,Amsterdam" for each in names]
    return "\n".join((HEAD, *rows)) + "\n"


def write(text: str, encoding: str = "utf-8") -> Path:
    path = Path("customers.csv")
    _ = path.write_bytes(text.encode(encoding))
    return path


def results(name: str = "customers.results.csv") -> list[dict[str, str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


class Portal(ThreadingHTTPServer):
    """The fake of a provider behind a port of this machine."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.fake: Fake = MijnKlantportaal.sandbox()
        self.fake.enforce_limits = False
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"
        self.fake.site = self.origin
        self.plan = self.fake.add_plan("phone", PHONE)
        self.posted = 0
        self.interrupt_at = 0

    def sold(self) -> tuple[int, int]:
        self.fake.site = ""
        with Client(MijnKlantportaal, sandbox=self.fake) as billing:
            found = len(list(billing.list_customers())), len(list(billing.list_subscriptions()))
        self.fake.site = self.origin
        return found


class Answering(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    @property
    def portal(self) -> Portal:
        assert isinstance(self.server, Portal)
        return self.server

    def do_GET(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        reply = self.portal.fake.handle(self.command, self.path, dict(self.headers), content)
        self._send(reply)

    def do_POST(self) -> None:
        self.portal.posted += 1
        if self.portal.posted == self.portal.interrupt_at:
            os.kill(os.getpid(), signal.SIGINT)
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def _send(self, reply: Reply) -> None:
        if reply.delivery is not None:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("content-length", str(len(reply.content)))
        self.end_headers()
        _ = self.wfile.write(reply.content)
        self.wfile.flush()


@pytest.fixture
def portal(run: Run) -> Iterator[Portal]:
    """A provider that remembers, as the account of the configuration."""
    del run  # it makes the folder to work in
    with Portal() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        account = f"""
            [accounts.main]
            provider = "mijnklantportaal"
            api_key = "{server.fake.api_key}"
            base_url = "{server.origin}/v1"
            rate_limit = "100000 per 1"
            """
        _ = Path("subhub.toml").write_text(account, "utf-8")
        yield server
        server.shutdown()
        thread.join()


class TestARun:
    def test_makes_the_call_for_each_row_and_writes_its_outcome(
        self, run: Run, portal: Portal
    ) -> None:
        _ = write(people("a", "b", "c"))
        ran = run("subscribe", "--from", "customers.csv", "--plan", portal.plan)
        assert (ran.exit_code, ran.stdout.splitlines()[0]) == (0, "3 rows: 3 done")
        assert portal.sold() == (3, 3)
        found = sorted(results(), key=lambda row: row["line"])
        assert [(row["line"], row["key"], row["outcome"]) for row in found] == [
            ("2", "a", "done"),
            ("3", "b", "done"),
            ("4", "c", "done"),
        ]
        assert all(row["id"] for row in found)

    def test_of_links_writes_their_addresses(self, run: Run, portal: Portal) -> None:
        _ = write(people("a"))
        ran = run("signup-link", "create", "--from", "customers.csv", "--plan", portal.plan)
        assert ran.exit_code == 0
        (link,) = results()
        assert link["url"].startswith("http")
        assert link["expires_at"]

    def test_may_have_a_plan_and_a_day_for_each_row(self, run: Run, portal: Portal) -> None:
        customer = portal.fake.handle(
            "POST",
            "/v1/customers",
            {"authorization": f"Bearer {portal.fake.api_key}"},
            json.dumps(
                {
                    "companyName": "Old BV",
                    "address": "Street 1",
                    "zipCode": "1234AB",
                    "city": "Amsterdam",
                    "primaryEmail": "old@test.com",
                }
            ).encode(),
        )
        known = json.loads(customer.content)["id"]
        _ = write(f"customer;Starts On;plan\n{known};2031-02-03;{portal.plan}\n")
        ran = run("subscribe", "--from", "customers.csv", "--starts-on", "2030-01-01")
        assert ran.exit_code == 0, ran.output
        portal.fake.site = ""
        with Client(MijnKlantportaal, sandbox=portal.fake) as billing:
            (sold,) = billing.list_subscriptions()
        assert (sold.customer_id, str(sold.starts_on)) == (known, "2031-02-03")

    def test_counts_for_scripts(self, run: Run, as_json: Callable[[Result], Any]) -> None:
        _ = write("name,email\nOne,a@b.c\n")
        data = as_json(run("subscribe", "--from", "customers.csv", "--plan", "phone", "--json"))
        assert (data["rows"], data["done"], data["left"]) == (1, 1, 0)
        assert data["result"] == "customers.trial.csv"

    def test_continues_after_a_row_that_is_refused(self, run: Run) -> None:
        _ = write("name,email\nRefused,a@b.c\nFine,a@b.c\n")
        ran = run("subscribe", "--from", "customers.csv", "--plan", "phone")
        assert ran.exit_code == 1
        assert "1 done, 1 refused" in ran.stdout
        (failed,) = (row for row in results("customers.trial.csv") if row["outcome"] == "refused")
        assert "bad data" in failed["error"]
        assert "--resume" not in ran.stdout

    def test_shows_what_it_would_send_first(self, run: Run, portal: Portal) -> None:
        _ = write(people("a", "b"))
        ran = run("subscribe", "--from", "customers.csv", "--plan", portal.plan, "--dry-run")
        assert ran.exit_code == 0
        assert "a@test.com" in ran.stdout
        assert portal.posted == 0
        assert sorted(each.name for each in Path().glob("customers*")) == ["customers.csv"]

    def test_in_a_sandbox_is_a_trial(self, run: Run) -> None:
        _ = write("name,email\nOne,a@b.c\n")
        words = ("subscribe", "--from", "customers.csv", "--plan", "phone")
        for _ in range(2):
            ran = run(*words)
            assert "nothing of it is kept" in ran.stderr
            assert [row["outcome"] for row in results("customers.trial.csv")] == ["done"]
        assert not list(Path().glob("*.db"))
        assert "has no effect in a sandbox" in run(*words, "--resume").stderr
        assert run(*words, "--result", "customers.trial.csv").exit_code == 2


class TestTheFile:
    @pytest.mark.parametrize(
        ("text", "encoding"),
        [
            ("name;email\r\nÉén; BV;a@b.c\r\n".replace("Één; BV", '"Één; BV"'), "utf-8-sig"),
            ("name\temail\nOne\ta@b.c\n", "utf-8"),
            ('name,email\n\n"One, Two\nand Three",a@b.c\n , \n', "utf-8"),
        ],
    )
    def test_may_be_as_a_spreadsheet_writes_it(self, run: Run, text: str, encoding: str) -> None:
        _ = write(text, encoding)
        ran = run("subscribe", "--from", "customers.csv", "--plan", "phone")
        assert ran.exit_code == 0, ran.output
        assert len(results("customers.trial.csv")) == 1

    def test_may_have_a_delimiter_of_its_own(self, run: Run) -> None:
        _ = write("name|email\nOne|a@b.c\n")
        words = ("subscribe", "--from", "customers.csv", "--plan", "phone", "--delimiter")
        assert run(*words, "|").exit_code == 0
        assert "must be one character" in run(*words, "||").stderr

    def test_shows_every_problem_at_once(self, run: Run, portal: Portal) -> None:
        _ = write(
            f"{HEAD},country,starts_on\n"
            "1,One,one.test.com,Street 1,1234AB,Amsterdam,nl,2024-13-01\n"
            "1,,two@test.com,,1234AB,Amsterdam,NL,\n"
            "3,Three,three@test.com\n"
            "4,Four,four@test.com,,1234AB,Amsterdam,NL,\n"
        )
        ran = run("subscribe", "--from", "customers.csv", "--plan", portal.plan)
        assert ran.exit_code == 2
        assert portal.posted == 0
        for problem in (
            "line 2, column email 'one.test.com': not an e-mail address",
            "line 2, column country 'nl': ",
            "line 2, column starts_on '2024-13-01': expected a day, for example 2024-05-04",
            "line 3, column key '1': line 2 has it too",
            "line 3, column name: is required",
            "line 4: expected 8 cells, as in the first line, got 3",
            "line 5, column address: ",
        ):
            assert problem in ran.stderr
        assert "not 'nl'" not in ran.stderr

    @pytest.mark.parametrize(
        ("text", "problem"),
        [
            ("name,email\nA,a@b.c\n,\nA,a@b.c\n", "line 4: the same as line 2"),
            ("name,email,external_id\nA,a@b.c,1\nB,b@b.c,1\n", "column external_id '1': line 2"),
            ("name,emial\nA,a@b.c\n", "line 1 'emial': unknown column; did you mean 'email'?"),
            ("name,zzzzzz\nA,a@b.c\n", "known columns: key, customer, name"),
            ("name,email,name\nA,a@b.c,A\n", "column name: the column appears twice"),
            ("customer,name\ncst_1,A\n", "column customer 'cst_1': the id of an existing customer"),
            ("name,email\n", "no rows below"),
            ("", "no rows below"),
            ('name,email\n"A\nB",a@b.c\n"A,a@b.c\n', "is not CSV in line 4 (unexpected end"),
            (f"name,email\nA,a@b.c\n{'A' * 200_000},a@b.c\n", "is not CSV in line 3 (field larger"),
            ("name,email\nA\1,a@b.c\n", r"line 2, column name 'A\x01': has a control character"),
            ("name,email\nA\0,a@b.c\n", "is not UTF-8 text in line 2"),
            (f"name,email\n{'A' * 9000},a@b.c\n", f"{'A' * 79}...: must have at most 255"),
            ("\nname,email\nA,a@b.c\n", "line 1: expected the names of the columns"),
        ],
    )
    def test_is_refused_with_the_line_and_the_remedy(
        self, run: Run, text: str, problem: str
    ) -> None:
        _ = write(text)
        ran = run("subscribe", "--from", "customers.csv", "--plan", "phone")
        assert ran.exit_code == 2
        assert problem in ran.stderr

    def test_has_to_be_there_and_in_utf_8(self, run: Run) -> None:
        words = ("subscribe", "--from", "customers.csv", "--plan", "phone")
        said = run(*words).stderr
        # not an option's name: `subhub check --rehearse` reads such a file by an argument
        assert "cannot be read (No such file or directory): check the path" in said
        _ = write("name,email\nA,a@b.c\nÉén,a@b.c\n", "latin-1")
        assert "customers.csv is not UTF-8 text in line 3: save it as UTF-8" in run(*words).stderr

    def test_names_the_plan_if_the_options_do_not(self, run: Run) -> None:
        _ = write("name,email,plan\nA,a@b.c,\n")
        ran = run("subscribe", "--from", "customers.csv")
        assert "line 2, column plan: is required here, or as `--plan`" in ran.stderr

    def test_can_be_for_an_inline_plan(self, run: Run) -> None:
        _ = write("name,email\nA,a@b.c\n")
        terms = ("--plan-name", "Mine", "--plan-price", "1 EUR", "--plan-interval", "1 year")
        assert run("subscribe", "--from", "customers.csv", *terms).exit_code == 0

    def test_is_refused_if_the_provider_cannot_do_it(self, run: Run, portal: Portal) -> None:
        _ = write("customer\ncst_1\n")
        words = ("signup-link", "create", "--from", "customers.csv", "--plan", portal.plan)
        assert run(*words).exit_code == 3


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("subscribe", "--resume"), "`--resume` needs `--from`"),
        (("subscribe", "--result", "x.csv"), "`--result` needs `--from`"),
        (("subscribe", "--delimiter", ";"), "`--delimiter` needs `--from`"),
        (
            ("subscribe", "--from", "x.csv", "--name", "A"),
            "`--from` cannot be combined with `--customer`",
        ),
        (
            ("subscribe", "--from", "x.csv", "--customer", "c"),
            "`--from` cannot be combined with `--customer`",
        ),
        (("signup-link", "create", "--customer", "cst_1"), "`--plan` is required"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, words: tuple[str, ...], problem: str
) -> None:
    ran = run(*words)
    assert ran.exit_code == 2
    assert problem in ran.stderr


class TestResuming:
    def words(self, portal: Portal, *more: str) -> tuple[str, ...]:
        return ("subscribe", "--from", "customers.csv", "--plan", portal.plan, *more)

    def test_tries_again_what_failed_and_nothing_else(self, run: Run, portal: Portal) -> None:
        wrong = people("a", "b", "c").replace("city\n", "city,plan\n").replace("dam\n", "dam,\n")
        _ = write(wrong.replace("dam,\nb", "dam,spc_nowhere\nb"))
        assert run(*self.words(portal)).exit_code == 1
        assert portal.sold() == (2, 2)  # no customer for a plan that does not exist

        _ = write(wrong)
        ran = run(*self.words(portal, "--resume"))

        assert ran.exit_code == 0
        assert ran.stdout.startswith("3 rows: 1 done, 2 done earlier\n")
        assert portal.sold() == (3, 3)
        assert sorted(row["outcome"] for row in results()) == ["done", "done", "done", "refused"]

    def test_resolves_what_was_lost(self, run: Run, portal: Portal) -> None:
        _ = write(people("a", "b", "c"))
        portal.fake.faults.next(Fault("dropped", after=True), path="*sign-up*", method="POST")
        ran = run(*self.words(portal))
        assert ran.exit_code == 4
        assert "--resume" in ran.stdout
        (lost,) = (row for row in results() if row["token"])
        assert lost["outcome"] == "unknown"
        assert run(*self.words(portal, "--resume", "--grace-period", "0")).exit_code == 0
        assert portal.sold() == (3, 3)

    def test_is_asked_for(self, run: Run, portal: Portal) -> None:
        _ = write(people("a"))
        assert run(*self.words(portal)).exit_code == 0
        ran = run(*self.words(portal))
        assert (ran.exit_code, "add `--resume`, or rename the file" in ran.stderr) == (2, True)
        Path("customers.journal.db").unlink()
        ran = run(*self.words(portal))
        assert "customers.results.csv exists already: add `--resume`" in ran.stderr
        assert portal.sold() == (1, 1)

    def test_knows_from_the_journal_what_is_done(self, run: Run, portal: Portal) -> None:
        config = Path("subhub.toml")
        _ = config.write_text(config.read_text() + '\njournal = "ours.db"\n')
        _ = write(people("a"))
        assert run(*self.words(portal)).exit_code == 0
        Path("customers.results.csv").unlink()
        ran = run(*self.words(portal, "--resume"))
        assert ran.exit_code == 0
        assert [row["outcome"] for row in results()] == ["done earlier"]
        assert portal.sold() == (1, 1)
        assert not Path("customers.journal.db").exists()

    def test_takes_nothing_for_done_that_another_account_did(
        self, run: Run, portal: Portal
    ) -> None:
        """A first run was for a trial account, say; the result file does not know whose it is."""
        _ = write(people("a"))
        assert run(*self.words(portal)).exit_code == 0
        config = Path("subhub.toml")
        named, key = config.read_text(), portal.fake.api_key
        _ = config.write_text(named.replace(key, "another-key"))

        ran = run(*self.words(portal, "--resume"))
        assert ran.exit_code == 2
        assert "was begun with another key" in ran.stderr
        assert "`adopt=True` (`--adopt`)" in ran.stderr

        _ = config.write_text(named.replace(key, "another-key").replace("main]", "next]"))
        ran = run(*self.words(portal, "--resume"))
        assert ran.exit_code == 2
        assert "has no run of customers.csv for this account" in ran.stderr

        ran = run(*self.words(portal, "--resume", "--adopt"))
        assert ran.stdout.startswith("1 rows: 1 done earlier\n")
        assert portal.sold() == (1, 1)

    def test_continues_after_a_line_that_was_cut(self, run: Run, portal: Portal) -> None:
        _ = write(people("a", "b"))
        _ = Path("customers.results.csv").write_text(
            "line,key,outcome,id,url,expires_at,error,token,customer_id\n"
            "2,a,done,spc_1,,,,,\n3,b,do"
        )
        assert run(*self.words(portal, "--resume")).exit_code == 0
        assert portal.sold() == (1, 1)
        assert [row["outcome"] for row in results()] == ["done", "done"]

    @pytest.mark.parametrize(
        ("content", "problem"),
        [
            ("name,email\na,b\n", "is not the result of a bulk command"),
            ("\udcff", "is not the result of a bulk command"),
            ("line,key,outcome,id,url,expires_at,error,token,customer_id\n2,\udcff\n", "cannot"),
        ],
    )
    def test_takes_no_other_file_for_its_results(
        self, run: Run, portal: Portal, content: str, problem: str
    ) -> None:
        _ = write(people("a"))
        path = Path("customers.results.csv")
        _ = path.write_bytes(content.encode(errors="surrogateescape"))
        assert problem in run(*self.words(portal, "--resume")).stderr
        assert portal.posted == 0

    def test_needs_a_place_for_its_results(self, run: Run, portal: Portal) -> None:
        _ = write(people("a"))
        ran = run(*self.words(portal, "--result", "nowhere/results.csv"))
        assert "cannot write nowhere/results.csv" in ran.stderr
        assert portal.posted == 0

    def test_after_an_error_that_all_rows_would_have(self, run: Run, portal: Portal) -> None:
        _ = write(people("a", "b"))
        portal.fake.revoke_key()
        ran = run(*self.words(portal))
        assert ran.exit_code == 1
        assert "--resume" in ran.stdout
        portal.fake.revoked.clear()
        assert run(*self.words(portal, "--resume")).exit_code == 0
        assert portal.sold() == (2, 2)

    def test_after_ctrl_c_which_waits_for_what_was_sent(self, run: Run, portal: Portal) -> None:
        _ = write(people(*(f"p{number}" for number in range(60))))
        portal.interrupt_at = 50
        ran = run(*self.words(portal))
        assert ran.exit_code == 130
        done = len(results())
        assert f"{60 - done} rows are left" in ran.stdout
        assert 0 < done < 60
        config = Path("subhub.toml")
        _ = config.write_text(config.read_text() + '\njournal = "customers.journal.db"\n')
        assert run("resolve", "--list").exit_code == 0

        assert run(*self.words(portal, "--resume")).exit_code == 0

        assert portal.sold() == (60, 60)
        assert sorted(row["key"] for row in results()) == sorted(f"p{n}" for n in range(60))


class TestTheEstimate:
    def test_says_nothing_before_something_is_done(self) -> None:
        assert Estimate(10, None, lambda: 0.0).seconds() is None

    def test_is_by_the_pace_that_was_seen(self) -> None:
        ticks = iter((0.0, 30.0))
        estimate = Estimate(40, None, lambda: next(ticks))
        estimate.done = 10
        assert estimate.seconds() == 90.0

    def test_knows_that_the_first_burst_is_not_the_pace(self) -> None:
        ticks = iter((0.0, 1.0))
        estimate = Estimate(1000, RateLimit(60, per=60.0), lambda: next(ticks))
        for _ in range(60):
            estimate.sent(None)
        estimate.done = 30
        assert estimate.seconds() == 1940.0

    @pytest.mark.parametrize(
        ("passed", "left"), [(10, "less than a minute"), (600, "10 min"), (90000, "25 h 0 min")]
    )
    def test_is_part_of_the_progress(self, passed: float, left: str) -> None:
        ticks = iter((0.0, passed))
        progress = RowProgress(Estimate(2, None, lambda: next(ticks)))
        assert progress.text() == "0/2 rows, 0 failed"
        progress.advance(failed=True)
        shown = progress.text()
        assert shown.startswith("1/2 rows, 1 failed, ")
        assert shown.endswith(f"{left} left")
