"""The items of a bulk job, and the numbered steps of each.

A step is one change. When a later run of the job works on the same item, a step that is done is not
repeated.
"""

from __future__ import annotations

import secrets
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
    """One change of an item; *previous* is the same step of an earlier run, if there was one.

    It may be sent only while the item is claimed by the call with the name *claim*.
    """

    job: str
    item: str
    number: int
    claim: str
    previous: PreviousStep | None


@dataclass(slots=True)
class JobItem:
    """One item of a job, for one call; *previous* holds the steps of earlier runs by number.

    *claim* is the name of the call: random, so that no other call is taken for it.
    """

    job: str
    item: str
    claim: str = field(default_factory=lambda: secrets.token_hex(8))
    previous: dict[int, PreviousStep] = field(default_factory=dict[int, PreviousStep])
    _steps: int = 0

    @property
    def open_tokens(self) -> list[str]:
        """The tokens of its steps with an unknown outcome."""
        return [step.token for step in self.previous.values() if step.state == "open"]

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
        return Step(self.job, self.item, number, self.claim, previous)
