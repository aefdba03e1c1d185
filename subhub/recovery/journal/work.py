"""Work: the items of a bulk job in a journal, and the steps of each.

The steps of an item are its changes, numbered. When the item is taken up again, a step that is done
is not done again.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final, Literal

from subhub.errors import InvalidRequest

current_item: Final[ContextVar[JobItem | None]] = ContextVar("subhub_working", default=None)
"""The item that this thread or task is at."""


@dataclass(frozen=True, slots=True)
class PreviousStep:
    """What an earlier run did in a step; *object_id* is what it made or changed."""

    operation: str
    state: Literal["open", "done", "not_done"]
    token: str
    object_id: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """One change of an item."""

    job: str
    item: str
    number: int
    past: PreviousStep | None


@dataclass(slots=True)
class JobItem:
    """One item of a job, and how far it is."""

    job: str
    item: str
    past: dict[int, PreviousStep] = field(default_factory=dict[int, PreviousStep])
    _steps: int = 0

    def step(self, operation: str) -> Step:
        """The next change, which is to be the same as in an earlier run."""
        number = self._steps
        self._steps += 1
        past = self.past.get(number)
        if past is not None and past.operation != operation:
            raise InvalidRequest.of(
                "job",
                f"its item did `{past.operation}` as change {number + 1} in an earlier run, and "
                f"now `{operation}`: finish a job with the program that it was begun with",
            )
        return Step(self.job, self.item, number, past)
