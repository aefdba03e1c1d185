"""Fields of drafts: which of them a provider keeps, requires or refuses, as its flows show.

A flow performs no I/O, and checks its arguments before its first request. So it is started with a
draft that has a field and with one that has not, and the two first requests are compared; those
that follow too, on the provider's sandbox, if the first are equal. Nothing is sent, and a plugin
declares nothing for it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import combinations, product
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol

from subhub.errors import InvalidRequest, SubhubError, Unsupported
from subhub.models import CustomerDraft, Interval, Money, PlanDraft
from subhub.plugin.conversations import NOW, Answered, requests_of
from subhub.plugin.operations import DRAFTS, FIELDS

if TYPE_CHECKING:
    from subhub.messages import Request
    from subhub.plugin.flows import Flow

Use = Literal["kept", "required", "refused", "dropped"]
"""How a provider treats a field of a draft: `kept`, it is sent; `required`, a draft without it is
refused; `refused`, a draft with it is refused; `dropped`, it is accepted, and no request has it."""

SAMPLES: Final[Mapping[str, tuple[object, ...]]] = {
    "name": ("Test Company BV",),
    "email": ("john.doe@test.com",),
    "address": ("Teststreet 123",),
    "postal_code": ("1234AB",),
    "city": ("Amsterdam",),
    "country": ("NL", "US"),
    "phone": ("+31201234567",),
    "external_id": ("ext-4711",),
    "vat_id": ("NL123456789B01", "GB123456789"),
    "price": (Money("12.95", "EUR"), Money("12.95", "USD")),
    "interval": (Interval(1, "month"), Interval(1, "year")),
    "tax_rate": (Decimal(21), Decimal(20), Decimal(0)),
    "tax": ("inclusive", "exclusive"),
    "description": ("1GB per month",),
    "code": ("phone",),
    "public": (True, False),
}
"""Values to try each field with, because a provider may take only some of them."""
_MOST: Final = max(map(len, SAMPLES.values()))


class Drafting(Answered, Protocol):
    """A provider, as far as drafts are given to it; see `Provider`."""

    stand_in_id: ClassVar[str]

    def create_plan(self, draft: PlanDraft) -> Flow[Any]:
        """Create a plan."""
        ...

    def create_customer(self, draft: CustomerDraft) -> Flow[Any]:
        """Create a customer."""
        ...

    def create_signup_link(self, *, plan: str, customer: str | CustomerDraft) -> Flow[Any]:
        """Create a page on which the customer signs up."""
        ...

    def subscribe(self, *, plan: str | PlanDraft, customer: str, now: dt.datetime) -> Flow[Any]:
        """Start billing an existing customer."""
        ...


_FLOWS: Final[Mapping[str, Callable[[Drafting, Any], Flow[Any]]]] = {
    "create_plan": lambda provider, draft: provider.create_plan(draft),
    "create_customer": lambda provider, draft: provider.create_customer(draft),
    "create_signup_link": lambda provider, draft: provider.create_signup_link(
        plan=provider.stand_in_id, customer=draft
    ),
    "subscribe": lambda provider, draft: provider.subscribe(
        plan=draft, customer=provider.stand_in_id, now=NOW
    ),
}


@dataclass(frozen=True, slots=True)
class FieldUse:
    """How a provider treats one field of a draft.

    Args:
        use: Whether it is kept.
        reason: Why it is not.
        alternative: What to do instead.
        kind: Whether the provider cannot keep it, or only the plugin does not.
    """

    use: Use
    reason: str = ""
    alternative: str = ""
    kind: Literal["provider", "plugin"] = "provider"


_KEPT: Final = FieldUse("kept")
_REQUIRED: Final = FieldUse("required")
_DROPPED: Final = FieldUse(
    "dropped",
    "it is accepted, and no request has it",
    "leave it out, and keep the value in your application",
    kind="plugin",
)


class DraftFields:
    """The fields of the draft that an operation is given, at one provider.

    Args:
        provider: Its flows are started.
        operation: One of `DRAFTS`, which the provider supports with a draft.
    """

    def __init__(self, provider: Drafting, operation: str) -> None:
        self._provider = provider
        self._operation = operation
        self._known: dict[str, FieldUse] = {}

    def use(self, field: str) -> FieldUse:
        """Return how the provider treats *field*, whatever its value is."""
        if field not in self._known:
            self._known[field] = self._use(field)
        return self._known[field]

    def use_of(self, field: str, value: object) -> FieldUse:
        """Return how the provider treats this *value* of *field*."""
        found = self._judged(field, value)
        if found.use == "dropped" and self.use(field).use != "dropped":
            return _KEPT  # another value is sent or refused: this one is what holds without it
        return found

    @property
    def required(self) -> tuple[str, ...]:
        """The fields without which every draft is refused, besides those that every draft has."""
        return tuple(field for field in FIELDS[self._operation] if field in self._base[0])

    def refusal(self, values: Mapping[str, Any]) -> Exception | None:
        """Return the error with which a draft of these values is refused before it is sent."""
        try:
            _ = self._first_request(values)
        except Exception as error:  # noqa: BLE001 - a mistake of the plugin's refuses the draft too
            return error
        return None

    def _use(self, field: str) -> FieldUse:
        if field in self._base[0]:
            return _REQUIRED
        found = {use.use: use for value in SAMPLES[field] if (use := self._judged(field, value))}
        if "kept" in found or self._is_sent_later(field):
            return _KEPT
        return found.get("refused") or _DROPPED

    def _is_sent_later(self, field: str) -> bool:
        """Return whether the requests after the first, which are equal, have the field."""
        base, error = self._base
        if error is not None:
            return False
        drafts = ({**base, field: value} for value in SAMPLES[field])
        asked = [self._requests(draft) for draft in drafts if self.refusal(draft) is None]
        return bool(asked) and any(requests != self._requests(base) for requests in asked)

    def _requests(self, values: Mapping[str, Any]) -> list[Request]:
        return requests_of(self._provider, self._flow(values))

    def _judged(self, field: str, value: object) -> FieldUse:
        base, error = self._base
        values = {**base, field: value}
        error = error or self.refusal(values)
        if error is not None:
            return _refused(field, error)
        if field in base:
            return _REQUIRED
        sent = self._first_request(values) != self._first_request(base)
        return _KEPT if sent else _DROPPED

    @cached_property
    def _base(self) -> tuple[Mapping[str, object], Exception | None]:
        """The smallest draft that is accepted; without any, the error of the smallest of all."""
        first: Exception | None = None
        for values in _drafts(self._operation):
            error = self.refusal(values)
            if error is None:
                return values, None
            first = first or error
        return {}, first

    def _first_request(self, values: Mapping[str, Any]) -> Request | None:
        with closing(self._flow(values)) as flow:
            return next(flow, None)

    def _flow(self, values: Mapping[str, Any]) -> Flow[Any]:
        return _FLOWS[self._operation](self._provider, DRAFTS[self._operation](**values))


def _drafts(operation: str) -> Iterator[dict[str, object]]:
    """Yield drafts, with every choice of optional fields; the smallest first."""
    optional = FIELDS[operation]
    always = [name for name, of in DRAFTS[operation].model_fields.items() if of.is_required()]
    rounds = product(*(SAMPLES[name] for name in always))
    for number, given in product(range(_MOST), rounds):
        for size in range(len(optional) + 1):
            for chosen in combinations(optional, size):
                samples = {name: SAMPLES[name][number % len(SAMPLES[name])] for name in chosen}
                yield {**dict(zip(always, given, strict=True)), **samples}


def _refused(field: str, error: Exception) -> FieldUse:
    if isinstance(error, Unsupported):
        return FieldUse("refused", error.reason, error.alternative, _whose(error))
    if not isinstance(error, SubhubError):
        return FieldUse("refused", f"its flow fails: {error!r}", kind="plugin")
    text = str(error)
    if isinstance(error, InvalidRequest) and field in error.fields:
        text = error.fields[field]
        text = f"`{field}` {text}" if text.startswith("must ") else text
    # an error says what is wrong, and then in a sentence of its own what to do
    reason, _, remedy = text.partition(". ")
    alternative = remedy[:1].lower() + remedy[1:].removesuffix(".")
    return FieldUse("refused", reason, alternative, _whose(error))


def _whose(error: SubhubError) -> Literal["provider", "plugin"]:
    """Return whether the provider refuses it, or only the plugin does."""
    own = isinstance(error, InvalidRequest) or getattr(error, "kind", "") == "provider"
    return "provider" if own else "plugin"
