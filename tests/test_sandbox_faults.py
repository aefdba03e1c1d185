"""Faults: which requests get one, and the error that each one causes in a client.

The clients are sync. In process both kinds use the same transport, and the contract suite runs
lost, delayed, refused and cut responses through both.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AuthenticationFailed,
    Client,
    CustomerDraft,
    Interval,
    InvalidReply,
    Money,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    ProviderUnavailable,
    Status,
    TransportError,
)
from subhub.plugin import Provider
from subhub.sandbox import Fake, Fault, Received, Reply
from subhub.sandbox.fault_effects import UNKNOWN_FIELD, UNKNOWN_STATUS, apply_fault
from subhub.sending.transport import fake_transport

if TYPE_CHECKING:
    from tests.conftest import Toy

START = dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC)
ANNE = CustomerDraft(
    name="Anne", email="anne@example.com", address="A 1", postal_code="1", city="B", country="NL"
)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
BOTH = pytest.mark.parametrize(
    "provider", [MijnKlantportaal, Afternoon], ids=["mijnklantportaal", "afternoon"], indirect=True
)


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> type[Provider]:
    """Return Afternoon, or the provider of the test's parameter."""
    chosen: type[Provider] = getattr(request, "param", Afternoon)
    return chosen


@pytest.fixture
def fake(provider: type[Provider]) -> Any:
    created = provider.sandbox()
    created.clock.set(START)
    return created


@pytest.fixture
def billing(provider: type[Provider], fake: Any) -> Iterator[Client]:
    with Client(provider, sandbox=fake, timeout=5) as client:
        yield client


def get(fake: Fake, path: str = "/v1/customers") -> Reply:
    return fake.handle("GET", path, {"Authorization": f"Bearer {fake.api_key}"}, b"")


def lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


class TestChange:
    """A customer is created while a fault is scheduled."""

    @pytest.mark.parametrize(
        ("fault", "error", "customers"),
        [
            (Fault("unreachable"), NotSent, 0),
            (Fault("dropped"), OutcomeUnknown, 0),
            (Fault("dropped", after=True), OutcomeUnknown, 1),
            (Fault("reset"), OutcomeUnknown, 0),
            (Fault("reset", after=True), OutcomeUnknown, 1),
            (Fault("slow", seconds=6), OutcomeUnknown, 1),
            (Fault("server_error"), ProviderUnavailable, 0),
            (Fault("server_error", after=True, status=502), ProviderUnavailable, 1),
            (Fault("cut_body"), InvalidReply, 1),
            (Fault("trickle", seconds=6), InvalidReply, 1),
            (Fault("malformed_json"), InvalidReply, 1),
            (Fault("redirect"), InvalidReply, 0),
        ],
        ids=str,
    )
    def test_raises_the_error_of_a_real_network(
        self, billing: Client, fake: Any, fault: Fault, error: type[Exception], customers: int
    ) -> None:
        fake.faults.rule(fault)
        with pytest.raises(error) as caught:
            _ = billing.create_customer(ANNE)
        assert (type(caught.value), len(fake.customers)) == (error, customers)
        fake.faults.clear()
        assert billing.create_customer(ANNE).name == "Anne"

    @pytest.mark.parametrize(
        "fault",
        [Fault("slow", seconds=4), Fault("trickle", seconds=4), "unknown_fields"],
        ids=str,
    )
    def test_succeeds_if_the_response_is_only_late_or_has_unknown_fields(
        self, billing: Client, fake: Any, fault: Fault | str
    ) -> None:
        fake.faults.next(fault)
        assert billing.create_customer(ANNE).id in fake.customers

    def test_takes_virtual_time_until_the_client_times_out(
        self, billing: Client, fake: Any
    ) -> None:
        fake.faults.next(Fault("slow", seconds=4))
        _ = billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=4)
        fake.faults.next("slow")
        with pytest.raises(OutcomeUnknown):
            _ = billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=9)
        fake.faults.next("trickle")
        _ = billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=17)


@pytest.mark.parametrize(
    "fault", ["unreachable", "dropped", "reset", "slow", "malformed_json", "cut_body"]
)
def test_a_read_never_has_an_unknown_outcome(billing: Client, fake: Any, fault: str) -> None:
    customer = billing.create_customer(ANNE)
    fake.faults.rule(fault)
    with pytest.raises((TransportError, InvalidReply)) as caught:
        _ = billing.get_customer(customer.id)
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("unreachable", httpx.ConnectError),
        ("dropped", httpx.RemoteProtocolError),
        ("reset", httpx.ReadError),
        ("slow", httpx.ReadTimeout),
        ("cut_body", httpx.RemoteProtocolError),
    ],
)
def test_any_httpx_client_gets_the_error_of_a_real_network(
    fake: Fake, fault: str, error: type[Exception]
) -> None:
    fake.faults.next(fault)
    with httpx.Client(transport=fake_transport(fake), base_url="https://a.example") as client:
        with pytest.raises(error):
            _ = client.get("/")
        response = client.get("/")
        assert (response.status_code, response.json()) == (401, json.loads(response.content))


