"""Contract tests of prices, intervals and tax rates: what is billed is what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from subhub.errors import InvalidRequest, ProviderError, Unsupported
from subhub.models import Interval, Money
from subhub.testing.contract.assertions import expect_none, summary
from subhub.testing.contract.calls import call_of, read_again, with_field
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Harness, Outcome
from subhub.testing.contract.replies import leaves, sent_body

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

CENTS: Final = (1999, 29, 435, 100010)
"""Cents that lose one when they pass through a float of euros."""
CURRENCIES: Final = ("EUR", "USD", "GBP", "JPY", "KWD")
"""With two decimals, with none, and with three."""
INTERVALS: Final = tuple(
    map(Interval.parse, ("10 days", "14 days", "1 week", "3 weeks", "1 month", "3 months"))
) + tuple(map(Interval.parse, ("6 months", "1 year", "2 years")))
RATES: Final = (Decimal(0), Decimal(9), Decimal(21), Decimal("5.5"))
SERVER_ERROR: Final = 500


def priced(provider: type[Provider]) -> Iterator[Case]:
    """Yield what has a price to choose."""
    for name in ("create_plan", "subscribe:inline_plan", "update_plan", "update_subscription"):
        if provider.capabilities().supports(name):
            yield Case(name)


class TermsTests(ContractConfig):
    """Terms are sent and read as they are, or refused."""

    @for_each(priced)
    def test_amounts_are_exact(self, case: Case) -> None:
        """No amount loses a cent on its way to the provider and back."""
        currency = self.plan.price.currency
        prices = [Money.from_minor(cents, currency) for cents in CENTS]
        expect_none(self._changed(case, "price", prices))

    @for_each(priced)
    def test_every_currency_is_kept(self, case: Case) -> None:
        """A price in another currency is sent and read in it, with its decimals, or refused."""
        prices = [Money(1200, currency) for currency in CURRENCIES]
        expect_none(self._changed(case, "price", prices))

    @for_each(priced)
    def test_every_interval_is_kept(self, case: Case) -> None:
        """Unit and count of an interval are sent and read as they are, or refused."""
        expect_none(self._changed(case, "interval", INTERVALS))

    @for_each(priced)
    def test_every_tax_rate_is_kept(self, case: Case) -> None:
        """A tax rate is sent and read as it is, or refused by its name."""
        expect_none(self._changed(case, "tax_rate", RATES))

    def _changed(self, case: Case, field: str, values: Sequence[object]) -> Iterator[str]:
        """Yield each of *values* that was changed, dropped or wrongly refused."""
        sent: dict[str, object] = {}
        for value in values:
            harness = Harness(self)
            outcome = harness.perform(with_field(call_of(case.capability, harness), field, value))
            if outcome.error is not None:
                yield from _wrongly_refused(outcome, field, value)
                continue
            for where, result in read_again(harness, case, outcome.result):
                found = getattr(result, field, None)
                if found not in {None, value}:
                    yield f"`{field}` {value!s} was asked for, and {where} has {found!s}"
            same = sent.setdefault(repr(outcome.wire), value)
            if same is not value:
                yield f"`{field}`: the same is sent for {same!s} and {value!s}"


def _wrongly_refused(outcome: Outcome, field: str, value: object) -> Iterator[str]:
    error = outcome.error
    if isinstance(error, InvalidRequest | Unsupported):
        if field not in f"{error} {getattr(error, 'fields', '')}":
            yield f"{value!s}: the refusal must name `{field}`: {summary(error)}"
    elif not isinstance(error, ProviderError) or error.status >= SERVER_ERROR:
        yield f"{value!s}: {summary(error)}"
    elif isinstance(value, Money) and not _is_sent(outcome, value):
        yield (
            f"{value!s} was refused by the provider, and the request has no {value.to_text()!r}: "
            f"write an amount with the decimals of its currency: {summary(error)}"
        )


def _is_sent(outcome: Outcome, price: Money) -> bool:
    """Return whether a request has the amount, as text with its decimals or in minor units."""
    forms = {price.to_text(), str(int(price.amount.scaleb(price.minor_digits)))}
    bodies = (sent_body(exchange.received) for exchange in outcome.heard)
    return any(str(value) in forms for body in bodies for _, value in leaves(body))
