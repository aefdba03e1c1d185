"""The calls: how each capability is asked for, and which of them a provider claims."""

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

READING: Final = frozenset(each for each in OPERATIONS if each.startswith(("get", "list", "find")))
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
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
"""What lists the objects that an operation makes."""
RETURN: Final = "https://shop.example/thanks"
BACK: Final = "https://shop.example/cart"
STARTS: Final = (MOMENT + dt.timedelta(days=10)).date()


def call_of(capability: str, desk: Harness) -> Call:
    """The call that asks for *capability*; what it needs is made on *desk*."""
    operation, _, variant = capability.partition(":")
    make = _CALLS[operation]
    if operation not in KINDS:
        return make(desk, variant)
    known = [each for each in KINDS[operation] if desk.supports(f"{operation}:{each}")]
    return make(desk, variant or (known or KINDS[operation])[0])


def rehearsed(terms: Callable[[], ContractConfig], capability: str) -> Outcome:
    """How the call goes when nothing goes wrong; two desks with one history give equal answers."""
    return _rehearsed(terms, capability)


@lru_cache(maxsize=256)
def _rehearsed(terms: Callable[[], ContractConfig], capability: str) -> Outcome:
    desk = Harness(terms())
    outcome = desk.perform(call_of(capability, desk))
    _ = outcome.returned()
    return outcome


def claimed(provider: type[Provider]) -> Iterator[Case]:
    """Every neutral capability that the plugin claims."""
    return (Case(name) for name in NEUTRAL if provider.capabilities().supports(name))


def lacking(provider: type[Provider]) -> Iterator[Case]:
    """Every neutral capability that it does not claim."""
    return (Case(name) for name in NEUTRAL if not provider.capabilities().supports(name))


def conversations(provider: type[Provider]) -> Iterator[Case]:
    """The claimed operations, and those variants that go another way on the wire."""
    for case in claimed(provider):
        operation, _, variant = case.capability.partition(":")
        others = {"new_customer", "inline_plan", "email"} & {variant}
        if not variant or (others and _differs(provider, operation, variant)):
            yield case


def changing(provider: type[Provider]) -> Iterator[Case]:
    """The conversations that change something."""
    return (each for each in conversations(provider) if each.operation not in READING)


def reading(provider: type[Provider]) -> Iterator[Case]:
    """The conversations that change nothing."""
    return (each for each in conversations(provider) if each.operation in READING)


def lists(provider: type[Provider]) -> Iterator[Case]:
    """The claimed lists."""
    return (each for each in claimed(provider) if each.capability.startswith("list_"))


def with_status(provider: type[Provider]) -> Iterator[Case]:
    """The claimed operations that tell how a subscription stands."""
    about = (Subscription, SubscriptionChange)
    return (each for each in conversations(provider) if issubclass(RESULTS[each.operation], about))


def _differs(provider: type[Provider], operation: str, variant: str) -> bool:
    kinds = KINDS.get(operation, ())
    return variant not in kinds or any(
        provider.capabilities().supports(f"{operation}:{each}") for each in kinds if each != variant
    )


def _signup(desk: Harness, variant: str) -> Call:
    existing = desk.supports("create_signup_link:existing_customer")
    existing = variant == "existing_customer" or (existing and variant != "new_customer")
    call = Call(
        "create_signup_link",
        kwargs={"plan": desk.plan, "customer": desk.customer if existing else desk.draft},
    )
    if variant == "return_url":
        return call.but(return_url=RETURN)
    if variant == "back_url":
        return call.but(back_url=BACK)
    if variant not in {"replaces", "period_end", "prorated"}:
        return call
    when = "period_end" if variant == "period_end" else "now"
    call = call.but(plan=desk.other_plan, replaces=desk.subscription, when=when)
    return call.but(refund="prorated") if variant == "prorated" else call


def _subscribe(desk: Harness, variant: str) -> Call:
    customer = desk.customer
    if variant == "inline_plan":
        return Call("subscribe", kwargs={"plan": desk.terms.plan, "customer": customer})
    call = Call("subscribe", kwargs={"plan": desk.plan, "customer": customer})
    if variant == "starts_on":
        return call.but(starts_on=STARTS)
    return call.but(payment_method=desk.payment_method) if variant == "payment_method" else call


def _find(desk: Harness, variant: str) -> Call:
    _ = desk.customer
    value = desk.draft.email if variant == "email" else desk.draft.external_id
    return Call("find_customer", kwargs={variant: value or "contract-1"})


def _change(desk: Harness, variant: str) -> Call:
    call = Call("change_subscription", (desk.subscription,), {"plan": desk.other_plan})
    return _timed(call, variant)


def _timed(call: Call, variant: str) -> Call:
    if variant == "prorated":
        return call.but(when="now", refund="prorated")
    return call.but(when=variant)


_CALLS: Final[Mapping[str, Callable[[Harness, Any], Call]]] = {
    "create_plan": lambda desk, _: Call("create_plan", (desk.terms.plan,)),
    "get_plan": lambda desk, _: Call("get_plan", (desk.plan,)),
    "list_plans": lambda desk, _: (desk.plan, Call("list_plans"))[1],
    "update_plan": lambda desk, _: Call(
        "update_plan", (desk.plan,), desk.terms.plan_changes.changes()
    ),
    "create_customer": lambda desk, _: Call("create_customer", (desk.draft,)),
    "get_customer": lambda desk, _: Call("get_customer", (desk.customer,)),
    "list_customers": lambda desk, _: (desk.customer, Call("list_customers"))[1],
    "find_customer": _find,
    "update_customer": lambda desk, _: Call(
        "update_customer", (desk.customer,), desk.terms.customer_changes.changes()
    ),
    "create_signup_link": _signup,
    "subscribe": _subscribe,
    "get_subscription": lambda desk, _: Call("get_subscription", (desk.subscription,)),
    "list_subscriptions": lambda desk, _: (desk.subscription, Call("list_subscriptions"))[1],
    "change_subscription": _change,
    "update_subscription": lambda desk, _: Call(
        "update_subscription", (desk.subscription,), desk.terms.subscription_changes.changes()
    ),
    "cancel_subscription": lambda desk, variant: _timed(
        Call("cancel_subscription", (desk.subscription,)), variant
    ),
}
