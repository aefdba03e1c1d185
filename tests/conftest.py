"""Fixtures for every test: a caller for both clients, a toy provider, a desk that answers it."""

from __future__ import annotations

import datetime as dt
import inspect
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from subhub import AsyncClient, Client, InvalidRequest
from subhub.models import (
    Customer,
    CustomerDraft,
    CustomerUpdate,
    DeletedCustomer,
    Interval,
    Invoice,
    InvoicePdf,
    Money,
    PaymentMethod,
    Plan,
    PlanDraft,
    PlanUpdate,
    PortalLink,
    Refund,
    SetupLink,
    Signup,
    SignupLink,
    Subscription,
    SubscriptionChange,
    SubscriptionUpdate,
    When,
)
from subhub.plugin import (
    Core,
    Evidence,
    Flow,
    Page,
    Provider,
    Records,
    SignupMatch,
    Wire,
    delete,
    done,
    get,
    judge_signup,
    patch,
    path,
    post,
)
from subhub.plugin.operations import NEUTRAL
from subhub.sandbox import Fake, Received, Refusal, Reply, route


def pytest_configure(config: pytest.Config) -> None:
    """Start the programs of tests fast (untraced, compiled modules kept) and open to Ctrl-C."""
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):
        _ = os.environ.pop("COVERAGE_PROCESS_CONFIG", None)  # workers of xdist need it once
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs behind
        _ = signal.signal(signal.SIGINT, signal.default_int_handler)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None) and config.cache:
        os.environ["PYTHONPYCACHEPREFIX"] = str(config.cache.mkdir("compiled"))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run in one process what starts sooner so (named files), or writes a file (recordings)."""
    named = all(Path(arg.partition("::")[0]).is_file() for arg in config.args)
    writes = config.getoption("--record-sandbox") or config.getoption("--subhub-report")
    return 0 if named or writes else None


class Caller:
    """Calls a client of either kind, and waits: lists come back as lists, awaitables as results."""

    def __init__(self, client: Client | AsyncClient) -> None:
        self.client = client

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.client, name)
        return partial(self._wait, found) if callable(found) else found

    def _wait(self, operation: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result: Any = operation(*args, **kwargs)
        if inspect.isawaitable(result):
            return anyio.run(_awaited, result)
        if hasattr(result, "__anext__"):
            return anyio.run(_listed, result)
        return list(result) if hasattr(result, "__next__") else result


async def _awaited(result: Any) -> Any:
    return await result


async def _listed(result: Any) -> list[Any]:
    return [item async for item in result]


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "async"])
def connect(request: pytest.FixtureRequest) -> Iterator[Callable[..., Any]]:
    """Make a caller on a client of each kind, with the client's own arguments."""
    made: list[Caller] = []

    def make(*args: Any, **settings: Any) -> Caller:
        made.append(Caller(request.param(*args, **settings)))
        return made[-1]

    yield make
    for caller in made:
        _ = caller.close()


class Thing(Wire):
    """Whatever the toy provider answers with."""

    id: str
    name: str | None = None
    status: Core[str | None] = None
    customer: str | None = None
    url: str = "https://toy.test/pay"

    def to_plan(self) -> Plan:
        return Plan(provider="toy", id=self.id, name=self.name, raw=self.raw)

    def to_customer(self) -> Customer:
        return Customer(provider="toy", id=self.id, name=self.name, raw=self.raw)

    def to_payment_method(self, customer: str) -> PaymentMethod:
        return PaymentMethod(
            provider="toy",
            id=self.id,
            customer_id=customer,
            kind=self.name,
            raw_status=self.status,
            raw=self.raw,
        )

    def to_invoice(self, subscription: str | None = None) -> Invoice:
        return Invoice(
            provider="toy",
            id=self.id,
            customer_id=self.customer,
            subscription_id=subscription,
            raw=self.raw,
        )

    def to_subscription(self) -> Subscription:
        terms: dict[str, Any] = {"status": self.status} if self.status else {}
        return Subscription(
            provider="toy",
            id=self.id,
            customer_id=self.customer,
            raw=self.raw,
            raw_status="there",
            **terms,
        )


class Things(Wire):
    """A page of things."""

    items: Records[Thing]
    next: Core[str | None] = None


