"""Contract tests of arguments: each has an effect, and what was created is found."""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from subhub.errors import InvalidRequest, NotFound
from subhub.models import Money, PlanDraft
from subhub.models.record import ORIGIN
from subhub.plugin.capabilities import options_of
from subhub.plugin.operations import OPERATIONS
from subhub.plugin.provider_options import ProviderOptions, validated_options
from subhub.testing.contract.assertions import expect, summary
from subhub.testing.contract.calls import (
    BACK,
    REFUNDS,
    RETURN,
    STARTS,
    TRIAL,
    UNITS,
    call_of,
    claimed,
    conversations,
)
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import MOMENT, Call, Harness, Outcome

if TYPE_CHECKING:
    from subhub.models import Result
    from subhub.plugin.provider import Provider

Change = Callable[[Harness, Call], Call]


def _draft(**changes: object) -> Change:
    return lambda _, call: Call(call.operation, (_copied(call.args[0], changes),))


def _copied(draft: Any, changes: Mapping[str, object]) -> Any:
    return draft.model_copy(update=dict(changes))


def _price(plan: PlanDraft) -> PlanDraft:
    price = Money(plan.price.amount + 1, plan.price.currency)
    return plan.model_copy(update={"price": price})


ARGUMENTS: Final[Mapping[str, Mapping[str, Change]]] = {
    "create_plan": {
        "name": _draft(name="Something else"),
        "price": lambda _, call: Call(call.operation, (_price(call.args[0]),)),  # type: ignore[arg-type]
    },
    "create_customer": {
        "name": _draft(name="Another Company BV"),
        "email": _draft(email="another@company.example"),
    },
    "create_signup_link": {"plan": lambda harness, call: call.but(plan=harness.other_plan)},
    "create_signup_link:existing_customer": {
        "customer": lambda harness, call: call.but(customer=harness.other_customer)
    },
    "create_signup_link:new_customer": {
        "customer": lambda harness, call: call.but(customer=harness.numbered(3))
    },
    **{
        f"{operation}:return_url": {
            "return_url": lambda _, call: call.but(return_url=RETURN + "/2")
        }
        for operation in ("create_signup_link", "create_setup_link", "create_portal_link")
    },
    "create_signup_link:back_url": {"back_url": lambda _, call: call.but(back_url=BACK + "/2")},
    "create_signup_link:replaces": {
        "replaces": lambda _, call: Call(
            call.operation,
            kwargs={k: v for k, v in call.kwargs.items() if k not in {"replaces", "when"}},
        )
    },
    "create_signup_link:period_end": {"when": lambda _, call: call.but(when="now")},
    "create_setup_link:back_url": {"back_url": lambda _, call: call.but(back_url=BACK + "/2")},
    **{
        operation: {"customer": lambda harness, call: call.but(customer=harness.other_customer)}
        for operation in ("create_setup_link", "create_portal_link", "payment_methods")
    },
    "subscribe": {
        "plan": lambda harness, call: call.but(plan=harness.other_terms),
        "customer": lambda harness, call: call.but(customer=harness.other_customer),
    },
    "subscribe:inline_plan": {
        "price": lambda harness, call: call.but(plan=_price(harness.plan_draft)),
    },
    "subscribe:starts_on": {
        "starts_on": lambda _, call: call.but(starts_on=STARTS + dt.timedelta(days=3))
    },
    "subscribe:payment_method": {"payment_method": lambda _, call: call.but(payment_method=None)},
    "subscribe:trial_days": {"trial_days": lambda _, call: call.but(trial_days=TRIAL + 1)},
    "create_signup_link:trial_days": {"trial_days": lambda _, call: call.but(trial_days=TRIAL + 1)},
    **{
        f"{operation}:quantity": {"quantity": lambda _, call: call.but(quantity=UNITS + 1)}
        for operation in ("subscribe", "create_signup_link", "change_subscription")
    },
    "change_subscription": {"plan": lambda harness, call: call.but(plan=harness.plan)},
    "change_subscription:period_end": {"when": lambda _, call: call.but(when="now")},
    "cancel_subscription:period_end": {"when": lambda _, call: call.but(when="now")},
    **{
        f"{operation}:{policy}": {"refund": lambda _, call: call.but(refund="none")}
        for operation in ("create_signup_link", "change_subscription", "cancel_subscription")
        for policy in REFUNDS
    },
    "list_invoices:subscription": {"subscription": lambda _, call: call.but(subscription=None)},
}
"""Another call for each argument, in which nothing else is different."""


