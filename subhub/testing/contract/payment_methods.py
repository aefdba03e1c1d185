"""Contract tests of payment methods: what a setup page leads to, whose they are, and words."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from subhub.models import PaymentMethod, PaymentMethodStatus
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.calls import call_of, listing
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, ClientKind, Harness
from subhub.testing.contract.replies import leaves, replaced
from subhub.testing.contract.statuses import NEW_WORD

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


def _listing(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("payment_methods"):
        yield Case("payment_methods")


def _agreeing(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("create_setup_link"):
        yield from _listing(provider)


class PaymentMethodTests(ContractConfig):
    """What customers have agreed to."""

    @for_each(_agreeing, BOTH)
    def test_a_setup_link_leads_to_a_payment_method(self, case: Case, kind: ClientKind) -> None:
        """Who agrees on the page has one payment method more, and no subscription by that."""
        harness = Harness(self)
        before = self._methods(harness, kind)
        link = harness.perform(call_of("create_setup_link", harness), kind).returned()
        waiting = self._methods(harness, kind)
        expect(waiting == before, f"nobody agreed yet, and {waiting!r} is listed")
        harness.fake.pay(link.url)
        new = [method for method in self._methods(harness, kind) if method not in before]
        expect(len(new) == 1, f"a customer agreed once, and `{case.operation}` has {new!r} more")
        if harness.supports("list_subscriptions"):
            sold = list(harness.client.list_subscriptions(customer=harness.customer))
            expect(not sold, f"nothing is sold on the page, and there is {sold!r}")
        if harness.supports("subscribe:payment_method"):
            call = call_of("subscribe", harness).but(payment_method=new[0])
            heard = harness.perform(call, kind)
            _ = heard.returned()
            named = any(new[0].id.encode() in item.received.content for item in heard.heard)
            expect(named, f"`subscribe` with {new[0]!r} does not name it")

    @for_each(_listing)
    def test_the_payment_methods_of_a_customer_are_theirs(self, case: Case) -> None:
        """The list of one customer has what they can be charged by, and nothing of another's."""
        harness = Harness(self)
        own = harness.payment_method
        foreign = harness.config.make_payment_method(harness.client, harness.other_customer)
        found = harness.perform(listing(case.operation, harness)).returned()
        ids = [method.id for method in found]
        expect(own in ids, f"{own!r}, which is the customer's, is not in {ids!r}")
        expect(foreign not in ids, f"{foreign!r}, which is another customer's, is in {ids!r}")

    @for_each(_listing)
    def test_an_unknown_word_of_a_payment_method_is_kept(self, case: Case) -> None:
        """An unknown kind stays the provider's word; no status is read as another one."""
        expect_none(self._misread_words(case))

    def _methods(self, harness: Harness, kind: ClientKind) -> list[PaymentMethod]:
        call = Call("payment_methods", kwargs={"customer": harness.customer})
        found: list[PaymentMethod] = harness.perform(call, kind).returned()
        return found

    def _misread_words(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        usual = replay.results(plugin)
        for step in replay.steps:
            body = replay.body(step)
            places = [place for place, value in leaves(body) if isinstance(value, str)]
            for place, word in product(places, (NEW_WORD, *map(str, PaymentMethodStatus))):
                read = replay.but(step, replaced(body, place, word)).accepted(plugin)
                for method, known in zip(read, usual, strict=False):
                    yield from _misread(method, known, word)


def _misread(found: PaymentMethod, known: PaymentMethod, word: str) -> Iterator[str]:
    """Yield what *found*, which has *word* in one place, says otherwise than *known*."""
    if found.kind not in {known.kind, word}:
        yield f"the word {word!r} for a kind is read as {found.kind!r}: keep it"
    if (found.status, found.raw_status) == (known.status, known.raw_status):
        return
    meant = word if word in {*PaymentMethodStatus} else PaymentMethodStatus.UNKNOWN
    if found.status not in {meant, PaymentMethodStatus.UNKNOWN} or found.raw_status != word:
        yield f"the word {word!r} for a status is read as {found.status!r}, {found.raw_status!r}"
