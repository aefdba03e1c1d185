"""Attempts: the value that logs, hooks and spans get about one try at sending a request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt at sending a request, after it has ended.

    `path` is the request's without its ids, and `number` is 1 for the first attempt. An attempt has
    either the `status` of its answer or a `failure`: the name of the exception that ended it.
    `seconds` begin when the request is handed over: waiting for the rate limit is not included.
    `request_id` is what the provider's support asks for, where a header has it, or the body of a
    refusal.
    """

    provider: str
    account: str
    operation: str
    method: str
    path: str
    number: int
    seconds: float
    status: int | None = None
    failure: str | None = None
    request_id: str | None = None


Hook: TypeAlias = Callable[[Attempt], object]
"""Called with each attempt after it has ended, in the thread or task that sent it."""
