"""What the doctor learns from a provider's answers, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any, ClassVar

import httpx
import pytest

from subhub import Finding, InvalidRequest, PlanDraft, UnknownAccount, diagnose
from subhub.models import Customer, Plan, Subscription
from subhub.plugin import Evidence, Flow, Page, Provider, done, get, path, post
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving
from tests.capture import Answer, Asked, Capture
from tests.conftest import Thing, Toy
from tests.doctor.conftest import PLAN, Find, Found, Write, answer, found_in, unwell

CHECKS = {
    *("plugin", "configuration", "mode", "lock", "plans", "journal", "permits", "webhooks"),
    *("network", "key", "permissions", "clock", "limit"),
}


def only(found: Found, check: str) -> Finding:
    (finding,) = found[check]
    return finding


# Accounts that are well ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        for name in ("mijnklantportaal", "afternoon", "mollie", "stripe"):
            _ = sandbox.add(load(name), "main", {})
        with serving(Application(sandbox), listening):
            yield sandbox


@pytest.mark.parametrize(
    ("provider", "read", "mode"),
    [
        ("mijnklantportaal", "list_plans", "unknown"),
        ("afternoon", "list_customers", "test"),
        ("mollie", "list_customers", "test"),
    ],
)
def test_an_account_with_a_key_is_well(
    served: Sandbox, write: Write, find: Find, provider: str, read: str, mode: str
) -> None:
    account = served.accounts[f"{provider}/main"]
    _ = write(account.base_url, provider=provider, key=account.fake.api_key)
    found = find()
    assert unwell(found) == {}
    assert found.keys() == CHECKS
    assert only(found, "key").message == f"{provider} accepts it (`{read}`)"
    assert only(found, "mode").message.startswith(mode)
    assert f"subhub-{provider} " in only(found, "plugin").message


@pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon", "mollie", "stripe"])
def test_a_wrong_key_is_refused_by_the_provider(
    served: Sandbox, write: Write, find: Find, provider: str
) -> None:
    account = served.accounts[f"{provider}/main"]
    _ = write(account.base_url, provider=provider, key=f"{account.fake.api_key}x")
    found = find()
    assert unwell(found) == {"key": ["wrong"]}
    assert "HTTP 401" in only(found, "key").message
    assert "not revoked" in only(found, "key").remedy
    assert "permissions" not in found


def test_a_plan_that_is_linked_is_looked_up(
    served: Sandbox, write: Write, find: Find, draft: PlanDraft
) -> None:
    account = served.accounts["mijnklantportaal/main"]
    more = {"code": "phone", "tax_rate": 21, "description": "all"}
    plan_id = account.fake.add_plan("phone", draft.model_copy(update=more))
    terms = f"{PLAN}tax_rate = 21\n"
    key = account.fake.api_key

    def found(linked: str) -> Found:
        links = f'plans.phone = "{linked}"'
        _ = write(account.base_url, links, provider="mijnklantportaal", key=key, plans=terms)
        return find()

    well, missing = found(plan_id), found("spg_missing00")
    assert unwell(well) == {}
    assert well["plans"][1].message == "exist at mijnklantportaal: phone"
    assert unwell(missing) == {"plans": ["wrong"]}
    assert "mijnklantportaal has no plan 'spg_missing00'" in missing["plans"][1].message
    assert "subhub plans adopt phone ID" in missing["plans"][1].remedy


def test_an_embedded_sandbox_is_asked_nothing(write: Write, find: Find) -> None:
    _ = write(None, "sandbox = true", provider="mijnklantportaal", key=None)
    found = find()
    assert unwell(found) == {}
    assert "key" not in found
    assert only(found, "mode").message.startswith("a sandbox")


def test_a_served_sandbox_that_does_not_run_is_wrong(write: Write, find: Find) -> None:
    _ = write(None, 'sandbox = "http://127.0.0.1:1"', provider="afternoon", key=None)
    assert "no sandbox answers" in only(find(), "configuration").message


def test_one_read_is_sent_and_one_for_each_linked_plan(
    capture: Capture, write: Write, find: Find
) -> None:
    _ = write(capture.url, 'plans.phone = "pln_1"', plans=PLAN)
    assert unwell(find()) == {}
    assert [(asked.method, asked.target) for asked in capture.asked] == [
        ("GET", "/plans"),
        ("GET", "/plans/pln_1"),
    ]


# Answers ------------------------------------------------------------------------------------------


def always(status: int, body: object = None, **headers: str) -> Callable[[Asked], Answer]:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: answer(status, body, told)


PAGE = b"<html>Please log in</html>"
ANSWERS: dict[str, tuple[Callable[[Asked], Answer], dict[str, list[str]], str]] = {
    "401": (always(401, {"message": "who?"}), {"key": ["wrong"]}, "toy refused `list_plans`: who?"),
    "403": (always(403, {"message": "no"}), {"permissions": ["wrong"]}, "the permission for `list"),
    "412": (always(412, {"message": "no"}), {"permissions": ["wrong"]}, "HTTP 412"),
    "426": (always(426, {"message": "no"}), {"permissions": ["wrong"]}, "HTTP 426"),
    "404": (always(404, {"message": "no"}), {"answer": ["wrong"]}, "check `base_url`"),
    "500": (always(500, {"message": "no"}), {"answer": ["wrong"]}, "try again later"),
    "429": (always(429, {}, retry_after="9"), {"limit": ["warning"]}, "the key was not checked"),
    "a page": (always(200, PAGE), {"answer": ["wrong"]}, "check `base_url`"),
    "a redirect": (
        always(302, b"", location="https://x.test/login"),
        {"answer": ["wrong"]},
        "x.te",
    ),
    "other JSON": (always(200, {"data": 1}), {"answer": ["warning"]}, "not the documented Things"),
    "null": (always(200, b"null"), {"answer": ["wrong"]}, "check `base_url`"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_says_what_is_wrong(
    capture: Capture, write: Write, find: Find, name: str
) -> None:
    capture.answer, expected, words = ANSWERS[name]
    _ = write(capture.url)
    found = find()
    assert unwell(found) == expected
    (check,) = expected
    finding = next(each for each in found[check] if each.level != "ok")
    assert words in f"{finding.message} | {finding.remedy}"
    assert ("key" in found) == (name in {"401", "403", "412", "426", "other JSON"})
    assert [each.target for each in capture.asked] == ["/plans"]


@pytest.mark.parametrize("status", [401, 429])
def test_a_key_that_is_not_accepted_is_sent_once(
    capture: Capture, write: Write, find: Find, status: int
) -> None:
    capture.answer = always(status, {})
    _ = write(capture.url, 'plans.phone = "pln_1"', plans=PLAN)
    _ = find()
    assert [each.target for each in capture.asked] == ["/plans"]


def test_a_key_that_may_not_read_plans_is_asked_for_them_once(
    capture: Capture, write: Write, find: Find
) -> None:
    capture.answer = always(403, {"message": "no"})
    _ = write(capture.url, 'plans.phone = "pln_1"', plans=PLAN)
    found = find()
    assert unwell(found) == {"permissions": ["wrong"], "plans": ["warning"]}
    assert "phone: not read: toy refused `get_plan`" in found["plans"][1].message


def test_a_plan_that_cannot_be_read_well_exists(capture: Capture, write: Write, find: Find) -> None:
    capture.answer = always(200, {"items": []})
    _ = write(capture.url, 'plans.phone = "pln_1"', plans=PLAN)
    found = find()
    assert unwell(found) == {}
    assert found["plans"][1].message == "exist at toy: phone"


def test_plans_that_cannot_be_read_are_not_looked_up(
    served: Sandbox, write: Write, find: Find
) -> None:
    account = served.accounts["afternoon/main"]
    key = account.fake.api_key
    _ = write(account.base_url, provider="afternoon", key=key, plans=PLAN)
    found = find()
    assert unwell(found) == {}
    assert "Afternoon documents no endpoint for plans" in found["plans"][1].message


# Clock and limit ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seconds", "level", "words"),
    [
        (600, "warning", "s ahead"),
        (-600, "warning", "s behind"),
        (20, "ok", "s from the provider's"),
        (0, "ok", "s from the provider's"),
    ],
)
def test_clocks_that_are_apart_are_noticed(
    capture: Capture, write: Write, find: Find, seconds: int, level: str, words: str
) -> None:
    capture.answer = always(200, {"items": []}, date=formatdate(time.time() + seconds))
    _ = write(capture.url)
    finding = only(find(), "clock")
    assert finding.level == level
    assert words in finding.message
    if level == "warning":
        apart = int(finding.message.split()[3])
        assert abs(apart - 600) <= 2
        assert "NTP" in finding.remedy


def test_a_refusal_says_the_time_too(capture: Capture, write: Write, find: Find) -> None:
    date = formatdate(time.time() + 600)
    capture.answer = always(401, {}, date=date, x_ratelimit_remaining="7")
    _ = write(capture.url)
    found = find()
    assert unwell(found) == {"key": ["wrong"], "clock": ["warning"]}
    assert only(found, "limit").message.startswith("7 requests left")


def test_without_a_date_the_clock_is_not_known(
    offer: Callable[[type[Provider]], None], write: Write, find: Find
) -> None:
    offer(Toy)
    _ = write("https://toy.test/v1")
    refused = httpx.MockTransport(lambda _: httpx.Response(401, json={}))
    found = find(transport=refused)
    assert only(found, "clock").message == "not known: the answer has no `Date`"
    assert "does not say how many requests are left" in only(found, "limit").message


@pytest.mark.parametrize(
    ("headers", "more", "level", "words"),
    [
        ({"x_ratelimit_remaining": "59"}, "", "ok", "59 requests left; no limit is kept"),
        ({"x_ratelimit_remaining": "0"}, "", "warning", "no request is left"),
        ({}, 'rate_limit = "60 per 60"', "ok", "60 per 60 s are kept; the answer does not say"),
    ],
)
def test_what_is_left_of_the_limit_is_shown(
    capture: Capture,
    write: Write,
    find: Find,
    headers: dict[str, str],
    more: str,
    level: str,
    words: str,
) -> None:
    capture.answer = always(200, {"items": []}, **headers)
    _ = write(capture.url, more)
    finding = only(find(), "limit")
    assert (finding.level, words in finding.message) == (level, True)


# No network ---------------------------------------------------------------------------------------


@pytest.fixture
def closed() -> str:
    """An address at which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


