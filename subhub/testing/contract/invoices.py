"""Contract tests of invoices: whose they are, and what their status means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from subhub.models import Invoice, InvoiceStatus
from subhub.plugin.operations import OPERATIONS
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import claimed
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.defaults import others
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import MOMENT, Call, Harness
from subhub.testing.contract.replies import leaves, replaced
from subhub.testing.contract.statuses import NEW_WORD

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

OWED: Final = frozenset({InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE})
MEANINGS: Final[Mapping[str, frozenset[InvoiceStatus]]] = {
    "draft": frozenset({InvoiceStatus.DRAFT}),
    **dict.fromkeys(("open", "issued", "sent", "outstanding"), frozenset({InvoiceStatus.OPEN})),
    **dict.fromkeys(("unpaid", "overdue", "past_due", "failed", "charged_back"), OWED),
    **dict.fromkeys(("paid", "settled"), frozenset({InvoiceStatus.PAID})),
    **dict.fromkeys(("void", "voided", "canceled", "refunded"), frozenset({InvoiceStatus.VOID})),
    **dict.fromkeys(("uncollectible", "written_off"), frozenset({InvoiceStatus.UNCOLLECTIBLE})),
}
"""What the words of providers for an invoice can mean; all of them may also be `UNKNOWN`."""
PAID_AT: Final = (MOMENT.isoformat(), int(MOMENT.timestamp()), MOMENT.date().isoformat())
"""How providers may write when an invoice was paid."""


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
        for read in self._invoices_with(case, NEW_WORD):
            due = (InvoiceStatus.UNKNOWN, NEW_WORD)
            found = (read.status, read.raw_status)
            expect(found == due, f"the unknown word {NEW_WORD!r} is read as {found!r}")

    @for_each(_with_invoices)
    def test_a_status_of_an_invoice_keeps_its_meaning(self, case: Case) -> None:
        """No word for an invoice that is owed, withdrawn or paid back is read as paid."""
        for word, allowed in MEANINGS.items():
            for read in self._invoices_with(case, word):
                known = read.raw_status == word and read.status is not InvoiceStatus.UNKNOWN
                expect(not known or read.status in allowed, f"{word!r} is read as {read.status!r}")

    @for_each(_with_invoices)
    def test_an_invoice_is_paid_when_the_provider_says_so(self, case: Case) -> None:
        """Without a word, its status follows from the response, and from `paid_at` rightly."""
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        for number, invoice in enumerate(replay.results(plugin)):
            if invoice.raw_status is None and invoice.status is not InvoiceStatus.UNKNOWN:
                expect_none(_undecided(invoice, [*_variants(replay, plugin, number)]))

    def _invoices_with(self, case: Case, word: str) -> Iterator[Invoice]:
        """Yield the invoices with *word* in place of each word for a status of the replies."""
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        words = {invoice.raw_status for invoice in replay.results(plugin)} - {None}
        for step in replay.steps if words else ():
            yield from replay.reworded(step, words, word).accepted(plugin)


def _variants(replay: FlowReplay, plugin: Provider, number: int) -> Iterator[list[Invoice]]:
    """Yield what the invoice is read as with other values, for each value of the responses."""
    for step in replay.steps:
        body = replay.body(step)
        for place, value in leaves(body):
            values = PAID_AT if value is None else (None, *others(value))
            read = [replay.but(step, replaced(body, place, new)).accepted(plugin) for new in values]
            yield [invoices[number] for invoices in read if len(invoices) > number]


def _undecided(invoice: Invoice, variants: Sequence[Sequence[Invoice]]) -> Iterator[str]:
    """Yield that a status follows from nothing, or says otherwise than when it was paid."""
    deciding = [read for read in variants if any(one.status != invoice.status for one in read)]
    if not deciding:
        yield f"it is {invoice.status!r}, whatever the response says"
    by_payment = all(any(one.paid_at != invoice.paid_at for one in read) for read in deciding)
    for one in (one for read in deciding for one in (invoice, *read) if by_payment):
        if (one.status is InvoiceStatus.PAID) != (one.paid_at is not None):
            yield f"it is {one.status!r}, and `.paid_at` is {one.paid_at}"
