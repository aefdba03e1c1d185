"""Capabilities of a provider: derived from its methods, with the evidence for each.

An operation is supported when the plugin overrides it. What method names cannot say is added as a
variant, `operation:variant`; a variant counts as supported only when the plugin's `evidence` table
says so.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Final, Literal, Protocol

from subhub.errors import InvalidRequest, Unsupported
from subhub.plugin.operations import NEUTRAL, OPERATIONS

Mark = Literal["seed", "docs", "docs-old", "inferred"]
"""How well a wire format is known, strongest first: `seed`, in full from the provider's own
document; `docs`, from its documentation; `docs-old`, from an earlier edition of it; `inferred`, not
seen anywhere. None of them means that it was tried against the live service."""

Quality = Literal["decided", "candidates", "nothing"]
"""What can be found out about a change whose answer was lost: `decided`, whether it was carried
out; `candidates`, what may be its result, for a person to choose from; or `nothing`."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """How a lost change is looked for: the operation that reads it, and the *kind* it creates.

    Without a *kind*, the object that was to be changed shows whether it was.
    """

    reading: str
    kind: str | None = None


LOOKUPS: Final[Mapping[str, Lookup]] = {
    name: Lookup(reading, row.creates)
    for name, row in OPERATIONS.items()
    if (reading := row.listed_by or row.read_by)
}
"""The changes that can be looked for after a lost answer; links are listed nowhere."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How well the wire format of a capability is known, and from which page."""

    mark: Mark
    source: str


@dataclass(frozen=True, slots=True)
class Absence:
    """Why a capability is lacking, and what to do instead."""

    reason: str
    alternative: str = ""
    kind: Literal["provider", "plugin"] = "provider"


class Described(Protocol):
    """The class of a provider, as far as capabilities read it; see `Provider`."""

    name: ClassVar[str]
    dated: ClassVar[frozenset[str]]
    evidence: ClassVar[Mapping[str, Evidence | Absence]]


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that a provider can do or lacks.

    `options` are the keys that `provider_options` may hold for it. `extension` marks what only this
    provider knows, reached through `client.call(...)`. `lost` is what `client.resolve` can find out
    after a lost answer; it is `None` where nothing is changed.
    """

    name: str
    found: Evidence | Absence
    options: tuple[str, ...] = ()
    extension: bool = False
    lost: Quality | None = None

    @property
    def supported(self) -> bool:
        """Whether the provider can do it."""
        return isinstance(self.found, Evidence)


class Capabilities(Mapping[str, Capability]):
    """All capabilities of one provider, by name."""

    def __init__(self, provider: type[Described]) -> None:
        self._provider = provider.name
        self._found = {found.name: found for found in _derive(provider)}
        self.lacking = frozenset(name for name, found in self._found.items() if not found.supported)
        """The names of what the provider cannot do."""

    def __getitem__(self, name: str) -> Capability:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def supports(self, name: str) -> bool:
        """Return whether the provider can do *name*; an unknown name is an `InvalidRequest`."""
        if name not in self._found:
            close = difflib.get_close_matches(name, self._found, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see `subhub capabilities`"
            raise InvalidRequest(f"unknown capability {name!r}: {hint}")
        return self._found[name].supported

    def require(self, name: str) -> None:
        """Raise `Unsupported`, with reason and alternative, unless the provider can do *name*."""
        found = self._found[name].found
        if isinstance(found, Absence):
            raise unsupported(self._provider, name, found)


def unsupported(provider: str, name: str, absence: Absence) -> Unsupported:
    """Return the error for what a provider lacks.

    Args:
        provider: The provider's name.
        name: The capability.
        absence: Why it is lacking.
    """
    who = "the provider cannot" if absence.kind == "provider" else "this plugin does not yet"
    instead = f"; instead: {absence.alternative}" if absence.alternative else ""
    return Unsupported(
        f"{provider} has no `{name}` ({who}): {absence.reason}{instead}",
        operation=name,
        reason=absence.reason,
        alternative=absence.alternative,
        kind=absence.kind,
    )


def overrides(provider: type[object], operation: str) -> bool:
    """Return whether *provider* implements the neutral *operation*."""
    return inspect.getattr_static(provider, operation) is not _neutral(provider, operation)


def options_of(provider: type[object], operation: str) -> Mapping[str, inspect.Parameter]:
    """Return the parameters that the plugin's *operation* has beyond the neutral one's."""
    return _beyond(getattr(provider, operation), _neutral(provider, operation))


@cache
def _beyond(
    own: Callable[..., object], neutral: Callable[..., object]
) -> Mapping[str, inspect.Parameter]:
    known = inspect.signature(neutral).parameters
    found = inspect.signature(own).parameters
    return {name: parameter for name, parameter in found.items() if name not in known}


def _derive(provider: type[Described]) -> Iterator[Capability]:
    for operation, row in OPERATIONS.items():
        implemented = overrides(provider, operation)
        yield Capability(
            operation,
            _operation_evidence(provider, operation, implemented=implemented),
            options=tuple(options_of(provider, operation)),
            lost=recovery(operation, provider) if implemented and row.changes else None,
        )
        for variant in row.variants:
            name = f"{operation}:{variant}"
            yield Capability(name, _variant_evidence(provider, name, implemented=implemented))
    for name, found in provider.evidence.items():
        if name not in NEUTRAL:
            yield Capability(name, found, extension=True)


def recovery(operation: str, provider: type[Described]) -> Quality:
    """Return what can be found out about a lost *operation* that *provider* supports."""
    way = LOOKUPS.get(operation)
    if way is None or not overrides(provider, way.reading):
        return "nothing"
    return "decided" if way.kind is None or way.kind in provider.dated else "candidates"


def _operation_evidence(
    provider: type[Described], name: str, *, implemented: bool
) -> Evidence | Absence:
    found = provider.evidence.get(name)
    if implemented:
        return found if isinstance(found, Evidence) else Evidence("inferred", "not stated")
    if isinstance(found, Absence):
        return found
    return Absence("the plugin does not implement it", kind="plugin")


def _variant_evidence(
    provider: type[Described], name: str, *, implemented: bool
) -> Evidence | Absence:
    found = provider.evidence.get(name)
    if found is None or (isinstance(found, Evidence) and not implemented):
        return Absence("the plugin does not say that it can", kind="plugin")
    return found


def _neutral(provider: type[object], operation: str) -> Any:
    """Return the default of *operation*: that of the class which every provider derives from."""
    return next(
        vars(base)[operation] for base in reversed(provider.__mro__) if operation in vars(base)
    )
