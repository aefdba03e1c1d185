"""Contract tests of charges that fail: what a provider shows of it is not hidden by the plugin.

The sandbox lets charges fail as its `charge_plan` says. Where a provider shows nothing of that, or
its sandbox charges nobody, there is nothing to see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from subhub.models import PaymentMethod, PaymentMethodStatus, Status, Subscription
from subhub.sandbox.charge_plan import KINDS
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import listing
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

DAYS: Final[Mapping[str, int]] = {"day": 1, "week": 7, "month": 31, "year": 366}
"""The longest of each unit of an interval."""
GOOD: Final = frozenset({Status.ACTIVE, PaymentMethodStatus.VALID})
UNPAID: Final = ("past_due", "unpaid", "overdue", "suspended", "paused")
"""Words of providers for a subscription that continues, and is not paid for."""


def _reading(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("get_subscription"):
        yield from (Case("get_subscription", kind) for kind in KINDS)


def _listing(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("list_subscriptions"):
        yield Case("list_subscriptions")


class ChargeTests(ContractConfig):
    """Subscriptions that are not paid for."""

    @for_each(_reading)
    def test_a_charge_that_fails_is_not_hidden(self, case: Case) -> None:
        """Where the provider has another word by it, it is not `ACTIVE`, or no longer `VALID`."""
        paid, failed = self._after_a_period(""), self._after_a_period(case.detail)
        for usual, found in zip(paid, failed, strict=True):
            hidden = found.raw_status != usual.raw_status and found.status in GOOD
            problem = f"a charge failed, and {found.raw_status!r} is read as {found.status!r}"
            expect(not hidden, problem)

    @for_each(_listing)
    def test_who_does_not_pay_is_listed(self, case: Case) -> None:
        """A subscription is in the list also if the provider says that it is not paid for."""
        expect_none(self._left_out(case))

    def _after_a_period(self, kind: str) -> list[Subscription | PaymentMethod]:
        """Return what is shown after a period; *kind* is what goes wrong with its charges."""
        harness = Harness(self)
        bought = [*_bought(harness)]
        _ = harness.payment_method if harness.supports("payment_methods") else None
        if kind:
            harness.fake.charge_plan.rule(kind)
        interval = harness.plan_draft.interval
        _ = harness.fake.clock.advance(days=DAYS[interval.unit] * interval.count + 1)
        return [*(_read(harness, found) for found in bought), *_methods(harness)]

    def _left_out(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        usual = replay.results(plugin)
        words = {found.raw_status for found in usual} - {None}
        for step in replay.steps:
            for word in UNPAID:
                page = replay.reworded(step, words, word).play(plugin)
                if len(page.items) + len(page.unreadable) < len(usual):
                    yield f"a subscription that is {word!r} is not in the list"


def _bought(harness: Harness) -> Iterator[str]:
    """Yield the ids of subscriptions: one that was created, and those that a paid link led to."""
    yield harness.subscription
    if harness.supports("create_signup_link") and harness.supports("list_subscriptions"):
        harness.pay(harness.signup_link)
        listed = harness.perform(Call("list_subscriptions")).returned()
        yield from (found.id for found in listed if found.id != harness.subscription)


def _read(harness: Harness, subscription: str) -> Subscription:
    found: Subscription = harness.perform(Call("get_subscription", (subscription,))).returned()
    return found


def _methods(harness: Harness) -> list[PaymentMethod]:
    """Return the payment methods of the customer; none where they cannot be listed."""
    if not harness.supports("payment_methods"):
        return []
    found: list[PaymentMethod] = harness.perform(listing("payment_methods", harness)).returned()
    return found
