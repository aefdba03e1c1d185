"""Bad requests over real sockets: each is answered with a 4xx, and the sandbox serves on."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from urllib.parse import urlsplit

import httpx
import pytest

from subhub import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of, serving

PROVIDERS = ("afternoon", "mijnklantportaal", "mollie", "stripe")
PATIENCE = 0.3
DIGITS = "9" * 5000
BRACKETS = b"[" * 30_000
HALF = rb"\ud83d"
CONTROL = "/_sandbox/afternoon/main"
BOARD = "/_dashboard/afternoon/main"
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"), tax_rate=21
)
FORM = b"application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Return a sandbox of all providers, which is less patient than usual."""
    with listen("127.0.0.1", 0) as listening:
        made = Sandbox(origin_of(listening))
        for name in PROVIDERS:
            provider = load(name)
            plan = provider.capabilities().sellable(PHONE)
            _ = made.add(provider, "main", {"phone": plan})
        with serving(Application(made, read_timeout=PATIENCE), listening):
            yield made


@pytest.fixture(params=PROVIDERS)
def account(request: pytest.FixtureRequest, sandbox: Sandbox) -> ServedAccount:
    return sandbox.accounts[f"{request.param}/main"]


def written(
    method: str, path: str, content: bytes = b"", *, host: str = "localhost", more: bytes = b""
) -> bytes:
    """Return a request as it goes over the wire."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n".encode()
    return head + b"%sContent-Length: %d\r\n\r\n%s" % (more, len(content), content)


def status_of(sandbox: Sandbox, content: bytes) -> int:
    """Send *content* as it is, and return the status of the response; 0 for none."""
    parts = urlsplit(sandbox.origin)
    received = b""
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        try:
            connection.sendall(content)
            while part := connection.recv(65_536):  # until the server closes it
                received += part
        except ConnectionError:
            pass  # it was refused before it was read to its end
    found = re.match(rb"HTTP/1\.1 (\d{3}) ", received)
    return int(found[1]) if found else 0


def assert_serves(sandbox: Sandbox) -> None:
    """Assert that every page and every list still can be read, and that the state is writable."""
    with httpx.Client(base_url=sandbox.origin, trust_env=False) as http:
        for account in sandbox.accounts.values():
            account.fake.faults.clear()
            assert http.get(f"/_dashboard/{account.path}").status_code == 200
            for path in ("faults", "exchanges", "charge-plan", "webhook-plan", "assumptions"):
                assert http.get(f"/_sandbox/{account.path}/{path}").status_code == 200, path
            assert json.loads(json.dumps(account.snapshot()))


NINES = DIGITS.encode()
BAD: dict[str, tuple[bytes, int]] = {
    "unknown account, control": (written("GET", "/_sandbox/nowhere/main/clock"), 404),
    "unknown name, control": (written("POST", "/_sandbox/afternoon/other/reset"), 404),
    "unknown account, dashboard": (written("GET", "/_dashboard/nowhere/main"), 404),
    "unknown account, API": (written("GET", "/nowhere/main/v1/customers"), 404),
    "unknown account, page": (written("POST", "/nowhere/main/pages/x", b"do=pay"), 404),
    "Host: [": (written("GET", "/", host="["), 400),
    "Host: [ at an API": (written("GET", "/afternoon/main/v1/customers", host="[::1"), 400),
    "Host without a name": (written("GET", "/", host=""), 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "digits, after": (written("GET", f"{CONTROL}/exchanges?after={DIGITS}"), 400),
    "digits, status": (written("GET", f"{CONTROL}/exchanges?status={DIGITS}"), 400),
    "digits, days": (written("POST", f"{CONTROL}/clock", b'{"days": %s}' % NINES), 400),
    "digits, number": (written("POST", f"{CONTROL}/exchanges", b'{"number": %s}' % NINES), 400),
    "digits, webhook": (written("POST", f"{CONTROL}/deliveries", b'{"webhook": %s}' % NINES), 400),
    "digits, form days": (written("POST", BOARD, b"do=advance&days=" + NINES), 400),
    "digits, form number": (written("POST", BOARD, b"do=replay&number=" + NINES), 400),
    "digits, form times": (written("POST", BOARD, b"do=fault&kind=slow&times=" + NINES), 400),
    "brackets, fault": (written("POST", f"{CONTROL}/faults", BRACKETS), 400),
    "brackets, plan": (written("POST", f"{CONTROL}/plans", BRACKETS), 400),
    "brackets, state": (written("PUT", f"{CONTROL}/state", b'{"state": ' + BRACKETS), 400),
    "surrogate, kind": (written("POST", f"{CONTROL}/faults", b'{"kind": "%s"}' % HALF), 400),
    "surrogate, path": (
        written("POST", f"{CONTROL}/faults", b'{"kind": "slow", "path": "%s"}' % HALF),
        400,
    ),
    "surrogate, field": (
        written("POST", f"{CONTROL}/faults", b'{"kind": "slow", "%s": 1}' % HALF),
        400,
    ),
    "surrogate, url": (written("POST", f"{CONTROL}/pay", b'{"url": "%s"}' % HALF), 400),
    **{
        f"times of {len(times)}, {path}": (
            written("POST", f"{CONTROL}/{path}", b'{"kind": "%s", "times": %s}' % (kind, times)),
            400,
        )
        for path, kind in (("faults", b"slow"), ("charge-plan", b"late"))
        for times in (b"9" * 4000, b"-" + b"9" * 4000, b"9" * 900)
    },
    "half of a request": (b"GET / HTTP/1.1\r\nHost: localhost", 408),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_request_is_a_4xx(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    content, status = BAD[name]

    assert status_of(sandbox, content) == status
    assert_serves(sandbox)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (BRACKETS, b"application/json"),
        (b'{"name": %s}' % DIGITS.encode(), b"application/json"),
        (b'{"name": "%s", "email": "a@test.com"}' % HALF, b"application/json"),
        (b"name" + BRACKETS + b"=1", FORM),
        (b"name=%ed%a0%bd&email=%ff", FORM),
        (b"items[" + DIGITS.encode() + b"][price]=1", FORM),
    ],
    ids=["brackets", "digits", "surrogate", "form of brackets", "form of halves", "form of digits"],
)
def test_a_bad_body_is_a_4xx_at_every_provider(
    sandbox: Sandbox,
    account: ServedAccount,
    caplog: pytest.LogCaptureFixture,
    content: bytes,
    kind: bytes,
) -> None:
    path = urlsplit(account.base_url).path
    path += "/v1/customers" if account.provider.name == "afternoon" else "/customers"
    key = account.fake.api_key.encode()
    headers = b"Authorization: Bearer %s\r\nContent-Type: %s\r\n" % (key, kind)

    assert 400 <= status_of(sandbox, written("POST", path, content, more=headers)) < 500
    assert 400 <= status_of(sandbox, written("GET", f"{path}/{DIGITS}", more=headers)) < 500
    assert_serves(sandbox)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8420", "[", "localhost.evil.test"])
def test_a_foreign_name_reaches_no_api_even_with_the_printed_key(
    sandbox: Sandbox, account: ServedAccount, host: str
) -> None:
    path = urlsplit(account.base_url).path
    path += "/v1/customers" if account.provider.name == "afternoon" else "/customers"
    key = b"Authorization: Bearer %s\r\n" % account.fake.api_key.encode()
    before = account.request_log.total

    assert status_of(sandbox, written("GET", path, more=key)) == 200
    for method in ("GET", "POST", "OPTIONS"):
        status = status_of(sandbox, written(method, path, host=host, more=key))
        assert status == (400 if host == "[" else 421)
    assert account.request_log.total == before + 1


WORDS = (
    *(b"\x00", b"\xff", b"\r\n", b"%", b"%00", b"%ff", b"..", b"//", b"?", b"#", b"[", b"]", b"{"),
    *(b'"', b"\\ud83d", b"9" * 400, b"-1", b"1e999", b"NaN", b"null", b":", b" ", b"", b"/", b"="),
)
"""What is written into requests that were valid."""


def mutated(content: bytes, dice: Random) -> bytes:
    """Return a valid request with up to four changes, anywhere."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content))
        cut = dice.choice((0, 0, 1, 1, 5, 40))
        content = content[:at] + dice.choice(WORDS) + content[at + cut :]
    return content


