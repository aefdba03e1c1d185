"""Permits: the rules of who may send when, over cells that a store keeps and locks.

There are as many permits as the limit allows requests. A permit is taken before its request is sent
and is free again one window after the *response* came. The server counted the request before it
responded, so while a request is in the server's window its permit is not free. Therefore no window,
whether it follows the server's clock, begins with a first request or rolls, ever holds more
requests than there are permits, however slow the network is.

Where a server says when its window restarts, waiting for the permits may be longer than needed.
Then exactly one request, the *probe*, is sent when that time has passed, in place of the oldest
request that has its response. The response to the probe says how many more requests the server
would accept: many if its window was a fixed one, and hardly any if it rolls. That many of the older
permits are freed at once.

A 429 closes the *gate* for all requests until the time that the server named. Then one probe is
sent, and only its response opens the gate.

All times are seconds on one monotonic clock. This module reads no clock, never waits and locks
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from subhub.plugin.rate_limits import RateLimit, Reading

Cells: TypeAlias = "memoryview[float]"
"""The state: `HEADER` cells, then one for each permit, all zero in the beginning.

A permit's cell holds the time from which it is free. While its request is in flight, that is the
end of its lease plus one window. So a lease that expires counts as a request without a response,
and no process has to notice it, as the one that had the permit may be gone.
"""

HEADER = 7
_GATE = 0  # no request before this time, and then a probe first; 0: the gate is open
_RESET = 1  # the latest time at which the server's window restarts, or frees a request; 0: unknown
_EARLIEST = 2  # the earliest time at which it does
_TAKEN = 3  # when a permit was last taken
_PROBE = 4  # a probe is in flight, until this time at most; 0: none
_NEXT = 5  # the permit that was taken the longest ago
_SEEN = 6  # the latest time that was seen

_SOON = 0.001  # seconds: the shortest pause
_PROBE_POLL = 0.1  # seconds: the longest pause while a probe is in flight
_POLL = 1.0  # seconds: the longest pause otherwise: a permit may be returned at any time
_LEAST_REFUSAL = 1.0  # seconds that the gate is closed after "Retry-After: 0"
_UNSURE = 2.0  # seconds between the earliest and the latest restart, because both were rounded
_RESTARTED = 60.0  # seconds that a clock has to go back to be another clock

RETRY = 1.0
"""Seconds between two tries to reach a store, at most, of a machine that sends meanwhile."""
_HELD = 2 * RETRY  # seconds for which others may not know yet that the store is back


@dataclass(frozen=True, slots=True)
class Permit:
    """A permit that is taken or can be taken.

    `lease_end` is what its cell holds while it is taken, and `before` what the cell held until
    then. `others_taken_at` is when a permit was last taken before this one.
    """

    slot: int
    taken_at: float
    lease_end: float
    before: float
    probe: bool
    others_taken_at: float


@dataclass(frozen=True, slots=True)
class Permits:
    """The permits of *limit*; a request is in flight for at most *lease* seconds.

    With *alone*, no other machine uses the limit, and what the server says about it is used. The
    state ends with as many *notes* as a store has of the machines that use it, which no rule reads.
    """

    limit: RateLimit
    lease: float
    alone: bool = True
    notes: int = 0

    @property
    def cells(self) -> int:
        """The number of cells that the state needs."""
        return self.end + self.notes

    @property
    def end(self) -> int:
        """The number of cells before the notes."""
        return HEADER + self.limit.requests

    def find(self, cells: Cells, now: float, place: int, kept: int = 0) -> Permit | float:
        """Return a permit for a request, or the seconds to wait for one. Nothing is taken yet.

        One permit is left for each request that waits before this one, so that they may ask in any
        order and none overtakes.

        Args:
            cells: The state.
            now: The time in seconds.
            place: How many requests wait before this one.
            kept: How many permits more are left to others.
        """
        gate = cells[_GATE]
        if gate > now:
            return gate - now
        if gate and (place or cells[_PROBE] > now):
            return _PROBE_POLL
        rounds = (place + kept) // self.limit.requests
        if rounds:
            return _POLL * (1 + rounds)
        first = int(cells[_NEXT]) % self.limit.requests
        if not place and not kept and cells[HEADER + first] <= now:  # as usual: without a search
            return self._permit(cells, first, now, probe=gate > 0)
        return self._search(cells, now, place, kept)

    def take(self, cells: Cells, permit: Permit) -> None:
        """Take *permit*, which was found under the same lock."""
        cells[HEADER + permit.slot] = permit.lease_end
        cells[_NEXT] = (permit.slot + 1) % self.limit.requests
        cells[_TAKEN] = max(permit.taken_at, cells[_TAKEN])
        if permit.probe:
            cells[_PROBE] = permit.taken_at + self.lease

    def answered(self, cells: Cells, permit: Permit, now: float, reading: Reading) -> None:
        """Return *permit* after a response. That of a probe opens the gate.

        Args:
            cells: The state.
            permit: The permit of the request.
            now: When the response came, in seconds; the permit is free one window later.
            reading: What the response says about the limit.
        """
        returned = self._return(cells, permit, now + self.limit.per)
        # A 429 that came after the probe had been sent keeps the gate closed: the probe's response
        # is older news.
        if returned and permit.probe and cells[_GATE] <= permit.taken_at:
            cells[_GATE] = 0.0
            self._release(cells, permit, now, reading)
        if returned and reading.reset is not None:
            earliest = permit.taken_at + reading.reset - _UNSURE
            self._announce(cells, now + reading.reset, earliest)

    def refused(self, cells: Cells, permit: Permit, now: float, reading: Reading) -> None:
        """Return *permit* after a 429, and close the gate.

        It stays closed until the time that the server named, or for a window if it named none.

        Args:
            cells: The state.
            permit: The permit of the request.
            now: When the response came, in seconds.
            reading: What the response says about the limit.
        """
        returned = self._return(cells, permit, now + self.limit.per)
        asked = reading.reset if reading.retry_after is None else reading.retry_after
        until = now + (self.limit.per if asked is None else max(asked, _LEAST_REFUSAL))
        cells[_GATE] = max(until, cells[_GATE])
        if returned and asked is not None:
            self._announce(cells, cells[_GATE], cells[_GATE])

    def lost(self, cells: Cells, permit: Permit, now: float) -> None:
        """Return *permit* without a response.

        Args:
            cells: The state.
            permit: The permit of the request.
            now: The time in seconds, until which the server may have counted the request.
        """
        _ = self._return(cells, permit, now + self.limit.per)

    def unsent(self, cells: Cells, permit: Permit) -> None:
        """Return *permit* of a request that provably never left: all is as it was before."""
        returned = self._return(cells, permit, permit.before)
        if returned and permit.probe and cells[_TAKEN] == permit.taken_at:
            cells[_TAKEN] = permit.others_taken_at

    def check_clock(self, cells: Cells, now: float) -> None:
        """Start again if *now* is of another clock, as after a restart of the machine.

        How much of the server's window was used then is unknown, so every permit that was not free
        waits for a window.
        """
        # Threads read the clock before they wait for the lock, so *now* may be a bit in the past.
        if now > cells[_SEEN] - _RESTARTED:
            cells[_SEEN] = max(now, cells[_SEEN])
            return
        for index in range(HEADER, len(cells)):
            cells[index] = now + self.limit.per if cells[index] > now else 0.0
        for index in (_GATE, _RESET, _EARLIEST, _TAKEN, _PROBE):
            cells[index] = 0.0
        cells[_SEEN] = now

    def after_fork(self, cells: Cells, now: float) -> None:
        """Begin again in a forked child, whose copy of the cells has permits of its parent.

        The server counted what the parent sent, so what was in flight waits for a window here. A
        probe of the parent's is none of the child's.
        """
        for index in range(HEADER, len(cells)):
            cells[index] = min(cells[index], now + self.limit.per)
        cells[_PROBE] = 0.0

    def forget(self, cells: Cells, now: float) -> None:
        """Begin again with a store that has lost its cells.

        How much of the server's window was used is unknown, so every permit waits for a window;
        and a machine that has not noticed yet may send a bit longer.
        """
        for index in range(HEADER, self.end):
            cells[index] = now + self.limit.per + _HELD

    def divide(self, cells: Cells, now: float, whole: Sequence[float]) -> None:
        """Fill *cells* with a part of other permits, whose store is away.

        All machines do so with what they saw last, and each takes every n-th permit, rounded up to
        the later one. So together they never have more permits than were free in the whole. One
        that was free may have been taken by another machine until *now*, and waits for a window.

        Args:
            cells: The state, of as many permits as the part has.
            now: The time in seconds, at which the store was first found to be away.
            whole: When each permit of the whole is free.
        """
        latest = now + self.limit.per
        times = sorted(latest if time <= now else min(time, latest) for time in whole)
        part = self.limit.requests
        for number in range(1, part + 1):
            cells[HEADER + number - 1] = times[-(-number * len(times) // part) - 1]

    def rejoin(self, cells: Cells, now: float, since: float, own: Sequence[float]) -> None:
        """Enter what this machine has sent on its own, as soon as the store is back.

        Until the other machines have done the same, the store does not know what they sent. So the
        first one holds all permits but its own for as long as that can matter, and each of the
        others releases as many as it has. No other permit has such a time: one that was returned is
        free earlier, and a lease ends later. When the store was used a while ago, all have done so.

        Args:
            cells: The state, in which the time was not checked yet.
            now: The time in seconds.
            since: When the store was last found to be away.
            own: When each of this machine's permits is free.
        """
        earliest, latest = now + self.limit.per, now + self.limit.per + _HELD
        slots = range(HEADER, len(cells))
        held = [slot for slot in slots if earliest <= cells[slot] <= latest]
        if not held and not since < cells[_SEEN] <= now - RETRY:
            for slot in slots:
                cells[slot] = latest
            held = list(slots)
        known = [min(time, earliest) for time in own]
        for slot, time in zip(held, known, strict=False):
            cells[slot] = time
        others = sorted(set(slots).difference(held), key=cells.__getitem__)
        for slot, time in zip(others, sorted(known[len(held) :], reverse=True), strict=False):
            cells[slot] = max(time, cells[slot])

    def free_at(self, cells: Cells) -> Sequence[float]:
        """Return when each permit is free."""
        times: Sequence[float] = cells[HEADER:].tolist()
        return times

    def same(self, cells: Cells, others: Cells) -> bool:
        """Return whether two states say the same; one that was only looked at need not be kept."""
        return cells[:_SEEN] == others[:_SEEN] and cells[HEADER:] == others[HEADER:]

    def is_idle(self, cells: Cells, now: float) -> bool:
        """Return whether nothing would be lost if all began again: it was not used for a window."""
        return max(cells[HEADER:]) <= now and cells[_GATE] + self.limit.per <= now

    def _search(self, cells: Cells, now: float, place: int, kept: int) -> Permit | float:
        times: Sequence[float] = cells[HEADER:].tolist()
        order = sorted(times)
        due = order[place + kept]
        if due <= now:  # then one is free for each of those before, too
            return self._permit(cells, times.index(order[0]), now, probe=cells[_GATE] > 0)
        invited = due if place else self._invited(cells, due)
        if invited <= now:
            return self._permit(cells, times.index(due), now, probe=True)
        longest = _PROBE_POLL if cells[_PROBE] > now else _POLL
        return min(max(invited - now, _SOON), longest)

    def _permit(self, cells: Cells, slot: int, now: float, *, probe: bool) -> Permit:
        lease_end = now + self.lease + self.limit.per
        return Permit(slot, now, lease_end, cells[HEADER + slot], probe, cells[_TAKEN])

    def _invited(self, cells: Cells, oldest: float) -> float:
        """Return when the first in the queue may go: with the *oldest* permit, or as the probe.

        At the reset, the request whose response announced it has left a fixed window, and the
        oldest one a rolling window. Its permit is not free yet, so there is room for one request,
        unless a permit was taken since.
        """
        used_up = cells[_TAKEN] >= cells[_EARLIEST]
        return oldest if used_up else min(cells[_RESET], oldest)

    def _announce(self, cells: Cells, reset: float, earliest: float) -> None:
        """Keep when the server's window restarts, unless later news is known.

        Responses overtake each other: one to an earlier request may come last.
        """
        if self.alone and earliest >= cells[_EARLIEST]:
            cells[_RESET] = reset
            cells[_EARLIEST] = earliest

    def _return(self, cells: Cells, permit: Permit, free_at: float) -> bool:
        """Set when *permit* is free, and return whether it was still this request's.

        It is not when its lease expired and another request took it: then the cell holds the end of
        another lease.
        """
        mine = cells[HEADER + permit.slot] == permit.lease_end
        if mine:
            cells[HEADER + permit.slot] = free_at
            cells[_PROBE] = 0.0 if permit.probe else cells[_PROBE]
        return mine

    def _release(self, cells: Cells, probe: Permit, now: float, reading: Reading) -> None:
        """Free as many of the oldest permits as the response to *probe* leaves room for.

        Requests in flight, and those that got their response after the probe was sent, may not be
        in the server's figure. They are subtracted, and keep their permits.

        Args:
            cells: The state.
            probe: The permit of the probe.
            now: When its response came, in seconds.
            reading: What the response says about the limit.
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
        others = len(times) - len(older) - 1  # the probe itself is in the server's figure
        for _, slot in older[: max(0, reading.remaining - others)]:
            cells[HEADER + slot] = 0.0
