"""How an extension is called, which only one provider has.

Its arguments follow from their names and types, and from ids that other extensions return;
`extension_arguments` of the contract class says the rest. An extension whose arguments can be found
nowhere is not judged by the sandbox's refusal.
"""

from __future__ import annotations

import datetime as dt
import inspect
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Final, get_args, get_type_hints

from subhub.errors import InvalidRequest
from subhub.models import Money
from subhub.plugin.operations import KNOWN
from subhub.testing.contract.calls import RETURN, STARTS
from subhub.testing.contract.descriptions import REFUSED, document_for
from subhub.testing.contract.harness import MOMENT, Call, Harness, Outcome
from subhub.testing.provenance import document_of

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Exchange
    from subhub.testing.contract.config import ContractConfig

BY_TYPE: Final[Mapping[object, tuple[object, object]]] = {
    Money: (Money("9.50", "EUR"), Money("8.25", "EUR")),
    dt.date: (STARTS, STARTS + dt.timedelta(days=3)),
    dt.datetime: (MOMENT, MOMENT + dt.timedelta(days=3)),
    bool: (True, False),
    int: (5, 6),
    Decimal: (Decimal("1.5"), Decimal("2.5")),
    str: ("text", "nl_NL"),
}
"""Two values for an argument of each type."""
PARTIES: Final = ("customer", "subscription", "plan")


def rehearsed_extension(config: Callable[[], ContractConfig], name: str) -> Outcome | None:
    """Return the outcome of a call of the extension, or `None` if its arguments are unknown.

    One that the sandbox refused counts only if the contract class says what to call it with.
    """
    return _rehearsed(config, name)


def accepted_id(config: Callable[[], ContractConfig], name: str) -> int | None:
    """Return which of the known ids the extension is called with, the first that is accepted."""
    return _accepted_id(config, name)


@lru_cache(maxsize=256)
def _rehearsed(config: Callable[[], ContractConfig], name: str) -> Outcome | None:
    given = name in Harness(config()).extension_arguments
    found = accepted_id(config, name)
    if found is None:
        return None
    harness = Harness(config())
    outcome = harness.perform(call_of_extension(harness, name, found))
    if given or (outcome.heard and succeeded(outcome.heard[-1])):
        return outcome
    unsent = isinstance(outcome.error, InvalidRequest) and not outcome.heard
    return None if unsent else _refused(config, outcome)


def _refused(config: Callable[[], ContractConfig], outcome: Outcome) -> Outcome | None:
    """Return a refused call that sent nothing, or what is not described: the plugin's mistake."""
    if not outcome.heard:
        return outcome
    if document_of(config().provider) is None:
        return None
    operations = document_for(config().provider)
    for exchange in outcome.heard:
        try:
            _ = operations.operation(exchange.received.method, exchange.received.path)
        except AssertionError:
            return outcome
    return None


@lru_cache(maxsize=256)
def _accepted_id(config: Callable[[], ContractConfig], name: str) -> int | None:
    harness = Harness(config())
    if arguments_of(harness, name, 0) is None:
        return None
    count = len(known_ids(harness, name)) if _wants_id(config().provider, name) else 1
    for number in range(count):
        scratch = Harness(config())
        outcome = scratch.perform(call_of_extension(scratch, name, number))
        if outcome.heard and succeeded(outcome.heard[-1]):
            return number
    return 0


def call_of_extension(harness: Harness, name: str, number: int | None) -> Call:
    """Return the call of the extension, with id *number* of those that are known."""
    operation = "walk" if is_list(harness.provider, name) else "call"
    arguments = arguments_of(harness, name, number or 0) or {}
    return Call(operation, (getattr(harness.provider, name),), arguments)


def arguments_of(harness: Harness, name: str, number: int) -> dict[str, object] | None:
    """Return what the extension is called with, or `None` if a type says too little.

    Args:
        harness: Creates what is needed.
        name: The extension.
        number: Which of the known ids to use where another id is needed.
    """
    given = harness.extension_arguments.get(name, {})
    found: dict[str, object] = {}
    for parameter, annotation in parameters_of(harness.provider, name):
        if parameter.name in given:
            found[parameter.name] = given[parameter.name]
        elif parameter.default is inspect.Parameter.empty:
            values = _values(harness, name, parameter.name, annotation, number)
            if not values:
                return None
            found[parameter.name] = values[0]
    return {**found, **given}


def _values(
    harness: Harness, name: str, parameter: str, annotation: object, number: int
) -> list[object]:
    party = parameter.removesuffix("_id")
    if party in PARTIES:
        return [getattr(harness, party)]
    if is_id(parameter):
        return known_ids(harness, name)[number : number + 1]
    return list(values_of(parameter, annotation))[:1]


def known_ids(harness: Harness, name: str) -> list[object]:
    """Return ids of other objects: of a payment method, and what other extensions return."""
    _ = harness.subscription
    found: list[object] = [harness.payment_method]
    for other in harness.provider.evidence:
        unknown = other in KNOWN or other == name or _wants_id(harness.provider, other)
        makes = other.startswith(("create", "list"))
        if not makes or unknown or arguments_of(harness, other, 0) is None:
            continue
        outcome = harness.perform(call_of_extension(harness, other, 0))
        found += [getattr(result, "id", "") for result in outcome.results]
    return found


def parameters_of(
    provider: type[Provider], name: str
) -> Iterator[tuple[inspect.Parameter, object]]:
    """Yield the parameters of an extension, each with its type."""
    method = getattr(provider, name)
    for parameter in inspect.signature(method).parameters.values():
        if parameter.name not in {"self", "cursor"}:
            holder = SimpleNamespace(__annotations__={parameter.name: parameter.annotation})
            scope: dict[str, Any] = inspect.unwrap(method).__globals__
            yield parameter, get_type_hints(holder, globalns=scope)[parameter.name]


def is_list(provider: type[Provider], name: str) -> bool:
    """Return whether the extension returns pages."""
    return "cursor" in inspect.signature(getattr(provider, name)).parameters


def is_id(name: str) -> bool:
    """Return whether a parameter is an id, by its name."""
    return name in PARTIES or name == "id" or name.endswith("_id")


def _wants_id(provider: type[Provider], name: str) -> bool:
    """Return whether an extension needs the id of what only the provider knows."""
    return any(
        is_id(parameter.name) and parameter.name.removesuffix("_id") not in PARTIES
        for parameter, _ in parameters_of(provider, name)
        if parameter.default is inspect.Parameter.empty
    )


def values_of(name: str, annotation: object) -> Iterator[object]:
    """Yield values for an argument of this name and type."""
    if "url" in name:
        yield from (RETURN, RETURN + "/2")
    for kind in (annotation, *get_args(annotation)):
        yield from next((values for known, values in BY_TYPE.items() if known is kind), ())


def succeeded(exchange: Exchange) -> bool:
    """Return whether the sandbox carried the request out."""
    return 0 < exchange.reply.status < REFUSED
