"""The served sandbox under load: requests a second, with 10,000 subscriptions in each account.

    python -m benchmarks.served

The server runs as one process, and this one asks it, over loopback and connections that are kept
alive. Exits with 1 when a goal was missed. How much memory the server has is told after it was
filled, and after the load; what remains in between is what the load itself made.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from subhub.models import Interval, Money, PlanDraft
from subhub.plugin.registry import load
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of, run

SUBSCRIPTIONS = 10_000
CUSTOMERS = 1_000
CONNECTIONS = 8
REQUESTS = 6_000
GOAL = 1_000
PLAN = PlanDraft(
    code="phone",
    name="Phone",
    price=Money.parse("12.95 EUR"),
    interval=Interval.parse("1 month"),
    tax_rate=21,
)


@dataclass(frozen=True)
class Speech:
    """How one provider is asked: method, path and body."""

    customer: Callable[[int], tuple[str, str, Any]]
    subscribe: Callable[[str, str], tuple[str, str, Any]]
    read: str
    listed: str
    made: Callable[[Any], str]


def _portal_customer(number: int) -> tuple[str, str, Any]:
    contact = {"address": "Street 1", "zipCode": "1234AB", "city": "Amsterdam"}
    named = {"companyName": f"Company {number}", "primaryEmail": f"c{number}@example.com"}
    return "POST", "/v1/customers", {**contact, **named}


def _portal_subscription(customer: str, plan: str) -> tuple[str, str, Any]:
    path = f"/v1/customer-subscription-packages/{plan}/sign-up"
    return "POST", path, {"customerId": customer, "startDate": "2026-01-01"}


def _afternoon_customer(number: int) -> tuple[str, str, Any]:
    return "POST", "/v1/customers", {"name": f"Company {number}", "email": f"c{number}@example.com"}


def _afternoon_subscription(customer: str, plan: str) -> tuple[str, str, Any]:
    body = {"customer_id": customer, "plan_code": plan, "initial_status": "active"}
    return "POST", "/v1/subscriptions", body


SPEECH = {
    "mijnklantportaal": Speech(
        _portal_customer,
        _portal_subscription,
        "/v1/customer-subscriptions/{}",
        "/v1/customer-subscriptions?page=3",
        lambda answer: answer["id"],
    ),
    "afternoon": Speech(
        _afternoon_customer,
        _afternoon_subscription,
        "/v1/subscriptions/{}",
        "/v1/subscriptions?limit=15",
        lambda answer: answer.get("customer", answer.get("subscription"))["id"],
    ),
}


def main() -> int:
    """Measure and print."""
    slow = 0
    with _server() as (process, accounts):
        print(f"memory, filled: {_megabytes(process.pid)} MB")
        print(f"{'account':22}{'what':12}{'requests/s':>12}   goal {GOAL}")
        for account in accounts:
            for what, requests in _loads(account).items():
                speed = asyncio.run(_speed(account, requests))
                slow += speed < GOAL
                print(f"{account['account']:22}{what:12}{speed:12.0f}")
        print(f"memory, afterwards: {_megabytes(process.pid)} MB")
    return int(slow > 0)


def _loads(account: Any) -> dict[str, list[bytes]]:
    """The loads: each alone, and all of them in turn."""
    speech = SPEECH[account["account"].partition("/")[0]]
    ids, customers = account["subscriptions"], account["customers"]
    plan = account["plans"]["phone"]

    def read(number: int) -> tuple[str, str, Any]:
        return "GET", speech.read.format(ids[number * 7 % len(ids)]), None

    def listed(_: int) -> tuple[str, str, Any]:
        return "GET", speech.listed, None

    def subscribe(number: int) -> tuple[str, str, Any]:
        return speech.subscribe(customers[number % len(customers)], plan)

    each = {"read": read, "list": listed, "customer": speech.customer, "subscribe": subscribe}
    loads = {
        what: [_request(account, *make(number)) for number in range(REQUESTS // 4)]
        for what, make in each.items()
    }
    mixed = [request for together in zip(*loads.values(), strict=True) for request in together]
    return {**loads, "all in turn": mixed}


def _request(account: Any, method: str, path: str, body: Any) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} /{account['account']}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {account['api_key']}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


async def _speed(account: Any, requests: list[bytes]) -> float:
    """How many requests are answered in a second."""
    waiting = iter(requests)
    port = int(account["base_url"].split("/")[2].rpartition(":")[2])
    began = time.perf_counter()
    _ = await asyncio.gather(*(_ask(port, waiting) for _ in range(CONNECTIONS)))
    return len(requests) / (time.perf_counter() - began)


async def _ask(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 20"), head
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        _ = await reader.readexactly(int(length))
    writer.close()
    await writer.wait_closed()


@contextmanager
def _server() -> Iterator[tuple[subprocess.Popen[str], list[Any]]]:
    command = [sys.executable, "-m", "benchmarks.served", "serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, json.loads(process.stdout.readline())
        finally:
            process.terminate()


def _megabytes(pid: int) -> int:
    """The server's resident memory; Linux only."""
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def serve() -> None:
    """Fill the accounts, tell the load generator about them, and serve."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        filled = [_filled(sandbox.add(load(name), "main", {"phone": PLAN})) for name in SPEECH]
        known = [facts | more for facts, more in zip(sandbox.facts(), filled, strict=True)]
        print(json.dumps(known), flush=True)
        run(Application(sandbox), listening)


def _filled(account: ServedAccount) -> dict[str, list[str]]:
    speech = SPEECH[account.provider.name]
    key = {"authorization": f"Bearer {account.fake.api_key}"}

    def make(method: str, path: str, body: Any) -> str:
        reply = account.handle(method, path, key, json.dumps(body).encode())
        assert reply.status == 201, reply
        return speech.made(json.loads(reply.content))

    customers = [make(*speech.customer(number)) for number in range(CUSTOMERS)]
    plan = account.plan_ids["phone"]
    subscriptions = [
        make(*speech.subscribe(customers[number % CUSTOMERS], plan))
        for number in range(SUBSCRIPTIONS)
    ]
    return {"customers": customers, "subscriptions": subscriptions}


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        sys.exit(main())