def valid(sandbox: Sandbox) -> list[bytes]:
    """Return a valid request of each kind: to the APIs, the control API and the pages."""
    found = [
        written("POST", f"{CONTROL}/faults", b'{"kind": "redirect", "times": 1, "path": "/x"}'),
        written("POST", f"{CONTROL}/charge-plan", b'{"kind": "late", "times": 1}'),
        written("POST", f"{CONTROL}/clock", b'{"seconds": 1}'),
        written("POST", f"{CONTROL}/plans", b'{"key": "a", "name": "A", "price": "1 EUR"}'),
        written("POST", f"{CONTROL}/assumptions", b'{"name": "unpaid_ends", "value": false}'),
        written("POST", f"{CONTROL}/webhook-plan", b'{"lost": 0.1, "seed": 1}'),
        written("GET", f"{CONTROL}/exchanges?after=1&status=4xx&method=GET&path=/v1"),
        written("GET", f"{BOARD}?after=1&status=4xx&method=GET&path=/v1"),
        written("POST", BOARD, b"do=fault&kind=redirect&times=1", more=b"A: b\r\n"),
        written("POST", "/afternoon/main/pages/subscribe/x", b"do=pay"),
    ]
    for account in sandbox.accounts.values():
        headers = b"Authorization: Bearer %s\r\n" % account.fake.api_key.encode()
        path = urlsplit(account.base_url).path
        path += "/v1/customers" if account.provider.name == "afternoon" else "/customers"
        body = b'{"name": "A", "email": "a@test.com"}'
        if account.provider.name == "stripe":
            body, headers = b"name=A&email=a%40test.com", headers + b"Content-Type: %s\r\n" % FORM
        found += [
            written("POST", path, body, more=headers),
            written("GET", f"{path}?limit=10&page=1&email=a", more=headers),
        ]
    return found


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_no_mutated_request_is_a_500(
    sandbox: Sandbox, caplog: pytest.LogCaptureFixture, rounds: int
) -> None:
    dice = Random(f"raw {rounds}")  # noqa: S311 - reproducible, not secret
    sent = [mutated(content, dice) for _ in range(rounds) for content in valid(sandbox)]
    with ThreadPoolExecutor(16) as several:  # many wait until the server loses its patience
        statuses = list(several.map(partial(status_of, sandbox), sent))

    assert not [(status, sent[at]) for at, status in enumerate(statuses) if status >= 500]
    assert_serves(sandbox)
    assert not [one for one in caplog.records if one.levelname == "ERROR"]
    assert {2, 4} <= {status // 100 for status in statuses}  # some changes do no harm
