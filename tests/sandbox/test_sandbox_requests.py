"""The log of requests: what it shows, how it is filtered, and sending a request once more."""

from __future__ import annotations

import html
import json
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from subhub import Client, CustomerDraft, NotFound, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of, serving
from subhub.server.dashboard_requests import duration
from subhub.server.exchange_commands import KEY_VARIABLE
from subhub.server.pretty import DEEPEST, linked, pretty
from subhub.server.request_log import LONGEST

Connect = Callable[..., Client]
Control = Callable[[ServedAccount, str], str]
Dashboard = Callable[[ServedAccount], str]
UNKNOWN = "cm5x9z8nv0001h85r7l9p2k2m"


@pytest.fixture
def busy(afternoon: ServedAccount, connect: Connect, company: CustomerDraft) -> ServedAccount:
    """Return an account that answered three requests: 201, 200 and 404."""
    billing = connect(afternoon)
    _ = billing.create_customer(company)
    _ = list(billing.list_customers())
    with pytest.raises(NotFound):
        _ = billing.get_customer(UNKNOWN)
    return afternoon


class TestFilter:
    @pytest.mark.parametrize(
        ("query", "numbers"),
        [
            ("", [1, 2, 3]),
            ("method=post", [1]),
            ("method=GET", [2, 3]),
            ("status=4xx", [3]),
            ("status=201", [1]),
            ("status=2xx&method=GET", [2]),
            ("status=none", []),
            (f"path={UNKNOWN}", [3]),
            ("path=/v1/customers&after=1", [2, 3]),
            ("path=%2A", []),
        ],
    )
    def test_is_the_same_for_programs_and_on_the_dashboard(
        self,
        busy: ServedAccount,
        control: Control,
        dashboard: Dashboard,
        query: str,
        numbers: list[int],
    ) -> None:
        listed = httpx.get(control(busy, f"/exchanges?{query}")).json()
        page = httpx.get(f"{dashboard(busy)}?{query}").text

        assert listed["total"] == 3
        assert [found["number"] for found in listed["exchanges"]] == numbers
        assert [int(found) for found in re.findall(r'data-number="(\d+)"', page)] == numbers[::-1]

    def test_keeps_what_was_chosen(self, busy: ServedAccount, dashboard: Dashboard) -> None:
        page = httpx.get(f"{dashboard(busy)}?method=GET&status=404&path=%22%3E%3Cb%3E").text

        assert '<option value="GET" selected>' in page
        assert '<option value="404" selected>' in page
        assert 'value="&quot;&gt;&lt;b&gt;"' in page
        assert "3 requests, newest first; 0 shown." in page
        assert "Show all" in page
        assert "Show all" not in httpx.get(dashboard(busy)).text

    @pytest.mark.parametrize("status", ["5", "999", "ok", "4xxx", "9" * 5000])
    def test_refuses_what_is_no_status(
        self, busy: ServedAccount, control: Control, dashboard: Dashboard, status: str
    ) -> None:
        listed = httpx.get(control(busy, f"/exchanges?status={status}"))

        assert listed.status_code == 400
        assert "`status` must be such as 404, 4xx or none" in listed.json()["message"]
        assert httpx.get(f"{dashboard(busy)}?status={status}").status_code == 400


