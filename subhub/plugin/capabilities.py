"""Capabilities of a provider: derived from its methods, with the evidence for each.

An operation is supported when the plugin overrides it. What method names cannot say is added as a
variant, `operation:variant`; a variant counts as supported only when the plugin's `evidence` table
says so, or, for `subscribe:plan_id`, does not deny it. A field of a draft, `operation:field`, is
supported when the plugin's flow sends it. `webhooks` is supported when the plugin declares how they
are verified.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Collection, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from subhub.errors import InvalidRequest, Unsupported
from subhub.models import PlanDraft
from subhub.plugin.draft_fields import DraftFields, Drafting, Use
from subhub.plugin.operations import BY_DEFAULT, FIELD_NAMES, FIELDS, KNOWN, OPERATIONS, WEBHOOKS

if TYPE_CHECKING:
    from subhub.webhooks import Webhooks

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
    """Why a capability is lacking, and what to do instead.

    `kind` is who lacks it: the provider, or this plugin so far. `"account"` is not for plugins:
    the account refuses it, because its settings say so.
    """

    reason: str
    alternative: str = ""
    kind: Literal["provider", "plugin", "account"] = "provider"


class Described(Drafting, Protocol):
    """The class of a provider, as far as capabilities read it; see `Provider`."""

    name: ClassVar[str]
    dated: ClassVar[frozenset[str]]
    subscription_reference: ClassVar[tuple[str, ...] | None]
    webhooks: ClassVar[Webhooks | None]
    evidence: ClassVar[Mapping[str, Evidence | Absence]]


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that a provider can do or lacks.

    `options` are the keys that `provider_options` may hold for it. `extension` marks what only this
    provider knows, reached through `client.call(...)`. `lost` is what `client.resolve` can find out
    after a lost answer; it is `None` where nothing is changed. `field` is how a field of a draft is
    treated, where the capability is about one and the operation is supported.
    """

    name: str
    found: Evidence | Absence
    options: tuple[str, ...] = ()
    extension: bool = False
    lost: Quality | None = None
    field: Use | None = None

    @property
    def supported(self) -> bool:
        """Whether the provider can do it."""
        return isinstance(self.found, Evidence)


