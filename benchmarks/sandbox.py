"""The cost of a call that a sandbox answers, against one that a constant reply answers.

Both go through the same client; only what stands behind the transport differs. The constant reply
is the very answer that the sandbox gave, so that decoding it costs the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack

import httpx

from benchmarks.figure import Figure, table
from benchmarks.rounds import interleaved, ratio
from subhub import Client, CustomerDraft, RateLimit
from subhub.plugin.registry import load
from subhub.sandbox import Fake, Reply

ROUNDS = 25
CALLS = 200
GOAL = 1.5
UNHURRIED = RateLimit(100_000, per=1)
"""A client keeps to the documented limits; here that would be waited for."""
PROVIDERS = ("mijnklantportaal", "afternoon")
DRAFT = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
    country="NL",
)


def figures() -> list[Figure]:
    """CPU time of a call through each fake, over that of one through a constant reply."""
    return [figure for name in PROVIDERS for figure in (_reading(name), _making(name))]


def _reading(name: str) -> Figure:
    """Reading a customer."""
    fake = _fake(name)
    with Client(name, sandbox=fake, rate_limit=UNHURRIED) as client:
        customer = client.create_customer(DRAFT).id
    return _compared(name, "get_customer", fake, lambda each: each.get_customer(customer))


def _making(name: str) -> Figure:
    """Making a customer; those made before are kept, as in any sandbox."""
    return _compared(name, "create_customer", _fake(name), lambda each: each.create_customer(DRAFT))


def _fake(name: str) -> Fake:
    fake = load(name).sandbox()
    fake.enforce_limits = False
    return fake


def _compared(name: str, what: str, fake: Fake, call: Callable[[Client], object]) -> Figure:
    with ExitStack() as stack:
        sandbox = stack.enter_context(Client(name, sandbox=fake, rate_limit=UNHURRIED))
        _ = call(sandbox)
        key = fake.api_key
        mock = _constant(fake.exchanges[-1].reply)
        constant = stack.enter_context(
            Client(name, api_key=key, transport=mock, rate_limit=UNHURRIED)
        )
        taken = interleaved(
            {
                "constant": lambda: _measure(lambda: call(constant)),
                "sandbox": lambda: _measure(lambda: call(sandbox)),
            },
            ROUNDS,
        )
    value = ratio(taken["sandbox"], taken["constant"])
    return Figure(f"{name}: {what}, CPU", value, "x constant reply", GOAL)


def _constant(reply: Reply) -> httpx.MockTransport:
    headers = dict(reply.headers)

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(reply.status, headers=headers, content=reply.content)

    return httpx.MockTransport(answer)


def _measure(call: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(CALLS):
        _ = call()
    return time.process_time() - began


if __name__ == "__main__":
    print(table(figures()))
