"""Signing up: what exists is found first, and two sign-ups at the same time create one customer."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import anyio
import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import (
    Absence,
    Ambiguous,
    AsyncClient,
    Client,
    Customer,
    CustomerDraft,
    Evidence,
    Interval,
    InvalidRequest,
    Money,
    NotFound,
    NotSent,
    OutcomeUnknown,
    PlanDraft,
    Status,
    Unsupported,
    WouldSend,
)
from subhub.sandbox import Fake, Fault
from subhub.sending.transport import fake_transport
from subhub.testing import reply, scripted

Connect = Callable[..., Any]
ANNA = CustomerDraft(name="Anna", email="anna@example.com", external_id="user-1")
COMPANY = CustomerDraft(
    name="Test Company BV",
    email="john.doe@test.com",
    address="Teststreet 123",
    postal_code="1234AB",
    city="Amsterdam",
)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
BOTH = pytest.mark.parametrize("operation", ["subscribe", "create_signup_link"])
EVERY = pytest.mark.parametrize("operation", ["subscribe", "create_signup_link", "create_customer"])


def sign_up_with(billing: Any, operation: str, draft: CustomerDraft = ANNA) -> Any:
    """Call an operation with a draft; its result, or the awaitable of it."""
    if operation == "create_customer":
        return billing.create_customer(draft)
    return getattr(billing, operation)(plan="phone", customer=draft)


def customer_of(result: Any) -> str:
    """Return the id of the customer whom a result is about."""
    found: str = result.id if isinstance(result, Customer) else result.customer_id
    return found


class Unsearchable(Afternoon):
    """A provider that keeps an `external_id`, and has no search."""

    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        "find_customer:external_id": Absence("it has no search"),
    }


class NewOnly(Afternoon):
    """A provider whose links are for new customers."""

    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        **Afternoon.evidence,
        "create_signup_link:existing_customer": Absence("its links create a customer"),
    }


class Slow(httpx.MockTransport):
    """Answers late enough for another call to begin in between."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        time.sleep(0.03)
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await super().handle_async_request(request)
        await anyio.sleep(0.03)
        return response


@pytest.fixture
def fake() -> AfternoonFake:
    made = AfternoonFake()
    _ = made.add_plan("phone", PHONE)
    return made


def over(fake: Fake) -> dict[str, Any]:
    """The settings of a client that takes *fake* for a real server."""
    return {"api_key": fake.api_key, "transport": Slow(fake_transport(fake).handler)}


