"""What the contract tests of pauses say of seeded mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import Status, Subscription
from subhub.plugin import Flow, path, post
from subhub.sandbox import Fake, Received, Reply, route
from tests.contract.mini import Mini, MiniContract, MiniFake, Order
from tests.mutations.workshop import failures
from tests.stripe import test_stripe_contract as stripe

BILLED = "test_a_paused_subscription_is_not_billed"
AGAIN = "test_a_resumed_subscription_is_billed_again"
TWICE = "test_pausing_twice_is_pausing_once"


def judged(test: str, **attributes: Any) -> str:
    """Return what *test* says of Stripe's plugin with these attributes."""
    provider = type("Changed", (Stripe,), {"__module__": Stripe.__module__, **attributes})
    made: Any = type("Test", (stripe.TestStripe,), {"provider": provider})
    return "\n".join(failures(made, test))


class Forgetful(StripeFake):
    """A fake that accepts a pause and renews the subscription all the same."""

    def catch_up(self) -> None:
        for found in self.subscriptions.values():
            found["status"] = "active"
        super().catch_up()


class Counting(StripeFake):
    """A fake that accepts every pause, and notes each in the description."""

    @route("POST", "/subscriptions/{}/pause")
    def pause_subscription(self, received: Received, subscription_id: str) -> Reply:
        """Pause it once more."""
        del received
        found = self.subscriptions[subscription_id]
        found.update(status="paused", description=f"{found['description']} paused")
        return Reply.json(200, found)


def only_read(plugin: Stripe, subscription_id: str) -> Flow[Subscription]:
    """Read the subscription and change nothing."""
    return plugin.get_subscription(subscription_id)


def made_up(plugin: Stripe, subscription_id: str) -> Flow[Subscription]:
    """Resume it, and say that it renews on no day."""
    found = yield from Stripe.resume_subscription(plugin, subscription_id)
    return found.model_copy(update={"renews_on": None})


def fake_of(fake: type[Fake]) -> Any:
    """Return a `sandbox` of a plugin."""

    def create(_: type[Stripe]) -> Fake:
        return fake()

    return classmethod(create)


@pytest.mark.parametrize(
    ("test", "mistake", "problem"),
    [
        (BILLED, {"pause_subscription": only_read}, "at once: it must be paused"),
        (BILLED, {"sandbox": fake_of(Forgetful)}, "800 days later: it must be paused"),
        (AGAIN, {"resume_subscription": only_read}, "and was <Status.ACTIVE: 'active'> before"),
        (AGAIN, {"resume_subscription": made_up}, "the result renews on None, and did on 2025"),
        (TWICE, {"sandbox": fake_of(Counting)}, "the second time, it is"),
    ],
)
def test_a_mistake_is_found(
    test: str, mistake: dict[str, Callable[..., object]], problem: str
) -> None:
    assert judged(test) == ""
    assert problem in judged(test, **mistake)


def test_another_invoice_is_found() -> None:
    class Billing(StripeFake):
        def catch_up(self) -> None:
            for found in self.subscriptions.values():
                self.bill_period(found, self.now(), paid=True)

    assert "800 days later, there is another invoice" in judged(BILLED, sandbox=fake_of(Billing))


class Halting(Mini):
    """A provider that reads neither subscriptions nor invoices."""

    @classmethod
    def sandbox(cls) -> Fake:
        return HaltingFake()

    def pause_subscription(self, subscription_id: str) -> Flow[Subscription]:
        order = yield from post(path("/orders/{}/halt", subscription_id), Order)
        return order.to_subscription().model_copy(update={"status": Status.PAUSED})

    def resume_subscription(self, subscription_id: str) -> Flow[Subscription]:
        order = yield from post(path("/orders/{}/run", subscription_id), Order)
        return order.to_subscription()


class HaltingFake(MiniFake):
    """Its fake."""

    @route("POST", "/orders/{}/halt")
    def halt(self, received: Received, order_id: str) -> Reply:
        """Halt an order."""
        del received
        self.orders[order_id]["state"] = "halted"
        return Reply.json(200, self.orders[order_id])

    @route("POST", "/orders/{}/run")
    def run(self, received: Received, order_id: str) -> Reply:
        """Let an order run."""
        del received
        self.orders[order_id]["state"] = "on"
        return Reply.json(200, self.orders[order_id])


def test_a_provider_that_reads_no_subscriptions_is_judged_by_its_results() -> None:
    made: Any = type("Test", (MiniContract,), {"provider": Halting})
    wrong = type("Wrong", (Halting,), {"pause_subscription": Halting.resume_subscription})
    other: Any = type("Test", (MiniContract,), {"provider": wrong})

    assert [*failures(made, BILLED), *failures(made, AGAIN), *failures(made, TWICE)] == []
    assert "the result is Subscription(" in "".join(failures(other, BILLED))


def test_a_provider_that_cannot_resume_is_not_asked_to() -> None:
    class Halted(Halting):
        resume_subscription = Mini.resume_subscription

    made: Any = type("Test", (MiniContract,), {"provider": Halted})

    assert [*failures(made, BILLED), *failures(made, AGAIN)] == []
