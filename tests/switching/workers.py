"""A process that runs a part of a switch: `python workers.py TASK`, with the task as JSON.

It prints `started`, and at its end how many rows had which outcome. It may be killed at any moment.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from subhub import Client, RateLimit, switching


def opened(account: Mapping[str, Any], ahead: float) -> Client:
    """Open an account, with a clock that is so many seconds ahead of the machine's."""
    return Client(
        account["provider"],
        api_key=account["api_key"],
        base_url=account["base_url"],
        journal=account["journal"],
        statuses=account["statuses"],
        rate_limit=RateLimit(100000, per=1.0),
        clock=lambda: dt.datetime.now(dt.UTC) + dt.timedelta(seconds=ahead),
    )


def work(task: Mapping[str, Any]) -> Counter[str]:
    """Run the switch, and count the outcomes."""
    with (
        opened(task["source"], task["ahead"]) as source,
        opened(task["target"], task["ahead"]) as target,
    ):
        outcomes = switching.run(
            source,
            target,
            task["rows"],
            results=task["results"],
            grace_period=0.1,
            patience=task["patience"],
            in_flight=task["in_flight"],
        )
        return Counter(found.outcome for found in outcomes)


if __name__ == "__main__":
    given: dict[str, Any] = json.loads(sys.argv[1])
    print("started", flush=True)  # noqa: T201 - it is what the test waits for
    print(json.dumps(work(given)), flush=True)  # noqa: T201
