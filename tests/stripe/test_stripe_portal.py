"""The customer portal at Stripe: what is sent, and the page of the sandbox."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import httpx
import pytest
from subhub_stripe import Stripe

from subhub import Client, Customer, CustomerDraft, Interval, Money, PlanDraft, Status, Subscription
from subhub.plugin import Request
from subhub.sandbox import Fake
from subhub.server import Application, Sandbox, listen, origin_of
from subhub.server.program import serving
from subhub.testing import play, reply
from tests.contract.mini import MiniFake

PHONE = PlanDraft(name="Phone <b>", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
BACK = "https://shop.example/account"


@dataclass(frozen=True, slots=True)
class World:
    """A served sandbox with a customer, who has a subscription."""

    billing: Client
    fake: Fake
    customer: Customer
    sold: Subscription


@pytest.fixture
def world() -> Generator[World]:
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        account = sandbox.add(Stripe, "main", {})
        with (
            serving(Application(sandbox), listening),
            Client("stripe", api_key=account.fake.api_key, base_url=account.base_url) as billing,
        ):
            customer = billing.create_customer(CustomerDraft(name="Acme", email="a@b.example"))
            plan = billing.create_plan(PHONE)
            sold = billing.subscribe(plan=plan, customer=customer)
            yield World(billing, account.fake, customer, sold)


def test_a_session_is_asked_for_and_its_address_is_not_in_the_repr() -> None:
    session = {"id": "bps_1", "url": "https://billing.stripe.com/p/secret", "customer": "cus_1"}
    flow = Stripe().create_portal_link(customer="cus_1", return_url=BACK, configuration="bpc_1")
    played = play(flow, reply(200, session))

    body = {"customer": "cus_1", "return_url": BACK, "configuration": "bpc_1"}
    assert played.requests == (Request("POST", "/billing_portal/sessions", body),)
    found = played.result
    assert (found.id, found.customer_id, found.expires_at) == ("bps_1", "cus_1", None)
    assert found.url == session["url"]
    assert "secret" not in repr(found)


def test_a_customer_sees_and_cancels_a_subscription(world: World) -> None:
    link = world.billing.create_portal_link(world.customer, return_url=BACK)
    shown = httpx.get(link.url)
    assert shown.status_code == 200
    assert "Phone &lt;b&gt;" in shown.text
    assert f"renews on {world.sold.renews_on}" in shown.text
    assert f'href="{BACK}"' in shown.text

    done = httpx.post(link.url, data={"do": f"cancel {world.sold.id}"}, follow_redirects=True)

    assert f"ends on {world.sold.renews_on}" in done.text
    assert ">Cancel</button>" not in done.text
    ending = world.billing.get_subscription(world.sold)
    assert (ending.renews_on, ending.ends_at is not None) == (None, True)
    again = httpx.post(link.url, data={"do": f"cancel {world.sold.id}"})
    assert (again.status_code, "cannot be canceled any more" in again.text) == (409, True)
    _ = world.fake.clock.advance(days=40)
    assert world.billing.get_subscription(world.sold).status is Status.CANCELED
    assert "renews on" not in httpx.get(link.url).text


def test_a_page_is_of_one_customer(world: World) -> None:
    other = world.billing.create_customer(CustomerDraft(name="Other", email="o@b.example"))
    link = world.billing.create_portal_link(other)
    shown = httpx.get(link.url).text
    assert "There is no subscription." in shown
    assert "Go back" not in shown
    refused = httpx.post(link.url, data={"do": f"cancel {world.sold.id}"})
    assert (refused.status_code, "shows the subscription" in refused.text) == (409, True)
    unknown = httpx.post(link.url, data={"do": "pay"})
    assert (unknown.status_code, "unknown action" in unknown.text) == (409, True)
    assert world.billing.get_subscription(world.sold) == world.sold
    assert httpx.get(f"{link.url}x").status_code == 404


def test_a_customer_without_a_name_has_a_page(world: World) -> None:
    world.fake.customers[world.customer.id]["name"] = None  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    link = world.billing.create_portal_link(world.customer)
    assert "Acme" not in httpx.get(link.url).text


def test_a_fake_without_a_portal_has_no_page() -> None:
    fake = MiniFake()
    assert fake.portal_page("https://sandbox.invalid/p/1") is None
    with pytest.raises(LookupError, match="no portal page at"):
        fake.cancel_at_portal("https://sandbox.invalid/p/1", "sub_1")