def test_without_a_network_the_rest_is_checked(
    offer: Callable[[type[Provider]], None], write: Write, find: Find, closed: str
) -> None:
    offer(Toy)
    _ = write(closed, 'plans.phone = "pln_1"', plans=PLAN)
    found = find()
    assert unwell(found) == {"network": ["wrong"], "key": ["warning"]}
    assert "was not sent (ConnectError: " in only(found, "network").message
    assert "no variable names a proxy" in only(found, "network").remedy
    assert CHECKS - found.keys() == {"permissions", "clock", "limit"}


def test_the_variables_for_the_network_are_named_without_their_values(
    offer: Callable[[type[Provider]], None],
    write: Write,
    find: Find,
    closed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(Toy)
    _ = write("https://toy.test")
    monkeypatch.setenv("HTTPS_PROXY", closed.replace("//", "//me:secret@"))
    monkeypatch.setenv("no_proxy", "elsewhere.test")
    finding = only(find(), "network")
    assert finding.level == "wrong"
    assert finding.remedy.endswith("named by HTTPS_PROXY and no_proxy")
    assert "secret" not in f"{finding}"


def test_a_variable_that_is_used_is_named_when_all_is_well(
    capture: Capture, write: Write, find: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    _ = write(capture.url)
    assert only(find(), "network").message == f"{capture.url} answers (NO_PROXY set)"


def test_a_proxy_that_cannot_be_used_is_wrong(
    offer: Callable[[type[Provider]], None],
    write: Write,
    find: Find,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    offer(Toy)
    _ = write("https://toy.test")
    monkeypatch.setenv("HTTPS_PROXY", "ftp://x")
    found = find()
    assert unwell(found) == {"network": ["wrong"]}
    assert "HTTPS_PROXY is not the address of a proxy" in only(found, "network").message


def test_an_answer_that_does_not_come_is_wrong(
    offer: Callable[[type[Provider]], None], write: Write, find: Find
) -> None:
    offer(Toy)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        _ = write(f"http://127.0.0.1:{silent.getsockname()[1]}", "timeout = 0.2")
        found = find()
    assert unwell(found) == {"network": ["wrong"], "key": ["warning"]}
    assert "was not answered" in only(found, "network").message


# What to ask with ---------------------------------------------------------------------------------


class Bare(Provider):
    """A provider without lists; what it does have changes with each test."""

    name = "bare"
    base_url = "https://bare.test"
    evidence: ClassVar[Any] = {"get_customer": Evidence("docs", "https://bare.test")}

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        thing = yield from get(path("/customers/{}", customer_id), Thing)
        return thing.to_customer()


class Searching(Bare):
    """A provider whose lists are searched by POST, or are not there: neither shows anything."""

    name = "searching"

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        thing = yield from post("/plans/search", Thing, {"after": cursor})
        return Page([thing.to_plan()])

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        message = f"not from {cursor}"
        raise InvalidRequest(message)
        yield

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        del cursor, customer
        none: list[Subscription] = []
        return done(Page(none))


class Mute(Searching):
    """A provider of which nothing can be read."""

    name = "mute"
    get_customer = Provider.get_customer


@pytest.mark.parametrize("kind", [Bare, Searching])
@pytest.mark.parametrize(
    ("status", "key"), [(404, "warning"), (200, "ok"), (401, "wrong"), (403, "ok")]
)
def test_without_a_harmless_list_an_id_that_does_not_exist_is_read(
    capture: Capture,
    offer: Callable[[type[Provider]], None],
    write: Write,
    find: Find,
    kind: type[Provider],
    status: int,
    key: str,
) -> None:
    offer(kind)
    capture.answer = always(status, {"id": "nobody"})
    _ = write(capture.url, provider=kind.name, key="barekey")
    finding = only(find(), "key")
    assert finding.level == key
    assert "`get_customer`" in finding.message
    assert [each.target for each in capture.asked] == ["/customers/nobody"]


def test_a_provider_without_a_read_is_not_asked(
    capture: Capture, offer: Callable[[type[Provider]], None], write: Write, find: Find
) -> None:
    offer(Mute)
    _ = write(capture.url, provider="mute", key="barekey")
    found = find()
    assert unwell(found) == {"key": ["warning"]}
    assert "not checked: mute has no read that changes nothing" in only(found, "key").message
    assert capture.asked == []


# More than one account ----------------------------------------------------------------------------


def test_an_account_that_is_wrong_hides_no_other(
    capture: Capture, served: Sandbox, write: Write
) -> None:
    other = served.accounts["mollie/main"]
    table = f'[accounts.next]\nprovider = "mollie"\nbase_url = "{other.base_url}"\n'
    _ = write(
        capture.url,
        table + f'api_key = "{other.fake.api_key}"\n',
        head='account = "main"',
        key="env:MISSING_KEY",
    )
    findings = diagnose()
    wrong = [each for each in findings if each.level != "ok"]
    assert [(each.account, each.check) for each in wrong] == [("main", "configuration")]
    assert "the variable MISSING_KEY is not set" in wrong[0].message
    assert found_in([each for each in findings if each.account == "next"]).keys() == CHECKS
    assert {each.account for each in diagnose(account="next")} == {"next"}
    with pytest.raises(UnknownAccount, match="no account 'other'"):
        _ = diagnose(account="other")
