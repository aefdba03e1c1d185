"""Which machines use a store, so that the others leave its share to one that is cut off.

A machine with a share notes in the store that requests of it are waiting, several times a second.
When such notes stop, it is cut off or was killed: it may be sending on its own, within its share.
So the others leave that many permits free until it is back, for as long as a request of a killed
process counts as in flight. A machine for which nothing waits has no note, and costs nobody
anything.

Like the rules of the permits, this reads no clock, never waits and locks nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import random
from typing import Final, TypeAlias

Notes: TypeAlias = "memoryview[float]"
"""For each machine its name, the permits of its share, and when it was last seen; zero at first."""

MACHINES: Final = 16
"""How many machines can be noted; what more there are is not missed when they are cut off."""
WIDTH: Final = 3
"""How many cells a note has."""
_AGAIN: Final = 0.25  # seconds after which a note is renewed
_MISSING: Final = 1.5  # seconds without one: whoever waits asks at least once a second


@dataclass(frozen=True, slots=True)
class Machine:
    """This process among those that use a store.

    Args:
        part: The permits of its share; 0 without one.
        lease: For how many seconds others leave them to it.
        name: A number that no other process has.
    """

    part: int
    lease: float
    name: float = field(default_factory=random)

    def note(self, notes: Notes, now: float, *, waiting: bool) -> bool:
        """Note whether requests of this machine are *waiting*; return whether it has a note now.

        Args:
            notes: The notes of all machines.
            now: The time in seconds.
            waiting: Whether any are.
        """
        row = self._row(notes, now)
        if row is None or not self.part:
            return False
        mine = notes[row] == self.name
        if waiting and not (mine and abs(now - notes[row + 2]) < _AGAIN):
            notes[row], notes[row + 1], notes[row + 2] = self.name, self.part, now
        elif mine and not waiting:
            notes[row] = notes[row + 1] = notes[row + 2] = 0.0
        return waiting

    def missing(self, notes: Notes, now: float) -> int:
        """Return how many permits belong to machines that are missing.

        Args:
            notes: The notes of all machines.
            now: The time in seconds.
        """
        return sum(
            int(notes[row + 1])
            for row in range(0, len(notes), WIDTH)
            if notes[row] != self.name and _MISSING < now - notes[row + 2] < self.lease
        )

    def _row(self, notes: Notes, now: float) -> int | None:
        """Return where this machine is noted, or else the first row that is free."""
        rows = range(0, len(notes), WIDTH)
        mine = (row for row in rows if notes[row] == self.name)
        free = (row for row in rows if abs(now - notes[row + 2]) >= self.lease)
        return next(mine, next(free, None))