class TestTwoAtOnce:
    @EVERY
    @pytest.mark.parametrize("journal", [True, False])
    def test_in_two_threads_make_one_customer(
        self, fake: AfternoonFake, operation: str, tmp_path: Path, *, journal: bool
    ) -> None:
        made: list[str] = []

        def sign_up() -> None:
            path = tmp_path / "journal.db" if journal else None
            with Client(Afternoon, **over(fake), journal=path) as billing:  # each has its own
                made.append(customer_of(sign_up_with(billing, operation)))

        threads = [threading.Thread(target=sign_up) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert made == list(fake.customers) * 3
        assert len(fake.customers) == 1
        assert not list(tmp_path.glob("*.lock"))

    @EVERY
    def test_in_two_tasks_make_one_customer(self, fake: AfternoonFake, operation: str) -> None:
        async def sign_up(billing: AsyncClient) -> None:
            _ = await sign_up_with(billing, operation)

        async def run() -> None:
            async with (
                AsyncClient(Afternoon, **over(fake)) as billing,
                anyio.create_task_group() as group,
            ):
                for _ in range(3):
                    _ = group.start_soon(sign_up, billing)

        anyio.run(run)
        assert len(fake.customers) == 1

    def test_in_a_sandbox_make_one_customer_and_its_clock_stays(self, fake: AfternoonFake) -> None:
        began = fake.clock.now()
        billing = Client(Afternoon, sandbox=fake)
        calls = [{"plan": "phone", "customer": ANNA}] * 3
        threads = [
            threading.Thread(target=billing.create_signup_link, kwargs=call) for call in calls
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fake.customers) == 1
        assert fake.clock.now() == began

    def test_of_two_people_do_not_wait_for_each_other(self, fake: AfternoonFake) -> None:
        """Ben's sign-up begins and ends while Anna's waits for an answer."""
        ben = ANNA.model_copy(update={"external_id": "user-2"})
        billing = Client(Afternoon, api_key=fake.api_key, transport=fake_transport(fake))

        def answer(request: httpx.Request) -> httpx.Response:
            if not fake.subscriptions:
                _ = billing.with_options(deadline=0.05).subscribe(plan="phone", customer=ben)
            return httpx.Response(503, request=request)

        anna = Client(
            Afternoon, api_key=fake.api_key, transport=httpx.MockTransport(answer), attempts=1
        )
        with pytest.raises(Exception, match="503"):
            _ = anna.subscribe(plan="phone", customer=ANNA)
        assert [customer["external_id"] for customer in fake.customers.values()] == ["user-2"]

    @pytest.mark.slow
    def test_in_two_processes_with_one_journal_wait_for_each_other(
        self, connect: Connect, fake: AfternoonFake, tmp_path: Path
    ) -> None:
        journal = tmp_path / "journal.db"
        program = f"""
            import sys
            import httpx
            from subhub import Client, CustomerDraft

            def answer(request):
                print("searching", flush=True)
                sys.stdin.readline()
                return httpx.Response(400, json={{}})

            Client(
                "afternoon", api_key={fake.api_key!r}, transport=httpx.MockTransport(answer),
                journal={str(journal)!r},
            ).subscribe(plan="phone", customer=CustomerDraft(
                name="Anna", email="anna@example.com", external_id="user-1"))
        """
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as other:
            assert other.stdin
            assert other.stdout
            assert other.stdout.readline() == "searching\n"
            billing = connect(Afternoon, **over(fake), journal=journal, deadline=0.05)
            with pytest.raises(NotSent, match="another call for the same customer"):
                _ = billing.subscribe(plan="phone", customer=ANNA)
            assert not fake.exchanges
            _ = other.stdin.write("\n")
            other.stdin.close()
            _ = other.wait(20)
        billing = connect(Afternoon, **over(fake), journal=journal)
        assert billing.subscribe(plan="phone", customer=ANNA).customer_id


class TestACustomerWhoExists:
    def test_is_found_first(self, connect: Connect, fake: AfternoonFake) -> None:
        billing = connect(Afternoon, sandbox=fake)
        known = billing.create_customer(ANNA)
        assert billing.subscribe(plan="phone", customer=ANNA).customer_id == known.id
        assert billing.create_signup_link(plan="phone", customer=ANNA).customer_id == known.id
        assert billing.create_customer(ANNA) == known
        assert len(fake.customers) == 1

    def test_is_used_unchanged(self, connect: Connect, fake: AfternoonFake) -> None:
        billing = connect(Afternoon, **over(fake))
        known = billing.create_customer(ANNA)
        renamed = ANNA.model_copy(update={"name": "Anna B", "email": "b@example.com"})
        options = {"afternoon": {"url": "https://example.com"}}
        assert billing.create_customer(renamed, provider_options=options) == known
        assert billing.get_customer(known.id) == known

    def test_is_found_at_every_provider_that_keeps_the_id(self, connect: Connect) -> None:
        fake = MollieFake()
        billing = connect(Mollie, **over(fake))
        known = billing.create_customer(ANNA)
        assert billing.create_customer(ANNA) == known
        assert len(fake.customers) == 1

    def test_is_refused_unsent_where_no_id_is_kept(self, connect: Connect) -> None:
        """`needs = ["find_customer:external_id"]` says so of the account, before any call."""
        fake = MijnKlantportaalFake()
        plan = fake.add_plan("phone", PHONE)
        billing = connect(MijnKlantportaal, **over(fake))
        draft = COMPANY.model_copy(update={"external_id": "user-1"})
        calls: list[Callable[[], Any]] = [
            lambda: billing.create_customer(draft),
            lambda: billing.subscribe(plan=plan, customer=draft),
            lambda: billing.create_signup_link(plan=plan, customer=draft),
        ]
        for call in calls:
            with pytest.raises(InvalidRequest, match="your own id cannot be stored") as caught:
                call()
            assert set(caught.value.fields) == {"external_id"}
        assert not fake.exchanges
        assert not billing.supports("find_customer:external_id")

    @EVERY
    def test_is_chosen_by_the_application_where_several_fit(
        self, connect: Connect, fake: AfternoonFake, operation: str
    ) -> None:
        billing = connect(Afternoon, **over(fake))
        twins = [billing.call(Afternoon.create_customer, ANNA) for _ in range(2)]
        with pytest.raises(Ambiguous) as caught:
            _ = sign_up_with(billing, operation)
        assert caught.value.candidates == tuple(twins)
        assert "give its id: `customer=error.candidates[0].id`" in str(caught.value)
        assert caught.value.operation == operation
        chosen: Any = caught.value.candidates[0]
        sold = billing.subscribe(plan="phone", customer=chosen.id)
        assert sold.customer_id == twins[0].id
        assert len(fake.customers) == 2

    @EVERY
    def test_may_have_an_id_that_was_written_differently(self, operation: str) -> None:
        listed = {"success": True, "customers": [{"id": "c12345678", "external_id": "user-1 "}]}
        draft = ANNA.model_copy(update={"external_id": "User-1"})
        with scripted("afternoon", reply(200, listed)) as box, pytest.raises(Ambiguous) as caught:
            _ = sign_up_with(box.client, operation, draft)
        assert [found.id for found in caught.value.candidates if isinstance(found, Customer)] == [
            "c12345678"
        ]

    def test_is_not_looked_for_at_a_provider_that_cannot_search(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(Unsearchable, sandbox=fake)
        for _ in range(2):
            _ = billing.subscribe(plan="phone", customer=ANNA)
        assert len(fake.customers) == 2

    def test_is_not_looked_for_where_the_terms_are_refused(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(Afternoon, sandbox=fake)
        with pytest.raises(InvalidRequest):
            _ = billing.subscribe(plan="phone 1", customer=ANNA)
        draft = ANNA.model_copy(update={"external_id": "x" * 300})
        for operation in ("subscribe", "create_signup_link", "create_customer"):
            with pytest.raises(InvalidRequest) as caught:
                _ = sign_up_with(billing, operation, draft)
            assert caught.value.provider == "afternoon"
        with pytest.raises(InvalidRequest):
            _ = billing.create_signup_link(plan="phone 1", customer=ANNA)
        assert not fake.exchanges

    def test_is_not_looked_for_where_no_link_can_be_for_them(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(NewOnly, sandbox=fake)
        for _ in range(2):
            _ = billing.create_signup_link(plan="phone", customer=ANNA)
        assert len(fake.customers) == 2

    def test_is_not_in_the_error_of_a_link_that_fails(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(Afternoon, sandbox=fake)
        _ = billing.create_customer(ANNA)
        with pytest.raises(NotFound) as caught:
            _ = billing.create_signup_link(plan="no_such_plan", customer=ANNA)
        assert caught.value.completed == ()

    def test_is_found_in_a_dry_run(self, connect: Connect, fake: AfternoonFake) -> None:
        billing = connect(Afternoon, sandbox=fake, dry_run=True)
        with pytest.raises(WouldSend, match="/v1/customers"):
            _ = billing.subscribe(plan="phone", customer=ANNA)

    @pytest.mark.parametrize("created", [True, False], ids=["by the job", "before"])
    def test_is_the_one_of_the_first_run_in_a_job_that_is_resumed(
        self, fake: AfternoonFake, tmp_path: Path, *, created: bool
    ) -> None:
        """The first run ends between the two steps; the second one continues with the customer."""
        if not created:
            _ = Client(Afternoon, sandbox=fake).create_customer(ANNA)
        fake.faults.next("server_error", method="POST", path="/v1/subscriptions")
        outcomes: list[Any] = []
        for _ in range(2):
            with Client(Afternoon, sandbox=fake, journal=tmp_path / "journal.db") as billing:

                def sell(draft: CustomerDraft, billing: Client = billing) -> Any:
                    return billing.subscribe(plan="phone", customer=draft)

                with billing.bulk(sell, [ANNA], job="move", key=lambda _: "anna") as results:
                    outcomes += results
        assert [result.error is None for result in outcomes] == [False, True]
        assert (len(fake.customers), len(fake.subscriptions)) == (1, 1)


class World:
    """A sandbox of a provider with a customer and a plan."""

    def __init__(self, fake: Fake, client: Any) -> None:
        self.fake = fake
        self.client = client
        self.plan = fake.add_plan("phone", PHONE)
        self.customer = client.create_customer(COMPANY if client.provider != "afternoon" else ANNA)

    def subscribe(self, customer: Any = None) -> Any:
        return self.client.subscribe(
            plan=self.plan, customer=customer or self.customer.id, unless_active=True
        )

    @property
    def subscriptions(self) -> list[Any]:
        return list(self.client.list_subscriptions())


@pytest.fixture(params=[(MijnKlantportaal, MijnKlantportaalFake), (Afternoon, AfternoonFake)])
def world(request: pytest.FixtureRequest, connect: Connect) -> World:
    provider, kind = request.param
    fake = kind()
    return World(fake, connect(provider, sandbox=fake))


class TestUnlessActive:
    def test_returns_the_running_subscription(self, world: World) -> None:
        first = world.subscribe()
        assert world.subscribe() == first
        assert len(world.subscriptions) == 1

    def test_does_not_count_what_is_over_or_another_customers(self, world: World) -> None:
        first = world.subscribe()
        _ = world.client.cancel_subscription(first.id, when="now")
        draft = COMPANY if world.client.provider != "afternoon" else ANNA
        other = world.client.create_customer(draft.model_copy(update={"external_id": None}))
        _ = world.client.subscribe(plan=world.plan, customer=other.id)
        second = world.subscribe()
        assert second.id != first.id
        assert len(world.subscriptions) == 3

    def test_is_ambiguous_about_several_and_about_an_unknown_status(self, world: World) -> None:
        first = world.subscribe()
        world.fake.faults.next("unknown_status", method="GET")
        with pytest.raises(Ambiguous, match="status_of_tomorrow") as caught:
            _ = world.subscribe()
        unclear: Any = caught.value.candidates
        assert [found.status for found in unclear] == [Status.UNKNOWN]
        second = world.client.subscribe(plan=world.plan, customer=world.customer.id)
        with pytest.raises(Ambiguous) as caught:
            _ = world.subscribe()
        several: Any = caught.value.candidates
        assert {found.id for found in several} == {first.id, second.id}
        assert len(world.subscriptions) == 2

    def test_refuses_wrong_terms_before_it_looks(self, world: World) -> None:
        seen = len(world.fake.exchanges)
        with pytest.raises((InvalidRequest, Unsupported)):
            _ = world.client.subscribe(
                plan=world.plan,
                customer=world.customer.id,
                unless_active=True,
                provider_options={world.client.provider: {"billing_anchor_day": 99}},
            )
        assert len(world.fake.exchanges) == seen

    def test_can_be_resolved_as_any_other_change(self, world: World) -> None:
        world.fake.faults.next(Fault("dropped", after=True), method="POST")
        with pytest.raises(OutcomeUnknown) as lost:
            _ = world.subscribe()
        assert world.client.resolve(lost.value.token).outcome != "not_done"
        assert len(world.subscriptions) == 1
        assert world.subscribe().id == world.subscriptions[0].id

    def test_of_a_customer_with_an_external_id_finds_both(
        self, connect: Connect, fake: AfternoonFake
    ) -> None:
        billing = connect(Afternoon, sandbox=fake)
        first, second = (
            billing.subscribe(plan="phone", customer=ANNA, unless_active=True) for _ in range(2)
        )
        assert second == first
        assert (len(fake.customers), len(fake.subscriptions)) == (1, 1)

    def test_of_two_calls_at_once_one_subscribes(self) -> None:
        fake = AfternoonFake()
        plan = fake.add_plan("phone", PHONE)
        customer = Client(Afternoon, sandbox=fake).create_customer(ANNA).id
        billing = Client(Afternoon, **over(fake))
        terms: dict[str, Any] = {"plan": plan, "customer": customer, "unless_active": True}
        threads = [threading.Thread(target=billing.subscribe, kwargs=terms) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(fake.subscriptions) == 1
