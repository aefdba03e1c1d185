"""docs/faq.md: what an answer says about the library is so; each test begins with its words."""

from __future__ import annotations

import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import anyio
import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake
from typer.testing import CliRunner

from subhub import (
    AsyncClient,
    Client,
    Clients,
    CustomerDraft,
    Interval,
    Money,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    RateLimited,
    access_at,
)
from subhub.cli.app import app
from subhub.plugin.registry import load
from subhub.sandbox import Fault
from subhub.sending.transport import fake_transport
from subhub.server import Application, Sandbox, listen, origin_of, serving
from subhub.testing.cassettes.format import provenance_of

ROOT = Path(__file__).parents[1]
ANSWERS = dict(
    re.findall(
        r"\*\*(.+?)\*\*(.+?)(?=\n\n|\Z)", (ROOT / "docs" / "faq.md").read_text("utf-8"), re.DOTALL
    )
)
COMPANY = CustomerDraft(name="Test Company BV", email="john.doe@test.com", city="Amsterdam")
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
FACTS = {
    "Do payments of my customers move to another provider?",
    "Can the rest of a paid period become credit instead of money?",
    "Which provider can do what?",
}
"""Questions whose answers say something about providers, or name a page."""
ELSEWHERE = {
    "What is missing from the result?",
    "Does `dry_run` send anything?",
    "Which Python?",
}
"""Questions whose answers `test_docs_words.py` checks."""


def says(question: str, *words: str) -> None:
    """Hold that the answer to *question* still has *words*, which the test is about."""
    answer = " ".join(ANSWERS[question].split())
    assert [part for part in words if part not in answer] == []


def over(fake: AfternoonFake) -> dict[str, Any]:
    """The settings of a client that takes *fake* for a real account."""
    return {"api_key": fake.api_key, "transport": fake_transport(fake)}


@pytest.fixture
def fake() -> AfternoonFake:
    fake = AfternoonFake()
    _ = fake.add_plan("phone", PHONE)
    return fake


def test_subscriptions_are_asked_for_and_the_journal_holds_no_data(
    fake: AfternoonFake, tmp_path: Path
) -> None:
    says(
        "Does subhub store subscriptions?",
        "It asks the provider each time.",
        "which changes were sent, and no data of customers",
    )
    with Client(Afternoon, sandbox=fake, journal=tmp_path / "journal.db") as billing:
        sold = billing.subscribe(plan="phone", customer=COMPANY)
        fake.faults.next(Fault("dropped", after=True))
        with pytest.raises(OutcomeUnknown):
            _ = billing.create_customer(COMPANY)
        before = len(fake.exchanges)
        assert [billing.get_subscription(sold.id).id for _ in range(2)] == [sold.id] * 2
        assert len(fake.exchanges) == before + 2
        assert len(billing.open_intents()) == 1
        held = b"".join(file.read_bytes() for file in tmp_path.iterdir())

    assert b"create_customer" in held
    assert [word for word in (b"Test Company", b"john.doe", b"Amsterdam") if word in held] == []


def test_several_providers_are_used_at_once(tmp_path: Path) -> None:
    says("Can I use several providers at once?", "every result has the name of its account")
    file = tmp_path / "subhub.toml"
    _ = file.write_text(
        "".join(f"[accounts.{name}]\nprovider='{name}'\nsandbox=true\n" for name in names())
    )
    with Clients.from_config(file) as clients:
        found = {name: clients[name].create_customer(FULL) for name in names()}

    assert {name: (one.account, one.provider) for name, one in found.items()} == {
        name: (name, name) for name in names()
    }


def names() -> tuple[str, ...]:
    return ("afternoon", "mijnklantportaal", "mollie", "stripe")


FULL = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)


