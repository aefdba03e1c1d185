"""Idempotency keys; see https://docs.stripe.com/api/idempotent_requests.

Flows are deterministic and generate no keys. An application that wants to repeat a call safely
passes its own key, and keeps it until the outcome of the call is known.
"""

from __future__ import annotations

from collections.abc import Mapping

from subhub.errors import InvalidRequest

LONGEST = 230
"""The longest key, in characters: Stripe allows 255, which include the name of a step."""


def keyed(key: str | None, step: str = "") -> Mapping[str, str] | None:
    """Return the header with *key*; *step* keeps keys unique in a call with several requests."""
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST):
        problem = f"must be from 1 to {LONGEST} printable ASCII characters, got {key!r}"
        raise InvalidRequest.of("idempotency_key", problem)
    return {"Idempotency-Key": f"{key}-{step}" if step else key}