class TestReplay:
    def test_sends_the_request_once_more_with_the_sandboxs_key(
        self, account: ServedAccount, connect: Connect, control: Control, company: CustomerDraft
    ) -> None:
        billing = connect(account)
        _ = billing.create_customer(company)

        response = httpx.post(control(account, "/exchanges"), json={"number": 1})

        new = response.json()["exchange"]
        assert (new["number"], new["replay_of"], new["status"]) == (2, 1, 201)
        assert new["seconds"] > 0
        assert len(list(billing.list_customers())) == 2

    def test_repeats_a_request_without_a_body(
        self, account: ServedAccount, connect: Connect, control: Control
    ) -> None:
        _ = list(connect(account).list_customers())

        response = httpx.post(control(account, "/exchanges"), json={"number": 1})

        assert response.json()["exchange"]["status"] == 200

    def test_repeats_a_form(self, phone: PlanDraft) -> None:
        with listen("127.0.0.1", 0) as listening:
            sandbox = Sandbox(origin_of(listening))
            stripe = load("stripe")
            untaxed = stripe.capabilities().sellable(phone)
            account = sandbox.add(stripe, "main", {"phone": untaxed})
            with serving(Application(sandbox), listening):
                with Client("stripe", base_url=account.base_url, api_key=account.fake.api_key) as b:
                    _ = b.create_customer(CustomerDraft(name="A & B", email="a@test.com"))
                control = f"{sandbox.origin}/_sandbox/stripe/main/exchanges"
                replayed = httpx.post(control, json={"number": 1}).json()["exchange"]
                page = httpx.get(f"{sandbox.origin}/_dashboard/stripe/main").text

        assert replayed["status"] == 200
        assert json.loads(replayed["reply"])["name"] == "A & B"
        assert "name = A &amp; B\n" in page

    def test_of_the_dashboard_keeps_the_filter(
        self, busy: ServedAccount, dashboard: Dashboard
    ) -> None:
        address = f"{dashboard(busy)}?method=POST"
        response = httpx.post(address, data={"do": "replay", "number": "1"})

        assert response.status_code == 303
        assert response.headers["location"] == urlsplit(address).path + "?method=POST"
        assert "replay of 1" in httpx.get(address).text

    @pytest.mark.parametrize(
        ("number", "status", "problem"),
        [
            (7, 404, "there is no request 7: the latest 200 are kept"),
            ("x", 400, "`number` must be a whole number"),
            (2, 409, "request 2 cannot be replayed: it is too long, or not text"),
            (3, 409, "request 3 cannot be replayed"),
            (4, 409, "request 4 cannot be replayed"),
        ],
    )
    def test_says_why_it_cannot(
        self,
        afternoon: ServedAccount,
        control: Control,
        dashboard: Dashboard,
        number: object,
        status: int,
        problem: str,
    ) -> None:
        for target, content in (
            ("/v1/customers", b"{}"),
            ("/v1/customers", b" " * (LONGEST + 1)),
            ("/v1/customers", b'"\xff"'),
            ("/v1/" + "x" * LONGEST, b""),
        ):
            _ = afternoon.handle("POST", target, {}, content)

        refused = httpx.post(control(afternoon, "/exchanges"), json={"number": number})
        form = httpx.post(dashboard(afternoon), data={"do": "replay", "number": str(number)})

        assert (refused.status_code, form.status_code) == (status, status)
        assert problem in refused.json()["message"]
        assert afternoon.request_log.total == 4
        assert httpx.get(dashboard(afternoon)).text.count("Too long to be replayed") == 3

    def test_is_refused_to_a_page_of_another_site(
        self, busy: ServedAccount, control: Control, dashboard: Dashboard
    ) -> None:
        foreign = {"origin": "http://evil.example"}
        sent = httpx.post(control(busy, "/exchanges"), json={"number": 1}, headers=foreign)
        form = {"do": "replay", "number": "1"}
        posted = httpx.post(dashboard(busy), data=form, headers=foreign)

        assert (sent.status_code, posted.status_code) == (403, 403)
        assert busy.request_log.total == 3


