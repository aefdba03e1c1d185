"""Permits: who may send now. The rules alone, over cells that somebody else keeps and locks.

There are as many permits as the limit allows requests. A permit is taken before its request is sent
and is free again one window after the *answer* came. The server counted the request before it
answered, so while a request is in the server's window its permit is not free: no window, whether
it follows the server's clock, begins with a first request or rolls, ever holds more requests than
there are permits, however slow the network is.

Where a server says when its window restarts, waiting for the permits may be longer than needed.
Then exactly one request, the *probe*, goes when that time has passed, in the place of the oldest
answered one. How many more the server would take stands in the answer to the probe: many, if the
window was a fixed one, and hardly any, if it rolls. So many of the older permits are free at once.

A refusal (429) closes the *gate* for everybody until the time that the server named; then one probe
goes first, and only its answer opens the gate.

All times are seconds on one monotonic clock. This module reads no clock, waits for nothing and
locks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from subhub.plugin.rate_limits import RateLimit, Reading

Cells: TypeAlias = "memoryview[float]"
"""The state: `HEADER` cells, then one for each permit, all zero in the beginning.

A permit's cell holds the time from which on it is free. While its request is in flight, that is
later than one window from now: the end of its lease and one window more. A lease that runs out
therefore counts, by itself, as a request without an answer.
"""

HEADER = 7
_GATE = 0  # nobody may go before this time, and then a probe first; 0: the gate is open
_RESET = 1  # the latest time at which the server's window restarts, or lets one out; 0: unknown
_EARLIEST = 2  # the earliest time at which it does
_TAKEN = 3  # when a permit was taken last
_PROBE = 4  # a probe is out, until this time at most; 0: none
_NEXT = 5  # the permit that was taken the longest ago
_SEEN = 6  # the latest time that was seen

_SOON = 0.001  # seconds: the shortest pause
_WATCHING = 0.1  # seconds: the longest pause while a probe is out
_ASK_AGAIN = 1.0  # seconds: the longest pause otherwise: a permit may come back at any time
_UNSURE = 2.0  # seconds between the earliest and the latest restart, for both were rounded
_RESTARTED = 60.0  # seconds that a clock has to go back to be another clock


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit that is or may be taken."""

    slot: int
    taken_at: float
    lease_end: float
    before: float
    probe: bool
    others_taken_at: float


