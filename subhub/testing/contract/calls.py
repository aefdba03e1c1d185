"""How each capability is called, and which of them a provider claims."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from subhub.models import Customer, Plan, SignupLink, Subscription, SubscriptionChange
from subhub.plugin.capabilities import NEUTRAL, OPERATIONS
from subhub.testing.contract.cases import Case
from subhub.testing.contract.harness import MOMENT, Call, Harness, Outcome

if TYPE_CHECKING:
    from subhub.models.record import Result
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.config import ContractConfig

RESULTS: Final[Mapping[str, type[Result]]] = {
    "create_plan": Plan,
    "get_plan": Plan,
    "list_plans": Plan,
    "update_plan": Plan,
    "create_customer": Customer,
    "get_customer": Customer,
    "list_customers": Customer,
    "find_customer": Customer,
    "update_customer": Customer,
    "create_signup_link": SignupLink,
    "subscribe": Subscription,
    "get_subscription": Subscription,
    "list_subscriptions": Subscription,
    "change_subscription": SubscriptionChange,
    "update_subscription": Subscription,
    "cancel_subscription": Subscription,
}
"""What an operation returns, or a list of it."""

READING: Final = frozenset(name for name in OPERATIONS if name.startswith(("get", "list", "find")))
REQUIRED_VARIANTS: Final[Mapping[str, tuple[str, ...]]] = {
    "find_customer": ("external_id", "email"),
    "create_signup_link": ("existing_customer", "new_customer"),
    "change_subscription": ("now", "period_end"),
    "cancel_subscription": ("now", "period_end"),
}
"""Variants of which an operation is always one."""
LISTERS: Final[Mapping[str, str]] = {
    "create_plan": "list_plans",
    "create_customer": "list_customers",
    "subscribe": "list_subscriptions",
}
"""What lists the objects that an operation creates."""
RETURN: Final = "https://shop.example/thanks"
BACK: Final = "https://shop.example/cart"
STARTS: Final = (MOMENT + dt.timedelta(days=10)).date()


def call_of(capability: str, harness: Harness) -> Call:
    """Return the call that uses *capability*; *harness* creates what it needs."""
    operation, _, variant = capability.partition(":")
    build = _CALLS[operation]
    if operation not in REQUIRED_VARIANTS:
        return build(harness, variant)
    required = REQUIRED_VARIANTS[operation]
    known = [name for name in required if harness.supports(f"{operation}:{name}")]
    return build(harness, variant or (known or required)[0])


def rehearsed(config: Callable[[], ContractConfig], capability: str) -> Outcome:
    """Return the outcome of the call without failures, computed once for all tests."""
    return _rehearsed(config, capability)


@lru_cache(maxsize=256)
def _rehearsed(config: Callable[[], ContractConfig], capability: str) -> Outcome:
    harness = Harness(config())
    outcome = harness.perform(call_of(capability, harness))
    _ = outcome.returned()
    return outcome


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
    return (case for case in conversations(provider) if case.operation not in READING)


def reading(provider: type[Provider]) -> Iterator[Case]:
    """Return the conversations that change nothing."""
    return (case for case in conversations(provider) if case.operation in READING)


def lists(provider: type[Provider]) -> Iterator[Case]:
    """Return the claimed lists."""
    return (case for case in claimed(provider) if case.capability.startswith("list_"))


def with_status(provider: type[Provider]) -> Iterator[Case]:
    """Return the claimed operations whose result has a subscription's status."""
    about = (Subscription, SubscriptionChange)
    return (case for case in conversations(provider) if issubclass(RESULTS[case.operation], about))


def _differs(provider: type[Provider], operation: str, variant: str) -> bool:
    required = REQUIRED_VARIANTS.get(operation, ())
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
    if variant not in {"replaces", "period_end", "prorated"}:
        return call
    when = "period_end" if variant == "period_end" else "now"
    call = call.but(plan=harness.other_plan, replaces=harness.subscription, when=when)
    return call.but(refund="prorated") if variant == "prorated" else call


def _subscribe(harness: Harness, variant: str) -> Call:
    customer = harness.customer
    if variant == "inline_plan":
        return Call("subscribe", kwargs={"plan": harness.config.plan, "customer": customer})
    call = Call("subscribe", kwargs={"plan": harness.plan, "customer": customer})
    if variant == "starts_on":
        return call.but(starts_on=STARTS)
    return call.but(payment_method=harness.payment_method) if variant == "payment_method" else call


def _find(harness: Harness, variant: str) -> Call:
    _ = harness.customer
    value = harness.draft.email if variant == "email" else harness.draft.external_id
    return Call("find_customer", kwargs={variant: value or "contract-1"})


def _change(harness: Harness, variant: str) -> Call:
    call = Call("change_subscription", (harness.subscription,), {"plan": harness.other_plan})
    return _timed(call, variant)


def _timed(call: Call, variant: str) -> Call:
    if variant == "prorated":
        return call.but(when="now", refund="prorated")
    return call.but(when=variant)


_CALLS: Final[Mapping[str, Callable[[Harness, Any], Call]]] = {
    "create_plan": lambda harness, _: Call("create_plan", (harness.config.plan,)),
    "get_plan": lambda harness, _: Call("get_plan", (harness.plan,)),
    "list_plans": lambda harness, _: (harness.plan, Call("list_plans"))[1],
    "update_plan": lambda harness, _: Call(
        "update_plan", (harness.plan,), harness.config.plan_changes.changes()
    ),
    "create_customer": lambda harness, _: Call("create_customer", (harness.draft,)),
    "get_customer": lambda harness, _: Call("get_customer", (harness.customer,)),
    "list_customers": lambda harness, _: (harness.customer, Call("list_customers"))[1],
    "find_customer": _find,
    "update_customer": lambda harness, _: Call(
        "update_customer", (harness.customer,), harness.config.customer_changes.changes()
    ),
    "create_signup_link": _signup,
    "subscribe": _subscribe,
    "get_subscription": lambda harness, _: Call("get_subscription", (harness.subscription,)),
    "list_subscriptions": lambda harness, _: (harness.subscription, Call("list_subscriptions"))[1],
    "change_subscription": _change,
    "update_subscription": lambda harness, _: Call(
        "update_subscription",
        (harness.subscription,),
        harness.config.subscription_changes.changes(),
    ),
    "cancel_subscription": lambda harness, variant: _timed(
        Call("cancel_subscription", (harness.subscription,)), variant
    ),
}
