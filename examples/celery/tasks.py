"""Subscriptions that a queue sells, each once, also if tasks come twice and workers are killed.

    pip install "subhub-billing[cli]" subhub-afternoon celery redis
    redis-server &
    celery -A tasks worker    # in this folder, and in a second terminal
    python tasks.py order-1   # run it twice: the second one finds the first one's subscription

Each task opens a client of its own, which forked workers need not share; their rate limit and their
journal are shared through the files that `subhub.toml` names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from celery import Celery

from subhub import Client, CustomerDraft, InProgress, JournalError, NotSent, OutcomeUnknown

CONFIGURATION: Final = Path(__file__).with_name("subhub.toml")
BROKER: Final = os.environ.get("BROKER_URL", "redis://127.0.0.1:6379/0")
LATER: Final = (InProgress, JournalError, NotSent, OutcomeUnknown)
"""What may be different the next time: each next call looks first what came of the last one."""

app = Celery("billing", broker=BROKER, backend=os.environ.get("RESULT_URL", BROKER))


@app.task(acks_late=True, reject_on_worker_lost=True, autoretry_for=LATER, max_retries=99)
def sell(order: str, customer: dict[str, str]) -> str | None:
    """Subscribe the customer of *order*, once, and return the id of the subscription."""
    draft = CustomerDraft(external_id=order, **customer)
    with Client.from_config(CONFIGURATION) as billing:
        sold = billing.once(
            "orders", order, lambda billing: billing.subscribe(plan="phone", customer=draft)
        )
    return sold.object_id


if __name__ == "__main__":
    company = {"name": "Test Company BV", "email": "john.doe@test.com", "country": "NL"}
    print(sell.delay(sys.argv[1], company).get(timeout=60))
