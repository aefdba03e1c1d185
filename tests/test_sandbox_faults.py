"""Faults: which requests go wrong, and what a client makes of each way to go wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    AuthenticationFailed,
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


@pytest.fixture(params=[MijnKlantportaal, Afternoon], ids=["mijnklantportaal", "afternoon"])
def provider(request: pytest.FixtureRequest) -> type[Provider]:
    found: type[Provider] = request.param
    return found


@pytest.fixture
def fake(provider: type[Provider]) -> Any:
    made = provider.sandbox()
    made.clock.set(START)
    return made


@pytest.fixture
def billing(connect: Callable[..., Any], provider: type[Provider], fake: Any) -> Any:
    return connect(provider, sandbox=fake, timeout=5)


def customers(fake: Any) -> int:
    return len(fake.customers)


class TestAChange:
    """A customer is made, and something goes wrong."""

    @pytest.mark.parametrize(
        ("fault", "error", "made"),
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
    def test_ends_in_the_verdict_of_a_real_network(
        self, billing: Any, fake: Any, fault: Fault, error: type[Exception], made: int
    ) -> None:
        fake.faults.rule(fault)
        with pytest.raises(error) as caught:
            billing.create_customer(ANNE)
        assert (type(caught.value), customers(fake)) == (error, made)
        fake.faults.clear()
        assert billing.create_customer(ANNE).name == "Anne"

    @pytest.mark.parametrize(
        "fault",
        [Fault("slow", seconds=4), Fault("trickle", seconds=4), "unknown_fields"],
        ids=str,
    )
    def test_succeeds_when_the_answer_is_only_late_or_has_more_in_it(
        self, billing: Any, fake: Any, fault: Fault | str
    ) -> None:
        fake.faults.next(fault)
        assert billing.create_customer(ANNE).id in fake.customers

    def test_takes_virtual_time_until_the_client_gives_up(self, billing: Any, fake: Any) -> None:
        fake.faults.next(Fault("slow", seconds=4))
        billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=4)
        fake.faults.next("slow")
        with pytest.raises(OutcomeUnknown):
            billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=9)
        fake.faults.next("trickle")
        billing.create_customer(ANNE)
        assert fake.clock.now() == START + dt.timedelta(seconds=17)


@pytest.mark.parametrize(
    "fault", ["unreachable", "dropped", "reset", "slow", "malformed_json", "cut_body"]
)
def test_a_read_is_never_of_unknown_outcome(billing: Any, fake: Any, fault: str) -> None:
    customer = billing.create_customer(ANNE)
    fake.faults.rule(fault)
    with pytest.raises((TransportError, InvalidReply)) as caught:
        billing.get_customer(customer.id)
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
def test_any_httpx_client_meets_what_a_network_would_do(
    fake: Fake, fault: str, error: type[Exception]
) -> None:
    fake.faults.next(fault)
    with httpx.Client(transport=fake_transport(fake), base_url="https://a.example") as client:
        with pytest.raises(error):
            _ = client.get("/")
        answer = client.get("/")
        assert (answer.status_code, answer.json()) == (401, json.loads(answer.content))


def test_a_fake_that_nobody_waits_for_takes_all_its_time(fake: Fake) -> None:
    fake.faults.next("slow")
    with httpx.Client(transport=fake_transport(fake), timeout=None) as client:  # noqa: S113
        _ = client.get("https://a.example/")
    assert fake.clock.now() == START + dt.timedelta(hours=1)


class TestTooManyRequests:
    def test_are_refused_as_the_provider_does_for_as_many_as_were_asked(
        self, provider: type[Provider], fake: Any
    ) -> None:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        fake.faults.next(Fault("rate_limited", seconds=30), times=2)
        answers = [fake.handle("GET", "/v1/customers", headers, b"") for _ in range(3)]
        assert [each.status for each in answers] == [429, 429, 200]
        told = {name.lower(): value for name, value in answers[0].headers.items()}
        assert told["x-ratelimit-remaining"] == "0"
        assert told["x-ratelimit-reset"] == str(int(START.timestamp()) + 30)
        assert told.get("retry-after") == (None if provider is Afternoon else "30")

    def test_come_of_themselves_and_end_when_time_passes(self, fake: Any) -> None:
        headers = {"Authorization": f"Bearer {fake.api_key}"}

        def ask() -> tuple[int, int]:
            answer = fake.handle("GET", "/v1/customers", headers, b"")
            told = {name.lower(): value for name, value in answer.headers.items()}
            return answer.status, int(told["x-ratelimit-remaining"])

        allowed = int(
            {
                name.lower(): value
                for name, value in fake.handle("GET", "/v1/customers", headers, b"").headers.items()
            }["x-ratelimit-limit"]
        )
        assert [ask() for _ in range(allowed - 1)] == [(200, n) for n in range(allowed - 2, -1, -1)]
        assert ask() == (429, 0)
        _ = fake.clock.advance(seconds=59)
        assert ask() == (429, 0)
        _ = fake.clock.advance(seconds=1)
        assert ask() == (200, allowed - 1)

    def test_are_let_through_when_limits_are_not_enforced(self, fake: Any) -> None:
        fake.enforce_limits = False
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        found = {fake.handle("GET", "/v1/customers", headers, b"").status for _ in range(1001)}
        assert found == {200}


def test_afternoon_can_send_a_retry_after() -> None:
    fake = Afternoon.sandbox()
    fake.assume({"sends_retry_after": True})
    assert fake.too_many(2.5).headers["retry-after"] == "3"


def test_a_revoked_key_is_refused_from_the_moment_on(billing: Any, fake: Any) -> None:
    fake.revoke_key(at=START + dt.timedelta(days=1))
    billing.create_customer(ANNE)
    _ = fake.clock.advance(days=1)
    with pytest.raises(AuthenticationFailed):
        billing.create_customer(ANNE)
    fake.key_ends.clear()
    billing.create_customer(ANNE)
    fake.revoke_key()
    with pytest.raises(AuthenticationFailed):
        billing.create_customer(ANNE)


class TestThePlan:
    @staticmethod
    def struck(fake: Fake, asked: list[str]) -> list[int]:
        hits: list[int] = []
        for number, each in enumerate(asked):
            method, path = each.split()
            before = len(fake.exchanges)
            reply = fake.handle(method, fake.prefix + path, {}, b"")
            assert len(fake.exchanges) == before + 1
            hits += [number] if reply.status == 503 else []
        return hits

    def test_chooses_by_method_and_path(self, fake: Fake) -> None:
        fault = Fault("server_error", status=503)
        fake.faults.next(fault, times=2, method="POST", path="/customers*")
        asked = ["GET /customers", "POST /plans", "POST /customers/1", "POST /customers"]
        assert self.struck(fake, [*asked, "POST /customers"]) == [2, 3]
        assert fake.faults.planned == ()

    def test_chooses_every_so_many_th(self, fake: Fake) -> None:
        fake.faults.rule(Fault("server_error", status=503), every=3, path="/a")
        assert self.struck(fake, ["GET /a", "GET /b"] * 6) == [4, 10]
        fake.faults.clear()
        assert self.struck(fake, ["GET /a"] * 6) == []

    def test_rolls_the_same_dice_for_the_same_seed(self, provider: type[Provider]) -> None:
        def hits(seed: int) -> list[int]:
            fake = provider.sandbox()
            fault = Fault("server_error", status=503)
            fake.faults.rule(fault, probability=0.3, seed=seed)
            return self.struck(fake, ["GET /a"] * 200)

        assert hits(1) == hits(1) != hits(2)
        assert 30 < len(hits(1)) < 90

    def test_does_what_was_asked_on_demand_before_the_rules(self, fake: Fake) -> None:
        fake.faults.rule(Fault("server_error", status=501))
        fake.faults.next(Fault("server_error", status=503))
        assert [fake.handle("GET", "/a", {}, b"").status for _ in range(2)] == [503, 501]

    @pytest.mark.parametrize(
        ("kind", "settings", "times", "rule", "told"),
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
    def test_refuses_what_cannot_be(
        self,
        fake: Fake,
        kind: str,
        settings: dict[str, Any],
        times: int,
        rule: dict[str, Any],
        told: str,
    ) -> None:
        def plan() -> None:
            if rule:
                fake.faults.rule(Fault(kind, **settings), **rule)
            fake.faults.next(Fault(kind, **settings), times=times)

        with pytest.raises(ValueError, match=told):
            plan()
        assert fake.faults.planned == ()

    def test_takes_the_name_of_a_fault_for_the_fault(self, fake: Fake) -> None:
        fake.faults.next("dropped")
        assert [each.fault for each in fake.faults.planned] == [Fault("dropped")]


class TestUnknownThings:
    def test_a_status_that_nobody_knows_is_unknown_and_keeps_its_word(
        self, connect: Callable[..., Any]
    ) -> None:
        fake = MijnKlantportaal.sandbox()
        billing = connect(MijnKlantportaal, sandbox=fake)
        customer = billing.create_customer(ANNE)
        fake.faults.next("unknown_status")
        found = billing.subscribe(plan=PHONE, customer=customer.id)
        assert (found.status, found.raw_status) == (Status.UNKNOWN, UNKNOWN_STATUS)
        fake.faults.next("unknown_status")
        assert [each.raw_status for each in billing.list_subscriptions()] == [UNKNOWN_STATUS]

    def test_fields_that_nobody_knows_stand_in_every_object(self, fake: Any) -> None:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        fake.faults.next("unknown_fields")
        answer = json.loads(fake.handle("GET", "/v1/nowhere", headers, b"").content)
        assert UNKNOWN_FIELD in answer

    def test_an_answer_of_another_content_type_says_so(self, fake: Any) -> None:
        fake.faults.next("wrong_content_type")
        assert fake.handle("GET", "/v1/nowhere", {}, b"").headers["content-type"] == "text/html"

    def test_a_redirect_leads_to_the_same_path_elsewhere(self, fake: Any) -> None:
        fake.faults.next("redirect")
        reply = fake.handle("GET", "/v1/x", {}, b"")
        assert (reply.status, reply.headers["location"]) == (307, "https://elsewhere.example/v1/x")


class TestAFakeWithoutWordsOfItsOwn:
    """The toy says nothing about how it fails."""

    @pytest.fixture
    def plain(self, toy: type[Toy]) -> Fake:
        return toy.sandbox()

    def test_refuses_too_many_and_breaks_down_with_a_message(self, plain: Fake) -> None:
        plain.faults.next(Fault("rate_limited", seconds=7))
        plain.faults.next("server_error")
        many, broken = (plain.handle("GET", "/v1/plans", {}, b"") for _ in range(2))
        assert (many.status, many.headers["retry-after"], broken.status) == (429, "7", 500)
        assert many.headers["x-remaining"] == broken.headers["x-remaining"] == "59"
        assert set(json.loads(broken.content)) == {"message"}

    def test_has_no_open_points(self, plain: Fake) -> None:
        with pytest.raises(
            ValueError, match="unknown assumption 'colour': this sandbox can change none"
        ):
            plain.assume({"colour": "red"})

    def test_keeps_an_answer_without_a_body_as_it_is(self, plain: Fake) -> None:
        bare = Reply(204)
        for kind in ("unknown_status", "unknown_fields"):
            asked = Received("GET", "/", {}, {})
            assert apply_fault(Fault(kind), plain, asked, lambda: bare) == bare
