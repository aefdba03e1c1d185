"""Contract tests of names, addresses and other texts: whole, in their place, and read again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from subhub.errors import InvalidRequest, ProviderError, SubhubError, Unsupported
from subhub.models import Status, Subscription
from subhub.testing.contract.assertions import expect_none, summary
from subhub.testing.contract.calls import (
    call_of,
    claimed,
    conversations,
    read_again,
    rehearsed,
    with_field,
)
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import MOMENT, Harness, Outcome
from subhub.testing.contract.replies import leaves, record_of, sent_body

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

LONG: Final = "Van der Berg, Müller & Zonen Verzekeringen Holding B.V."
CUSTOMER: Final[Mapping[str, object]] = {
    "name": LONG,
    "email": "accounts.payable+subhub@billing.example.com",
    "address": "Oude Gracht 123-bis, tweede verdieping",
    "postal_code": "5678CD",
    "city": "'s-Hertogenbosch",
    "country": "BE",
    "phone": "+31201234567",
    "external_id": "ext-4711",
    "vat_id": "BE0123456789",
}
PLAN: Final[Mapping[str, object]] = {"name": LONG, "description": LONG + " (2)", "public": True}
SUBSCRIPTION: Final[Mapping[str, object]] = {"description": LONG}
INLINE: Final[Mapping[str, object]] = {"name": LONG}
FIELDS: Final[Mapping[str, Mapping[str, object]]] = {
    "create_customer": CUSTOMER,
    "update_customer": CUSTOMER,
    "create_plan": PLAN,
    "update_plan": PLAN,
    "subscribe:inline_plan": INLINE,
    "update_subscription": SUBSCRIPTION,
}
"""What is sent in the fields of each operation, one at a time."""
ALTERNATIVES: Final[Mapping[str, tuple[str, ...]]] = {"vat_id": ("NL123456789B01",)}
"""Other values, where a provider may check the first one and refuse it."""
UPDATES: Final[Mapping[str, str]] = {
    "create_customer": "update_customer",
    "create_plan": "update_plan",
}
REQUIRED: Final = frozenset({"name", "email"})
LONGEST_CODE: Final = 4
"""A shorter text, as `BE`, is a part of many others."""
DAY: Final = dt.timedelta(days=1)
OVER: Final = frozenset({Status.CANCELED, Status.ENDED})
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "created_at": ("created at", "created", "creation date"),
    "starts_on": ("start date", "starts at", "starts on", "started at"),
    "renews_on": (
        *("next payment date", "next renewal date", "next billing date", "next invoice date"),
        *("renews at", "renews on", "renewal date"),
    ),
    "ends_at": ("canceled at", "cancelled at", "ended at", "terminated at"),
    "name": ("name", "company name"),
    "email": ("email", "email address", "primary email"),
    "phone": ("phone", "phone number"),
    "vat_id": ("vat id", "vat number"),
    "city": ("city",),
    "postal_code": ("postal code", "postcode", "zip code", "zip"),
    "country": ("country", "country code"),
    "description": ("description",),
    "customer_id": ("customer id",),
    "price": ("amount", "price", "unit amount"),
    "interval": ("interval",),
    "tax_rate": ("tax rate", "vat rate"),
    "raw_status": ("status", "state"),
    "number": ("number", "invoice number"),
    "total": ("total", "total amount", "amount"),
    "due_on": ("due date", "due at", "due on"),
    "issued_on": ("issued at", "issued on", "issue date"),
    "paid_at": ("paid at", "paid on"),
}
"""What providers call the fields of a result, in lower case and without signs."""


def _with_fields(provider: type[Provider]) -> Iterator[Case]:
    return (Case(name) for name in FIELDS if provider.capabilities().supports(name))


class FieldTests(ContractConfig):
    """Each field by itself."""

    @for_each(_with_fields)
    def test_every_field_is_sent_whole(self, case: Case) -> None:
        """The whole text of a field is in a request, and comes back, or is refused by its name.

        What no update can change either, a provider has no place for, and it may be left out.
        """
        expect_none(
            problem
            for field, value in FIELDS[case.capability].items()
            for problem in self._cut(case, field, value)
        )

    @for_each(conversations)
    def test_what_the_provider_sends_is_read(self, case: Case) -> None:
        """A value of the response whose name says what it is, is in that field of the result."""
        expect_none(
            dict.fromkeys(
                problem
                for result in rehearsed(type(self), case.capability).results
                for problem in _unread(result)
            )
        )

    @for_each(claimed)
    def test_times_are_the_providers(self, case: Case) -> None:
        """`created_at` is the sandbox's time, and what is running has not ended."""
        for result in rehearsed(type(self), case.capability).results:
            expect_none(_impossible(result, case.operation))

    def _cut(self, case: Case, field: str, value: object) -> Iterator[str]:
        harness = Harness(self)
        outcome = harness.perform(with_field(call_of(case.capability, harness), field, value))
        if isinstance(outcome.error, InvalidRequest | Unsupported):
            if field not in f"{outcome.error} {getattr(outcome.error, 'fields', '')}":
                yield f"`{field}`: it must be refused by its name: {summary(outcome.error)}"
        elif isinstance(outcome.error, ProviderError):
            yield from self._refused_anyway(case, field)
        elif outcome.error is not None:
            yield f"`{field}`: {summary(outcome.error)}"
        elif not _is_said(outcome, value):
            if field in REQUIRED or not self._has_no_place(case, field, value):
                yield f"`{field}`: {value!r} is in no request, or not whole"
        else:
            for where, result in read_again(harness, case, outcome.result):
                found = getattr(result, field, None)
                if found not in {None, value}:
                    yield f"`{field}`: {value!r} was asked for, and {where} has {found!r}"
                silent = field in dict(result) and found is None
                if silent and value in [said for _, said in leaves(result.raw)]:
                    yield f"`{field}`: {where} has {value!r} in `raw`, and the field is `None`"

    def _refused_anyway(self, case: Case, field: str) -> Iterator[str]:
        """Yield a field whose other values here are all refused by the provider too."""
        others = ALTERNATIVES.get(field)
        if others is None:
            return
        for value in (getattr(self.customer, field), *others):
            harness = Harness(self)
            call = with_field(call_of(case.capability, harness), field, value)
            if value is not None and harness.perform(call).error is None:
                return
        yield (
            f"`{field}`: the provider refuses every value. Is it sent under its own name? If "
            "it is, give `customer` of the contract class a value that the provider takes"
        )

    def _has_no_place(self, case: Case, field: str, value: object) -> bool:
        """Return whether the provider cannot change the field either, or was not asked to."""
        update = UPDATES.get(case.capability, "")
        harness = Harness(self)
        if not harness.supports(update):
            return case.capability in UPDATES
        outcome = harness.perform(with_field(call_of(update, harness), field, value))
        return isinstance(outcome.error, SubhubError)