class Capabilities(Mapping[str, Capability]):
    """All capabilities of one provider, by name.

    Those about fields of drafts are found out when they are asked for.
    """

    def __init__(self, provider: type[Described]) -> None:
        self._provider = provider
        self._found = {found.name: found for found in _derive(provider)}
        self._fields: dict[str, DraftFields] = {}
        self._names = tuple(_with_fields(self._found))
        self.lacking = frozenset(name for name, found in self._found.items() if not found.supported)
        """The names of the operations and variants that the provider lacks."""

    def __getitem__(self, name: str) -> Capability:
        if name not in self._found and name in FIELD_NAMES:
            self._found[name] = self._field(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def fields(self, operation: str) -> DraftFields:
        """Return the fields of the draft that *operation* is given, which has to be supported."""
        if operation not in self._fields:
            self._fields[operation] = DraftFields(self._provider(), operation)
        return self._fields[operation]

    def supports(self, name: str) -> bool:
        """Return whether the provider can do *name*; an unknown name is an `InvalidRequest`."""
        if name not in self._names:
            close = difflib.get_close_matches(str(name), self._names, n=1)
            hint = f"did you mean {close[0]!r}?" if close else "see `subhub capabilities`"
            raise InvalidRequest(f"unknown capability {name!r}: {hint}")
        return self[name].supported

    def require(self, name: str) -> None:
        """Raise `Unsupported`, with reason and alternative, unless the provider can do *name*."""
        found = self[name].found
        if isinstance(found, Absence):
            raise unsupported(self._provider.name, name, found)

    def without(self, operations: Collection[str], absence: Absence) -> Capabilities:
        """Return the same capabilities, in which all that is about *operations* is an *absence*.

        An operation or variant that the provider lacks keeps its own reason.
        """
        taken = {name for name in operations if self._found[name].supported}
        fewer, found = copy(self), dict(self._found)
        for name in self._names:
            if name.partition(":")[0] in taken and name not in self.lacking:
                found[name] = Capability(name, absence)
        fewer._found = found  # noqa: SLF001 - it is of the same class
        fewer.lacking = frozenset(name for name in found if not found[name].supported)
        return fewer

    def sellable(self, plan: PlanDraft) -> PlanDraft:
        """Return *plan*, without its tax rate if the provider refuses it only because of that.

        For examples and tools that need any plan, and not for what an application sells.
        """
        taken = (name for name in ("create_plan", "subscribe") if self._takes_a_draft(name))
        fields = next(map(self.fields, taken), None)
        untaxed = plan.model_copy(update={"tax_rate": None})
        if fields is None or fields.refusal(dict(plan)) is None:
            return plan
        return plan if fields.refusal(dict(untaxed)) else untaxed

    def _takes_a_draft(self, operation: str) -> bool:
        return self._found[_WITH_A_DRAFT.get(operation, operation)].supported

    def _field(self, name: str) -> Capability:
        operation, field = FIELD_NAMES[name]
        below = self._found[_WITH_A_DRAFT.get(operation, operation)].found
        if isinstance(below, Absence):
            return Capability(name, below)
        found = self.fields(operation).use(field)
        stated = self._provider.evidence.get(name)
        if found.use in {"kept", "required"}:
            evidence = stated if isinstance(stated, Evidence) else below
            return Capability(name, evidence, field=found.use)
        absence = Absence(found.reason, found.alternative, found.kind)
        return Capability(name, stated if isinstance(stated, Absence) else absence, field=found.use)


POLLING: Final = "`changes(since=...)` compares the provider's lists"
"""What to do where a provider has no webhooks."""

_WITH_A_DRAFT: Final[Mapping[str, str]] = {
    "create_signup_link": "create_signup_link:new_customer",
    "subscribe": "subscribe:inline_plan",
}
"""The variant by which an operation takes a draft, where it need not be given one."""


def unsupported(provider: str, name: str, absence: Absence) -> Unsupported:
    """Return the error for what a provider lacks.

    Args:
        provider: The provider's name.
        name: The capability.
        absence: Why it is lacking.
    """
    who = "the provider cannot" if absence.kind == "provider" else "this plugin does not yet"
    refused = f"{provider} has no `{name}` ({who})"
    if absence.kind == "account":
        refused = f"`{name}` is refused"
    instead = f"; instead: {absence.alternative}" if absence.alternative else ""
    return Unsupported(
        f"{refused}: {absence.reason}{instead}",
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
    yield Capability(WEBHOOKS, _webhook_evidence(provider))
    for name, found in provider.evidence.items():
        if name not in KNOWN:
            yield Capability(name, found, extension=True)


def _with_fields(found: Mapping[str, Capability]) -> Iterator[str]:
    """Yield the names in *found*, and the fields of a draft after their operation's variants."""
    for operation, row in OPERATIONS.items():
        yield operation
        for name in (*row.variants, *FIELDS.get(operation, ())):
            yield f"{operation}:{name}"
    yield WEBHOOKS
    yield from (name for name, capability in found.items() if capability.extension)


def recovery(operation: str, provider: type[Described]) -> Quality:
    """Return what can be found out about a lost *operation* that *provider* supports."""
    way = LOOKUPS.get(operation)
    if way is None or not overrides(provider, way.reading):
        return "nothing"
    referenced = operation == "subscribe" and provider.subscription_reference is not None
    decided = referenced or way.kind is None or way.kind in provider.dated
    return "decided" if decided else "candidates"


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
    if found is None and name in BY_DEFAULT:
        return _operation_evidence(provider, name.partition(":")[0], implemented=implemented)
    if found is None or (isinstance(found, Evidence) and not implemented):
        return Absence("the plugin does not say that it can", kind="plugin")
    return found


def _webhook_evidence(provider: type[Described]) -> Evidence | Absence:
    found = provider.evidence.get(WEBHOOKS)
    if provider.webhooks is not None:
        return found if isinstance(found, Evidence) else Evidence("inferred", "not stated")
    if isinstance(found, Absence):
        return found
    return Absence("the plugin does not declare them", POLLING, kind="plugin")


def _neutral(provider: type[object], operation: str) -> Any:
    """Return the default of *operation*: that of the class which every provider derives from."""
    return next(
        vars(base)[operation] for base in reversed(provider.__mro__) if operation in vars(base)
    )