def _arguments(provider: type[Provider]) -> Iterator[Case]:
    for capability, arguments in ARGUMENTS.items():
        if provider.capabilities().supports(capability):
            creates = provider.capabilities().supports("create_customer")
            for name in arguments:
                if creates or "customer" not in (name, capability.rpartition("_")[2]):
                    yield Case(capability, name)


def _crediting(provider: type[Provider]) -> Iterator[Case]:
    return (case for case in claimed(provider) if case.capability.endswith(":credit"))


def _options(provider: type[Provider]) -> Iterator[Case]:
    for case in conversations(provider):
        if case.capability == case.operation:
            for name in options_of(provider, case.operation):
                yield Case(case.operation, name)


def _readable(provider: type[Provider]) -> Iterator[Case]:
    known = provider.capabilities()
    for case in conversations(provider):
        row = OPERATIONS[case.operation]
        readers = [name for name in (row.read_by, row.listed_by) if name]
        may_be_gone = row.deletes or case.operation == "cancel_subscription"
        if any(map(known.supports, readers)) and not may_be_gone:
            yield case


def _deleting(provider: type[Provider]) -> Iterator[Case]:
    supports = provider.capabilities().supports
    for case in conversations(provider):
        row = OPERATIONS[case.operation]
        if row.deletes and supports(row.read_by):
            yield case


def _targeted(provider: type[Provider]) -> Iterator[Case]:
    return (case for case in conversations(provider) if OPERATIONS[case.operation].by_id)


SAMPLES: Final[tuple[Any, ...]] = (
    *(True, 5, "text", "nl_NL", RETURN, Decimal("1.5"), STARTS),
    *(MOMENT, MOMENT + dt.timedelta(days=3)),  # the first is the sandbox's present
    *(["text"], {"key": "text"}, Money("9.50", "EUR"), [], {}),
)
"""Values for arguments of any type."""


