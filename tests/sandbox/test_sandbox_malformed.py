"""Malformed requests: each is refused with a 4xx, and no later answer or state file is broken."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NoReturn

import httpx
import pytest

from subhub import PlanDraft
from subhub.plugin.registry import load
from subhub.sandbox import Fake, Reply
from subhub.sandbox.clock import END
from subhub.sandbox.fake import LONGEST_TARGET
from subhub.sandbox.snapshot import snapshot
from subhub.server import ServedAccount

Control = Callable[[ServedAccount, str], str]
Body = dict[str, Any]

VALUES = (
    *(
        b'"\\ud83d\\ude00"',
        b'"\\ud83d"',
        b'["a\\udc00b"]',
        b'{"\\ud83d": 1}',
        b'"\\udc00\\ud83d"',
        b'"\xff"',
    ),
    *(b"NaN", b"Infinity", b"-Infinity", b"1e400", b"1e308", b"-1e308", b"9" * 5000, b"9" * 990),
    *(b"[" * 20_000, b"[" * 480 + b"]" * 480, b'{"a":' * 480 + b"1" + b"}" * 480),
    *(b"null", b"true", b"-1", b"0", b"1.5", b"[]", b"{}", b"[null]", b'[{"a": 1}]', b'""'),
    *(b'"\\u0000"', b'"x"', b'"' + b"x" * 9000 + b'"', b'"' + b"9" * 6000 + b'"', b'"1\xc2\xb2"'),
    *(b'"9999-12-31"', b'"0001-01-01T00:00:00+14:00"', b'"9999-12-31T23:59:59-14:00"'),
    b'[{"quantity": %s, "unit_amount_cents": %s}]' % (b"9" * 4000, b"9" * 4000),
    b'[{"quantity": 1e308, "unit_amount_cents": 1e308}, {"quantity": "NaN"}]',
)
"""JSON, or almost, that is of the wrong type or cannot be stored or written again."""
QUERIES = (
    *("page=" + "9" * 3000, "limit=" + "9" * 3000, "page=\xb2", "limit=\xb2", "limit=1_0"),
    *("limit=0", "page=-1", "cursor=x", "cursor=%ed%a0%80", "customer_id=\ud83d", "\ud83d=x"),
    *("&&=&", "a=1&" * 900, "x" * 9000, "status[]=%00"),
)
IDS = ("%ff", "%00", "..", "a%2Fb", "\xe9", "\ud83d", "x" * 9000)


def afternoon_bodies(fake: Fake, plan: str) -> tuple[list[str], dict[str, Body]]:
    """Return the ids of objects that the fake has, and a valid body for each endpoint."""
    person: Body = {
        "name": "A",
        "first_name": "A",
        "last_name": "A",
        "email": "a@example.nl",
        "phone": "1",
        "url": "https://example.nl",
        "external_id": "1",
        "billing_address": {},
        "shipping_address": {},
    }
    customer = _created(fake, "/v1/customers", person)["customer"]["id"]
    order = {"customer_id": customer, "plan_code": plan, "initial_status": "active"}
    bought = _created(fake, "/v1/subscriptions", order)["subscription"]["id"]
    grant = {"name": "a", "amount": 1, "currency_code": "EUR", "expires_at": None}
    back = {"success_url": "https://example.nl", "back_url": "https://example.nl"}
    link = {"customer_id": customer, "plan_code": plan, **back}
    change = {"previous_subscription_id": bought, "change_timing_mode": "now"}
    target = {"target_plan_code": plan}
    event = {"event_name": "a", "idempotency_key": "a", "timestamp": "2026-01-01T00:00:00Z"}
    return [customer, bought], {
        "POST /v1/customers": person,
        f"PATCH /v1/customers/{customer}": person,
        "POST /v1/subscriptions": {**order, "start_date": "2026-01-01T00:00:00Z"},
        f"PATCH /v1/subscriptions/{bought}": {"status": "a", "next_renewal_date": None},
        f"POST /v1/subscriptions/{bought}/change-plan": {**target, "change_mode": "end_of_period"},
        f"POST /v1/subscriptions/{bought}/cancel": {"cancel_mode": "end_of_period"},
        f"POST /v1/subscriptions/{bought}/credit-grants": grant,
        "POST /v1/subscription-signup-links": {**link, **change},
        "POST /v1/invoices": {"customer_id": customer, "days_until_due": 1, "line_items": []},
        "POST /v1/events/ingest": {**event, "customer_id": customer, "properties": {}},
    }


def mijnklantportaal_bodies(fake: Fake, plan: str) -> tuple[list[str], dict[str, Body]]:
    """Return the ids of objects that the fake has, and a valid body for each endpoint."""
    company = {"companyName": "A", "address": "A 1", "zipCode": "1234AB", "city": "A"}
    person: Body = {**company, "primaryEmail": "a@example.nl"}
    customer = _created(fake, "/v1/customers", person)["id"]
    order = {"customerId": customer, "startDate": "2026-01-01"}
    packages = "/v1/customer-subscription-packages"
    bought = _created(fake, f"{packages}/{plan}/sign-up", order)["id"]
    payment = {"description": "a", "amount": "1.00", "expiresAt": "2027-01-01", "reusable": True}
    link = _created(fake, "/v1/payment-links", payment)["id"]
    terms = {"description": "a", "interval": "1 month", "amount": "1.00", "vatRate": 21}
    package = {**terms, "name": "a", "availableForSale": True}
    ending = {"terminatedAt": "2027-01-01 00:00:00"}
    options = {"mandateId": "a", "createInvoice": True, "invoiceText": None}
    return [customer, bought, link, plan], {
        "POST /v1/customers": {**person, "countryCode": "NL"},
        f"PATCH /v1/customers/{customer}": person,
        f"POST {packages}": package,
        f"PATCH {packages}/{plan}": package,
        f"POST {packages}/{plan}/sign-up": {**order, **options},
        f"POST {packages}/{plan}/sign-up/": {**company, "email": "a@example.nl"},
        "POST /v1/customer-subscriptions": {**order, **terms, "invoiceDescription": "a"},
        f"PATCH /v1/customer-subscriptions/{bought}": {**terms, **ending},
        "POST /v1/payment-links": payment,
    }


BODIES = {"afternoon": afternoon_bodies, "mijnklantportaal": mijnklantportaal_bodies}


@pytest.mark.parametrize("name", BODIES)
def test_no_request_breaks_a_fake(name: str, phone: PlanDraft) -> None:
    fake = load(name).sandbox()
    fake.enforce_limits = False
    ids, bodies = BODIES[name](fake, fake.add_plan("phone", phone))

    for endpoint, body in bodies.items():
        method, path = endpoint.split()
        assert _handled(fake, method, path, json.dumps(body).encode()).status < 300, endpoint
        for content in _malformed(body):
            assert 200 <= _handled(fake, method, path, content).status < 500, content[:200]
        _check_state(fake, ids)
    for route in fake.routes():
        for target in _targets(fake.prefix + route.template, ids[0]):
            assert 200 <= _handled(fake, route.method, target).status < 500, target
    for days in (400, 20_000):
        _ = fake.clock.advance(days=days)
        _check_state(fake, ids)


@pytest.mark.parametrize("name", BODIES)
def test_the_end_of_the_calendar_breaks_no_fake(name: str, phone: PlanDraft) -> None:
    fake = type(load(name).sandbox())(start=END - dt.timedelta(days=500))
    ids, bodies = BODIES[name](fake, fake.add_plan("phone", phone))
    for endpoint, body in bodies.items():
        method, path = endpoint.split()
        assert _handled(fake, method, path, json.dumps(body).encode()).status < 300, endpoint
    for _ in range(2):
        _ = fake.clock.advance(days=249)
        _check_state(fake, ids)


def _malformed(body: Body) -> Iterator[bytes]:
    """Yield each of `VALUES` as the whole body, in a new field, and in place of every field."""
    for value in VALUES:
        yield value
        for name in ("unknown", *body):
            others = {key: member for key, member in body.items() if key != name}
            whole = json.dumps({**others, name: "<value>"}).encode()
            yield whole.replace(b'"<value>"', value)


def _targets(template: str, id_: str) -> Iterator[str]:
    yield from (f"{template.replace('{}', id_)}?{query}" for query in QUERIES)
    yield from (template.replace("{}", other) for other in IDS)


def _check_state(fake: Fake, ids: list[str]) -> None:
    """Check that everything can be read, and that the state can be saved."""
    for route in fake.routes():
        if route.method == "GET":
            for id_ in ids:
                reply = _handled(fake, "GET", fake.prefix + route.template.replace("{}", id_))
                assert reply.status == 200 or "{}" in route.template
    _ = json.dumps(snapshot(fake), ensure_ascii=False, allow_nan=False).encode()


def _created(fake: Fake, path: str, body: Body) -> Any:
    return json.loads(_handled(fake, "POST", path, json.dumps(body).encode()).content)


def _handled(fake: Fake, method: str, target: str, content: bytes = b"") -> Reply:
    headers = {"authorization": f"Bearer {fake.api_key}", "content-type": "application/json"}
    reply = fake.handle(method, target, headers, content)
    _ = json.loads(reply.content, parse_constant=_not_json)
    return reply


def _not_json(name: str) -> NoReturn:
    raise AssertionError(f"{name} in a reply")


@pytest.mark.parametrize(
    ("target", "content", "status"),
    [
        ("/v1/customers?" + "x" * LONGEST_TARGET, b"", 414),
        ("/v1/customers", b" " * 300_000, 413),
        ("/v1/customers/\xe9", b"", 400),
        ("/v1/customers", b'{"name": "\\ud83d"}', 400),
    ],
    ids=["long URL", "long body", "URL that is not quoted", "half of a character"],
)
def test_a_refusal_has_the_providers_form(target: str, content: bytes, status: int) -> None:
    fake = load("afternoon").sandbox()

    reply = _handled(fake, "POST", target, content)

    assert reply.status == status
    assert json.loads(reply.content)["success"] is False
    assert len(fake.exchanges[-1].received.content) < 300_000


def test_no_command_breaks_the_served_sandbox(afternoon: ServedAccount, control: Control) -> None:
    fields = {
        "/clock": ("days", "hours", "seconds"),
        "/faults": ("kind", "after", "status", "seconds", "method", "path", "times", "every"),
    }
    values = (*VALUES, b'"nan"', b'"inf"', b"1e300", b"1" * 30, b'"[!-"', b"1e-320", b'"dropped"')
    with httpx.Client() as http:
        for path, names in fields.items():
            url = control(afternoon, path)
            for name, value in product(names, values):
                rest = b"" if name == "kind" or path == "/clock" else b'"kind": "slow", '
                content = b'{%s"%s": %s}' % (rest, name.encode(), value)
                assert http.post(url, content=content).status_code in {200, 400}, content[:200]
            assert http.get(url).status_code == 200
    assert httpx.get(control(afternoon, "/exchanges?after=" + "9" * 5000)).status_code == 400


@pytest.mark.parametrize("form", [b"", b"do=x", b"do=%ff", b"do=advance&days=nan", b"x" * 70_000])
def test_no_form_breaks_the_dashboard(
    afternoon: ServedAccount, dashboard: Callable[[ServedAccount], str], form: bytes
) -> None:
    assert httpx.post(dashboard(afternoon), content=form).status_code == 400
    assert httpx.get(f"{dashboard(afternoon)}?after={'9' * 5000}").status_code == 200