class Toy(Provider):
    """A provider that can do everything, one request each."""

    name = "toy"
    base_url = "https://toy.test/v1"
    timezone = "Europe/Amsterdam"
    key_prefixes = {"live": "live_", "test": "test_"}  # noqa: RUF012 - a ClassVar of Provider
    id_prefixes = {"plan": "pln_", "customer": "cst_", "subscription": "sub_"}  # noqa: RUF012
    evidence = dict.fromkeys(
        (*NEUTRAL, "ping", "events"), Evidence("docs", "https://toy.test/docs")
    )

    @classmethod
    def sandbox(cls) -> ToyFake:
        return ToyFake()

    def create_plan(self, draft: PlanDraft, *, colour: str | None = None) -> Flow[Plan]:
        body = {"name": draft.name, **({"colour": colour} if colour else {})}
        return (yield from post("/plans/", Thing, body)).to_plan()

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        return (yield from get(path("/plans/{}", plan_id), Thing)).to_plan()

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        page = yield from get("/plans", Things, {"after": cursor} if cursor else {})
        return page.items.page(Thing.to_plan, page.next)

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        body = {"fields": sorted(changes.changes())}
        return (yield from patch(path("/plans/{}", plan_id), Thing, body)).to_plan()

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        return (yield from post("/customers", Thing, {"name": draft.name})).to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        return (yield from get(path("/customers/{}", customer_id), Thing)).to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        page = yield from get("/customers", Things, {"after": cursor} if cursor else {})
        return page.items.page(Thing.to_customer, page.next)

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        page = yield from get("/customers", Things, {"q": external_id or email or ""})
        found = page.items.page(Thing.to_customer, None).items
        return found[0] if found else None

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        body = {"fields": sorted(changes.changes())}
        return (yield from patch(path("/customers/{}", customer_id), Thing, body)).to_customer()

    def delete_customer(self, customer_id: str) -> Flow[DeletedCustomer]:
        gone = yield from delete(path("/customers/{}", customer_id), Thing)
        return DeletedCustomer(provider=self.name, id=gone.id, raw=gone.raw)

    def create_signup_link(
        self,
        *,
        plan: str,
        customer: str | CustomerDraft,
        return_url: str | None = None,
        back_url: str | None = None,
        replaces: str | None = None,
        when: When | None = None,
        refund: Refund | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[SignupLink]:
        who = customer if isinstance(customer, str) else customer.name
        asked = {"plan": plan, "who": who, "return": return_url, "back": back_url}
        body: dict[str, Any] = {**asked, "replaces": replaces, "when": when, "refund": refund}
        body |= {} if trial_days is None else {"trial": trial_days}
        body |= {} if quantity is None else {"quantity": quantity}
        link = yield from post("/links", Thing, body)
        return SignupLink(provider="toy", id=link.id, url=link.url, raw=link.raw)

    def follow_signup_link(
        self, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        query = {"link": link.id, **({"known": " ".join(known)} if known else {})}
        page = yield from get("/subscriptions", Things, query)
        found = page.items.page(Thing.to_subscription, None).items
        matches = [SignupMatch(one, "same") for one in found]
        return judge_signup(link, matches, known=known)

    def create_setup_link(
        self, *, customer: str, return_url: str | None = None, back_url: str | None = None
    ) -> Flow[SetupLink]:
        body = {"who": customer, "return": return_url, "back": back_url}
        link = yield from post("/setups", Thing, body)
        return SetupLink(
            provider="toy", id=link.id, url=link.url, customer_id=link.customer, raw=link.raw
        )

    def create_portal_link(
        self, *, customer: str, return_url: str | None = None
    ) -> Flow[PortalLink]:
        link = yield from post("/portals", Thing, {"who": customer, "return": return_url})
        return PortalLink(
            provider="toy", id=link.id, url=link.url, customer_id=link.customer, raw=link.raw
        )

    def payment_methods(
        self, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        place = path("/customers/{}/methods", customer)
        page = yield from get(place, Things, {"after": cursor} if cursor else {})
        return page.items.page(lambda thing: thing.to_payment_method(customer), page.next)

    def subscribe(
        self,
        *,
        plan: str | PlanDraft,
        customer: str,
        now: dt.datetime,
        starts_on: dt.date | None = None,
        payment_method: str | None = None,
        trial_days: int | None = None,
        quantity: int | None = None,
    ) -> Flow[Subscription]:
        body: dict[str, Any] = {
            "plan": plan if isinstance(plan, str) else plan.name,
            "customer": customer,
            "starts": (starts_on or now.date()).isoformat(),
            "method": payment_method,
        }
        body |= {} if trial_days is None else {"trial": trial_days}
        body |= {} if quantity is None else {"quantity": quantity}
        return (yield from post("/subscriptions", Thing, body)).to_subscription()

    def get_subscription(self, subscription_id: str) -> Flow[Subscription]:
        return (yield from get(path("/subscriptions/{}", subscription_id), Thing)).to_subscription()

    def list_subscriptions(
        self, cursor: str | None = None, *, customer: str | None = None
    ) -> Flow[Page[Subscription]]:
        asked = {"after": cursor, "customer": customer}
        query = {key: value for key, value in asked.items() if value}
        page = yield from get("/subscriptions", Things, query)
        return page.items.page(Thing.to_subscription, page.next)

    def change_subscription(
        self,
        subscription_id: str,
        *,
        plan: str,
        when: When,
        refund: Refund,
        now: dt.datetime,
        quantity: int | None = None,
    ) -> Flow[SubscriptionChange]:
        body: dict[str, Any] = {"plan": plan, "when": when, "refund": refund}
        body |= {"on": now.date().isoformat()}
        body |= {} if quantity is None else {"quantity": quantity}
        new = yield from patch(path("/subscriptions/{}", subscription_id), Thing, body)
        return SubscriptionChange(
            provider=self.name, old=new.to_subscription(), new=new.to_subscription()
        )

    def update_subscription(
        self, subscription_id: str, changes: SubscriptionUpdate
    ) -> Flow[Subscription]:
        body = {"fields": sorted(changes.changes())}
        changed = yield from patch(path("/subscriptions/{}", subscription_id), Thing, body)
        return changed.to_subscription()

    def cancel_subscription(
        self, subscription_id: str, *, when: When, refund: Refund, now: dt.datetime
    ) -> Flow[Subscription]:
        body = {"when": when, "refund": refund, "on": now.date().isoformat()}
        address = path("/subscriptions/{}/cancel", subscription_id)
        return (yield from post(address, Thing, body)).to_subscription()

    def uncancel_subscription(self, subscription_id: str) -> Flow[Subscription]:
        address = path("/subscriptions/{}/uncancel", subscription_id)
        return (yield from post(address, Thing)).to_subscription()

    def pause_subscription(self, subscription_id: str) -> Flow[Subscription]:
        address = path("/subscriptions/{}/pause", subscription_id)
        return (yield from post(address, Thing)).to_subscription()

    def resume_subscription(self, subscription_id: str) -> Flow[Subscription]:
        address = path("/subscriptions/{}/resume", subscription_id)
        return (yield from post(address, Thing)).to_subscription()

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
        colour: str | None = None,
    ) -> Flow[Page[Invoice]]:
        asked = {"after": cursor, "customer": customer, "of": subscription, "colour": colour}
        query = {key: value for key, value in asked.items() if value}
        page = yield from get("/invoices", Things, query)
        return page.items.page(lambda thing: thing.to_invoice(subscription), page.next)

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        return (yield from get(path("/invoices/{}", invoice_id), Thing)).to_invoice()

    def get_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        pdf = yield from get(path("/invoices/{}/pdf", invoice_id), Thing)
        return InvoicePdf(provider="toy", id=pdf.id, url=pdf.url, raw=pdf.raw)

    def ping(self, times: int) -> Flow[int]:
        return done(times + 1)

    def list_events(self, cursor: str | None, *, kind: str = "all") -> Flow[Page[Plan]]:
        query = {"kind": kind, **({"after": cursor} if cursor else {})}
        page = yield from get("/events", Things, query)
        return page.items.page(Thing.to_plan, page.next)


class ToyFake(Fake):
    """The toy provider's fake; it knows plans only."""

    prefix = "/v1"
    api_key = "test_sandbox_key"

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.plans: dict[str, str] = {}
        self.refused = ""

    @route("POST", "/plans/")
    def post_plan(self, received: Received) -> Reply:
        name = self.body(received)["name"]
        plan_id = f"pln_{self.ids.text(6)}"
        self.plans[plan_id] = name
        return Reply.json(201, {"id": plan_id, "name": name})

    @route("GET", "/plans/{}")
    def read_plan(self, received: Received, plan_id: str) -> Reply:
        del received
        if plan_id not in self.plans:
            raise Refusal(self.not_found())
        return Reply.json(200, {"id": plan_id, "name": self.plans[plan_id]})

    @route("GET", "/plans/newest")
    def read_newest(self, received: Received) -> Reply:
        del received
        return Reply.json(200, {"id": "pln_newest"})

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        if self.refused:
            raise InvalidRequest(self.refused)
        plan_id = f"pln_{key}"
        self.plans[plan_id] = draft.name
        return plan_id

    def pay(self, url: str) -> None:
        raise LookupError(url)

    def authenticate(self, received: Received) -> None:
        if received.headers.get("authorization") != f"Bearer {self.api_key}":
            raise Refusal(Reply.json(401, {"message": "who are you?"}))

    def not_found(self) -> Reply:
        return Reply.json(404, {"message": "nothing here", "code": "missing"})

    def malformed(self, problem: str) -> Reply:
        return Reply.json(422, {"message": problem})

    def limits(self) -> Mapping[str, str]:
        return {"x-remaining": "59"}


class Desk:
    """Answers requests with what was queued, in order, and keeps what was asked."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []
        self.transport = httpx.MockTransport(self._serve)
        self._waiting: list[httpx.Response | Exception] = []

    def answer(
        self, status: int, body: object = None, headers: Mapping[str, str] | None = None
    ) -> None:
        """Queue an answer; *body* becomes JSON, unless it is bytes."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._waiting.append(httpx.Response(status, headers=headers, content=content))

    def fail(self, error: Exception) -> None:
        """Queue an error of the transport's."""
        self._waiting.append(error)

    @property
    def asked(self) -> list[str]:
        """The requests so far: method and address below the host."""
        return [f"{each.method} {each.url.raw_path.decode()}" for each in self.sent]

    def _serve(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        assert self._waiting, f"nobody expected {request.method} {request.url}"
        answer = self._waiting.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def toy() -> type[Toy]:
    """The provider that can do everything."""
    return Toy


@pytest.fixture
def desk() -> Desk:
    """Answers the toy provider's requests, when they were queued."""
    return Desk()


@pytest.fixture
def billing(connect: Callable[..., Caller], desk: Desk) -> Caller:
    """A client, of each kind, of the toy provider, answered at the desk."""
    return connect(Toy, api_key="test_0123456789", transport=desk.transport, attempts=1)


@pytest.fixture(params=["sync", "asyncio", "trio"])
def using(request: pytest.FixtureRequest, toy: type[Toy]) -> Callable[..., Any]:
    """Make a client, let it carry out the named calls in turn, close it; return the last result."""

    def run(url: str, *calls: tuple[Any, ...], **settings: Any) -> Any:
        given: dict[str, Any] = {"api_key": "test_0123456789", "base_url": url, "attempts": 1}
        given |= settings
        result: Any = None
        if request.param == "sync":
            with Client(toy, **given) as client:
                for name, *arguments in calls:
                    result = getattr(client, name)(*arguments)
            return result

        async def main() -> Any:
            result: Any = None
            async with AsyncClient(toy, **given) as client:
                for name, *arguments in calls:
                    result = await getattr(client, name)(*arguments)
            return result

        return anyio.run(main, backend=request.param)

    return run


@pytest.fixture
def draft() -> PlanDraft:
    """A plan to make."""
    return PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"))


@pytest.fixture
def somebody() -> CustomerDraft:
    """A customer to make."""
    return CustomerDraft(name="Test Company BV", email="john.doe@test.com")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own to work in, and no variables of anybody's."""
    for name in [each for each in os.environ if each.startswith("SUBHUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def offer(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Callable[[type[Provider]], None]:
    """Install a provider that is defined in a test, as a distribution of its own."""
    site = tmp_path_factory.mktemp("site")
    monkeypatch.setattr(sys, "path", [str(site), *sys.path])

    def install(provider: type[Provider]) -> None:
        info = site / f"subhub_{provider.name}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: subhub-{provider.name}\nVersion: 1.0\n"
        _ = (info / "METADATA").write_text(metadata)
        entry = f"{provider.name} = {provider.__module__}:{provider.__name__}"
        _ = (info / "entry_points.txt").write_text(f"[subhub.providers]\n{entry}\n")

    return install


@pytest.fixture
def growth() -> Callable[[Callable[[int], object], int], float]:
    """Return how many times longer *work* takes at four times a size: 4 if linear, 16 if squared.

    It is CPU time of this thread, the best of three, so that a busy machine changes little.
    """

    def seconds(work: Callable[[int], object], size: int) -> float:
        taken: list[float] = []
        for _ in range(3):
            begun = time.thread_time()
            _ = work(size)
            taken.append(time.thread_time() - begun)
        return min(taken)

    return lambda work, size: seconds(work, 4 * size) / seconds(work, size)
