"""Idempotency keys: https://docs.stripe.com/api/idempotent_requests.

A flow rolls no dice, so a key is never made up here: an application that wants to be able to repeat
a call passes its own, and keeps it until the call is known to be through.
"""

from __future__ import annotations

from collections.abc import Mapping

from subhub.errors import InvalidRequest

LONGEST = 230
"""Of Stripe's 255 characters, what is left beside the name of a step."""


def keyed(key: str | None, step: str = "") -> Mapping[str, str] | None:
    """The header with *key*; a call of several requests needs one key for each, hence *step*."""
    if key is None:
        return None
    if not (key.isascii() and key.isprintable() and 1 <= len(key) <= LONGEST):
        problem = f"a key is 1 to {LONGEST} printable characters of ASCII, not {key!r}"
        raise InvalidRequest.of("idempotency_key", problem)
    return {"Idempotency-Key": f"{key}-{step}" if step else key}
