"""The webhooks of a sandbox: sent to this machine only, late, twice, again, or not at all."""

from __future__ import annotations

import datetime as dt
import json
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mijnklantportaal.webhooks import WEBHOOKS
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft
from subhub.sandbox import NotLoopback, WebhookCall, WebhookPlan
from subhub.sandbox.loopback import post
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server import Application, Sandbox, ServedAccount, StateFile, listen, origin_of
from subhub.server.program import serving
from subhub.webhooks import WebhookReader

START = dt.datetime(2026, 1, 15, 12, tzinfo=dt.UTC)
CONTACT = {
    "companyName": "A",
    "address": "A 1",
    "zipCode": "1234AB",
    "city": "A",
    "primaryEmail": "a@example.nl",
}
Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]


class Shop(ThreadingHTTPServer):
    """An application that receives webhooks, and answers with `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Receiving)
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        self.before_answer: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def await_calls(self, number: int) -> None:
        ends = time.monotonic() + 20
        while len(self.calls) < number and time.monotonic() < ends:
            time.sleep(0.02)
        assert len(self.calls) >= number


class Receiving(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        shop = self.server
        assert isinstance(shop, Shop)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        _ = shop.before_answer()
        shop.calls.append((self.path, dict(self.headers.items()), body))
        self.send_response(shop.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Log nothing."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Shop()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def portal() -> MijnKlantportaalFake:
    return MijnKlantportaalFake(start=START)


def ask(fake: Any, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
    headers = {"authorization": f"Bearer {fake.api_key}"}
    reply = fake.handle(method, fake.prefix + path, headers, json.dumps(body).encode())
    answer: dict[str, Any] = json.loads(reply.content)
    assert reply.status < 300, answer
    return answer


def registered(fake: Any, url: str, event: str = "customer-created") -> str:
    """Register a URL through the API of the fake, and return its secret."""
    return str(ask(fake, "POST", "/webhooks", {"url": url, "type": event})["secret"])


class TestLoopback:
    @pytest.mark.parametrize(
        "url",
        [
            "http://192.0.2.1/hook",
            "http://[2001:db8::1]/hook",
            "http://[::ffff:192.0.2.1]/hook",
            "http://0.0.0.0/hook",
            "http://127.0.0.1.evil.invalid/hook",
            "https://127.0.0.1/hook",
            "http:///hook",
            "http://127.0.0.1:0/hook",
            "http://127.0.0.1:99999/hook",
            "http://[/hook",
            "http://127.0.0.1/h\u00f6k",
            "ftp://127.0.0.1/hook",
            f"http://{'a' * 70}.example/hook",
        ],
    )
    def test_nothing_is_sent_to_another_machine(
        self, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a connection was opened")

        monkeypatch.setattr(socket, "create_connection", refuse)
        with pytest.raises(NotLoopback, match="not sent to"):
            _ = post(WebhookCall(url, {}, b""))

    def test_every_address_of_a_name_must_be_of_this_machine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def resolve(*_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
            return [(2, 1, 6, "", (address, 80)) for address in ("127.0.0.1", "192.0.2.1")]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(NotLoopback, match=r"'two\.example' \(192\.0\.2\.1\): a sandbox calls"):
            _ = post(WebhookCall("http://two.example/hook", {}, b""))

    def test_a_name_of_this_machine_is_called(self, shop: Shop) -> None:
        port = shop.server_address[1]
        assert post(WebhookCall(f"http://localhost:{port}/a?b=c", {"X-A": "1"}, b"body")) == 204
        [(path, headers, body)] = shop.calls
        assert (path, headers["X-A"], body) == ("/a?b=c", "1", b"body")
        assert headers["Host"] == f"localhost:{port}"

    def test_redirects_are_not_followed(self, shop: Shop) -> None:
        shop.status = 307
        assert post(WebhookCall(shop.url, {}, b"")) == 307
        assert [path for path, *_ in shop.calls] == ["/"]

    def test_what_is_not_http_is_no_response(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:

            def answer() -> None:
                connection, _ = server.accept()
                with connection:
                    _ = connection.recv(1000)
                    connection.sendall(b"hello\r\n\r\n")

            thread = threading.Thread(target=answer)
            thread.start()
            url = f"http://127.0.0.1:{server.getsockname()[1]}"
            with pytest.raises(ConnectionError, match="no HTTP response: BadStatusLine"):
                _ = post(WebhookCall(url, {}, b""))
            thread.join()


class TestPlan:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"lost": 1.5}, "`lost` must be between 0 and 1, got 1.5"),
            ({"late": float("nan")}, "`late` must be between 0 and 1, got nan"),
            ({"shuffled": -1}, "`shuffled` must be a finite number >= 0, got -1"),
            ({"late_by": float("inf")}, "`late_by` must be a finite number >= 0, got inf"),
        ],
    )
    def test_mistakes_are_refused(self, options: dict[str, float], message: str) -> None:
        with pytest.raises(ValueError, match=message):
            _ = WebhookPlan(**options)  # type: ignore[arg-type]

    def test_it_does_what_it_says(self) -> None:
        plan = WebhookPlan(duplicated=0.5, late=0.1, lost=0.05, late_by=1000, shuffled=60, seed=3)
        made = [list(plan.delays(number)) for number in range(2000)]
        sizes = Counter(map(len, made))
        assert 60 < sizes[0] < 140
        assert 800 < sizes[1] < 1150
        assert sizes[2] > 300 < sizes[3]
        flat = [delay for delays in made for delay in delays]
        assert 0.07 < sum(delay >= 1000 for delay in flat) / len(flat) < 0.13
        assert 0 <= min(flat) < max(flat) < 1060
        assert made == [list(plan.delays(number)) for number in range(2000)]
        other = WebhookPlan(duplicated=0.5, late=0.1, lost=0.05, late_by=1000, shuffled=60, seed=4)
        assert made != [list(other.delays(number)) for number in range(2000)]

    def test_by_default_each_comes_once_and_at_once(self) -> None:
        assert [list(WebhookPlan().delays(number)) for number in range(100)] == [[0.0]] * 100


class TestMijnKlantportaal:
    def test_a_registered_url_is_called_with_the_secret(
        self, portal: MijnKlantportaalFake, shop: Shop
    ) -> None:
        secret = registered(portal, f"{shop.url}/hooks/customer-created")
        _ = registered(portal, f"{shop.url}/other", "invoice-paid")
        customer = ask(portal, "POST", "/customers", CONTACT)
        assert shop.calls == []
        assert portal.outbox.deliver() == 1
        [(path, headers, body)] = shop.calls
        assert headers["X-Webhook-Signature"] == secret
        assert json.loads(body) == {"id": customer["id"]}
        [event] = reader(secret).read(path, headers, body)
        assert (event.about, event.change, event.object_id) == ("customer", "created", None)
        [delivery] = portal.deliveries
        assert (delivery.accepted, delivery.status, delivery.attempt) == (True, 204, 1)
        assert portal.outbox.waiting == 0

    @pytest.mark.parametrize("choice", ["object", "empty"])
    def test_the_body_is_an_assumption(self, portal: MijnKlantportaalFake, choice: str) -> None:
        portal.assume({"webhook_body": choice})
        calls = taken(portal)
        _ = registered(portal, "http://127.0.0.1:1/")
        customer = ask(portal, "POST", "/customers", CONTACT)
        _ = portal.clock.advance(seconds=1)
        body = calls[0].body
        assert body == b"" if choice == "empty" else json.loads(body) == customer

    def test_every_kind_of_event_that_happens_here_is_sent(
        self, portal: MijnKlantportaalFake
    ) -> None:
        calls = taken(portal)
        for event in WEBHOOK_EVENTS:
            _ = registered(portal, f"http://127.0.0.1:1/{event}", event)
        ask_all(portal)
        _ = portal.clock.advance(days=40)
        found = Counter(call.path.removeprefix("/") for call in calls)
        assert found == {
            "customer-created": 1,
            "invoice-created": 1,
            "invoice-paid": 1,
            "payment-link-created": 1,
            "payment-link-paid": 1,
            "subscription-created": 1,
            "subscription-updated": 1,
            "subscription-payment-created": 2,
            "subscription-payment-updated": 1,
        }

    def test_an_unanswered_call_is_repeated_until_it_is_accepted(
        self, portal: MijnKlantportaalFake, shop: Shop
    ) -> None:
        _ = registered(portal, shop.url)
        _ = ask(portal, "POST", "/customers", CONTACT)
        shop.status = 500
        _ = portal.clock.advance(seconds=65)
        shop.status = 200
        _ = portal.clock.advance(days=1)
        found = [(one.attempt, one.status, (one.at - START).seconds) for one in portal.deliveries]
        assert found == [(1, 500, 0), (2, 500, 60), (3, 200, 660)]

    def test_it_is_given_up_after_the_last_attempt(self, portal: MijnKlantportaalFake) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        _ = registered(portal, f"http://127.0.0.1:{port}")
        _ = ask(portal, "POST", "/customers", CONTACT)
        _ = portal.clock.advance(days=10)
        assert [one.attempt for one in portal.deliveries] == [1, 2, 3, 4]
        assert {one.status for one in portal.deliveries} == {0}
        assert "no response: " in portal.deliveries[0].problem

    def test_another_machine_is_refused_and_not_tried_again(
        self, portal: MijnKlantportaalFake
    ) -> None:
        _ = registered(portal, "http://192.0.2.1/hook")
        _ = ask(portal, "POST", "/customers", CONTACT)
        _ = portal.clock.advance(days=10)
        [delivery] = portal.deliveries
        assert "a sandbox calls this machine only" in delivery.problem

    def test_an_application_may_ask_the_sandbox_before_it_answers(
        self, portal: MijnKlantportaalFake, shop: Shop
    ) -> None:
        _ = registered(portal, shop.url)
        with Client("mijnklantportaal", sandbox=portal) as billing:
            shop.before_answer = lambda: list(billing.list_customers())
            _ = ask(portal, "POST", "/customers", CONTACT)
            _ = portal.clock.advance(seconds=1)
        assert [one.status for one in portal.deliveries] == [204]

    def test_a_webhook_can_be_resent(self, portal: MijnKlantportaalFake) -> None:
        calls = taken(portal)
        _ = registered(portal, "http://127.0.0.1:1/")
        _ = ask(portal, "POST", "/customers", CONTACT)
        _ = portal.outbox.deliver()
        portal.outbox.resend(1)
        _ = portal.outbox.deliver()
        assert len(calls) == 2
        assert calls[0] == calls[1]
        with pytest.raises(LookupError, match="there is no webhook 7"):
            portal.outbox.resend(7)

    def test_the_oldest_are_forgotten_but_none_that_is_waiting(
        self, portal: MijnKlantportaalFake
    ) -> None:
        calls = taken(portal)
        portal.outbox.plan = WebhookPlan(late=1, late_by=100)
        portal.outbox.add("first", "http://127.0.0.1:1/first", {}, b"")
        portal.outbox.plan = WebhookPlan()
        for number in range(3000):
            portal.outbox.add("x", f"http://127.0.0.1:1/{number}", {}, b"")
            _ = portal.outbox.deliver()
        with pytest.raises(LookupError, match="the latest 1000 are kept"):
            portal.outbox.resend(2)
        _ = portal.clock.advance(seconds=100)
        assert len(calls) == 3001
        assert calls[-1].path == "/first"
        assert (len(portal.deliveries), portal.outbox.total) == (1000, 3001)

    def test_a_restored_sandbox_delivers_what_was_waiting(
        self, portal: MijnKlantportaalFake
    ) -> None:
        _ = registered(portal, "http://127.0.0.1:1/")
        _ = ask(portal, "POST", "/customers", CONTACT)
        due = portal.outbox.take()  # under way: it is not known yet whether it arrives
        assert due is not None
        again = restore(MijnKlantportaalFake, json.loads(json.dumps(snapshot(portal))))
        calls = taken(again)
        _ = again.clock.advance(seconds=1)
        assert len(calls) == 1
        third = restore(MijnKlantportaalFake, json.loads(json.dumps(snapshot(again))))
        assert third.deliveries == again.deliveries
        assert third.outbox.waiting == 0

    def test_a_state_with_an_unknown_webhook_is_refused(self, portal: MijnKlantportaalFake) -> None:
        state = snapshot(portal)
        state["outbox"]["due"] = [["2026-01-15T12:00:00+00:00", 9, 1]]
        with pytest.raises(ValueError, match="there is no webhook 9"):
            _ = restore(MijnKlantportaalFake, state)


class TestMollie:
    def test_the_webhook_url_of_a_payment_is_called_with_its_id(self) -> None:
        fake = MollieFake(start=START)
        calls = taken(fake)
        customer = ask(fake, "POST", "/customers", {"name": "A", "email": "a@b.nl"})["id"]
        payment = {
            "amount": {"currency": "EUR", "value": "1.00"},
            "description": "x",
            "redirectUrl": "https://example.nl",
            "sequenceType": "first",
            "customerId": customer,
        }
        hook = {"webhookUrl": "http://127.0.0.1:1/mollie"}
        paid = ask(fake, "POST", "/payments", {**payment, **hook})
        late = ask(fake, "POST", "/payments", {**payment, **hook})
        _ = ask(fake, "POST", "/payments", payment)
        fake.pay(paid["_links"]["checkout"]["href"])
        _ = fake.clock.advance(days=1)
        subscription = {**payment, **hook, "interval": "1 month", "startDate": "2026-02-01"}
        for name in ("redirectUrl", "sequenceType", "customerId"):
            del subscription[name]
        _ = ask(fake, "POST", f"/customers/{customer}/subscriptions", subscription)
        _ = fake.clock.advance(days=20)
        _ = fake.outbox.deliver()
        [charged] = [one for one in fake.payments.values() if "subscriptionId" in one]
        expected = [paid["id"], late["id"], charged["id"]]
        assert [call.body.decode() for call in calls] == [f"id={one}" for one in expected]
        assert {call.path for call in calls} == {"/mollie"}
        form = "application/x-www-form-urlencoded"
        assert {call.headers["Content-Type"] for call in calls} == {form}


class TestMany:
    def test_the_plan_holds_for_what_arrives(self, portal: MijnKlantportaalFake) -> None:
        calls = taken(portal)
        portal.outbox.plan = WebhookPlan(duplicated=0.3, late=0.1, lost=0.05, shuffled=60, seed=1)
        for number in range(2000):
            portal.outbox.add("x", f"http://127.0.0.1:1/{number}", {}, b"")
        _ = portal.clock.advance(seconds=61)
        in_time = len(calls)
        _ = portal.clock.advance(days=2)
        arrived = Counter(call.path for call in calls)
        assert 60 < 2000 - len(arrived) < 140, "lost"
        assert max(arrived.values()) == 3
        assert 0.05 < (len(calls) - in_time) / len(calls) < 0.15, "late"
        order = [int(call.path[1:]) for call in calls]
        assert order != sorted(order)


class TestServed:
    def test_a_thread_of_the_server_delivers(
        self,
        shop: Shop,
        served: Sandbox,
        connect: Connect,
        control: Control,
        company: CustomerDraft,
        dashboard: Callable[[ServedAccount], str],
    ) -> None:
        """With a key and a base URL, as a real application: its answer waits for the sandbox."""
        account = served.accounts["mijnklantportaal/main"]
        billing = connect(account)
        record = billing.call(
            MijnKlantportaal.create_webhook, f"{shop.url}/hooks", "customer-created"
        )
        shop.before_answer = lambda: list(billing.list_customers())
        customer = billing.create_customer(company)
        shop.await_calls(1)
        path, headers, body = shop.calls[0]
        assert headers["X-Webhook-Signature"] == record.secret
        assert (path, json.loads(body)) == ("/hooks", {"id": customer.id})

        url = control(account, "/deliveries")
        page = httpx.get(dashboard(account)).text
        assert "1 deliveries, newest first; 0 to come." in page
        assert "customer-created" in page
        assert httpx.post(url, json={"webhook": 1}).json()["waiting"] in {0, 1}
        shop.await_calls(2)
        sent = httpx.post(dashboard(account), data={"do": "resend", "webhook": "1"})
        assert sent.status_code == 303
        shop.await_calls(3)
        time.sleep(0.2)
        found = httpx.get(url).json()
        assert (found["total"], found["waiting"]) == (3, 0)
        assert found["deliveries"][0]["status"] == 204
        assert len(httpx.get(f"{url}?after=2").json()["deliveries"]) == 1
        assert httpx.post(url, json={"webhook": 99}).status_code == 404

    def test_the_clock_does_not_deliver_what_a_thread_delivers(
        self, portal: MijnKlantportaalFake
    ) -> None:
        calls = taken(portal)
        portal.outbox.by_thread = True
        portal.outbox.add("x", "http://127.0.0.1:1/", {}, b"")
        _ = portal.clock.advance(seconds=1)
        assert (len(calls), portal.outbox.waiting) == (0, 1)
        assert portal.outbox.deliver() == len(calls) == 1

    def test_the_plan_can_be_set(self, afternoon: ServedAccount, control: Control) -> None:
        url = control(afternoon, "/webhook-plan")
        assert httpx.post(url, json={"lost": 0.5, "seed": 7}).json()["lost"] == 0.5
        assert httpx.get(url).json()["seed"] == 7
        refused = httpx.post(url, json={"late": 2})
        assert (refused.status_code, "`late` must be between" in refused.text) == (400, True)

    def test_it_ends_with_the_server_and_its_state_is_kept(
        self, add_accounts: Callable[[Sandbox], None], shop: Shop, tmp_path: Path
    ) -> None:
        before = couriers()
        state = StateFile(tmp_path / "state.json")
        with listen("127.0.0.1", 0) as listening:
            sandbox = Sandbox(origin_of(listening), state)
            add_accounts(sandbox)
            fake = sandbox.accounts["mijnklantportaal/main"].fake
            with serving(Application(sandbox), listening):
                fake.outbox.add("x", f"{shop.url}/x", {}, b"")
                shop.await_calls(1)
                time.sleep(0.2)
        assert couriers() == before
        saved = state.load()["mijnklantportaal/main"]["outbox"]
        assert [one["status"] for one in saved["deliveries"]] == [204]


WEBHOOK_EVENTS = (
    *("customer-created", "invoice-created", "invoice-paid"),
    *("payment-link-created", "payment-link-paid"),
    *("subscription-created", "subscription-updated"),
    *("subscription-payment-created", "subscription-payment-updated"),
)


def ask_all(fake: MijnKlantportaalFake) -> None:
    """Let everything happen that a webhook tells of."""
    customer = ask(fake, "POST", "/customers", {**CONTACT, "primaryEmail": "a+charged_back@b.nl"})
    terms = {"description": "a", "interval": "1 month", "amount": "1.00", "vatRate": 21}
    made = ask(
        fake,
        "POST",
        "/customer-subscriptions",
        {**terms, "customerId": customer["id"], "startDate": "2026-01-15"},
    )
    _ = ask(fake, "PATCH", f"/customer-subscriptions/{made['id']}", {"amount": "2.00"})
    invoice = fake.add_invoice(customer["id"], "1.00", "1")
    _ = ask(fake, "PATCH", f"/customer-invoices/{invoice}", {"paidAt": "2026-01-15 12:00:00"})
    link = ask(fake, "POST", "/payment-links", {"description": "a", "amount": "1.00"})
    fake.pay(link["checkoutUrl"])


def taken(fake: Any) -> list[WebhookCall]:
    """Let a list take the webhooks of a fake, in place of an application."""
    calls: list[WebhookCall] = []

    def take(call: WebhookCall) -> int:
        calls.append(call)
        return 200

    fake.outbox.send = take
    return calls


def reader(secret: str) -> WebhookReader:
    return WebhookReader(
        WEBHOOKS,
        provider="mijnklantportaal",
        account="main",
        secrets=[secret],
        clock=lambda: dt.datetime.now(dt.UTC),
    )


def couriers() -> int:
    return sum(thread.name == "subhub-courier" for thread in threading.enumerate())
