"""The recipes of docs/webhooks.md receive calls over sockets, from a provider with a key.

The frameworks but Starlette are in the group `frameworks`; without one, its recipe is not tested.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest

from subhub import Client, Event, Interval, Money, Plan, PlanDraft, RateLimit
from tests.capture import Capture, capturing
from tests.events.hooked import HOOK, Hooked, Subscriptions, running
from tests.webhooks.shop import STRIPE

PAGE = (Path(__file__).parents[1] / "docs" / "webhooks.md").read_text("utf-8")
SHARED, STARLETTE, DJANGO, FLASK = re.findall(r"^```py\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
FREE = RateLimit(1_000_000, per=1.0)


class Application(dict[str, Any]):
    """What the recipes have defined, with a client of a served provider, and a store."""

    def __init__(self, capture: Capture, secrets: list[str], journal: Path | None = None) -> None:
        self.billing = Client(
            Hooked,
            api_key="test_1",
            base_url=f"{capture.url}/v1",
            webhook_secrets=secrets,
            journal=journal,
            rate_limit=FREE,
        )
        self.stored: dict[str, str] = {}
        super().__init__(save=self.save, __name__=__name__)
        self.run(SHARED.replace("Client.from_config()", "given"), given=self.billing)

    def save(self, object_id: str, found: Any) -> None:
        self.stored[object_id] = found if isinstance(found, str) else str(found.status)

    def run(self, block: str, **given: Any) -> None:
        self.update(given)
        exec(compile(block, "docs/webhooks.md", "exec"), self)  # noqa: S102 - it is ours


def call(name: str, status: str, key: str = "evt_1") -> bytes:
    return json.dumps({"id": key, "data": {"id": name, "status": status}}).encode()


def signed(body: bytes, secret: str = HOOK) -> dict[str, str]:
    return STRIPE.sign(body, secret, at=dt.datetime.now(dt.UTC))


# One recipe each ----------------------------------------------------------------------------------


def asgi(app: Any) -> Any:
    return running(app)


@contextmanager
def wsgi(app: Any) -> Generator[str]:
    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
            """Print nothing."""

    with make_server("127.0.0.1", 0, app, WSGIServer, Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def starlette(application: Application) -> Any:
    application.run(STARLETTE)
    return asgi(application["app"])


def fastapi(application: Application) -> Any:
    made = pytest.importorskip("fastapi")
    application.run(STARLETTE)
    return asgi(made.FastAPI(routes=application["app"].routes))


def flask(application: Application) -> Any:
    _ = pytest.importorskip("flask")
    application.run(FLASK)
    return wsgi(application["app"])


def django(application: Application) -> Any:
    django = pytest.importorskip("django")
    conf: Any = import_module("django.conf")
    if not conf.settings.configured:
        conf.settings.configure(ALLOWED_HOSTS=["127.0.0.1"], ROOT_URLCONF="", USE_TZ=True)
        django.setup()
    application.run(DJANGO)
    urls: Any = ModuleType("urls")
    urls.urlpatterns = application["urlpatterns"]
    conf.settings.ROOT_URLCONF = urls
    handlers: Any = import_module("django.core.handlers.wsgi")
    return wsgi(handlers.WSGIHandler())


FRAMEWORKS = [starlette, fastapi, django, flask]


@pytest.fixture
def capture() -> Iterator[tuple[Capture, Subscriptions]]:
    subscriptions = Subscriptions(3)
    with capturing(subscriptions.answer) as found:
        yield found, subscriptions


@pytest.fixture
def closing() -> Iterator[list[Application]]:
    """Close the clients of the applications that are put in here."""
    opened: list[Application] = []
    yield opened
    for application in opened:
        application.billing.close()


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_recipe_stores_what_the_provider_says(
    capture: tuple[Capture, Subscriptions],
    framework: Callable[[Application], Any],
    closing: list[Application],
) -> None:
    served, subscriptions = capture
    application = Application(served, [HOOK])
    closing.append(application)
    with framework(application) as url, httpx.Client(base_url=url) as provider:
        subscriptions.status["sub_1"] = "past_due"
        body = call("sub_1", "canceled")  # it is late: the provider says otherwise by now
        assert provider.post("/hooks/x", content=body, headers=signed(body)).status_code == 204
        body = call("sub_gone", "active")
        assert provider.post("/hooks/x", content=body, headers=signed(body)).status_code == 204

    assert application.stored == {"sub_1": "past_due", "sub_gone": "deleted"}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_recipe_answers_bad_calls_with_their_status(
    capture: tuple[Capture, Subscriptions],
    framework: Callable[[Application], Any],
    closing: list[Application],
) -> None:
    application = Application(capture[0], [HOOK])
    closing.append(application)
    good, broken = call("sub_1", "active"), b'{"id": "\xff"}'
    long = call("sub_1", "x" * 1_000_000)
    late = STRIPE.sign(good, HOOK, at=dt.datetime.now(dt.UTC) - dt.timedelta(seconds=400))
    soon = STRIPE.sign(good, HOOK, at=dt.datetime.now(dt.UTC) + dt.timedelta(seconds=400))
    with framework(application) as url, httpx.Client(base_url=url) as provider:

        def status(body: bytes, headers: dict[str, str], method: str = "POST") -> int:
            return provider.request(method, "/hooks/x", content=body, headers=headers).status_code

        assert status(good, {}) == 400
        assert status(good, {"Stripe-Signature": "t=1,v1"}) == 400
        assert status(good, signed(good, "another account's secret")) == 401
        assert status(good + b" ", signed(good)) == 401
        assert status(good, late) == status(good, soon) == 401
        assert status(broken, signed(broken)) == 400
        assert status(long, signed(long)) == 400
        assert status(b"[]", signed(b"[]")) == 500  # the plugin cannot read it: it comes again
        assert status(good, signed(good), "GET") == 405
        assert application.stored == {}
        assert status(good, signed(good)) == 204
    assert application.stored == {"sub_1": "active"}


def test_without_secrets_a_recipe_answers_500(
    capture: tuple[Capture, Subscriptions], closing: list[Application]
) -> None:
    application = Application(capture[0], [])
    closing.append(application)
    with starlette(application) as url, httpx.Client(base_url=url) as provider:
        body = call("sub_1", "active")
        assert provider.post("/hooks/x", content=body, headers=signed(body)).status_code == 500


# A storm ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sent:
    """A delivery that is due at a moment."""

    due: float
    body: bytes


def deliveries(
    subscriptions: Subscriptions, events: int, chance: random.Random
) -> Iterator[list[Sent]]:
    """Change a subscription for each event; yield its deliveries: late, repeated, or none."""
    names = [*subscriptions.status]
    for number in range(events):
        name = chance.choice(names)
        status = chance.choice(["active", "past_due", "paused", "canceled"])
        subscriptions.status[name] = status
        body = call(name, status, f"evt_{number}")
        times = 0 if chance.random() < 0.05 else chance.randint(1, 3)
        yield [Sent(number + chance.expovariate(1 / 40), body) for _ in range(times)]


@pytest.mark.parametrize(
    ("events", "count"),
    [
        pytest.param(120, 24, id="breeze"),
        pytest.param(2_000, 400, id="storm", marks=pytest.mark.slow),
    ],
)
def test_no_subscription_is_wrong_at_the_end_and_what_calls_say_is(
    tmp_path: Path, events: int, count: int
) -> None:
    chance = random.Random(14)  # noqa: S311 - a run can be repeated
    subscriptions = Subscriptions(count)
    trusted = dict(subscriptions.status)
    with capturing(subscriptions.answer) as capture:
        application = Application(capture, [HOOK], tmp_path / "journal.db")
        application.stored.update(subscriptions.status)
        handle: Callable[[Event], None] = application["handle"]

        touched: set[str] = set()

        def trusting(event: Event) -> None:
            touched.add(event.object_id or "")
            if event.raw.get("data"):
                trusted[event.raw["data"]["id"]] = event.raw["data"]["status"]
            handle(event)
            gift = f"gift for {event.key}"
            _ = application.billing.once("hooks", event.key, lambda billing: give(billing, gift))

        application["handle"] = trusting
        token = compared(application.billing, None, touched, trusting)
        waiting: list[Sent] = []
        sent: set[bytes] = set()
        with (
            starlette(application) as url,
            httpx.Client(base_url=url) as provider,
            ThreadPoolExecutor(4) as senders,
        ):

            def deliver(delivery: Sent) -> None:
                status = 0
                while status != 204:  # another thread has the same event: it is sent again
                    with suppress(httpx.TransportError):  # uvicorn closes after a 500
                        status = provider.post(
                            "/hooks/x", content=delivery.body, headers=signed(delivery.body)
                        ).status_code

            for number, new in enumerate(deliveries(subscriptions, events, chance)):
                waiting += new
                due = [each for each in waiting if each.due <= number]
                waiting = [each for each in waiting if each.due > number]
                sent |= {each.body for each in due}
                chance.shuffle(due)
                _ = list(senders.map(deliver, due))
                if number % (events // 4) == events // 4 - 1:
                    token = compared(application.billing, token, touched, trusting)
            sent |= {each.body for each in waiting}
            _ = list(senders.map(deliver, waiting))
        _ = compared(application.billing, token, touched, trusting)
        application.billing.close()

    wrong = [name for name, status in subscriptions.status.items() if trusted[name] != status]
    assert application.stored == subscriptions.status
    assert len(wrong) > 1
    given = Counter(subscriptions.gifts)
    assert {*given.values()} == {1}
    assert {json.loads(body)["id"] for body in sent} <= {gift.split()[-1] for gift in given}


def give(billing: Client, gift: str) -> Plan:
    """Create something at the provider that must be there once."""
    return billing.create_plan(
        PlanDraft(name=gift, price=Money("1", "EUR"), interval=Interval(1, "month"))
    )


def compared(
    billing: Client, token: str | None, touched: set[str], handle: Callable[[Event], None]
) -> str:
    """Handle the events since a token, as every night."""
    changes = billing.changes(since=token, about="subscription", recheck=[*touched])
    for event in changes:
        handle(event)
    touched.clear()
    return changes.token
