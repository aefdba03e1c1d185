"""Contract tests of updates: a change touches what it is about, and nothing else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import SubhubError
from subhub.models import Interval, Money
from subhub.models.record import ORIGIN
from subhub.plugin.operations import OPERATIONS
from subhub.testing.contract.arguments import accepted
from subhub.testing.contract.assertions import expect_none
from subhub.testing.contract.calls import call_of
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.fields import LONG
from subhub.testing.contract.harness import Call, Harness
from subhub.testing.contract.replies import Place, at, leaves, record_of, shown

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

CREATORS: Final[Mapping[str, str]] = {
    "update_plan": "create_plan",
    "update_customer": "create_customer",
    "update_subscription": "subscribe",
}
"""What creates the object that an operation changes."""
_TERMS: Final = (
    ("interval", Interval(6, "month")),
    ("tax_rate", 9),
    ("price", 1),
    ("description", "First description"),
    ("interval", Interval(1, "month")),
    ("price", 2),
    ("description", LONG),
)
CHANGES: Final[Mapping[str, tuple[tuple[str, Any], ...]]] = {
    "update_plan": (*_TERMS, ("name", "First name"), ("public", True), ("name", LONG)),
    "update_customer": (
        ("city", "Gent"),
        ("postal_code", "9000AA"),
        ("address", "Korenmarkt 1"),
        ("phone", "+3291234567"),
        ("vat_id", "BE0123456789"),
        ("external_id", "first-1"),
        ("name", "First Name BV"),
        ("country", "BE"),
        ("email", "first@example.com"),
        ("name", LONG),
        ("city", "Brugge"),
        ("address", "Markt 2"),
        ("vat_id", "NL123456789B01"),
    ),
    "update_subscription": _TERMS,
}
"""Changes made one after the other; a number is added to the price."""
DERIVED: Final = frozenset({"renews_on"})
"""Fields that follow from others."""


def _updates(provider: type[Provider]) -> Iterator[Case]:
    for operation in CREATORS:
        if all(map(provider.capabilities().supports, (operation, OPERATIONS[operation].read_by))):
            yield Case(operation)


class UpdateTests(ContractConfig):
    """Objects before and after each change."""

    @for_each(_updates)
    def test_a_change_leaves_the_rest_as_it_was(self, case: Case) -> None:
        """After each change all other fields are as before, in the result and in `raw`."""
        expect_none(self._wiped(case.operation))

    def _wiped(self, operation: str) -> Iterator[str]:
        harness = Harness(self)
        read = Call(OPERATIONS[operation].read_by, (target_of(harness, operation),))
        for field, value in CHANGES[operation]:
            if field == "price":
                price = self.plan.price
                more = price.amount + int(str(value))
                value = Money(more, price.currency)  # noqa: PLW2901 - it is the sum
            before = harness.perform(read).returned()
            outcome = harness.perform(Call(operation, read.args, {field: value}))
            if isinstance(outcome.error, SubhubError):  # other tests judge what is refused
                continue
            _ = outcome.returned()
            after = harness.perform(read).returned()
            problems = (
                *_other_fields(field, before, after),
                *_other_values(before, after),
                *_old_values(getattr(before, field, None), value, after),
            )
            for problem in problems:
                yield f"a change of `{field}` {problem}"


def target_of(harness: Harness, operation: str) -> str:
    """Return the id of an object that has everything that it can be created with."""
    creator = CREATORS[operation]
    if not harness.supports(creator):
        made: str = getattr(harness, operation.removeprefix("update_"))
        return made
    call = call_of(creator, harness)
    name, options = harness.provider.name, dict[str, object]()
    for option, value in accepted(harness.provider, creator):
        scratch = Harness(harness.config)
        tried = {**options, option: value}
        _ = call_of(creator, scratch)
        if option in options or "key" in option:  # an idempotency key is of one request
            continue
        if scratch.perform(call.but(provider_options={name: tried})).error is None:
            options = tried
    created = harness.perform(call.but(provider_options={name: options})).returned()
    found: str = created.id
    return found


def _other_fields(field: str, before: Any, after: Any) -> Iterator[str]:
    for name, _ in before:
        if name in {field, *ORIGIN, *DERIVED}:
            continue
        was, now = getattr(before, name), getattr(after, name)
        if was != now:
            yield f"changed `.{name}` from {was!r} to {now!r}"


def _other_values(before: Any, after: Any) -> Iterator[str]:
    """Yield what is gone from the provider's object, or has become another word."""
    then = record_of(after)
    for place, was in leaves(record_of(before)):
        now = at(then, place)
        gone = was not in (None, "") and now in (None, "")
        if gone or (_is_word(was) and was != now and _is_word(now) and not _is_read(after, now)):
            yield f"changed `{shown(place)}` of the provider's object from {was!r} to {now!r}"


def _old_values(was: object, value: object, after: Any) -> Iterator[str]:
    """Yield where the old value of a field still is, beside the new one in the same list."""
    found = [(place, said) for place, said in leaves(record_of(after)) if said in {was, value}]
    new = {_numberless(place) for place, said in found if said == value}
    for place, said in found:
        if said == was != value and _numberless(place) in new:
            yield f"left {was!r} in `{shown(place)}` of the provider's object, beside {value!r}"


def _numberless(place: Place) -> tuple[str, ...]:
    return tuple(step for step in place if isinstance(step, str))


def _is_word(value: object) -> bool:
    return isinstance(value, str) and not re.search(r"\d", value)


def _is_read(result: Any, value: object) -> bool:
    """Return whether the value is that of a field, which is compared by itself."""
    fields = (found for name, found in result if name not in ORIGIN)
    return any(str(value) in str(found) for found in fields if not isinstance(found, dt.date))
