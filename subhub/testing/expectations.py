"""Expectations: what a test must use up by its end, unless it failed for another reason.

A miss is raised where it happens. An application may catch it with an `except Exception`, so it is
kept as well, and fails the test at its end.
"""

from __future__ import annotations

from typing import TypeVar

Miss = TypeVar("Miss", bound=AssertionError)


class Expectations:
    """The misses of one test."""

    def __init__(self) -> None:
        self._misses: list[AssertionError] = []
        self._failed = False

    def missed(self, miss: Miss) -> Miss:
        """Keep *miss* and return it, for the caller to raise."""
        self._misses.append(miss)
        return miss

    def test_failed(self, failure: BaseException) -> None:
        """Add the misses to *failure* as notes, and expect nothing more of the test."""
        # pytest and the context manager may both report the failure.
        if self._failed:
            return
        self._failed = True
        for miss in self._misses:
            if miss is not failure:
                failure.add_note(f"An earlier miss was caught by the code under test:\n{miss}")

    def verify(self, unused: AssertionError | None) -> None:
        """Raise the first miss that was caught, else *unused*, unless the test failed already."""
        if self._failed:
            return
        if self._misses:
            raise self._misses[0]
        if unused is not None:
            raise unused
