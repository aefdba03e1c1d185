"""How each capability is called, and which of them a provider claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from inspect import signature
from typing import TYPE_CHECKING, Any, Final

from subhub.models import Subscription, SubscriptionChange
from subhub.plugin.operations import NEUTRAL, OPERATIONS
from subhub.testing.contract.cases import Case
from subhub.testing.contract.harness import MOMENT, Call, Harness, Outcome, has_plans

if TYPE_CHECKING:
    from subhub.models.record import Update
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.config import ContractConfig

RETURN: Final = "https://shop.example/thanks"
BACK: Final = "https://shop.example/cart"
TRIAL: Final = 14
UNITS: Final = 3
COUNTED: Final[Mapping[str, int]] = {"trial_days": TRIAL, "quantity": UNITS}
"""The numbers for arguments that count something."""
REFUNDS: Final = ("prorated", "credit")
"""The refund policies that a provider may lack."""
STARTS: Final = (MOMENT + dt.timedelta(days=10)).date()


def call_of(capability: str, harness: Harness) -> Call:
    """Return the call that uses *capability*; *harness* creates what it needs."""
    operation, _, variant = capability.partition(":")
    if operation not in _CALLS:
        return _plain(operation, harness)
    build = _CALLS[operation]
    required = OPERATIONS[operation].one_of
    if variant or not required:
        return build(harness, variant)
    known = [name for name in required if harness.supports(f"{operation}:{name}")]
    return build(harness, (known or required)[0])


def rehearsed(config: Callable[[], ContractConfig], capability: str) -> Outcome:
    """Return the outcome of the call without failures, computed once for all tests."""
    return _rehearsed(config, capability)


@lru_cache(maxsize=256)
def _rehearsed(config: Callable[[], ContractConfig], capability: str) -> Outcome:
    harness = Harness(config())
    outcome = harness.perform(call_of(capability, harness))
    _ = outcome.returned()
    return outcome


def with_field(call: Call, field: str, value: object) -> Call:
    """Return the call with another value of one field of what is created or changed."""
    if call.operation.startswith("update_"):
        return Call(call.operation, call.args, {field: value})
    draft: Any = call.kwargs.get("plan", call.args[0] if call.args else None)
    draft = draft.model_copy(update={field: value})
    return call.but(plan=draft) if call.kwargs else Call(call.operation, (draft,))


def read_again(harness: Harness, case: Case, result: Any) -> Iterator[tuple[str, Any]]:
    """Yield the result of a call, and what the operation that reads it returns, where there is one.

    Each comes with words for where it was found.
    """
    yield "the result", result
    getter = OPERATIONS[case.operation].read_by
    if harness.supports(getter):
        yield f"`{getter}`", harness.perform(Call(getter, (result.id,))).returned()


def claimed(provider: type[Provider]) -> Iterator[Case]:
    """Return every neutral capability that the plugin claims."""
    return (Case(name) for name in NEUTRAL if provider.capabilities().supports(name))


def lacking(provider: type[Provider]) -> Iterator[Case]:
    """Return every neutral capability that the plugin does not claim."""
    return (Case(name) for name in NEUTRAL if not provider.capabilities().supports(name))


def conversations(provider: type[Provider]) -> Iterator[Case]:
    """Yield the claimed operations, and those variants that send other requests."""
    for case in claimed(provider):
        operation, _, variant = case.capability.partition(":")
        others = {"new_customer", "inline_plan", "email"} & {variant}
        if not variant or (others and _differs(provider, operation, variant)):
            yield case


def changing(provider: type[Provider]) -> Iterator[Case]:
    """Return the conversations that change something."""
    return (case for case in conversations(provider) if OPERATIONS[case.operation].changes)


def reading(provider: type[Provider]) -> Iterator[Case]:
    """Return the conversations that change nothing."""
    return (case for case in conversations(provider) if not OPERATIONS[case.operation].changes)


def lists(provider: type[Provider]) -> Iterator[Case]:
    """Return the claimed lists."""
    for case in claimed(provider):
        if "cursor" in signature(getattr(provider, case.operation)).parameters:
            yield case


def with_status(provider: type[Provider]) -> Iterator[Case]:
    """Return the claimed operations whose result has a subscription's status."""
    about = (Subscription, SubscriptionChange)
    for case in conversations(provider):
        if issubclass(OPERATIONS[case.operation].result, about):
            yield case


def changes_of(config: ContractConfig, operation: str) -> Update | None:
    """Return the new values with which an `update_` operation is called; `None` for others."""
    verb, _, thing = operation.partition("_")
    changes: Update | None = getattr(config, f"{thing}_changes") if verb == "update" else None
    return changes


def _plain(operation: str, harness: Harness) -> Call:
    """Return the call of an operation that takes an id, an id and new values, or nothing."""
    thing = operation.partition("_")[2].removesuffix("s")
    existing = getattr(harness, thing)  # created also for a list, which would be empty without it
    changes = changes_of(harness.config, operation)
    return Call(
        operation,
        (existing,) if OPERATIONS[operation].by_id else (),
        changes.changes() if changes else {},
    )


def _differs(provider: type[Provider], operation: str, variant: str) -> bool:
    required = OPERATIONS[operation].one_of
    known = provider.capabilities()
    others = (name for name in required if name != variant)
    return variant not in required or any(known.supports(f"{operation}:{name}") for name in others)


