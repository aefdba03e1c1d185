"""Strictness: what a test still owes when it ends, and when that is no longer its fault.

A miss is raised where it happens, but an application may catch it with an `except Exception`, so it
is noted too. It must not hide why a test failed by itself.
"""

from __future__ import annotations

from typing import TypeVar

Miss = TypeVar("Miss", bound=AssertionError)


class Strictness:
    """The misses of one test, told at its end."""

    def __init__(self) -> None:
        self._missed: list[AssertionError] = []
        self._excused = False

    def missed(self, miss: Miss) -> Miss:
        """Note *miss*, which the caller is to raise."""
        self._missed.append(miss)
        return miss

    def excuse(self, failure: BaseException) -> None:
        """The test has failed by itself: *failure* is told the misses, and nothing more is owed."""
        if self._excused:
            return
        self._excused = True
        for miss in self._missed:
            if miss is not failure:
                failure.add_note(f"Before that, a miss was caught by somebody:\n{miss}")

    def settle(self, left: AssertionError | None) -> None:
        """Fail by the first miss that somebody caught, else by *left*, what was never used."""
        if self._excused:
            return
        if self._missed:
            raise self._missed[0]
        if left is not None:
            raise left
