"""Clients of one key in one process share a rate limiter, also when each makes one request."""

from __future__ import annotations

import gc
import logging
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import AsyncClient, Client, ConfigError, NotSent, RateLimit
from subhub.models.identity import Identity
from subhub.plugin import Provider
from subhub.sending.ratelimit import RateLimiter
from subhub.sending.ratelimit.registry import Limiters, terms_of
from subhub.sending.ratelimit.shared import SharedStore
from subhub.sending.retries import RetryQuota

KEY = "test_0123456789"
LIMIT = RateLimit(2, per=60.0)
ACME = Identity.of("acme", "https://api.acme.example", "live", KEY, None).of_key


def ask(connect: Callable[..., Any], provider: type[Provider], **settings: Any) -> None:
    """Ask once with a client of its own, as a web shop does for each of its visitors."""
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json={"id": "pln_1"}))
    terms = {"api_key": KEY, "rate_limit": LIMIT, "deadline": 0.1, **settings}
    billing = connect(provider, transport=transport, **terms)
    billing.get_plan("pln_1")
    _ = billing.close()


class TestClients:
    def test_of_one_key_never_exceed_its_limit(
        self, connect: Callable[..., Any], toy: type[Provider]
    ) -> None:
        for lineage in (None, "shop"):  # a provider counts by key, whatever its owner calls it
            ask(connect, toy, lineage=lineage)
        with pytest.raises(NotSent, match="the rate limit leaves no room"):
            ask(connect, toy)

    @pytest.mark.parametrize(
        "settings",
        [
            {"api_key": "test_9876543210"},
            {"base_url": "https://b.toy.test/v1"},
        ],
    )
    def test_of_another_account_have_permits_of_their_own(
        self, connect: Callable[..., Any], toy: type[Provider], settings: dict[str, Any]
    ) -> None:
        for _ in range(2):
            ask(connect, toy)
            ask(connect, toy, **settings)

    def test_of_either_kind_share(self, toy: type[Provider]) -> None:
        kinds: tuple[Any, ...] = (Client, AsyncClient)
        one, other = (
            kind(toy, api_key=KEY, rate_limit=RateLimit(1, per=60.0))._account.retries.limiter
            for kind in kinds
        )
        assert one.enter().wait(time.monotonic()) == 0
        assert other.enter().wait(time.monotonic()) > 0

    def test_in_one_sandbox_share_its_clock_and_its_limit(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        for fake, waits in ((MijnKlantportaal.sandbox(), True), (None, False)):
            waited = False
            for share in (1.0, 1.0, 1.0, 0.5):
                own = fake or MijnKlantportaal.sandbox()
                with Client(
                    MijnKlantportaal, sandbox=own, rate_limit=LIMIT, share=share
                ) as billing:
                    before = own.clock.now()
                    _ = list(billing.list_plans())
                    waited = (own.clock.now() - before).total_seconds() >= 60
                if waited:
                    break
            assert waited == waits
        one = MijnKlantportaal.sandbox()
        for share in (1.0, 0.5):
            Client(MijnKlantportaal, sandbox=one, rate_limit=LIMIT, share=share).close()
        assert "different rate limits" not in caplog.text

    def test_with_different_limits_are_warned_of(
        self, connect: Callable[..., Any], toy: type[Provider], caplog: pytest.LogCaptureFixture
    ) -> None:
        ask(connect, toy, share=0.5)
        ask(connect, toy, rate_limit=RateLimit(1, per=60.0))
        assert caplog.records == []
        ask(connect, toy)
        (warning,) = caplog.records
        assert (warning.name, warning.levelno) == ("subhub", logging.WARNING)
        assert "clients with one key of toy have different rate limits" in warning.message


class TestLimiters:
    """The clock is that of the caller, so nothing is waited for."""

    @pytest.fixture
    def limiters(self) -> Iterator[Limiters]:
        yield Limiters()
        _ = gc.collect()

    def test_keep_the_permits_of_a_client_that_was_closed(self, limiters: Limiters) -> None:
        for _ in range(2):
            limiter = limiters.join(ACME, terms_of(LIMIT, 1.0, None), 1000.0)
            ticket = limiter.enter()
            assert ticket.wait(1000.0) == 0
            ticket.answered(1000.0, {}, 200)
            limiter.close()
        later = limiters.join(ACME, terms_of(LIMIT, 1.0, None), 1059.0)
        assert later.enter().wait(1059.0) == 1.0

    @pytest.mark.parametrize("permits", [None, "permits"])
    def test_forget_what_nobody_uses_and_no_window_holds(
        self, limiters: Limiters, tmp_path: Path, permits: str | None
    ) -> None:
        folder = None if permits is None else tmp_path / permits
        limiter: Any = limiters.join(ACME, terms_of(LIMIT, 1.0, folder), 1000.0)
        queue = weakref.ref(limiter._queue)
        ticket = limiter.enter()
        assert ticket.wait(1000.0) == 0
        ticket.answered(1010.0, {}, 200)
        del ticket
        other = replace(ACME, fingerprint="other")
        dropped = [limiter]  # later without `close`, as a client is
        del limiter
        for now, kept in ((1065.0, True), (1130.0, True), (1200.0, False)):
            _ = limiters.join(other, terms_of(LIMIT, 1.0, None), now)
            if now > 1100.0:
                dropped.clear()
            _ = gc.collect()
            assert (queue() is not None) == kept

    def test_keep_what_cannot_be_read_now(self, limiters: Limiters, tmp_path: Path) -> None:
        limiter: Any = limiters.join(ACME, terms_of(LIMIT, 1.0, tmp_path), 1000.0)
        queue = weakref.ref(limiter._queue)
        limiter.close()
        (file,) = tmp_path.iterdir()
        _ = file.write_bytes(b"damaged")
        del limiter
        other = replace(ACME, fingerprint="other")
        _ = limiters.join(other, terms_of(LIMIT, 1.0, None), 2000.0)
        _ = gc.collect()
        assert queue() is not None

    def test_refuse_wrong_settings_each_time(self, limiters: Limiters) -> None:
        for _ in range(2):
            with pytest.raises(ConfigError, match="`share`"):
                _ = limiters.join(ACME, terms_of(LIMIT, 2.0, None), 1000.0)


def test_a_forked_child_begins_again_with_the_permits_that_its_parent_has_left() -> None:
    limiter: Any = RateLimiter(RateLimit(3, per=60.0))
    answered, waiting = limiter.enter(), limiter.enter()
    assert (answered.wait(1000.0), waiting.wait(1000.0)) == (0, 0)
    answered.answered(1000.0, {}, 200)
    _ = limiter.enter()  # of a thread that the child does not have
    limiter._queue.lock.acquire()
    limiter._queue.after_fork_in_child()
    child = limiter.enter()
    assert child.wait(1010.0) == 0
    assert limiter.enter().wait(1010.0) > 0  # what its parent has in flight may still count
    assert limiter.enter().wait(1130.0) == 0


def test_a_forked_child_has_all_retries_and_no_lock_of_its_parent() -> None:
    quota: Any = RetryQuota(tokens=5)
    assert [quota.take(), quota.take()] == [True, False]
    quota._lock.acquire()
    quota.after_fork_in_child()
    assert quota.take()
    limiters: Any = Limiters()
    limiters._lock.acquire()
    limiters.after_fork_in_child()
    _ = limiters.join(ACME, terms_of(LIMIT, 1.0, None), 1000.0)


def test_two_stores_of_one_key_share_a_file(tmp_path: Path) -> None:
    limiter = Limiters().join(ACME, terms_of(LIMIT, 1.0, tmp_path), 1000.0)
    other = RateLimiter(LIMIT, SharedStore(tmp_path, ACME.name))
    assert limiter.enter().wait(1000.0) == 0
    assert [other.enter().wait(1000.0) == 0 for _ in range(2)] == [True, False]
    limiter.close()
    other.close()