@dataclass(frozen=True, slots=True)
class Permits:
    """The permits of *limit*; a request is in flight for at most *lease* seconds.

    With *alone*, nobody else uses the limit, and what the server says about it can be acted on.
    """

    limit: RateLimit
    lease: float
    alone: bool = True

    @property
    def cells(self) -> int:
        """How many cells the state needs."""
        return HEADER + self.limit.requests

    def look(self, cells: Cells, now: float, place: int) -> Permit | float:
        """The permit for whoever has *place* others before them, or the seconds to wait for one.

        Nothing is taken yet. One permit is left for each of those before, so that all may ask in
        any order and nobody overtakes.
        """
        gate = cells[_GATE]
        if gate > now:
            return gate - now
        if gate and (place or cells[_PROBE] > now):
            return _WATCHING
        rounds = place // self.limit.requests
        if rounds:
            return _ASK_AGAIN * (1 + rounds)
        first = int(cells[_NEXT]) % self.limit.requests
        if not place and cells[HEADER + first] <= now:  # nearly always, and quickly found
            return self._permit(cells, first, now, probe=gate > 0)
        return self._search(cells, now, place)

    def take(self, cells: Cells, permit: Permit) -> None:
        """Take *permit*, which was found under the same lock."""
        cells[HEADER + permit.slot] = permit.lease_end
        cells[_NEXT] = (permit.slot + 1) % self.limit.requests
        cells[_TAKEN] = max(permit.taken_at, cells[_TAKEN])
        if permit.probe:
            cells[_PROBE] = permit.taken_at + self.lease

    def answered(self, cells: Cells, permit: Permit, now: float, reading: Reading) -> None:
        """An answer came: the permit is free one window from now. A probe's opens the gate."""
        settled = self._settle(cells, permit, now + self.limit.per)
        if settled and permit.probe and cells[_GATE] <= permit.taken_at:
            cells[_GATE] = 0.0
            self._release(cells, permit, now, reading)
        if settled and reading.reset is not None:
            earliest = permit.taken_at + reading.reset - _UNSURE
            self._announce(cells, now + reading.reset, earliest)

    def refused(self, cells: Cells, permit: Permit, now: float, reading: Reading) -> None:
        """A 429 came: the gate is closed until the time that the server named, or for a window."""
        settled = self._settle(cells, permit, now + self.limit.per)
        asked = reading.reset if reading.retry_after is None else reading.retry_after
        until = now + (self.limit.per if asked is None else max(asked, _ASK_AGAIN))
        cells[_GATE] = max(until, cells[_GATE])
        if settled and asked is not None:
            self._announce(cells, cells[_GATE], cells[_GATE])

    def lost(self, cells: Cells, permit: Permit, now: float) -> None:
        """No answer will come: the server may have counted the request until now."""
        _ = self._settle(cells, permit, now + self.limit.per)

    def unsent(self, cells: Cells, permit: Permit) -> None:
        """The request provably never left: all is as it was before."""
        settled = self._settle(cells, permit, permit.before)
        if settled and permit.probe and cells[_TAKEN] == permit.taken_at:
            cells[_TAKEN] = permit.others_taken_at

    def tick(self, cells: Cells, now: float) -> None:
        """Notice that *now* is of another clock, as after a restart of the machine, and begin anew.

        What was in the server's window then is not known, so every permit that was not free waits.
        """
        if now > cells[_SEEN] - _RESTARTED:
            cells[_SEEN] = max(now, cells[_SEEN])
            return
        for index in range(HEADER, len(cells)):
            cells[index] = now + self.limit.per if cells[index] > now else 0.0
        for index in (_GATE, _RESET, _EARLIEST, _TAKEN, _PROBE):
            cells[index] = 0.0
        cells[_SEEN] = now

    def _search(self, cells: Cells, now: float, place: int) -> Permit | float:
        times: Sequence[float] = cells[HEADER:].tolist()
        order = sorted(times)
        due = order[place]
        if due <= now:
            return self._permit(cells, times.index(order[0]), now, probe=cells[_GATE] > 0)
        invited = due if place else self._invited(cells, due)
        if invited <= now:
            return self._permit(cells, times.index(due), now, probe=True)
        longest = _WATCHING if cells[_PROBE] > now else _ASK_AGAIN
        return min(max(invited - now, _SOON), longest)

    def _permit(self, cells: Cells, slot: int, now: float, *, probe: bool) -> Permit:
        lease_end = now + self.lease + self.limit.per
        return Permit(slot, now, lease_end, cells[HEADER + slot], probe, cells[_TAKEN])

    def _invited(self, cells: Cells, oldest: float) -> float:
        """When the first in line may go: with the *oldest* permit, or before it as the probe.

        The request whose answer told the reset, or the one that a rolling window lets out then, has
        left the window, but not its permit, if none was taken since: there is room for one.
        """
        used_up = cells[_TAKEN] >= cells[_EARLIEST]
        return oldest if used_up else min(cells[_RESET], oldest)

    def _announce(self, cells: Cells, reset: float, earliest: float) -> None:
        """Keep when the server's window restarts, unless more recent news is known."""
        if self.alone and earliest >= cells[_EARLIEST]:
            cells[_RESET] = reset
            cells[_EARLIEST] = earliest

    def _settle(self, cells: Cells, permit: Permit, free_at: float) -> bool:
        """Set when *permit* is free, unless its lease ran out and it is somebody else's by now."""
        mine = cells[HEADER + permit.slot] == permit.lease_end
        if mine:
            cells[HEADER + permit.slot] = free_at
            cells[_PROBE] = 0.0 if permit.probe else cells[_PROBE]
        return mine

    def _release(self, cells: Cells, probe: Permit, now: float, reading: Reading) -> None:
        """Free as many of the oldest permits as the answer to *probe* says the server would take.

        Requests in flight and those answered after the probe had gone may not be in its figure.
        """
        if reading.remaining is None or not self.alone:
            return
        times = cells[HEADER:].tolist()
        uncounted = probe.taken_at + self.limit.per
        older = sorted(
            (time, slot)
            for slot, time in enumerate(times)
            if now < time <= uncounted and slot != probe.slot
        )
        taken_up = len(times) - len(older) - 1  # the probe itself is in the server's figure
        for _, slot in older[: max(0, reading.remaining - taken_up)]:
            cells[HEADER + slot] = 0.0
