"""Verdicts: how a contract test tells the author of a plugin what is wrong with it."""

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


def of_kind(found: object, kind: type[T], problem: str) -> T:
    """*found*, which has to be a *kind*."""
    if not isinstance(found, kind):
        raise AssertionError(problem)  # noqa: TRY004 - it is the plugin's mistake, not the caller's
    return found


def told(error: BaseException | None) -> str:
    """An error in one line: its kind, and the beginning of what it says."""
    if error is None:
        return "nothing was raised"
    lines = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0][:300]}"