def test_a_slow_response_takes_its_whole_time_without_a_timeout(fake: Fake) -> None:
    fake.faults.next("slow")
    with httpx.Client(transport=fake_transport(fake), timeout=None) as client:  # noqa: S113
        _ = client.get("https://a.example/")
    assert fake.clock.now() == START + dt.timedelta(hours=1)


@BOTH
class TestRateLimit:
    def test_a_scheduled_429_is_that_of_the_provider(
        self, provider: type[Provider], fake: Any
    ) -> None:
        fake.faults.next(Fault("rate_limited", seconds=30), times=2)
        replies = [get(fake) for _ in range(3)]
        assert [reply.status for reply in replies] == [429, 429, 200]
        headers = lower(replies[0].headers)
        assert headers["x-ratelimit-remaining"] == "0"
        assert headers["x-ratelimit-reset"] == str(int(START.timestamp()) + 30)
        assert headers.get("retry-after") == (None if provider is Afternoon else "30")

    def test_is_enforced_until_time_passes(self, fake: Any) -> None:
        def count() -> tuple[int, int]:
            reply = get(fake)
            return reply.status, int(lower(reply.headers)["x-ratelimit-remaining"])

        limit = int(lower(get(fake).headers)["x-ratelimit-limit"])
        assert [count() for _ in range(limit - 1)] == [(200, n) for n in range(limit - 2, -1, -1)]
        assert count() == (429, 0)
        _ = fake.clock.advance(seconds=59)
        assert count() == (429, 0)
        _ = fake.clock.advance(seconds=1)
        assert count() == (200, limit - 1)

    def test_can_be_switched_off(self, fake: Any) -> None:
        fake.enforce_limits = False
        assert {get(fake).status for _ in range(1001)} == {200}


def test_afternoon_can_send_a_retry_after() -> None:
    fake = Afternoon.sandbox()
    fake.assume({"sends_retry_after": True})
    assert fake.too_many(2.5).headers["retry-after"] == "3"


@BOTH
def test_a_revoked_key_is_refused_from_its_moment_on(billing: Client, fake: Any) -> None:
    fake.revoke_key(at=START + dt.timedelta(days=1))
    _ = billing.create_customer(ANNE)
    _ = fake.clock.advance(days=1)
    with pytest.raises(AuthenticationFailed):
        _ = billing.create_customer(ANNE)
    fake.key_ends.clear()
    _ = billing.create_customer(ANNE)
    fake.revoke_key()
    with pytest.raises(AuthenticationFailed):
        _ = billing.create_customer(ANNE)