def _is_said(outcome: Outcome, value: object) -> bool:
    """Return whether a request has the value: all words of a text, in any of its values."""
    texts = list(_texts(outcome))
    if len(str(value)) <= LONGEST_CODE:
        return any(text.lower() == str(value).lower() for text in texts)
    return all(any(word in text for text in texts) for word in str(value).split())


def _texts(outcome: Outcome) -> Iterator[str]:
    for exchange in outcome.heard:
        received = exchange.received
        yield from (str(value) for _, value in leaves(sent_body(received)))
        yield from received.query.values()
        yield unquote(received.path)


def _unread(result: Any) -> Iterator[str]:
    """Yield what `raw` has under a known name, and the result lacks."""
    over = getattr(result, "status", Status.CANCELED) in OVER
    for name, value in record_of(result).items():
        words = re.sub(r"[^a-z]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()).strip()
        for field, known in NAMES.items():
            lacks = field in dict(result) and getattr(result, field) is None
            ends = field == "ends_at" and not over
            if words in known and lacks and value not in (None, "", {}, []) and not ends:
                yield f"the provider sends `{name}` = {value!r}, and `.{field}` is `None`"


def _impossible(result: Any, operation: str) -> Iterator[str]:
    created = getattr(result, "created_at", None)
    if created is not None and abs(created - MOMENT) > DAY:
        yield (
            f"`.created_at` is {created}, and it was created at {MOMENT} on the sandbox's clock: "
            "read it from the response"
        )
    running = isinstance(result, Subscription) and result.status not in {*OVER, Status.UNKNOWN}
    ended = running and result.ends_at is not None and result.ends_at <= MOMENT
    if ended and operation not in {"cancel_subscription", "change_subscription"}:
        yield f"`.ends_at` is {result.ends_at}, which has passed, and it is {result.status!r}"