def test_a_client_is_shared_among_threads_and_one_among_tasks(fake: AfternoonFake) -> None:
    says(
        "Is a client safe to share?",
        "`Client` among threads, `AsyncClient` among the tasks of an event loop.",
    )
    drafts = [COMPANY.model_copy(update={"name": f"Company {number}"}) for number in range(40)]
    with Client(Afternoon, sandbox=fake) as billing, ThreadPoolExecutor(8) as pool:
        made = list(pool.map(billing.create_customer, drafts))
    assert [one.name for one in made] == [draft.name for draft in drafts]

    async def together() -> None:
        others = AsyncClient(Afternoon, sandbox=fake)
        async with others, anyio.create_task_group() as group:
            for draft in drafts:
                _ = group.start_soon(others.create_customer, draft)

    anyio.run(together)
    assert len(fake.customers) == 80


def test_a_client_keeps_connections() -> None:
    says("Is a client safe to share?", "it keeps connections")
    ports: list[int] = []

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            ports.append(self.client_address[1])
            content = json.dumps({"success": True, "customers": []}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            _ = self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        address = f"http://127.0.0.1:{server.server_port}"
        with Client(Afternoon, api_key="ak_test_0123456789abcdefghijklmn", base_url=address) as one:
            assert [list(one.list_customers()) for _ in range(3)] == [[], [], []]
        server.shutdown()

    assert len(ports) == 3
    assert len(set(ports)) == 1


def test_clients_of_one_key_share_the_rate_limit(fake: AfternoonFake) -> None:
    says("Is a client safe to share?", "Clients of one key share the rate limit anyway.")
    settings: dict[str, Any] = {**over(fake), "rate_limit": "2 per 60", "max_wait": 0.1}
    with Client(Afternoon, **settings) as one, Client(Afternoon, **settings) as other:
        _ = one.create_customer(COMPANY)
        _ = other.create_customer(COMPANY)
        with pytest.raises(RateLimited):
            _ = one.create_customer(COMPANY)
    assert len(fake.exchanges) == 2


def test_a_timeout_makes_no_second_customer(fake: AfternoonFake) -> None:
    says(
        "Why was my customer not created twice after a timeout?",
        "subhub does not repeat what may have been done",
        "It raises `OutcomeUnknown`; [`resolve`]",
        "that it was done, that it was not, or which objects it may be",
        "A customer with an external id is found by it at once.",
    )
    with Client(Afternoon, sandbox=fake) as billing:
        fake.faults.next(Fault("slow"))
        with pytest.raises(OutcomeUnknown) as lost:
            _ = billing.create_customer(COMPANY)
        assert len(fake.exchanges) == 1
        assert lost.value.token is not None
        found = billing.resolve(lost.value.token)
        assert found.outcome == "ambiguous"
        assert list(found.candidates) == list(billing.list_customers())
        fake.faults.next(Fault("slow"))
        known = billing.create_customer(COMPANY.model_copy(update={"external_id": "7"}))
        assert billing.find_customer(external_id="7") == known
    assert len(fake.customers) == 2


def test_a_wait_is_logged_and_bounded(
    fake: AfternoonFake, caplog: pytest.LogCaptureFixture
) -> None:
    says(
        "Why is a call slow?",
        "A wait of more than a second is logged as a warning, except in a bulk run;",
        "`max_wait` bounds it, and `deadline` bounds the whole call.",
    )

    def warnings(**settings: Any) -> list[str]:
        caplog.clear()
        with Client(Afternoon, sandbox=Afternoon.sandbox(), **settings) as billing:
            _ = billing.create_customer(COMPANY)
            _ = billing.create_customer(COMPANY)
        return [one.message for one in caplog.records if one.levelno == logging.WARNING]

    assert warnings(rate_limit="1 per 0.9") == []
    (waited,) = warnings(rate_limit="1 per 60")
    assert "waits for the rate limit for" in waited
    with pytest.raises(RateLimited, match="within `max_wait` of 30 s"):
        _ = warnings(rate_limit="1 per 60", max_wait=30)
    with pytest.raises(NotSent, match="within the deadline of 30 s"):
        _ = warnings(rate_limit="1 per 60", deadline=30)
    caplog.clear()
    with (
        Client(Afternoon, sandbox=fake, rate_limit="1 per 60") as billing,
        billing.bulk(billing.create_customer, [COMPANY] * 2) as results,
    ):
        assert len(list(results)) == 2
    assert [one for one in caplog.records if one.levelno == logging.WARNING] == []


def test_access_is_unknown_until_the_word_has_a_meaning(fake: AfternoonFake) -> None:
    says(
        'Why does `access_at` answer "unknown"?',
        "no document says what the provider's word means",
        "[Say it](configuration.md#statuses)",
    )

    def answer(statuses: dict[str, str]) -> str:
        with Client(Afternoon, sandbox=fake, statuses=statuses) as billing:
            sold = billing.subscribe(plan="phone", customer=COMPANY)
            fake.subscriptions[sold.id]["status"] = "in_force"
            return access_at(billing.get_subscription(sold.id), fake.clock.now()).answer

    assert answer({}) == "unknown"
    assert answer({"active": "in_force"}) == "yes"


def test_what_only_one_provider_has_is_called(fake: AfternoonFake) -> None:
    says(
        "How do I call what only one provider has?",
        "`client.call(...)` and `provider_options`: see the page of the [provider]",
    )
    with Client(Afternoon, sandbox=fake) as billing:
        customer = billing.create_customer(COMPANY)
        balances = billing.call(Afternoon.customer_balances, customer.id)
    assert balances.id == customer.id
    for name in names():
        page = (ROOT / "providers" / name / "README.md").read_text("utf-8")
        assert "provider_options" in page or "client.call(" in page, name


def test_a_served_sandbox_speaks_the_api_and_the_command_line_does_the_main_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    says(
        "Can I use it without Python?",
        "`subhub sandbox serve` speaks each provider's own API",
        "The command line does the main job with `--json`.",
    )
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        account = sandbox.add(load("afternoon"), "main", {"phone": PHONE})
        with serving(Application(sandbox), listening):
            headers = {"Authorization": f"Bearer {account.fake.api_key}"}
            answered = httpx.get(f"{account.base_url}/v1/customers", headers=headers)
    assert answered.json()["customers"] == []

    monkeypatch.chdir(tmp_path)
    _ = (tmp_path / "subhub.toml").write_text(
        "[accounts.main]\nprovider='mijnklantportaal'\nsandbox=true\n"
    )

    def run(*words: str) -> Any:
        ended = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
        assert ended.exit_code == 0, ended.output
        return json.loads(ended.stdout)

    who = ("--address", "Teststreet 123", "--postal-code", "1234AB", "--city", "Amsterdam")
    person = ("--name", "Test Company BV", "--email", "john.doe@test.com", *who, "--country", "NL")
    price = ("--price", "12.95 EUR", "--interval", "1 year", "--tax-rate", "21")
    plan = run("plan", "create", "--name", "Phone", "--description", "1GB", *price)
    assert run("signup-link", "create", "--plan", plan["id"], *person)["url"].startswith("http")
    sold = run("subscribe", "--plan", plan["id"], *person)
    assert run("subscription", "get", sold["id"])["id"] == sold["id"]


def test_nothing_was_tried_with_a_real_account() -> None:
    says("Is it tried with real accounts?", "No. [Evidence](evidence.md)")
    cassettes = [*(ROOT / "cassettes").rglob("*.yaml")]
    reports = [*ROOT.glob("providers/*/*/contract-report.json")]

    assert {provenance_of(path).source for path in cassettes} == {"sandbox"}
    assert len(reports) == 4
    found = [json.loads(report.read_text("utf-8")) for report in reports]
    assert {one["source"] for report in found for one in report["providers"]} == {"sandbox"}


def test_each_question_is_checked() -> None:
    """A new answer about the library has a test here, or is listed with why it needs none."""
    tested = set(re.findall(r'says\(\s*["\'](.+?\?)["\'],', Path(__file__).read_text("utf-8")))

    assert tested | FACTS | ELSEWHERE == ANSWERS.keys()
