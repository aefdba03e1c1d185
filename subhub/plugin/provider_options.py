"""`provider_options`: what only one provider knows, checked against that provider's own method.

The keys of the active provider are the keyword parameters that its method has beyond the neutral
ones. The parts of other providers are ignored, so that a call stays valid after a switch.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias, cast, get_type_hints

from pydantic import ConfigDict, create_model

from subhub.errors import InvalidRequest
from subhub.models.record import Record
from subhub.plugin.capabilities import options_of
from subhub.plugin.provider import Provider

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
    given = _table(place, _table("provider_options", options).get(provider.name))
    if not given:
        return {}
    known = options_of(provider, operation)
    # refused, not ignored: a misspelled option would be a setting that silently has no effect
    strange = sorted(set(given) - set(known))
    if strange:
        choices = f"known are {', '.join(known)}" if known else "it takes none"
        message = f"{place}: `{operation}` has no option {', '.join(strange)}; {choices}"
        raise InvalidRequest(message, fields=dict.fromkeys(strange, choices))
    accepted = _model(getattr(provider, operation), tuple(known))(**given)
    # only what was given, so that the method's own defaults stay in force
    return {name: getattr(accepted, name) for name in given}


def _table(place: str, value: object) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        message = f"`{place}` must be a dict by name, got {type(value).__name__}"
        raise InvalidRequest(message, fields={"provider_options": message})
    return {str(name): part for name, part in cast("Mapping[object, object]", value).items()}


@cache
def _model(method: Callable[..., object], names: tuple[str, ...]) -> type[Record]:
    """Build a model of an operation's options from the annotations of its parameters."""
    parameters = inspect.signature(method).parameters
    holder = types.SimpleNamespace(
        __annotations__={name: parameters[name].annotation for name in names}
    )
    hints = get_type_hints(holder, globalns=inspect.unwrap(method).__globals__, include_extras=True)
    fields: Any = {name: (hints[name], parameters[name].default) for name in names}
    return create_model("provider_options", __base__=_Options, **fields)


class _Options(Record):
    model_config = ConfigDict(strict=True, str_strip_whitespace=False)