class ArgumentTests(ContractConfig):
    """No argument is ignored."""

    @for_each(_arguments)
    def test_every_argument_reaches_the_wire(self, case: Case) -> None:
        """Another value of an argument changes the requests, or is refused by its name."""
        change = ARGUMENTS[case.capability][case.detail]
        asked: list[Outcome] = []
        # Both calls are built on both harnesses: with one history, only the argument differs.
        for changes in (False, True):
            harness = Harness(self)
            call = call_of(case.capability, harness)
            other = change(harness, call)
            asked.append(harness.perform(other if changes else call))
        plain, changed = asked
        _ = plain.returned()
        expect(
            plain.wire != changed.wire or _named(changed, case.detail),
            f"`{case.detail}` makes no difference: the same is sent with and without it",
        )

    @for_each(_crediting)
    def test_credit_is_neither_money_nor_nothing(self, case: Case) -> None:
        """`refund="credit"` asks for another change than `"none"` and `"prorated"`."""
        others = ["none"]
        if self.provider.capabilities().supports(f"{case.operation}:prorated"):
            others.append("prorated")
        asked: list[list[object]] = []
        for policy in ("credit", *others):
            harness = Harness(self)
            outcome = harness.perform(call_of(case.capability, harness).but(refund=policy))
            _ = outcome.returned()
            asked.append(outcome.changes)
        credited, *rest = asked
        for policy, changes in zip(others, rest, strict=True):
            problem = f'the same change is sent for `refund="credit"` and for `refund="{policy}"`'
            expect(changes != credited, problem)

    @for_each(_options)
    def test_every_option_is_typed_and_reaches_the_wire(self, case: Case) -> None:
        """An option of `provider_options` has a type, and is sent or refused by its name."""
        name = self.provider.name
        options = accepted(self.provider, case.operation, case.detail)
        values: list[object] = [value for _, value in options]
        expect(values, f"no value fits the type of the option `{case.detail}`")
        expect(
            object not in map(type, values),
            f"the option `{case.detail}` takes anything: annotate it with its type",
        )
        harness = Harness(self)
        plain = harness.perform(call_of(case.capability, harness))
        expect(
            any(self._matters(case, {name: {case.detail: value}}, plain) for value in values),
            f"the option `{case.detail}` is ignored: the same is sent with and without it",
        )

    @for_each(_deleting)
    def test_what_was_deleted_is_gone(self, case: Case) -> None:
        """What was deleted is `NotFound`, and so is deleting it again."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        _ = harness.perform(call).returned()
        for again in (Call(OPERATIONS[case.operation].read_by, call.args), call):
            error = harness.perform(again).error
            problem = f"`{again.operation}` after it must raise `NotFound`: {summary(error)}"
            expect(isinstance(error, NotFound), problem)

    @for_each(_readable)
    def test_what_was_created_or_changed_is_found(self, case: Case) -> None:
        """The object that an operation returned can be read by its id, and is in the list."""
        harness = Harness(self)
        created = harness.perform(call_of(case.capability, harness)).returned()
        row = OPERATIONS[case.operation]
        getter, lister = row.read_by, row.listed_by
        if getter and harness.supports(getter):
            found = harness.perform(Call(getter, (created.id,))).returned()
            expect(
                found.id == created.id, f"{created.id!r} was asked for, and {found.id!r} came back"
            )
            expect(_agree(created, found), f"`{getter}` must return {created!r}, got {found!r}")
        if lister and harness.supports(lister):
            ids = [item.id for item in harness.perform(Call(lister)).returned()]
            expect(created.id in ids, f"{created.id!r} is not in `{lister}`, which has {ids!r}")

    @for_each(_targeted)
    def test_an_unknown_id_is_not_found(self, case: Case) -> None:
        """An id that does not exist raises `NotFound`; nothing is returned in its place."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        stranger = Call(call.operation, (self.provider.stand_in_id,), call.kwargs)
        outcome = harness.perform(stranger)
        expect(
            isinstance(outcome.error, NotFound),
            f"it must raise `NotFound` for {self.provider.stand_in_id!r}: "
            + (summary(outcome.error) if outcome.error else f"it returned {outcome.result!r}"),
        )

    def _matters(self, case: Case, options: ProviderOptions, plain: Outcome) -> bool:
        harness = Harness(self)
        call = call_of(case.capability, harness)
        outcome = harness.perform(call.but(provider_options=options))
        return outcome.wire != plain.wire or _named(outcome, case.detail)


def _named(outcome: Outcome, argument: str) -> bool:
    """Return whether the argument was refused by its name, here or by the provider."""
    error = outcome.error
    return isinstance(error, InvalidRequest) and argument in f"{error} {error.fields}"


def _agree(created: Result, found: Result) -> bool:
    """Return whether two results have equal fields, where both have a value."""
    fields: dict[str, object] = dict(created)
    pairs = [(value, getattr(found, name)) for name, value in fields.items() if name not in ORIGIN]
    return all(a == b for a, b in pairs if a is not None and b is not None)


def accepted(
    provider: type[Provider], operation: str, only: str | None = None
) -> Iterator[tuple[str, object]]:
    """Yield the options of an operation, each with the values that fit its type.

    Args:
        provider: The plugin's class.
        operation: The operation.
        only: The one option to yield values for; by default all of them.
    """
    for name in options_of(provider, operation) if only is None else (only,):
        annotation = _annotation(provider, operation, name)
        words = [word for part in (annotation, *get_args(annotation)) for word in get_args(part)]
        for value in (object(), *words, *SAMPLES):
            try:
                _ = validated_options(provider, operation, {provider.name: {name: value}})
            except InvalidRequest:
                continue
            yield name, value


def _annotation(provider: type[Provider], operation: str, name: str) -> object:
    """Return the type of an option; its annotation may be text, to be resolved in its module."""
    method = getattr(provider, operation)
    written = options_of(provider, operation)[name].annotation
    holder = SimpleNamespace(__annotations__={name: written})
    return get_type_hints(holder, globalns=inspect.unwrap(method).__globals__)[name]
