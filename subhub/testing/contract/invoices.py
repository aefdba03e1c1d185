"""Contract tests of invoices: whose they are, and what their status means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from subhub.errors import SubhubError
from subhub.models import Invoice, InvoiceStatus
from subhub.plugin.operations import OPERATIONS
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import claimed
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, Harness
from subhub.testing.contract.replies import leaves, replaced
from subhub.testing.contract.statuses import NEW_WORD

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


def _listing(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("list_invoices"):
        yield Case("list_invoices")


def _with_invoices(provider: type[Provider]) -> Iterator[Case]:
    return (case for case in claimed(provider) if OPERATIONS[case.operation].result is Invoice)


class InvoiceTests(ContractConfig):
    """Invoices of more than one customer, and words that the plugin does not know."""

    @for_each(_listing)
    def test_the_invoices_of_a_customer_are_theirs(self, case: Case) -> None:
        """A list for one customer has all their invoices, and no others."""
        harness = Harness(self)
        own, foreign = harness.invoice, harness.other_invoice
        whole = [item.id for item in harness.perform(Call(case.operation)).returned()]
        expect({own, foreign} <= set(whole), f"{own!r} and {foreign!r} are not both in {whole!r}")
        call = Call(case.operation, kwargs={"customer": harness.customer})
        found = [item.id for item in harness.perform(call).returned()]
        expect(own in found, f"{own!r}, an invoice of the customer, is not in {found!r}")
        expect(foreign not in found, f"{foreign!r}, another customer's invoice, is in {found!r}")

    @for_each(_with_invoices)
    def test_an_unknown_status_of_an_invoice_is_unknown(self, case: Case) -> None:
        """A word that the plugin does not know is `UNKNOWN`, and kept in `raw_status`."""
        expect_none(self._guessed(case))

    def _guessed(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        words = {invoice.raw_status for invoice in replay.results(plugin)} - {None}
        for step in replay.steps if words else ():
            changed = replay.body(step)
            for place in [place for place, value in leaves(changed) if value in words]:
                changed = replaced(changed, place, NEW_WORD)
            with suppress(SubhubError):  # a plugin may refuse a word that it does not know
                for invoice in replay.but(step, changed).results(plugin):
                    read = (invoice.status, invoice.raw_status)
                    if read != (InvoiceStatus.UNKNOWN, NEW_WORD):
                        yield f"the unknown word {NEW_WORD!r} is read as {read!r}"