class TestFaultPlan:
    @staticmethod
    def failed(fake: Fake, requests: list[str]) -> list[int]:
        """Send *requests*, and return the positions of those that got a 503."""
        hits: list[int] = []
        for number, request in enumerate(requests):
            method, path = request.split()
            before = len(fake.exchanges)
            reply = fake.handle(method, fake.prefix + path, {}, b"")
            assert len(fake.exchanges) == before + 1
            hits += [number] if reply.status == 503 else []
        return hits

    def test_selects_by_method_and_path(self, fake: Fake) -> None:
        fault = Fault("server_error", status=503)
        fake.faults.next(fault, times=2, method="POST", path="/customers*")
        requests = ["GET /customers", "POST /plans", "POST /customers/1", "POST /customers"]
        assert self.failed(fake, [*requests, "POST /customers"]) == [2, 3]
        assert fake.faults.planned == ()

    def test_selects_every_nth_request(self, fake: Fake) -> None:
        fake.faults.rule(Fault("server_error", status=503), every=3, path="/a")
        assert self.failed(fake, ["GET /a", "GET /b"] * 6) == [4, 10]
        fake.faults.clear()
        assert self.failed(fake, ["GET /a"] * 6) == []

    @BOTH
    def test_selects_paths_below_the_prefix(self, fake: Fake) -> None:
        fake.faults.next(Fault("server_error", status=503), path="/a")
        assert self.failed(fake, ["GET /b", "GET /a"]) == [1]

    def test_selects_the_same_requests_with_the_same_seed(self, provider: type[Provider]) -> None:
        def hits(seed: int) -> list[int]:
            fake = provider.sandbox()
            fault = Fault("server_error", status=503)
            fake.faults.rule(fault, probability=0.3, seed=seed)
            return self.failed(fake, ["GET /a"] * 200)

        assert hits(1) == hits(1) != hits(2)
        assert 30 < len(hits(1)) < 90

    def test_queued_faults_win_over_rules(self, fake: Fake) -> None:
        fake.faults.rule(Fault("server_error", status=501))
        fake.faults.next(Fault("server_error", status=503))
        assert [fake.handle("GET", "/a", {}, b"").status for _ in range(2)] == [503, 501]

    @pytest.mark.parametrize(
        ("kind", "settings", "times", "rule", "message"),
        [
            ("droped", {}, 1, {}, "did you mean 'dropped'"),
            ("zzz", {}, 1, {}, "known are rate_limited"),
            ("rate_limited", {"after": True}, 1, {}, "never applies the change"),
            ("server_error", {"status": 404}, 1, {}, "from 500 to 599, got 404"),
            ("slow", {"seconds": -1}, 1, {}, ">= 0, got -1"),
            ("dropped", {}, 0, {}, "`times` must be >= 1, got 0"),
            ("dropped", {}, 1, {"every": 0}, "`every` must be >= 1, got 0"),
            ("dropped", {}, 1, {"probability": 2}, "`probability` must be between 0 and 1, got 2"),
        ],
    )
    def test_refuses_invalid_settings(
        self,
        fake: Fake,
        kind: str,
        settings: dict[str, Any],
        times: int,
        rule: dict[str, Any],
        message: str,
    ) -> None:
        def schedule() -> None:
            if rule:
                fake.faults.rule(Fault(kind, **settings), **rule)
            fake.faults.next(Fault(kind, **settings), times=times)

        with pytest.raises(ValueError, match=message):
            schedule()
        assert fake.faults.planned == ()

    def test_accepts_the_name_of_a_fault(self, fake: Fake) -> None:
        fake.faults.next("dropped")
        assert [rule.fault for rule in fake.faults.planned] == [Fault("dropped")]


class TestEffects:
    def test_an_unknown_status_is_unknown_and_keeps_its_word(self) -> None:
        fake = MijnKlantportaal.sandbox()
        with Client(MijnKlantportaal, sandbox=fake) as billing:
            customer = billing.create_customer(ANNE)
            fake.faults.next("unknown_status")
            found = billing.subscribe(plan=PHONE, customer=customer.id)
            assert (found.status, found.raw_status) == (Status.UNKNOWN, UNKNOWN_STATUS)
            fake.faults.next("unknown_status")
            assert [item.raw_status for item in billing.list_subscriptions()] == [UNKNOWN_STATUS]

    def test_unknown_fields_are_in_every_object(self, fake: Any) -> None:
        fake.faults.next("unknown_fields")
        body = json.loads(get(fake, "/v1/nowhere").content)
        assert UNKNOWN_FIELD in body
        assert UNKNOWN_FIELD in body["error"]

    def test_another_content_type_is_declared(self, fake: Any) -> None:
        fake.faults.next("wrong_content_type")
        assert get(fake).headers["content-type"] == "text/html"

    def test_a_redirect_leads_to_the_same_path_on_another_host(self, fake: Any) -> None:
        fake.faults.next("redirect")
        reply = get(fake, "/v1/x")
        assert (reply.status, reply.headers["location"]) == (307, "https://elsewhere.example/v1/x")


class TestFakeWithoutOwnErrors:
    """The toy defines none of the error replies."""

    @pytest.fixture
    def plain(self, toy: type[Toy]) -> Fake:
        return toy.sandbox()

    def test_has_default_replies(self, plain: Fake) -> None:
        plain.faults.next(Fault("rate_limited", seconds=7))
        plain.faults.next("server_error")
        many, broken = (plain.handle("GET", "/v1/plans", {}, b"") for _ in range(2))
        assert (many.status, many.headers["retry-after"], broken.status) == (429, "7", 500)
        assert many.headers["x-remaining"] == broken.headers["x-remaining"] == "59"
        assert set(json.loads(broken.content)) == {"message"}

    def test_keeps_a_reply_without_a_body_as_it_is(self, plain: Fake) -> None:
        empty = Reply(204)
        answer: Callable[[], Reply] = lambda: empty  # noqa: E731
        for kind in ("unknown_status", "unknown_fields"):
            assert apply_fault(Fault(kind), plain, Received("GET", "/", {}, {}), answer) == empty
