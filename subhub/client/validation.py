"""Checks on arguments: each raises an `InvalidRequest` that names the argument."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast, get_args
from urllib.parse import urlsplit

from subhub.errors import InvalidRequest
from subhub.models import (
    Customer,
    Invoice,
    PaymentMethod,
    Plan,
    PlanDraft,
    Refund,
    Status,
    Subscription,
    SubscriptionChange,
    When,
)
from subhub.models.record import Result
from subhub.plugin.capabilities import Capabilities
from subhub.plugin.provider import Provider

C = TypeVar("C", bound=str)
M = TypeVar("M")

_FORBIDDEN: Final = frozenset("/\\?#")
LARGEST: Final = 10**9
"""How large a number of calls or items can be."""
LONGEST: Final = 255
"""How many characters an id or a line of text may have."""
RESULTS: Final[Mapping[str, type[Plan | Customer | Subscription | Invoice | PaymentMethod]]] = {
    "plan": Plan,
    "customer": Customer,
    "subscription": Subscription,
    "invoice": Invoice,
    "payment method": PaymentMethod,
}
"""The results that are taken in place of their ids, by kind."""


def identifier(field: str, value: object, kind: str, provider: Provider, account: str) -> str:
    """Return an id of *kind*; that of a result is taken from the result.

    Args:
        field: The argument that it was passed as.
        value: What was passed.
        kind: "plan", "customer", "subscription", "payment method" or "invoice".
        provider: The provider of the account; its ids may begin in a certain way.
        account: The account's name.
    """
    if isinstance(value, Result):
        value = _id_of(field, value, kind, provider, account)
    prefixes = provider.id_prefixes
    if not isinstance(value, str):
        hint = ": pass its `.id`" if hasattr(value, "id") else ""
        problem = f"must be an id (text), got {type(value).__name__}{hint}"
    elif not value or value != value.strip() or not value.isprintable():
        problem = f"must be an id, got {value!r}: it is empty, or has blanks or control characters"
    elif len(value) > LONGEST:
        problem = f"must be an id of at most {LONGEST} characters, got {len(value)}"
    elif value in {".", ".."} or _FORBIDDEN & set(value):
        problem = f"must be an id, got {value!r}: it would change the address of the request"
    else:
        others = (name for name, prefix in prefixes.items() if value.startswith(prefix))
        other = next((name for name in others if name != kind), None)
        if other is None:
            return value
        form = f" (`{prefixes[kind]}...`)" if kind in prefixes else ""
        problem = f"must be the id of a {kind}{form}, got {value!r}, the id of a {other}"
    raise InvalidRequest.of(field, problem)


def _id_of(field: str, result: Result, kind: str, provider: Provider, account: str) -> str:
    """Return the id of a *result* of this *kind*; another one is an `InvalidRequest`."""
    wanted = RESULTS.get(kind)
    if wanted is None or not isinstance(result, wanted):
        either = "" if wanted is None else f", or a {wanted.__name__}"
        hint = ": pass its `.new`" if isinstance(result, SubscriptionChange) else ""
        problem = f"must be the id of a {kind}{either}, got a {type(result).__name__}{hint}"
        raise InvalidRequest.of(field, problem)
    check_origin(field, result, provider, account)
    return result.id


def check_origin(field: str, result: Result, provider: Provider, account: str) -> None:
    """Raise `InvalidRequest` if a *result* is known to be of another provider or account.

    Args:
        field: The argument that it was passed as.
        result: What was passed; one that was stored as text does not know its account.
        provider: The provider of this account.
        account: This account's name.
    """
    found = type(result).__name__
    if result.provider != provider.name:
        its = f" (the account {result.account!r})" if result.account else ""
        problem = (
            f"is a {found} of {result.provider}{its}, and this account, {account!r}, is billed by "
            f"{provider.name}: pass one of {provider.name}, or use the client of that account"
        )
    elif result.account not in {"", account}:
        problem = (
            f"is a {found} of the account {result.account!r}, and this client is of the account "
            f"{account!r}: use the client of {result.account!r}, or pass the `.id` if both names "
            "are of one account"
        )
    else:
        return
    raise InvalidRequest.of(field, problem)


def method_name(operation: object) -> str:
    """Return the name of an operation that only one provider has, given as its method."""
    name = getattr(operation, "__name__", None)
    if not callable(operation) or not isinstance(name, str):
        problem = "must be a method of a provider's class, such as Afternoon.ingest_event"
        raise InvalidRequest.of("operation", f"{problem}, got {type(operation).__name__}")
    return name


def function(field: str, value: M) -> M:
    """Return what can be called."""
    if not callable(value):
        raise InvalidRequest.of(field, f"must be a function, got {type(value).__name__}")
    return value


def listed(field: str, values: Iterable[M]) -> Iterable[M]:
    """Return *values* if they can be iterated."""
    if not hasattr(values, "__iter__"):
        raise InvalidRequest.of(field, f"must be a list, got {type(values).__name__}")
    return values


def whole_number(field: str, value: object, least: int) -> int:
    """Return a whole number that is at least *least*."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= LARGEST:
        large = isinstance(value, int) and value > LARGEST  # perhaps too long to be written
        problem = (
            f"must be a whole number >= {least}, got {'a larger one' if large else repr(value)}"
        )
        raise InvalidRequest.of(field, problem + (f" than {LARGEST}" if large else ""))
    return value


