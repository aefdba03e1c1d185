"""`changes` at the three providers, with a key and an address, and how much it takes."""

from __future__ import annotations

import datetime as dt
import json
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, RateLimit
from subhub.plugin import Provider
from subhub.sandbox import Fake
from tests.conftest import Caller
from tests.events.watched import Watched
from tests.served import Serve, serving

PHONE = PlanDraft(
    name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"), tax_rate=21
)
PROVIDERS = [MijnKlantportaal, Afternoon, Mollie]
FREE = RateLimit(1_000_000, per=1.0)
MANY = 10_000
PER_PAGE = 15


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as start:
        yield start


def drafted(name: str, email: str) -> CustomerDraft:
    address = {"address": "Teststreet 123", "postal_code": "1234AB", "city": "Amsterdam"}
    return CustomerDraft(name=name, email=email, country="NL", **address)


def sell(client: Any, fake: Fake, number: int) -> str:
    """Subscribe a new customer, and return the subscription's id."""
    draft = drafted(f"Customer {number}", f"c{number}@test.com")
    customer: str = client.create_customer(draft).id
    if isinstance(fake, MollieFake):
        _ = fake.add_mandate(customer)
    inline = client.supports("subscribe:inline_plan")
    plan = client.capabilities.sellable(PHONE) if inline else "phone"
    sold: str = client.subscribe(plan=plan, customer=customer).id
    return sold


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_happened_at_a_served_provider_is_found(
    connect: Callable[..., Caller], serve: Serve, provider: type[Provider]
) -> None:
    server = serve(provider, 14)
    if provider is Afternoon:
        _ = server.fake.add_plan("phone", PHONE)
    key = server.fake.api_key
    client = connect(provider, api_key=key, base_url=server.address, rate_limit=FREE)
    kept = [sell(client, server.fake, number) for number in range(18)]

    events, token = Watched(client).compare()
    assert events == []
    _ = client.cancel_subscription(kept[3], when="now")
    new = sell(client, server.fake, 99)
    events, later = Watched(client).compare(token)

    changes = {(event.about, event.change, event.object_id) for event in events}
    assert {("subscription", "ended", kept[3]), ("subscription", "created", new)} <= changes
    assert {change for about, change, _ in changes if about == "customer"} == {"created"}
    assert len(changes) == 3
    assert Watched(client).compare(later)[0] == []
    again = [event.key for event in Watched(client).compare(token)[0]]
    assert again == [event.key for event in events]
    ended = next(event for event in events if event.change == "ended")
    assert client.refetch(ended).subscription.id == kept[3]
    assert client.refetch(ended).subscription.status in {"canceled", "ended"}


@pytest.mark.parametrize("provider", [Afternoon, Mollie])
def test_a_deleted_customer_is_found(
    connect: Callable[..., Caller], serve: Serve, provider: type[Provider]
) -> None:
    server = serve(provider, 14)
    client = connect(provider, api_key=server.fake.api_key, base_url=server.address, attempts=1)
    customer = client.create_customer(drafted("Acme", "a@acme.com")).id
    _, token = Watched(client).compare()
    _ = client.delete_customer(customer)

    (event,) = Watched(client).compare(token)[0]

    assert (event.about, event.change, event.object_id) == ("customer", "deleted", customer)
    assert client.refetch(event).state == "deleted"


def test_lists_are_read_within_the_rate_limit() -> None:
    """In a sandbox, whose clock is advanced instead of waiting."""
    statuses: list[int | None] = []
    with Client(
        MijnKlantportaal, sandbox=True, hooks=[lambda attempt: statuses.append(attempt.status)]
    ) as client:
        fake = client.sandbox
        assert isinstance(fake, MijnKlantportaalFake)
        filled(fake, 1500)
        statuses.clear()
        began = fake.clock.now()

        _ = Watched(client).compare(None, about="subscription")

    assert statuses == [200] * 100  # 60 of which may be asked for at once
    assert fake.clock.now() - began >= dt.timedelta(seconds=60)


def filled(fake: MijnKlantportaalFake, count: int) -> None:
    """Put so many subscriptions into a portal, as copies of a real one."""
    with Client(MijnKlantportaal, sandbox=fake) as client:
        sold = sell(client, fake, 1)
    example = fake.subscriptions.pop(sold)
    for _ in range(count):
        name = fake.new_id("sub_")
        fake.subscriptions[name] = replace(example, id=name)


class Portal:
    """10,000 subscriptions, of which only the page that is asked for exists."""

    def __init__(self, example: dict[str, Any], names: list[str]) -> None:
        self.example = example
        self.names = names
        self.ended: set[str] = set()
        self.transport = httpx.MockTransport(self._serve)

    def _serve(self, request: httpx.Request) -> httpx.Response:
        page = int(request.url.params.get("page", "1"))
        first = (page - 1) * PER_PAGE
        data = [
            {**self.example, "id": name, "status": "ended" if name in self.ended else "in_progress"}
            for name in self.names[first : first + PER_PAGE]
        ]
        more = first + PER_PAGE < len(self.names)
        address = f"https://api.mijnklantportaal.nl/v1/customer-subscriptions?page={page + 1}"
        following = address if more else None
        return httpx.Response(200, content=json.dumps({"data": data, "next_page_url": following}))


@pytest.fixture
def portal() -> Portal:
    fake = MijnKlantportaalFake()
    with Client(MijnKlantportaal, sandbox=fake) as client:
        example = dict(client.get_subscription(sell(client, fake, 1)).raw)
    return Portal(example, [fake.new_id("sub_") for _ in range(MANY)])


def test_ten_thousand_subscriptions_take_little_memory_and_a_token_of_a_known_size(
    portal: Portal,
) -> None:
    with Client(
        MijnKlantportaal, api_key="a-key", transport=portal.transport, rate_limit=FREE
    ).with_options(deadline=None) as client:
        _, token = Watched(client).compare(None, about="subscription")
        portal.ended = {portal.names[5], portal.names[9_999]}
        tracemalloc.start()
        events, later = Watched(client).compare(token, about="subscription")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert {event.object_id for event in events} == portal.ended
    assert {event.change for event in events} == {"ended"}
    assert len(later) < 240_000  # 226,061 were measured; docs/webhooks.md has the figures
    assert most < 8_000_000  # 3.9 MB were measured