class TestCurl:
    @pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
    def test_a_copied_command_runs_with_the_key_in_its_variable(
        self, busy: ServedAccount, dashboard: Dashboard
    ) -> None:
        page = httpx.get(dashboard(busy)).text
        copied = re.findall(r'<pre tabindex="0" class="curl"><code>(.*?)</code>', page, re.DOTALL)
        commands = [html.unescape(re.sub(r"</?a[^>]*>", "", text)) for text in copied]
        assert len(commands) == 3
        assert not any(busy.fake.api_key in command for command in commands)

        create = commands[-1]
        environment = {KEY_VARIABLE: busy.fake.api_key, "PATH": "/usr/bin:/bin"}
        ran = subprocess.run(
            ["bash", "-c", f"{create} --silent --noproxy '*'"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )

        assert json.loads(ran.stdout)["customer"]["email"] == "john.doe@test.com"
        assert busy.request_log.newest().status == 201


class TestDuration:
    def test_lasts_until_the_response_was_sent(
        self, afternoon: ServedAccount, control: Control, dashboard: Dashboard
    ) -> None:
        _ = httpx.post(control(afternoon, "/faults"), json={"kind": "slow", "seconds": 0.4})
        key = {"authorization": f"Bearer {afternoon.fake.api_key}"}
        url = f"{afternoon.base_url}/v1/customers"
        asking = threading.Thread(target=lambda: httpx.get(url, headers=key))
        asking.start()
        while not afternoon.request_log.total:
            time.sleep(0.01)

        running = httpx.get(dashboard(afternoon)).text
        asking.join()
        seconds = httpx.get(control(afternoon, "/exchanges")).json()["exchanges"][0]["seconds"]

        assert 'data-number="1" data-open>' in running
        assert ">running</td>" in running
        assert 0.4 <= seconds < 5
        assert "data-open" not in httpx.get(dashboard(afternoon)).text

    def test_ends_when_the_client_leaves(self, afternoon: ServedAccount, control: Control) -> None:
        _ = httpx.post(control(afternoon, "/faults"), json={"kind": "slow", "seconds": 60})
        with pytest.raises(httpx.ReadTimeout):
            _ = httpx.get(f"{afternoon.base_url}/v1/customers", timeout=0.2)

        for _ in range(100):
            if afternoon.request_log.newest().seconds is not None:
                break
            time.sleep(0.02)
        assert (afternoon.request_log.newest().seconds or 60) < 10

    @pytest.mark.parametrize(
        ("seconds", "words"), [(None, "running"), (0.0123, "12.3 ms"), (1.26, "1.3 s")]
    )
    def test_is_shown_in_words(self, seconds: float | None, words: str) -> None:
        assert duration(seconds) == words


class TestBodies:
    @pytest.mark.parametrize(
        ("sent", "shown"),
        [
            ('{"a":1.50,"b":[],"c":{}}', '{\n  "a": 1.50,\n  "b": [],\n  "c": {}\n}'),
            ('[{"x":"y,{\\"z"},2]', '[\n  {\n    "x": "y,{\\"z"\n  },\n  2\n]'),
            ('{"a": 1, "a": 1}', '{\n  "a": 1,\n  "a": 1\n}'),
            ('{"a":"b', '{\n  "a": "b'),
            ('{"a":1}... (9000 bytes)', '{\n  "a": 1\n}... (9000 bytes)'),
            ("plain, {text}", "plain, {text}"),
            ("", ""),
        ],
    )
    def test_have_a_line_for_each_field_and_nothing_else_changes(
        self, sent: str, shown: str
    ) -> None:
        assert pretty(sent) == shown

    def test_of_forms_have_one_too(self) -> None:
        kind = "application/x-www-form-urlencoded; charset=utf-8"
        assert pretty("items[0][price]=p%261&name=&x=%20y", kind) == (
            "items[0][price] = p&1\nname = \nx =  y"
        )
        assert pretty("&", kind) == "&"

    @pytest.mark.parametrize("content", ["[" * LONGEST, "]" * LONGEST, "[" + "\\" * LONGEST])
    def test_of_any_depth_stay_short(self, content: str) -> None:
        began = time.perf_counter()
        assert len(pretty("[" + content)) < LONGEST + 4 * DEEPEST * DEEPEST
        assert len(pretty('["' + content)) < LONGEST + 100
        assert time.perf_counter() - began < 2

    def test_have_links_that_can_be_clicked_and_no_markup_of_their_own(self) -> None:
        shown = linked('{"url": "https://shop.test/?a=1&b", "js": "javascript:alert(1)", "<b>": 1}')

        assert '<a href="https://shop.test/?a=1&amp;b" target="_blank" rel="noopener' in shown
        assert shown.count("<a ") == 1
        assert "<b>" not in shown


def test_a_signup_link_in_a_response_can_be_opened(
    account: ServedAccount,
    connect: Connect,
    dashboard: Dashboard,
    signup: Callable[..., str],
) -> None:
    url = signup(account, connect(account))

    assert f'<a href="{url}"' in httpx.get(dashboard(account)).text


def test_a_request_over_a_raw_socket_is_logged_as_it_came(afternoon: ServedAccount) -> None:
    parts = urlsplit(afternoon.site)
    with socket.create_connection((parts.hostname, parts.port), timeout=5) as connection:
        connection.sendall(
            b"GET /afternoon/main/v1/a%2Fb?x=%22 HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: close\r\n\r\n"
        )
        while connection.recv(65_536):
            pass

    assert afternoon.request_log.newest().path == "/v1/a%2Fb?x=%22"