def checked_limit(limit: int | None) -> int | None:
    """Return how many items to read at most; `None` for all."""
    return None if limit is None else whole_number("limit", limit, 0)


def check_seconds(field: str, value: object) -> None:
    """Refuse what is not a number of seconds that is at least 0."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= cast("float", value) < math.inf:
        raise InvalidRequest.of(field, f"must be >= 0 seconds, got {value!r}")


def key_text(field: str, value: object, verb: str = "be") -> str:
    """Return the name of a job or an item: text that a journal can hold.

    Args:
        field: The argument that it was passed as, or that returned it.
        value: What was passed or returned.
        verb: "be", or "return".
    """
    try:
        fits = isinstance(value, str) and bool(value.encode())
    except UnicodeEncodeError:  # half of a surrogate pair
        fits = False
    if not fits:
        raise InvalidRequest.of(field, f"must {verb} a non-empty str, got {value!r}")
    return str(value)


def text(field: str, value: object) -> str:
    """Return a line of text; it can be personal, so no message repeats it."""
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise InvalidRequest.of(field, "must be text, not empty and without control characters")
    if len(value) > LONGEST:
        problem = f"must have at most {LONGEST} characters, got {len(value)}"
        raise InvalidRequest.of(field, problem)
    return value


def day(field: str, value: object) -> dt.date:
    """Return a calendar day, without a time."""
    # a datetime is a date too, but which day it is depends on a time zone
    if isinstance(value, dt.datetime) or not isinstance(value, dt.date):
        raise InvalidRequest.of(field, f"must be a day (datetime.date), got {value!r}")
    return value


def moment(field: str, value: object) -> dt.datetime:
    """Return a time with a time zone, given as such or as text."""
    found = value
    if isinstance(value, str):
        try:
            found = dt.datetime.fromisoformat(value)
        except ValueError:
            found = None
    if not isinstance(found, dt.datetime) or found.tzinfo is None:
        problem = f"must be a time with a time zone, such as 2026-12-01T09:30:00Z, got {value!r}"
        raise InvalidRequest.of(field, problem)
    return found


def web_address(field: str, value: object) -> str:
    """Return an absolute http(s) address."""
    if isinstance(value, str) and value.isprintable() and " " not in value:
        try:
            parts = urlsplit(value)
        except ValueError:
            parts = urlsplit("")
        if parts.scheme in {"http", "https"} and parts.netloc:
            return value
    problem = f"must be an absolute web address, got {value!r}: write it with https://"
    raise InvalidRequest.of(field, problem)


def choice(field: str, value: C, allowed: Sequence[str]) -> C:
    """Return one of the *allowed* words.

    Args:
        field: The argument that it was passed as.
        value: What was passed.
        allowed: The words.
    """
    if value not in allowed:
        words = ", ".join(repr(str(word)) for word in allowed)
        raise InvalidRequest.of(field, f"must be one of {words}, got {value!r}")
    return value


def instance(field: str, value: Any, model: type[M]) -> M:
    """Return an instance of *model*, and nothing that only looks like it.

    Args:
        field: The argument that it was passed as.
        value: What was passed.
        model: The class that it must have.
    """
    if not isinstance(value, model):
        problem = f"must be a {model.__name__}, got {type(value).__name__}"
        raise InvalidRequest.of(field, problem)
    return value


def check_timing(operation: str, when: When, refund: Refund, capabilities: Capabilities) -> None:
    """Check when a subscription is to end or change, and what the customer gets for the rest.

    Args:
        operation: The operation that ends or changes it.
        when: Its end.
        refund: What the customer gets for the paid rest of the period.
        capabilities: Those of the provider; what it lacks is `Unsupported`.
    """
    _ = choice("when", when, get_args(When))
    _ = choice("refund", refund, get_args(Refund))
    if refund != "none" and when != "now":
        raise InvalidRequest.of(
            "refund", f"{refund!r} goes with when='now': at period end nothing is left"
        )
    capabilities.require(f"{operation}:{when}")
    if refund != "none":
        capabilities.require(f"{operation}:{refund}")


def check_tax(operation: str, plan: PlanDraft, capabilities: Capabilities) -> None:
    """Raise `Unsupported` for a plan with `tax` if the plugin would drop that.

    Customers would be charged another amount. A plugin that knows the field refuses by itself what
    its provider cannot do.

    Args:
        operation: The operation that is given the plan.
        plan: The plan.
        capabilities: Those of the provider.
    """
    if plan.tax is not None:
        found = capabilities.fields(operation).use_of("tax", plan.tax)
        if found.use == "dropped":
            capabilities.require(f"{operation}:tax")


def check_links(
    operation: str, return_url: str | None, back_url: str | None, capabilities: Capabilities
) -> None:
    """Check the addresses that lead back from a page for customers.

    Args:
        operation: The operation that creates the page.
        return_url: Where a browser goes after paying.
        back_url: Where the page's Back leads to.
        capabilities: Those of the provider; what it lacks is `Unsupported`.
    """
    for field, address in (("return_url", return_url), ("back_url", back_url)):
        if address is not None:
            capabilities.require(f"{operation}:{field}")
            _ = web_address(field, address)


def check_replacement(
    replaces: str | None, when: When | None, refund: Refund | None, capabilities: Capabilities
) -> None:
    """Check *when* and *refund* of a signup link: they are about the subscription to be replaced.

    Args:
        replaces: The id of that subscription, if there is one.
        when: When it ends.
        refund: What the customer gets for the paid rest of its period.
        capabilities: Those of the provider; what it lacks is `Unsupported`.
    """
    if replaces is None:
        for field, value in (("when", when), ("refund", refund)):
            if value is not None:
                raise InvalidRequest.of(field, "it goes with `replaces`, the subscription to end")
        return
    if when is None:
        problem = "with `replaces` say when the old one ends: 'now' or 'period_end'"
        raise InvalidRequest.of("when", problem)
    _ = choice("when", when, get_args(When))
    if when == "period_end":
        capabilities.require("create_signup_link:period_end")
    if refund is not None:
        _ = choice("refund", refund, get_args(Refund))
    if refund is not None and when != "now":
        raise InvalidRequest.of("refund", "it goes with when='now'")
    if refund not in {None, "none"}:
        capabilities.require(f"create_signup_link:{refund}")


def belongs(
    customer: str | Customer | None, status: Status | None
) -> Callable[[Subscription], bool]:
    """Return a filter for the subscriptions of *customer* and in *status*, where these are given.

    It sees every listed subscription, whether or not the provider could filter.
    """
    if status is not None:
        _ = choice("status", status, tuple(Status))
    customer = customer.id if isinstance(customer, Customer) else customer

    def fits(subscription: Subscription) -> bool:
        return (customer is None or subscription.customer_id == customer) and (
            status is None or subscription.status == status
        )

    return fits


def billed_to(
    customer: str | Customer | None, subscription: str | Subscription | None
) -> Callable[[Invoice], bool]:
    """Return a filter for the invoices of *customer* and *subscription*, where these are given."""
    wanted = {
        "customer_id": customer.id if isinstance(customer, Customer) else customer,
        "subscription_id": (
            subscription.id if isinstance(subscription, Subscription) else subscription
        ),
    }

    def fits(invoice: Invoice) -> bool:
        given = ((name, value) for name, value in wanted.items() if value is not None)
        return all(getattr(invoice, name) == value for name, value in given)

    return fits
