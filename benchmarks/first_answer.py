"""Time to the first answer: import, a client and one call, in a fresh process, over a bare one."""

from __future__ import annotations

import importlib.util
from functools import partial
from statistics import median
from typing import Final

from benchmarks import provider
from benchmarks.figure import Figure, table
from benchmarks.rounds import excess, interleaved, process_ms
from benchmarks.server import serving

ROUNDS = 31
GOAL = 1.0

_CODES: Final = {
    "bare": "pass",
    "httpx": """
import sys, httpx
with httpx.Client(headers={"Authorization": "Bearer x"}) as client:
    client.post(sys.argv[1] + "/plans", json={"name": "Phone", "amount": "12.95"}).json()
""",
    "subhub": """
import sys
from subhub import Client
from benchmarks.provider import Bench, draft
with Client(Bench, api_key="x", base_url=sys.argv[1]) as client:
    client.create_plan(draft())
""",
    "stripe": """
import sys, stripe
client = stripe.StripeClient("sk_test_x", base_addresses={"api": sys.argv[1]})
client.v1.plans.create(params={"amount": 1295, "currency": "eur", "interval": "year"})
""",
}


def figures() -> list[Figure]:
    """Milliseconds over a bare interpreter, and ours against stripe-python's."""
    codes = {name: code for name, code in _CODES.items() if _available(name)}
    with serving(provider.ANSWER) as address:
        taken = interleaved(
            {name: partial(process_ms, code, address) for name, code in codes.items()}, ROUNDS
        )
    over = {name: excess(values, taken["bare"]) for name, values in taken.items()}
    found = [
        Figure(f"first answer: {name}", over[name], "ms over bare")
        for name in codes
        if name != "bare"
    ]
    for peer, goal in (("stripe", GOAL), ("httpx", None)):
        if peer in codes:
            value = median(
                (ours - bare) / (theirs - bare)
                for ours, theirs, bare in zip(
                    taken["subhub"], taken[peer], taken["bare"], strict=True
                )
            )
            found.append(Figure("first answer: subhub", value, f"x {peer}", goal))
    return found


def _available(name: str) -> bool:
    return name == "bare" or importlib.util.find_spec(name) is not None


if __name__ == "__main__":
    print(table(figures()))
