"""The limiter, one step at a time: ten permits or fewer, a window of sixty seconds."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Final

import pytest

from subhub.plugin.rate_limits import RateLimit
from subhub.sending.ratelimit import LocalStore, RateLimiter, Ticket

W: Final = 60.0
START: Final = 1000.0
SILENT: Final[Mapping[str, str]] = {}


def create(permits: int, share: float = 1.0) -> RateLimiter:
    return RateLimiter(RateLimit(permits, per=W), share=share)


def enter(limiter: RateLimiter, now: float) -> Ticket:
    ticket = limiter.enter()
    assert ticket.wait(now) == 0
    return ticket


def spent(
    limiter: RateLimiter, permits: int, now: float, headers: Mapping[str, str] = SILENT
) -> None:
    for ticket in [enter(limiter, now) for _ in range(permits)]:
        ticket.answered(now, headers, 200)


def free(limiter: RateLimiter, now: float) -> int:
    """How many permits are free *now*; they are given back."""
    tickets = [limiter.enter()]
    while tickets[-1].wait(now) == 0:
        tickets.append(limiter.enter())
    for ticket in tickets:
        ticket.unsent(now)
        ticket.leave()
    return len(tickets) - 1


def resets_in(seconds: int, remaining: int = 0) -> Mapping[str, str]:
    return {"x-ratelimit-reset": str(seconds), "x-ratelimit-remaining": str(remaining)}


class TestPermit:
    def test_is_free_one_window_after_the_answer_and_not_after_the_sending(self) -> None:
        limiter = create(1)
        enter(limiter, START).answered(START + 5, SILENT, 200)

        assert free(limiter, START + 5 + W - 0.01) == 0
        assert free(limiter, START + 5 + W) == 1

    def test_in_flight_is_not_free_however_long_it_takes(self) -> None:
        limiter = create(1)
        ticket = enter(limiter, START)

        waiting = limiter.enter()
        for passed in (0, W, 2 * W, 10 * W):
            assert 0 < waiting.wait(START + passed) <= 1
        ticket.answered(START + 10 * W, SILENT, 200)
        assert waiting.wait(START + 11 * W) == 0

    def test_of_a_request_that_never_left_is_free_at_once(self) -> None:
        limiter = create(2)
        ticket = enter(limiter, START)
        _ = enter(limiter, START)
        ticket.unsent(START + 1)

        assert free(limiter, START + 1) == 1

    def test_of_a_lost_request_is_free_one_window_later(self) -> None:
        limiter = create(1)
        enter(limiter, START).lost(START + 30)

        assert free(limiter, START + 30 + W - 0.01) == 0
        assert free(limiter, START + 30 + W) == 1

    def test_left_without_an_answer_counts_as_lost(self) -> None:
        limiter = create(1)
        enter(limiter, START).leave()

        assert free(limiter, START + 10) == 0  # from here on it counts
        assert free(limiter, START + 10 + W - 0.01) == 0
        assert free(limiter, START + 10 + W) == 1

    def test_is_taken_once_however_often_it_is_asked_for(self) -> None:
        limiter = create(2)
        ticket = enter(limiter, START)

        assert ticket.wait(START) == 0
        assert free(limiter, START) == 1


class TestTicket:
    @pytest.mark.parametrize("end", ["answered", "unsent", "lost", "leave"])
    def test_ends_once(self, end: str) -> None:
        limiter = create(2)
        ticket = enter(limiter, START)
        ticket.answered(START, SILENT, 200)
        if end == "answered":
            ticket.answered(START + 30, SILENT, 200)
        elif end == "leave":
            ticket.leave()
        else:
            getattr(ticket, end)(START + 30)

        assert free(limiter, START + 30) == 1
        assert free(limiter, START + W) == 2

    def test_that_has_ended_cannot_wait_again(self) -> None:
        ticket = enter(create(2), START)
        ticket.leave()

        with pytest.raises(RuntimeError, match="enter the queue again"):
            _ = ticket.wait(START)

    def test_waits_until_the_permit_that_is_due_for_its_place(self) -> None:
        limiter = create(2)
        enter(limiter, START).answered(START, SILENT, 200)
        enter(limiter, START).answered(START + 0.5, SILENT, 200)
        first, second, third = limiter.enter(), limiter.enter(), limiter.enter()

        now = START + W - 0.25
        assert first.wait(now) == pytest.approx(0.25)
        assert second.wait(now) == pytest.approx(0.75)
        assert third.wait(now) > 1

    def test_never_waits_a_second_without_looking(self) -> None:
        limiter = create(1)
        spent(limiter, 1, START)

        assert limiter.enter().wait(START) == 1.0

    def test_never_waits_for_zero_seconds(self) -> None:
        limiter = create(1)
        spent(limiter, 1, START)

        assert limiter.enter().wait(START + W - 1e-9) == 0.001


class TestQueue:
    def test_is_served_in_order_whoever_asks_first(self) -> None:
        limiter = create(2)
        spent(limiter, 2, START)
        first, second, third = limiter.enter(), limiter.enter(), limiter.enter()

        now = START + W
        assert third.wait(now) > 0
        assert second.wait(now) == 0
        assert third.wait(now) > 0
        assert first.wait(now) == 0

    def test_moves_up_when_a_ticket_leaves(self) -> None:
        limiter = create(1)
        spent(limiter, 1, START)
        first, second = limiter.enter(), limiter.enter()

        assert second.wait(START + W) > 0
        first.leave()
        first.leave()
        assert second.wait(START + W) == 0

    def test_gives_each_permit_to_one_thread(self) -> None:
        limiter = create(50)
        granted: list[float] = []

        def ask() -> None:
            for _ in range(20):
                ticket = limiter.enter()
                granted.append(ticket.wait(START))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert granted.count(0.0) == 50


class TestResetTime:
    """Whole seconds may have been cut off, so a reset in 20 seconds has passed in 21."""

    def test_sends_exactly_one_probe_when_it_has_passed(self) -> None:
        limiter = create(3)
        spent(limiter, 3, START, resets_in(20))

        assert free(limiter, START + 20.9) == 0
        assert limiter.enter().wait(START + 20.9) == pytest.approx(0.1)

    def test_keeps_the_others_waiting_while_the_probe_is_out(self) -> None:
        limiter = create(3)
        spent(limiter, 3, START, resets_in(20))

        _ = enter(limiter, START + 21)
        assert limiter.enter().wait(START + 21) == 0.1

    def test_frees_all_older_permits_when_the_window_was_a_fixed_one(self) -> None:
        limiter = create(3)
        spent(limiter, 3, START, resets_in(20))

        enter(limiter, START + 21).answered(START + 22, resets_in(58, remaining=2), 200)
        assert free(limiter, START + 22) == 2

    def test_frees_nothing_when_the_window_rolls(self) -> None:
        limiter = create(3)
        spent(limiter, 3, START, resets_in(20))

        enter(limiter, START + 21).answered(START + 22, resets_in(50, remaining=0), 200)
        assert free(limiter, START + 22) == 0
        assert free(limiter, START + W) == 2

    def test_frees_no_more_than_the_server_would_take(self) -> None:
        limiter = create(4)
        spent(limiter, 2, START, resets_in(20))
        in_flight = enter(limiter, START)
        enter(limiter, START + 1).answered(START + 1, resets_in(19), 200)

        enter(limiter, START + 22).answered(START + 22, resets_in(58, remaining=2), 200)
        in_flight.leave()
        assert free(limiter, START + 22) == 1  # the other one is for the request in flight

    def test_frees_nothing_when_the_server_does_not_say_what_remains(self) -> None:
        limiter = create(2)
        spent(limiter, 2, START, resets_in(20))

        enter(limiter, START + 21).answered(START + 22, SILENT, 200)
        assert free(limiter, START + 22) == 0

    def test_takes_another_probe_when_the_first_never_left(self) -> None:
        limiter = create(2)
        spent(limiter, 2, START, resets_in(20))

        enter(limiter, START + 21).unsent(START + 22)
        _ = enter(limiter, START + 22)
        assert limiter.enter().wait(START + 22) == 0.1  # that was a probe again, and one only

    def test_is_used_up_by_a_probe_that_was_lost(self) -> None:
        limiter = create(2)
        spent(limiter, 2, START, resets_in(20))

        enter(limiter, START + 21).lost(START + 22)
        assert free(limiter, START + 22) == 0

    def test_is_used_up_by_a_permit_taken_after_it(self) -> None:
        limiter = create(2)
        spent(limiter, 1, START)
        spent(limiter, 1, START + W / 2, resets_in(20))
        spent(limiter, 1, START + W)

        assert free(limiter, START + W + 1) == 0

    def test_of_an_older_window_does_not_replace_that_of_a_newer_one(self) -> None:
        limiter = create(3)
        late = enter(limiter, START)
        spent(limiter, 2, START + 10, resets_in(40))
        late.answered(START + 11, resets_in(5), 200)

        assert free(limiter, START + 17) == 0
        assert free(limiter, START + 51) == 1

    def test_sends_no_probe_while_every_permit_is_in_flight(self) -> None:
        limiter = create(2)
        spent(limiter, 1, START, resets_in(20))
        _ = enter(limiter, START + 1), enter(limiter, START + W)

        assert limiter.enter().wait(START + W) == 1.0

    def test_is_ignored_by_one_of_several_machines(self) -> None:
        limiter = create(4, share=0.5)
        spent(limiter, 2, START, resets_in(20))

        assert free(limiter, START + 30) == 0
        assert free(limiter, START + W) == 2


class TestRefusal:
    def refused(self, share: float = 1.0, headers: Mapping[str, str] = SILENT) -> RateLimiter:
        limiter = create(10, share)
        enter(limiter, START).answered(START, headers, 429)
        return limiter

    def test_closes_the_gate_for_all_until_retry_after(self) -> None:
        limiter = self.refused(headers={"retry-after": "17"})

        assert limiter.enter().wait(START) == 17
        assert limiter.enter().wait(START + 16) == 1

    def test_sends_one_probe_first_and_then_all(self) -> None:
        limiter = self.refused(headers={"retry-after": "17"})
        probe, other = limiter.enter(), limiter.enter()

        assert other.wait(START + 17) == 0.1
        assert probe.wait(START + 17) == 0
        assert other.wait(START + 17) == 0.1
        other.leave()
        probe.answered(START + 18, SILENT, 200)
        assert free(limiter, START + 18) == 8

    def test_of_the_probe_closes_the_gate_again(self) -> None:
        limiter = self.refused(headers={"retry-after": "17"})

        enter(limiter, START + 17).answered(START + 18, {"retry-after": "40"}, 429)
        assert limiter.enter().wait(START + 18) == 40

    @pytest.mark.parametrize("end", ["unsent", "lost"])
    def test_sends_another_probe_when_the_first_got_no_answer(self, end: str) -> None:
        limiter = self.refused(headers={"retry-after": "17"})

        getattr(enter(limiter, START + 17), end)(START + 18)
        assert free(limiter, START + 18) == 1

    def test_is_not_forgotten_for_an_answer_to_an_earlier_request(self) -> None:
        limiter = create(10)
        earlier, lost, refused = enter(limiter, START), enter(limiter, START), enter(limiter, START)
        refused.answered(START, {"retry-after": "17"}, 429)
        earlier.answered(START + 1, SILENT, 200)
        lost.lost(START + 1)

        assert limiter.enter().wait(START + 1) == 16

    def test_is_not_forgotten_for_an_answer_to_an_earlier_probe(self) -> None:
        limiter = create(2)
        late = enter(limiter, START)
        spent(limiter, 1, START, resets_in(20))
        probe = enter(limiter, START + 21)
        late.answered(START + 22, {"retry-after": "30"}, 429)
        probe.answered(START + 23, resets_in(58, remaining=1), 200)

        assert limiter.enter().wait(START + 23) == 29

    def test_waits_for_the_reset_time_where_there_is_no_retry_after(self) -> None:
        assert self.refused(headers=resets_in(20)).enter().wait(START) == 21

    def test_without_a_time_waits_one_window(self) -> None:
        assert self.refused().enter().wait(START) == W

    def test_that_asks_for_no_wait_still_gets_a_second(self) -> None:
        assert self.refused(headers={"retry-after": "0"}).enter().wait(START) == 1

    def test_sends_the_probe_before_its_permit_is_free(self) -> None:
        limiter = create(2)
        spent(limiter, 1, START)
        enter(limiter, START).answered(START, {"retry-after": "17"}, 429)

        assert free(limiter, START + 17) == 1

    def test_keeps_each_of_several_machines_within_its_permits(self) -> None:
        limiter = create(4, share=0.5)
        spent(limiter, 1, START)
        enter(limiter, START).answered(START, {"retry-after": "17"}, 429)

        assert free(limiter, START + 17) == 0
        assert free(limiter, START + W) == 1
        enter(limiter, START + W).answered(START + W, resets_in(60, remaining=3), 200)
        assert free(limiter, START + W) == 1


def test_an_expired_lease_counts_as_lost_and_its_late_response_takes_nothing() -> None:
    class Short(LocalStore):
        lease = 10.0

    limiter = RateLimiter(RateLimit(1, per=W), Short())
    late = enter(limiter, START)
    assert free(limiter, START + 10 + W - 0.01) == 0
    current = enter(limiter, START + 10 + W)
    late.answered(START + 12 + W, SILENT, 200)
    late.leave()

    assert free(limiter, START + 13 + 2 * W) == 0
    current.answered(START + 14 + W, SILENT, 200)
    assert free(limiter, START + 14 + 2 * W) == 1


def test_a_clock_that_started_again_frees_permits_within_a_window_and_opens_the_gate() -> None:
    limiter = create(3)
    enter(limiter, START).answered(START, {"retry-after": "3600"}, 429)

    assert free(limiter, 5.0) == 2
    assert free(limiter, 5.0 + W) == 3


def test_a_clock_read_before_another_thread_went_first_is_the_same_clock() -> None:
    limiter = create(2)
    spent(limiter, 2, START)

    assert free(limiter, START - 1) == 0
    assert free(limiter, START + W - 0.01) == 0


def test_closing_leaves_the_permits_of_this_process_as_they_are() -> None:
    limiter = create(1)
    spent(limiter, 1, START)
    limiter.close()

    assert free(limiter, START) == 0
