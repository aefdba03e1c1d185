"""Assertions of contract tests, with messages for the author of a plugin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


def expect(fact: object, problem: str) -> None:
    """Fail with *problem* unless *fact* holds."""
    if not fact:
        raise AssertionError(problem)


def expect_none(problems: Iterable[str]) -> None:
    """Fail with all *problems*, if there are any."""
    found = list(problems)
    expect(not found, "\n".join(found))


def expect_type(found: object, expected: type[T], problem: str) -> T:
    """Return *found*, or fail with *problem* if it is not an *expected*."""
    if not isinstance(found, expected):
        raise AssertionError(problem)  # noqa: TRY004 - it is the plugin's mistake, not the caller's
    return found


def summary(error: BaseException | None) -> str:
    """Return an error in one line: its class, and the beginning of its message."""
    if error is None:
        return "nothing was raised"
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"
