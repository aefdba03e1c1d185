"""`subhub resolve` shows what happened to a lost call, to people and to scripts."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import Result

from subhub.models import Interval, Money, PlanDraft
from subhub.recovery.intents import Intent
from subhub.recovery.journal import Journal
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault

Run = Callable[..., Result]
SENT = "2020-01-01T00:00:00+00:00"
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)


def token(operation: str, **known: Any) -> str:
    fields = known.pop("fields", {})
    return Intent("clitoy", "main", operation, SENT, **known).marked(fields).token()


def test_a_lost_call_is_reported_with_its_token(run: Run) -> None:
    words = ("customer", "create", "--name", "Lost", "--email", "a@b.c")
    error = json.loads(run(*words, "--json").stderr)["error"]
    assert Intent.read(error["token"]).operation == "create_customer"
    assert "subhub resolve" in run(*words).stderr


def test_what_is_done_is_shown(run: Run) -> None:
    lost = token("update_customer", target="cst_1", fields={"id": "cst_1"})
    data = json.loads(run("resolve", lost, "--json").stdout)
    assert (data["outcome"], data["result"]["id"]) == ("done", "cst_1")
    plain = run("resolve", lost)
    assert plain.stdout.startswith("done: ")
    assert "cst_1" in plain.stdout


def test_an_ambiguous_outcome_exits_as_unknown(run: Run) -> None:
    result = run("resolve", token("create_signup_link"))
    assert result.exit_code == 4
    assert result.stdout.startswith("ambiguous: ")


def test_candidates_are_listed(run: Run) -> None:
    result = run("resolve", token("cancel_subscription", target="sub_1"))
    assert result.exit_code == 4
    assert "Subscription" in result.stdout
    assert "sub_1" in result.stdout


def test_an_invalid_token_is_a_usage_error(run: Run) -> None:
    assert run("resolve", "nonsense").exit_code == 2


JOURNALED = """
[accounts.main]
provider = "mijnklantportaal"
api_key = "key_0123456789"
base_url = "http://127.0.0.1:{port}/v1"
journal = "ours.db"
rate_limit = "100000 per 1"
"""


@pytest.fixture
def portal(run: Run) -> Iterator[Fake]:
    """A provider that remembers, behind a port of this machine, whose account keeps a journal."""
    del run  # it makes the folder to work in
    fake = MijnKlantportaal.sandbox()
    fake.enforce_limits = False
    with ThreadingHTTPServer(("127.0.0.1", 0), answering(fake)) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        _ = Path("subhub.toml").write_text(JOURNALED.format(port=server.server_address[1]), "utf-8")
        yield fake
        server.shutdown()
        thread.join()


def answering(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {**self.headers, "authorization": f"Bearer {fake.api_key}"}
            reply = fake.handle(self.command, self.path, headers, content)
            if reply.delivery is None:
                self.send_response(reply.status)
                self.end_headers()
                _ = self.wfile.write(reply.content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            pass

    return Answering


def lose(run: Run, fake: Fake, *words: str, after: bool) -> None:
    """Make the call of *words*, and lose its response."""
    fake.faults.next(Fault("dropped", after=after), method="POST")
    assert run(*words).exit_code == 4
    fake.faults.clear()


def customer(name: str) -> tuple[str, ...]:
    contact = ("--address", "Street 1", "--postal-code", "1234AB", "--city", "Amsterdam")
    return ("customer", "create", "--name", name, "--email", f"{name}@test.com", *contact)


LINK = ("signup-link", *customer("Link")[1:], "--plan")


class TestTheJournal:
    def test_with_nothing_open_has_nothing_to_resolve(
        self, run: Run, portal: Fake, as_json: Callable[[Result], Any]
    ) -> None:
        del portal
        assert as_json(run("resolve", "--json")) == {"undecided": 0, "intents": []}
        assert "nothing is open" in run("resolve").stderr

    def test_is_resolved_as_far_as_the_provider_shows(self, run: Run, portal: Fake) -> None:
        plan = portal.add_plan("phone", PHONE)
        lose(run, portal, *customer("Made"), after=True)
        lose(run, portal, *customer("Missing"), after=False)
        lose(run, portal, *LINK, plan, after=True)

        ran = run("resolve", "--grace-period", "0")
        assert ran.exit_code == 4
        assert "1 of 3 unresolved" in ran.stderr
        for word in ("create_customer, sent ", "  done: ", "  not done: ", "  ambiguous: "):
            assert word in ran.stdout

        left = run("resolve", "--grace-period", "0", "--json")
        assert left.exit_code == 4
        (intent,) = json.loads(left.stdout)["intents"]
        assert (intent["operation"], intent["outcome"]) == ("create_signup_link", "ambiguous")
        assert (intent["in_flight"], intent["job"]) == (False, None)

        closed = run("resolve", intent["token"], "--as", "not-done")
        assert "recorded in the journal: not done" in closed.stderr
        again = run("resolve", intent["token"], "--as", "not-done")
        assert (again.exit_code, "nothing of it is left" in again.stderr) == (2, True)
        assert run("resolve").exit_code == 0

    def test_is_resolved_by_one_listing(self, run: Run, portal: Fake) -> None:
        for name in ("One", "Two", "Three"):
            lose(run, portal, *customer(name), after=True)
        before = len(portal.exchanges)
        ran = run("resolve")
        assert (ran.exit_code, ran.stdout.count("  done: ")) == (0, 3)
        assert len(portal.exchanges) - before == 1

    def test_is_only_listed_when_asked(self, run: Run, portal: Fake) -> None:
        lose(run, portal, *customer("Made"), after=True)
        before = len(portal.exchanges)
        ran = run("resolve", "--list")
        assert ran.exit_code == 4
        assert "  open\n" in ran.stdout
        assert Intent.read(ran.stdout.splitlines()[-1].strip()).operation == "create_customer"
        assert len(portal.exchanges) == before

    def test_shows_what_a_running_process_sends_and_leaves_it_alone(
        self, run: Run, portal: Fake
    ) -> None:
        lose(run, portal, *customer("Made"), after=True)
        journal = Journal("ours.db")
        intent = Intent("mijnklantportaal", "main", "create_customer", SENT)
        journal.write(intent, None)
        ran = run("resolve")
        assert ran.exit_code == 4
        assert "  in flight: its process is still running" in ran.stdout
        assert "1 of 2 unresolved" in ran.stderr
        refused = run("resolve", intent.token(), "--as", "done")
        assert (refused.exit_code, "its process still lives" in refused.stderr) == (2, True)
        journal.close()

    def test_continues_after_one_that_cannot_be_read(self, run: Run, portal: Fake) -> None:
        journal = Journal("ours.db")
        for target in ("sub_gone", "sub_gone_too"):
            gone = Intent(
                "mijnklantportaal", "main", "cancel_subscription", SENT, target=target, at_once=True
            )
            journal.write(gone, None)
        journal.close()
        ran = run("resolve")
        assert ran.exit_code == 4
        assert ran.stdout.count("  failed: ") == 2
        del portal

    def test_is_closed_by_what_a_person_saw(
        self, run: Run, portal: Fake, as_json: Callable[[Result], Any]
    ) -> None:
        lose(run, portal, *customer("Made"), after=True)
        (intent,) = json.loads(run("resolve", "--list", "--json").stdout)["intents"]
        data = as_json(run("resolve", intent["token"], "--as", "done", "--id", "cst_1", "--json"))
        assert data == {"outcome": "done", "id": "cst_1"}
        assert run("resolve").exit_code == 0


def test_candidates_of_the_journal_are_listed(run: Run, portal: Fake) -> None:
    lose(run, portal, *customer("Same"), after=True)
    assert run(*customer("Same")).exit_code == 0
    ran = run("resolve")
    assert ran.exit_code == 4
    assert "candidate" in ran.stdout


def test_without_a_journal_says_how_to_add_one(run: Run) -> None:
    ran = run("resolve")
    assert ran.exit_code == 2
    assert "accounts.main has no journal" in ran.stderr
    assert 'add `journal = "journal.db"`' in ran.stderr


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--as", "done"), "`--as` needs the token of the change to close"),
        ((token("create_plan"), "--list"), "`--list` lists every open change"),
        ((token("create_plan"), "--as", "not-done", "--id", "x"), "`--id` needs `--as done`"),
        ((token("create_plan"), "--as", "done"), "only a client with a `journal`"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    run: Run, words: tuple[str, ...], problem: str
) -> None:
    ran = run("resolve", *words)
    assert ran.exit_code == 2
    assert problem in ran.stderr
