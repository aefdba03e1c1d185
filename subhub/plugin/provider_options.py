"""`provider_options`: what only one provider knows, checked against that provider's own method.

The keys of the active provider are the keyword parameters that its method has beyond the neutral
ones. The parts of other installed providers are ignored, so that a call stays valid after a switch.
"""

from __future__ import annotations

import difflib
import inspect
import types
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, TypeAlias, cast, get_args, get_type_hints

from pydantic import ConfigDict, create_model, model_validator

from subhub.errors import InvalidRequest, PluginError
from subhub.models import Money
from subhub.models.record import Record
from subhub.plugin.capabilities import options_of
from subhub.plugin.provider import Provider
from subhub.plugin.registry import load, names

_NOT_GIVEN: Final = frozenset({"self", "cursor"})
"""Parameters of an extension that a caller does not pass by name."""

ProviderOptions: TypeAlias = Mapping[str, Mapping[str, object]]
"""Options by provider name: `{"mijnklantportaal": {"create_invoice": True}}`."""


def validated_options(
    provider: type[Provider], operation: str, options: ProviderOptions | None
) -> dict[str, Any]:
    """Return the part of *options* for *provider*, validated; only what was given is in it.

    Args:
        provider: The provider of the account.
        operation: The neutral operation that the options are for.
        options: Those of all providers, by name.
    """
    place = f"provider_options[{provider.name!r}]"
    tables = _table("provider_options", options)
    for name in tables.keys() - {provider.name}:
        _check_name(name, provider, operation)
    given = _table(place, tables.get(provider.name))
    if not given:
        return {}
    known = options_of(provider, operation)
    _check_known(f"{place}: `{operation}` has no option", given, known)
    accepted = _model(getattr(provider, operation), tuple(known), _Options)(**given)
    # only what was given, so that the method's own defaults stay in force
    return {name: getattr(accepted, name) for name in given}


def validated_arguments(
    operation: Callable[..., object], given: Mapping[str, object]
) -> dict[str, Any]:
    """Return the arguments of an extension, as they came from JSON, in the types that it takes.

    Args:
        operation: The provider's method.
        given: The arguments by name; a list's cursor is not among them.
    """
    known = arguments_of(operation)
    _check_known(f"`{operation.__name__}` has no argument", given, known)
    accepted = _model(operation, tuple(known), _Arguments)(**given)
    return {name: getattr(accepted, name) for name in given}


def bound_arguments(
    operation: Callable[..., object], args: tuple[object, ...], kwargs: Mapping[str, object]
) -> inspect.BoundArguments:
    """Return the arguments of a call of an extension, in the types that it takes.

    Args:
        operation: The provider's method.
        args: The arguments by position, after the provider itself.
        kwargs: Those by name.
    """
    signature = inspect.signature(operation)
    try:
        bound = signature.bind(None, *args, **kwargs)
    except TypeError as error:  # one is missing, unknown, or given twice
        raise InvalidRequest(f"`{operation.__name__}`: {error}") from error
    given = {name: value for name, value in bound.arguments.items() if name not in _NOT_GIVEN}
    with suppress(NameError):  # a plugin may import its types for checkers only
        bound.arguments.update(validated_arguments(operation, given))
    return bound


def arguments_of(operation: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    """Return the parameters of an extension that a caller gives by name."""
    parameters = inspect.signature(operation).parameters
    return {name: found for name, found in parameters.items() if name not in _NOT_GIVEN}


def _check_known(problem: str, given: Iterable[str], known: Collection[str]) -> None:
    # refused, not ignored: a misspelled option would be a setting that silently has no effect
    strange = sorted(set(given) - set(known))
    if strange:
        close = [meant for name in strange if (meant := _closest(name, known))]
        hint = f"did you mean {' and '.join(map(repr, close))}? " if close else ""
        choices = f"known are {', '.join(known)}" if known else "it takes none"
        message = f"{problem} {', '.join(strange)}; {hint}{choices}"
        raise InvalidRequest(message, fields=dict.fromkeys(strange, choices))


def _check_name(name: str, provider: type[Provider], operation: str) -> None:
    """Refuse a part that no provider would ever take: its options would be lost silently."""
    if _is_installed(name):
        return
    owner, option = _option_meant(name, provider, operation)
    known = sorted({provider.name, *names()})
    close = _closest(name, known)
    if option == name or (option and close is None):
        nested = f"{{{owner!r}: {{{option!r}: ...}}}}"
        problem = (
            f"is an option, and stands below its provider's name: provider_options={nested}"
            if option == name
            else f"is not the name of a provider: did you mean provider_options={nested}?"
        )
    else:
        hint = f"did you mean {close!r}?" if close else f"installed are {', '.join(known)}"
        problem = f"is not the name of an installed provider: {hint}"
    raise InvalidRequest(f"`provider_options`: {name!r} {problem}", fields={name: problem})


def _option_meant(name: str, provider: type[Provider], operation: str) -> tuple[str, str | None]:
    """Return which option *name* is, or nearly is, and whose: the active provider's first."""
    known = {provider.name: options_of(provider, operation)}
    for other in names():
        with suppress(PluginError):  # a broken plugin does not disturb the others
            _ = known.setdefault(other, options_of(load(other), operation))
    for owner, options in known.items():
        if name in options:
            return owner, name
    close = ((owner, _closest(name, options)) for owner, options in known.items())
    return next((found for found in close if found[1]), ("", None))


def _closest(name: str, known: Iterable[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, known, n=1)), None)


@cache
def _is_installed(name: str) -> bool:
    return name in names()


def _table(place: str, value: object) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"`{place}` must be a dict by name, got {type(value).__name__}"
        raise InvalidRequest(message, fields={"provider_options": message})
    return {str(name): part for name, part in cast("Mapping[object, object]", value).items()}


class _Options(Record):
    model_config = ConfigDict(strict=True, str_strip_whitespace=False)


class _Arguments(Record):
    model_config = ConfigDict(str_strip_whitespace=False)

    @model_validator(mode="before")
    @classmethod
    def _read_money(cls, given: dict[str, Any]) -> dict[str, Any]:
        kinds = {name: field.annotation for name, field in cls.model_fields.items()}
        return {
            name: Money.parse(value)
            if isinstance(value, str) and Money in {kinds.get(name), *get_args(kinds.get(name))}
            else value
            for name, value in given.items()
        }


@cache
def _model(
    method: Callable[..., object], names: tuple[str, ...], base: type[Record]
) -> type[Record]:
    """Build a model of some parameters of an operation from their annotations."""
    parameters = inspect.signature(method).parameters
    holder = types.SimpleNamespace(
        __annotations__={name: parameters[name].annotation for name in names}
    )
    hints = get_type_hints(holder, globalns=inspect.unwrap(method).__globals__, include_extras=True)
    defaults = {name: parameters[name].default for name in names}
    fields: Any = {
        name: (hints[name], ... if default is inspect.Parameter.empty else default)
        for name, default in defaults.items()
    }
    title = "provider_options" if base is _Options else "arguments"
    return create_model(title, __base__=base, **fields)
