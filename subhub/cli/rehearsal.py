"""Rehearsals: the configured plans and sample customers, played at every account. Nothing is sent.

A draft goes through the flows of the account's provider, and then into a new sandbox of it. The
sandboxes of the accounts are never used, and no journal is opened. This module prints nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from subhub.client.plan_links import LOCK_NAME, read_lock, terms_of
from subhub.client.sync_client import Client
from subhub.errors import InvalidRequest, PluginError, ProviderError, SubhubError, WouldSend
from subhub.models import CustomerDraft, PlanDraft
from subhub.plugin.capabilities import Absence
from subhub.plugin.likeness import canonical
from subhub.plugin.registry import load

if TYPE_CHECKING:
    from subhub.cli.rows import CustomerRow
    from subhub.client.configuration import Configuration
    from subhub.models.record import Result
    from subhub.plugin.provider import Provider

Outcome = Literal["refused", "dropped", "changed", "by hand"]
"""What is different at an account: a value is refused; it is accepted and not sent; the provider
has another one; or there is no request for it, and a person has to enter it there."""

NEW_CUSTOMER: Final[Mapping[str, str]] = {
    "create_customer": "create_customer",
    "create_signup_link": "create_signup_link:new_customer",
}
"""The operations that are given a new customer, with the capability for it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What an account does not keep as it was given.

    Args:
        operation: What was called.
        field: The field; empty if it is about the whole.
        outcome: What would happen.
        reason: Why.
        alternative: What to do instead.
    """

    operation: str
    field: str
    outcome: Outcome
    reason: str
    alternative: str = ""


@dataclass(slots=True)
class Rehearsal:
    """What was played at one account, and what is different there.

    Args:
        account: The name of the account.
        provider: The name of its provider.
        plans: How many plans were played.
        customers: How many customers.
        found: The differences, each with the plans and lines that have it.
    """

    account: str
    provider: str
    plans: int = 0
    customers: int = 0
    found: dict[Difference, list[str]] = field(default_factory=dict[Difference, list[str]])

    @property
    def refused(self) -> bool:
        """Whether something is refused."""
        return any(difference.outcome == "refused" for difference in self.found)

    def note(self, item: str, differences: Iterator[Difference]) -> bool:
        """Note the differences of *item*; return whether none of them is a refusal."""
        accepted = True
        for difference in differences:
            self.found.setdefault(difference, []).append(item)
            accepted = accepted and difference.outcome != "refused"
        return accepted


def rehearse(configuration: Configuration, rows: Sequence[CustomerRow]) -> Iterator[Rehearsal]:
    """Play the plans of *configuration* and the customers of *rows* at each account that sells."""
    settings = configuration.settings
    plans = configuration.plans()
    for name, account in settings.accounts.items():
        if not account.sells:
            continue
        rehearsal = Rehearsal(name, account.provider, len(plans), len(rows))
        links = read_lock(configuration.folder / LOCK_NAME).get(name, {})
        linked = {*links, *account.plans}
        try:
            with _Stage(load(account.provider), rehearsal, settings.needs) as stage:
                stage.play(plans, linked, rows)
        except PluginError as error:
            refusal = Difference("", "", "refused", str(error))
            _ = rehearsal.note("account", iter([refusal]))
        yield rehearsal


class _Stage:
    """A new sandbox of a provider, and clients of it.

    Args:
        provider: The provider.
        rehearsal: Where differences are noted.
        needs: What the application calls; without any, everything that the provider can do.
    """

    def __init__(
        self, provider: type[Provider], rehearsal: Rehearsal, needs: Sequence[str]
    ) -> None:
        self._provider = provider
        self._rehearsal = rehearsal
        self._capabilities = provider.capabilities()
        self._fake = provider.sandbox()
        self._fake.enforce_limits = False
        self._client = Client(provider, sandbox=self._fake)
        self._checker = Client(provider, sandbox=self._fake, dry_run=True)
        called = {need.partition(":")[0] for need in needs} & {*NEW_CUSTOMER, "subscribe"}
        self._called = called or {*NEW_CUSTOMER, "subscribe"}
        self._keys: Collection[str] = ()
        self._terms: dict[str, str | PlanDraft] = {}  # of the plans that can be sold, by key

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._checker.close()

    def play(
        self, plans: Mapping[str, PlanDraft], linked: set[str], rows: Sequence[CustomerRow]
    ) -> None:
        """Play everything; *linked* are the keys of plans that exist at the provider."""
        for key, draft in plans.items():
            item, found = f"plans.{key}", () if key in linked else self._plan(key, draft)
            if self._rehearsal.note(item, iter(found)):
                _ = self._rehearsal.note(item, self._added(key, draft))
        self._keys = plans.keys()
        for row in rows:
            _ = self._rehearsal.note(f"line {row.line}", self._row(row))

    def _plan(self, key: str, draft: PlanDraft) -> Iterator[Difference]:
        # the code is the key of the configuration, which was not written for the provider
        draft = draft.model_copy(update={"code": None})
        if self._supports("create_plan"):
            yield from self._played("create_plan", draft)
        elif self._supports("subscribe:inline_plan"):
            yield from self._flow("subscribe", draft)
        else:
            lacking = self._capabilities["create_plan"].found
            reason = lacking.reason if isinstance(lacking, Absence) else ""
            enter = f"enter {terms_of(draft)} there, and `subhub plans adopt {key} ID`"
            yield Difference("create_plan", "", "by hand", reason, enter)

    def _added(self, key: str, draft: PlanDraft) -> Iterator[Difference]:
        """Put the plan where the customers' operations find it."""
        if not self._supports("create_plan") and self._supports("subscribe:inline_plan"):
            self._terms[key] = draft
            return
        try:
            self._terms[key] = self._fake.add_plan(key, draft)
        except InvalidRequest as error:
            yield from _refusals("create_plan", error)

    def _row(self, row: CustomerRow) -> Iterator[Difference]:
        customer = row.arguments["customer"]
        plan: str = row.arguments["plan"] or next(iter(self._terms), "")
        known = self._terms.get(plan)
        # a configured plan that was refused is refused once, and not in every row; another text
        # is the id of a plan, which the sandbox does not have
        terms = known if plan in self._keys else plan
        if isinstance(customer, CustomerDraft):
            for operation, capability in NEW_CUSTOMER.items():
                if operation in self._called and self._supports(capability):
                    yield from self._played(operation, customer, known)
            customer = self._provider.stand_in_id
        if terms and "subscribe" in self._called and self._supports("subscribe"):
            yield from self._checked({**row.arguments, "customer": customer, "plan": terms})

    def _checked(self, arguments: Mapping[str, Any]) -> Iterator[Difference]:
        """Subscribe up to the first request.

        None is sent: without a payment method, which no sandbox knows, some providers refuse it.
        """
        try:
            _ = self._checker.subscribe(**arguments)
        except WouldSend:
            return
        except SubhubError as error:
            yield from _refusals("subscribe", error)

    def _played(
        self, operation: str, draft: PlanDraft | CustomerDraft, plan: str | PlanDraft | None = None
    ) -> Iterator[Difference]:
        """Play *operation* in the flow and, if that accepts the draft, in the sandbox."""
        accepted = True
        for difference in self._flow(operation, draft):
            accepted = accepted and difference.outcome != "refused"
            yield difference
        if not accepted or (operation == "create_signup_link" and not isinstance(plan, str)):
            return
        try:
            result = self._perform(operation, draft, plan)
        except SubhubError as error:
            yield from _refusals(operation, error)
        else:
            yield from _changes(operation, draft, result)

    def _perform(self, operation: str, draft: Any, plan: Any) -> Result:
        if operation == "create_signup_link":
            return self._client.create_signup_link(plan=plan, customer=draft)
        if operation == "create_plan":
            return self._client.create_plan(draft)
        return self._client.create_customer(draft)

    def _flow(self, operation: str, draft: PlanDraft | CustomerDraft) -> Iterator[Difference]:
        fields, given = self._capabilities.fields(operation), _given(draft)
        refusal = fields.refusal(given)
        explained = False
        for name in fields.required:
            if name in given:
                continue
            explained = True
            yield Difference(operation, name, "refused", "the provider requires it", "give it")
        for name, value in given.items():
            use = fields.use_of(name, value)
            if use.use == "dropped" or (use.use == "refused" and refusal is not None):
                stated = self._provider.evidence.get(f"{operation}:{name}")
                why = stated if isinstance(stated, Absence) else use
                yield Difference(operation, name, use.use, why.reason, why.alternative)
                explained = explained or use.use == "refused"
        if refusal is not None and not explained:  # a rule about several fields
            yield Difference(operation, "", "refused", str(refusal))

    def _supports(self, capability: str) -> bool:
        return self._capabilities.supports(capability)


def _given(draft: PlanDraft | CustomerDraft) -> dict[str, Any]:
    return {name: value for name, value in dict(draft).items() if value is not None}


def _refusals(operation: str, error: SubhubError) -> Iterator[Difference]:
    fields = error.fields if isinstance(error, InvalidRequest | ProviderError) else {}
    for name, problem in (fields or {"": str(error)}).items():
        yield Difference(operation, name, "refused", problem)


def _changes(
    operation: str, draft: PlanDraft | CustomerDraft, result: Result
) -> Iterator[Difference]:
    for name, value in _given(draft).items():
        found = getattr(result, name, None)
        if found is not None and canonical(found) != canonical(value):
            yield Difference(operation, name, "changed", f"{value} became {found}")
