"""The items of a bulk job, and the numbered steps of each.

A step is one change. When a later run of the job works on the same item, a step that is done is not
repeated.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

from subhub.errors import InvalidRequest

current_item: Final[ContextVar[JobItem | None]] = ContextVar("subhub_current_item", default=None)
"""The item that this thread or task is working on."""


@dataclass(frozen=True, slots=True)
class PreviousStep:
    """A step as an earlier run left it; *object_id* is what it created or changed."""

    operation: str
    state: Literal["open", "done", "not_done"]
    token: str
    object_id: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of an item; *previous* is the same step of an earlier run, if there was one."""

    job: str
    item: str
    number: int
    previous: PreviousStep | None


@dataclass(slots=True)
class JobItem:
    """One item of a job; *previous* holds the steps of earlier runs by number."""

    job: str
    item: str
    previous: dict[int, PreviousStep] = field(default_factory=dict[int, PreviousStep])
    _steps: int = 0

    def next_step(self, operation: str) -> Step:
        """Return the next step, which must be the operation that it was in an earlier run."""
        number = self._steps
        self._steps += 1
        previous = self.previous.get(number)
        if previous is not None and previous.operation != operation:
            raise InvalidRequest.of(
                "job",
                f"change {number + 1} of this item was `{previous.operation}` in an earlier run, "
                f"and is `{operation}` now. Finish a job with the program that started it.",
            )
        return Step(self.job, self.item, number, previous)
