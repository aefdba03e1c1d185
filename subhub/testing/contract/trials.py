"""Contract tests of trials: nothing is charged while one lasts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from subhub.models import Status
from subhub.testing.contract.assertions import expect
from subhub.testing.contract.calls import TRIAL, call_of
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import MOMENT, Call, Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

DAY: Final = dt.timedelta(days=1)
NOT_RUNNING: Final = frozenset({Status.PAST_DUE, Status.PAUSED, Status.CANCELED, Status.ENDED})


def _trials(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("subscribe:trial_days"):
        yield Case("subscribe:trial_days")


class TrialTests(ContractConfig):
    """A subscription that begins with a trial."""

    @for_each(_trials)
    def test_nothing_is_charged_during_a_trial(self, case: Case) -> None:
        """A trial ends after its days, and until then no invoice has an amount."""
        harness = Harness(self)
        sold = harness.perform(call_of(case.capability, harness)).returned()
        due, ends = MOMENT + TRIAL * DAY, sold.trial_ends_at
        near = ends is None or abs(ends - due) <= DAY
        expect(near, f"`.trial_ends_at` is {ends}, and the trial ends at {due}")
        expect(sold.status not in NOT_RUNNING, f"it is {sold.status!r} during its trial")
        call = Call("list_invoices", kwargs={"customer": harness.customer})
        listed = harness.perform(call).returned() if harness.supports("list_invoices") else ()
        for invoice in listed:
            free = invoice.total is None or not invoice.total.amount
            expect(free, f"the invoice {invoice.id!r} is of {invoice.total}, during the trial")
