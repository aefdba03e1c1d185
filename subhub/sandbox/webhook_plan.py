"""How webhooks arrive: twice, late, in another order, or not at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class WebhookPlan:
    """How webhooks arrive. The same *seed* gives the same deliveries.

    *duplicated*, *late* and *lost* are probabilities from 0 to 1. A duplicated event is delivered
    two or three times. A late one comes *late_by* seconds later. Within *shuffled* seconds, events
    come in any order. A lost one never comes.
    """

    duplicated: float = 0.0
    late: float = 0.0
    lost: float = 0.0
    late_by: float = 86_400.0
    shuffled: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("duplicated", "late", "lost"):
            value: float = getattr(self, name)
            if not 0 <= value <= 1:
                raise ValueError(f"`{name}` must be between 0 and 1, got {value!r}")
        for name in ("late_by", "shuffled"):
            value = getattr(self, name)
            if not 0 <= value < math.inf:
                raise ValueError(f"`{name}` must be a finite number >= 0, got {value!r}")

    def delays(self, number: int) -> Iterator[float]:
        """Yield the delay of each delivery of the event with that number, in seconds."""
        # a dice of its own for each event: a resend or another thread changes nothing for the next
        dice = Random(f"{self.seed}:{number}")  # noqa: S311 - reproducible, not secret
        lost, duplicated = dice.random() < self.lost, dice.random() < self.duplicated
        for _ in range(dice.randint(2, 3) if duplicated else 1):
            late = self.late_by if dice.random() < self.late else 0.0
            delay = late + dice.random() * self.shuffled
            if not lost:
                yield delay
