"""Contract tests of pauses: a paused subscription is not billed until it is resumed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import InvalidRequest, ProviderError, Unsupported
from subhub.models import Status
from subhub.testing.contract.assertions import expect, summary
from subhub.testing.contract.calls import call_of
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Call, Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

LONG: Final = 800
"""In days: at least two periods of any plan that is billed every year."""


def _pausing(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("pause_subscription"):
        yield Case("pause_subscription")


def _resuming(provider: type[Provider]) -> Iterator[Case]:
    if all(map(provider.capabilities().supports, ("pause_subscription", "resume_subscription"))):
        yield Case("resume_subscription")


def _both(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("get_subscription"):  # without it, a refusal counts
        yield from (*_pausing(provider), *_resuming(provider))


def _over(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("cancel_subscription:now"):
        yield from _both(provider)


class PauseTests(ContractConfig):
    """A subscription that is paused, and resumed."""

    @for_each(_pausing)
    def test_a_paused_subscription_is_not_billed(self, case: Case) -> None:
        """It is `PAUSED`, renews on no day, and has no further invoice, however long it takes."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        billed = _billed(harness)
        paused = harness.perform(call).returned()
        for moment in ("at once", f"{LONG} days later"):
            for where, found in (("the result", paused), ("`get_subscription`", _read(harness))):
                shown = found is None or (found.status, found.renews_on) == (Status.PAUSED, None)
                problem = f"{where} is {found!r} {moment}: it must be paused, and renew on no day"
                expect(shown, problem)
            expect(_billed(harness) == billed, f"{moment}, there is another invoice")
            _ = harness.fake.clock.advance(days=LONG)

    @for_each(_resuming)
    def test_a_resumed_subscription_is_billed_again(self, case: Case) -> None:
        """It has the status that it had before the pause, and renews if it did."""
        harness = Harness(self)
        _ = harness.subscription
        before = _read(harness)
        resumed = harness.perform(call_of(case.capability, harness)).returned()
        for where, found in (("the result", resumed), ("`get_subscription`", _read(harness))):
            if found is None or before is None:
                continue
            status = (found.raw_status, found.status)
            expect(
                status == (before.raw_status, before.status),
                f"{where} is {found.status!r}, and was {before.status!r} before the pause",
            )
            renews = (found.renews_on is None) == (before.renews_on is None)
            expect(renews, f"{where} renews on {found.renews_on}, and did on {before.renews_on}")

    @for_each(_both)
    def test_pausing_twice_is_pausing_once(self, case: Case) -> None:
        """A second pause or resumption is accepted, and changes nothing."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        first, billed = harness.perform(call).returned(), _billed(harness)
        second = harness.perform(call).returned()
        expect(first == second, f"the second time, it is {second!r}, and was {first!r}")
        expect(_billed(harness) == billed, "the second time, there is another invoice")

    @for_each(_over)
    def test_what_is_over_is_not_paused_or_resumed(self, case: Case) -> None:
        """After a cancellation with immediate effect, both are refused, and change nothing."""
        harness = Harness(self)
        _ = harness.client.cancel_subscription(harness.subscription, when="now")
        before = _read(harness)
        outcome = harness.perform(Call(case.operation, (harness.subscription,)))
        refused = isinstance(outcome.error, ProviderError | InvalidRequest | Unsupported)
        problem = f"it is over, and `{case.operation}` must be refused: "
        expect(refused, problem + (summary(outcome.error) if outcome.error else "it was accepted"))
        after = _read(harness)
        expect(after == before, f"it is {after!r}, and was {before!r}")


def _read(harness: Harness) -> Any:
    if not harness.supports("get_subscription"):
        return None
    return harness.perform(Call("get_subscription", (harness.subscription,))).returned()


def _billed(harness: Harness) -> int:
    """Return how many invoices the customer has; 0 where they cannot be listed."""
    if not harness.supports("list_invoices"):
        return 0
    call = Call("list_invoices", kwargs={"customer": harness.customer})
    return len(harness.perform(call).returned())
