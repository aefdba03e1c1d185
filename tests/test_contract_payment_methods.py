"""What the contract tests of payment methods say of seeded mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import Client, PaymentMethod, PaymentMethodStatus
from subhub.plugin import Absence, Flow, Page, Provider
from subhub.sandbox import Fake
from subhub.testing import ProviderContract
from tests.afternoon import test_afternoon_contract as afternoon
from tests.mutations.workshop import failures
from tests.stripe import test_stripe_contract as stripe

LEADS = "test_a_setup_link_leads_to_a_payment_method"
THEIRS = "test_the_payment_methods_of_a_customer_are_theirs"
WORDS = "test_an_unknown_word_of_a_payment_method_is_kept"
NO = Absence("it is left out here", "nothing else")


class PlainContract(ProviderContract):
    """Stripe's contract, in which payment methods come of setup links."""

    plan, customer = stripe.TestStripe.plan, stripe.TestStripe.customer


def judged(test: str, base: type[ProviderContract] = stripe.TestStripe, **changes: Any) -> str:
    """Return what *test* says of Stripe's plugin with these attributes."""
    provider = type("Changed", (Stripe,), {"__module__": Stripe.__module__, **changes})
    made: Any = type("Test", (base,), {"provider": provider})
    return "\n".join(failures(made, test))


def fake_of(fake: type[Fake]) -> Any:
    """Return a `sandbox` of a plugin."""

    def create(_: type[Stripe]) -> Fake:
        return fake()

    return classmethod(create)


def lacking(*names: str) -> dict[str, Any]:
    """Return a plugin's attributes without these capabilities."""
    inherited = {name: getattr(Provider, name) for name in names if ":" not in name}
    return {**inherited, "evidence": {**Stripe.evidence, **dict.fromkeys(names, NO)}}


class Idle(StripeFake):
    """A fake on whose pages nothing comes of agreeing."""

    def add_payment_method(self, customer_id: str, kind: str = "card") -> str:
        """Save nothing."""
        return f"pm_{customer_id}_{kind}"


class Eager(StripeFake):
    """A fake that saves a card before the customer has agreed."""

    def saved_kind(self, given: dict[str, Any]) -> str:
        """Save a card at once."""
        _ = self.add_payment_method(given["customer"])
        return super().saved_kind(given)


class Selling(StripeFake):
    """A fake that also starts a subscription on the page."""

    def add_payment_method(self, customer_id: str, kind: str = "card") -> str:
        """Save it, and sell the first price there is."""
        key = self.add_plan("any", stripe.TestStripe.plan)
        _ = self._start(customer_id, {"price": key, "quantity": "1"}, "active")
        return super().add_payment_method(customer_id, kind)


class Mixed(StripeFake):
    """A fake that attaches every card to one customer."""

    def add_payment_method(self, customer_id: str, kind: str = "card") -> str:
        """Attach it to the first customer."""
        return super().add_payment_method(next(iter(self.customers), customer_id), kind)


def changed(**fields: Callable[[PaymentMethod], object]) -> Any:
    """Return a `payment_methods` that returns other fields, each by a rule."""

    def listed(
        plugin: Stripe, cursor: str | None = None, *, customer: str
    ) -> Flow[Page[PaymentMethod]]:
        page = yield from Stripe.payment_methods(plugin, cursor, customer=customer)
        items = [
            method.model_copy(update={name: rule(method) for name, rule in fields.items()})
            for method in page.items
        ]
        return Page(items, page.next)

    return listed


def unnamed(plugin: Stripe, *, payment_method: str | None = None, **terms: Any) -> Any:
    """Subscribe without the payment method."""
    del payment_method
    return Stripe.subscribe(plugin, **terms)


STATUS: Callable[[PaymentMethod], object] = lambda method: (  # noqa: E731 - one rule of several
    PaymentMethodStatus.VALID if method.raw["type"] == "card" else PaymentMethodStatus.PENDING
)


@pytest.mark.parametrize(
    ("test", "mistake", "problem"),
    [
        (LEADS, {"sandbox": fake_of(Idle)}, "a customer agreed once, and `payment_methods` has []"),
        (LEADS, {"sandbox": fake_of(Eager)}, "nobody agreed yet, and [PaymentMethod("),
        (LEADS, {"sandbox": fake_of(Selling)}, "nothing is sold on the page, and there is [Sub"),
        (LEADS, {"subscribe": unnamed}, "does not name it"),
        (THEIRS, {"sandbox": fake_of(Mixed)}, "which is another customer's, is in ["),
        (
            WORDS,
            {"payment_methods": changed(kind=lambda found: found.kind and found.kind.upper())},
            "for a kind is read as 'A_NEW_STATUS': keep it",
        ),
        (
            WORDS,
            {"payment_methods": changed(raw_status=lambda found: found.raw["type"], status=STATUS)},
            "for a status is read as <PaymentMethodStatus.PENDING: 'pending'>, 'a_new_status'",
        ),
    ],
)
def test_a_mistake_is_found(test: str, mistake: dict[str, Any], problem: str) -> None:
    assert judged(test) == ""
    assert problem in judged(test, **mistake)


def test_what_the_provider_lacks_is_not_asked_for() -> None:
    assert judged(LEADS, **lacking("list_subscriptions", "subscribe:payment_method")) == ""
    assert judged(LEADS, **lacking("create_setup_link")) == ""
    assert "the plugin has nothing" not in judged(THEIRS, **lacking("create_setup_link"))
    other = afternoon.TestAfternoon
    assert [*failures(other, LEADS), *failures(other, WORDS)] == []


class TestPaymentMethodOfAContract:
    """The default of `make_payment_method`."""

    def method(self, **changes: Any) -> str:
        """Return what the default makes for a new customer."""
        provider = type("Changed", (Stripe,), {"__module__": Stripe.__module__, **changes})
        made: Any = type("Test", (PlainContract,), {"provider": provider})
        with Client(provider, sandbox=True) as client:
            customer = client.create_customer(PlainContract.customer).id
            method: str = made().make_payment_method(client, customer)
        return method

    def test_it_comes_of_a_setup_link(self) -> None:
        assert self.method() != "pm_contract0001"
        assert judged(THEIRS, PlainContract) == ""

    def test_without_an_address_to_return_to(self) -> None:
        assert self.method(**lacking("create_setup_link:return_url")) != "pm_contract0001"

    @pytest.mark.parametrize("name", ["create_setup_link", "payment_methods"])
    def test_it_is_unknown_where_one_of_both_is_lacking(self, name: str) -> None:
        assert self.method(**lacking(name)) == "pm_contract0001"

    def test_it_is_unknown_where_nothing_comes_of_the_page(self) -> None:
        assert self.method(sandbox=fake_of(Idle)) == "pm_contract0001"