def _signup(harness: Harness, variant: str) -> Call:
    existing = harness.supports("create_signup_link:existing_customer")
    existing = variant == "existing_customer" or (existing and variant != "new_customer")
    call = Call(
        "create_signup_link",
        kwargs={"plan": harness.plan, "customer": harness.customer if existing else harness.draft},
    )
    if variant == "return_url":
        return call.but(return_url=RETURN)
    if variant == "back_url":
        return call.but(back_url=BACK)
    if variant in COUNTED:
        return call.but(**{variant: COUNTED[variant]})
    if variant not in {"replaces", "period_end", *REFUNDS}:
        return call
    when = "period_end" if variant == "period_end" else "now"
    call = call.but(plan=harness.other_plan, replaces=harness.subscription, when=when)
    return call.but(refund=variant) if variant in REFUNDS else call


def _follow(harness: Harness, _: str) -> Call:
    """Return the call that follows a paid link of a customer without another subscription."""
    link = harness.signup_link
    harness.pay(link)
    return Call("follow_signup_link", (link,), {"known": []})


def _setup(harness: Harness, variant: str) -> Call:
    call = Call("create_setup_link", kwargs={"customer": harness.customer})
    if variant == "return_url" or harness.supports("create_setup_link:return_url"):
        call = call.but(return_url=RETURN)  # some providers require it
    return call.but(back_url=BACK) if variant == "back_url" else call


def _portal(harness: Harness, variant: str) -> Call:
    call = Call("create_portal_link", kwargs={"customer": harness.customer})
    return call.but(return_url=RETURN) if variant == "return_url" else call


def _payment_methods(harness: Harness, _: str) -> Call:
    """Return the call that lists the payment methods of a customer who has one."""
    _ = harness.payment_method
    return listing("payment_methods", harness)


def listing(operation: str, harness: Harness) -> Call:
    """Return the call of a list; that of payment methods is always of one customer."""
    owned = operation == "payment_methods"
    return Call(operation, kwargs={"customer": harness.customer} if owned else {})


def _subscribe(harness: Harness, variant: str) -> Call:
    customer = harness.customer
    if variant == "inline_plan":
        return Call("subscribe", kwargs={"plan": harness.plan_draft, "customer": customer})
    known = variant != "plan_id" or has_plans(harness.provider)
    plan = harness.terms if known else "plan_1"
    call = Call("subscribe", kwargs={"plan": plan, "customer": customer})
    if variant == "starts_on":
        return call.but(starts_on=STARTS)
    if variant in COUNTED:
        return call.but(**{variant: COUNTED[variant]})
    return call.but(payment_method=harness.payment_method) if variant == "payment_method" else call


def _find(harness: Harness, variant: str) -> Call:
    _ = harness.customer
    value = harness.draft.email if variant == "email" else harness.draft.external_id
    return Call("find_customer", kwargs={variant: value or "contract-1"})


def _invoices(harness: Harness, variant: str) -> Call:
    _ = harness.invoice
    call = Call("list_invoices")
    return call.but(subscription=harness.subscription) if variant == "subscription" else call


def _change(harness: Harness, variant: str) -> Call:
    call = Call("change_subscription", (harness.subscription,), {"plan": harness.other_plan})
    if variant in COUNTED:
        return call.but(when="now", **{variant: COUNTED[variant]})
    return _timed(call, variant)


def _uncancel(harness: Harness, _: str) -> Call:
    """Return the call that undoes a cancellation, which is made first."""
    subscription = harness.subscription
    if harness.supports("uncancel_subscription"):
        canceled = harness.client.cancel_subscription(subscription, when="period_end")
        assert canceled.id == subscription  # noqa: S101 - or nothing below is about it
    return Call("uncancel_subscription", (subscription,))


def _resume(harness: Harness, _: str) -> Call:
    """Return the call that resumes a subscription, which is paused first."""
    subscription = harness.subscription
    if harness.supports("pause_subscription"):
        paused = harness.client.pause_subscription(subscription)
        assert paused.id == subscription  # noqa: S101 - or nothing below is about it
    return Call("resume_subscription", (subscription,))


def _timed(call: Call, variant: str) -> Call:
    if variant in REFUNDS:
        return call.but(when="now", refund=variant)
    return call.but(when=variant)


_CALLS: Final[Mapping[str, Callable[[Harness, Any], Call]]] = {
    "create_plan": lambda harness, _: Call("create_plan", (harness.plan_draft,)),
    "create_customer": lambda harness, _: Call("create_customer", (harness.draft,)),
    "find_customer": _find,
    "create_signup_link": _signup,
    "follow_signup_link": _follow,
    "create_setup_link": _setup,
    "create_portal_link": _portal,
    "payment_methods": _payment_methods,
    "subscribe": _subscribe,
    "change_subscription": _change,
    "uncancel_subscription": _uncancel,
    "resume_subscription": _resume,
    "list_invoices": _invoices,
    "get_invoice_pdf": lambda harness, _: Call("get_invoice_pdf", (harness.invoice,)),
    "cancel_subscription": lambda harness, variant: _timed(
        Call("cancel_subscription", (harness.subscription,)), variant
    ),
}
"""The calls that are not plain: they have arguments of their own."""
