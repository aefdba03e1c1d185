"""A subscription whose answer was lost is recognized by the reference that the client wrote."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from subhub_mollie import Mollie
from subhub_stripe import Stripe

from subhub import Client, CustomerDraft, Interval, Money, OutcomeUnknown, PlanDraft, Subscription
from subhub.plugin import Provider
from subhub.plugin.references import referenced, without_references
from subhub.sandbox import Fake
from subhub.sandbox.faults import Fault

PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
TABLET = PlanDraft(name="Tablet", price=Money("5", "EUR"), interval=Interval(1, "month"))
ANN = CustomerDraft(name="Ann", email="ann@example.com")


@dataclass
class World:
    """A sandbox whose answers can be lost, and a client that does not repeat by itself."""

    client: Client
    fake: Fake
    plan: Any
    customer: str

    def lose(self, *, after: bool = True, **terms: Any) -> str:
        """Subscribe without hearing the answer; return the token."""
        self.fake.faults.next(Fault("dropped", after=after), path="*subscriptions", method="POST")
        given: dict[str, Any] = {"plan": self.plan, "customer": self.customer}
        with pytest.raises(OutcomeUnknown) as lost:
            _ = self.client.subscribe(**{**given, **terms})
        self.fake.faults.clear()
        return str(lost.value.token)

    def look(self, token: str) -> Any:
        """Resolve the token."""
        return self.client.resolve(token)


@pytest.fixture(params=[Stripe, Mollie])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    provider: type[Provider] = request.param
    fake = provider.sandbox()
    with Client(provider, sandbox=fake, attempts=1) as client:
        customer = client.create_customer(ANN).id
        if provider is Mollie:
            fake.add_mandate(customer)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
        plan = client.create_plan(PHONE).id if provider is Stripe else PHONE
        yield World(client, fake, plan, customer)


def test_it_stands_in_the_metadata_and_in_the_result(world: World) -> None:
    created = world.client.subscribe(plan=world.plan, customer=world.customer)
    assert created.reference is not None
    assert created.reference.startswith("subhub-")
    assert created.raw["metadata"]["subhub_reference"] == created.reference
    assert world.client.get_subscription(created.id).reference == created.reference
    assert [one.reference for one in world.client.list_subscriptions()] == [created.reference]


def test_the_one_with_the_reference_is_the_result(world: World) -> None:
    found = world.look(world.lose())
    assert found.outcome == "done"
    (listed,) = world.client.list_subscriptions()
    assert found.result == listed


def test_none_with_the_reference_is_not_done(world: World) -> None:
    other = TABLET if world.plan is PHONE else world.plan
    _ = world.client.subscribe(plan=other, customer=world.customer)  # as new as the lost one
    assert world.look(world.lose(after=False)).outcome == "not_done"


def test_equal_orders_are_distinguished(world: World) -> None:
    if world.plan is PHONE:
        pytest.skip("Mollie refuses a second subscription of one description")
    tokens = [world.lose(), world.lose(after=False), world.lose()]
    found = world.client.resolve_all(tokens)
    assert [getattr(one, "outcome", one) for one in found] == ["done", "not_done", "done"]
    results = {getattr(one, "result").id for one in found if getattr(one, "result", None)}  # noqa: B009
    assert len(results) == 2


def test_what_became_of_it_since_does_not_matter(world: World) -> None:
    token = world.lose()
    (made,) = world.client.list_subscriptions()
    if world.plan is PHONE:
        _ = world.client.update_subscription(made.id, price="99 EUR", description="Other")
    else:
        tablet = world.client.create_plan(TABLET).id
        _ = world.client.change_subscription(made.id, plan=tablet, when="now")
    found = world.look(token)
    assert (found.outcome, found.result.id) == ("done", made.id)


def test_a_new_customers_subscription_has_one_too(world: World) -> None:
    if world.plan is PHONE:
        pytest.skip("a new customer of Mollie has no mandate")
    token = world.lose(customer=CustomerDraft(name="Bea", email="bea@example.com"))
    assert world.look(token).outcome == "done"


def test_with_a_key_of_the_applications_own_requests_stay_equal(world: World) -> None:
    own: dict[str, Any] = {"provider_options": {world.client.provider: {"idempotency_key": "k-1"}}}
    first, again = (
        world.client.subscribe(plan=world.plan, customer=world.customer, **own) for _ in range(2)
    )
    assert (first.id, first.reference) == (again.id, None)

    own["provider_options"][world.client.provider]["idempotency_key"] = "k-2"
    terms: dict[str, Any] = {"plan": TABLET} if world.plan is PHONE else {}
    found = world.look(world.lose(**own, **terms))
    assert found.outcome in {"done", "ambiguous"}  # but never "not done" for want of a reference


def test_two_calls_with_one_meaning_draw_two_and_compare_equal(world: World) -> None:
    first = world.client.subscribe(plan=world.plan, customer=world.customer)
    second = world.client.get_subscription(first.id).model_copy(update={"reference": "other"})
    assert first == second
    assert hash(first) == hash(second)
    assert "reference" not in repr(first)
    assert "reference" not in first.model_dump()


def test_a_repeated_change_keeps_its_reference(tmp_path: Any) -> None:
    """The request is the same when a job repeats it, or Stripe would refuse its key."""
    fake = Stripe.sandbox()
    journal = tmp_path / "journal.db"
    with Client(Stripe, sandbox=fake, attempts=1, journal=journal) as client:
        plan, customer = client.create_plan(PHONE).id, client.create_customer(ANN).id

        def sell(billing: Client) -> Subscription:
            return billing.subscribe(plan=plan, customer=customer)

        fake.faults.next(Fault("dropped", after=True), path="*subscriptions", method="POST")
        with pytest.raises(OutcomeUnknown):
            _ = client.once("sale", "1", sell)
        fake.faults.clear()
        _ = client.once("sale", "1", sell)
        assert len(list(client.list_subscriptions())) == 1


def test_a_provider_without_a_place_gets_none(toy: type[Provider], desk: Any) -> None:
    desk.answer(200, {"id": "sub_1", "status": "active"})
    with Client(toy, api_key="test_0123456789", transport=desk.transport) as client:
        with_text = client.subscribe(plan="pln_1", customer="cst_1")
    assert with_text.reference is None
    assert b"subhub-" not in desk.sent[0].content


def test_a_provider_with_a_place_and_no_keys_gets_one(toy: type[Provider], desk: Any) -> None:
    keeping: Any = type("Keeping", (toy,), {"subscription_reference": ("note",)})
    desk.answer(200, {"id": "sub_1", "status": "active"})
    with Client(keeping, api_key="test_0123456789", transport=desk.transport) as client:
        _ = client.subscribe(plan="pln_1", customer="cst_1")
    assert b'"note":"subhub-' in desk.sent[0].content


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"metadata": {"r": "x"}}),
        ({"metadata": None, "a": 1}, {"metadata": {"r": "x"}, "a": 1}),
        ({"metadata": {"own": "1"}}, {"metadata": {"own": "1", "r": "x"}}),
    ],
)
def test_what_else_is_in_the_body_stays(body: Any, expected: Any) -> None:
    assert referenced(body, ("metadata", "r"), "x") == expected


def test_references_are_left_out_of_comparisons() -> None:
    one = b"metadata%5Bsubhub_reference%5D=subhub-0123456789abcdef&a=1"
    other = b"metadata%5Bsubhub_reference%5D=subhub-fedcba9876543210&a=1"
    assert without_references(one) == without_references(other) != one
