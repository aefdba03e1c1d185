"""The configured plans at one account: compared, created where they are missing, or adopted.

Nothing here updates or deletes a plan: customers may be billed by it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from subhub.catalog.lock_file import LockFile
from subhub.client.configuration import Configuration
from subhub.client.plan_links import LOCK_NAME, PlanLink, problems, terms_of
from subhub.client.sync_client import Client
from subhub.errors import Ambiguous, ConfigError, InvalidRequest, NotFound
from subhub.models import Plan, PlanDraft
from subhub.plugin.registry import load


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """How a configured plan stands at an account.

    Args:
        key: Its key.
        terms: What the configuration says that it costs.
        id: The provider's id of the plan that the key means; `None` if it is linked to none.
        how: How it is linked.
        problem: Why it cannot be sold as it is configured; `None` if it can.
    """

    key: str
    terms: str
    id: str | None
    how: str
    problem: str | None = None


class Catalog:
    """The plans of a configuration at one of its accounts.

    Args:
        configuration: The configuration.
        client: A client of the account.
        account: The account's name.
        dry_run: Record no link.
    """

    def __init__(
        self, configuration: Configuration, client: Client, account: str, *, dry_run: bool = False
    ) -> None:
        self._dry_run = dry_run
        self._client = client
        self._account = account
        settings = configuration.settings.accounts[account]
        self._sandbox = settings.sandbox
        self._by_hand = settings.plans
        self._sells = settings.sells
        self._provider = load(settings.provider)()
        self._inline = client.supports("subscribe:inline_plan")
        self._needs = configuration.settings.needs
        self._file = LockFile(configuration.folder / LOCK_NAME)

    def status(self) -> Iterator[PlanStatus]:
        """Compare each plan with that of the provider, where plans can be read."""
        if self._sandbox:
            for key, draft in self._client.plans.items():
                yield PlanStatus(key, terms_of(draft), None, "created by the sandbox")
            return
        links = self._file.read(self._account)
        means = {key: self._means(key, links.get(key)) for key in self._client.plans}
        ids = {key: plan_id for key, (plan_id, _) in means.items() if plan_id is not None}
        linked = {key: link for key, link in links.items() if key not in self._by_hand}
        known: dict[str, str] = {}
        if self._sells:
            known.update(problems(self._provider, self._client.plans, ids, linked, self._needs))
        for key, draft in self._client.plans.items():
            plan_id, how = means[key]
            if key not in known and plan_id is not None:
                yield self._compared(key, draft, plan_id, how)
            else:
                yield PlanStatus(key, terms_of(draft), plan_id, how, known.get(key))

    def push(self, today: dt.date) -> Iterator[PlanStatus]:
        """Link each plan that is linked to none: to the one equal plan, or to a new one.

        The plans are listed before one is created, and each link is written before the next plan,
        so a push that was interrupted can be repeated. Several equal plans raise `Ambiguous`.
        """
        self._refuse_sandbox()
        for capability in ("create_plan", "list_plans"):  # without a list, a repeat would create
            self._client.capabilities.require(capability)
        with self._file.exclusive():
            links = self._file.read(self._account)
            missing = [key for key in self._client.plans if key not in {*links, *self._by_hand}]
            taken = {*self._by_hand.values(), *(link.id for link in links.values())}
            listed = list(self._client.list_plans()) if missing else []
            existing = [plan for plan in listed if plan.id not in taken]
            for key in missing:
                draft = self._client.plans[key]
                plan = _equal(key, draft, existing)
                if plan is None:  # in a dry run, this is as far as it goes
                    plan, how = self._client.create_plan(draft), f"pushed {today}"
                else:
                    existing.remove(plan)
                    how = f"adopted {today}"
                yield self._link(key, draft, plan.id, how)

    def adopt(self, key: str, plan_id: str, today: dt.date) -> PlanStatus:
        """Link *key* to an existing plan, which must have its terms where plans can be read."""
        self._refuse_sandbox()
        draft = self._client.plans.get(key)
        if draft is None:
            known = ", ".join(self._client.plans) or "none"
            raise InvalidRequest.of(
                "key", f"must be that of a configured plan, got {key!r}: {known}"
            )
        if key in self._by_hand:
            problem = f"{key!r} is linked in the configuration itself: change or remove that line"
            raise InvalidRequest.of("key", problem)
        how = f"adopted {today}"
        if self._client.supports("get_plan"):
            difference = _difference(draft, self._client.get_plan(plan_id))
            if difference:
                raise InvalidRequest.of(
                    "plan", f"{plan_id!r} is not the plan {key!r}: {difference}"
                )
        else:
            how += ", not compared"
        with self._file.exclusive():
            return self._link(key, draft, plan_id, how)

    def checklist(self) -> Iterator[tuple[str, PlanDraft]]:
        """Return the plans to create in the provider's dashboard, where `push` cannot."""
        links = self._file.read(self._account)
        for key, draft in self._client.plans.items():
            if key not in links and key not in self._by_hand:
                yield key, draft

    def _link(self, key: str, draft: PlanDraft, plan_id: str, how: str) -> PlanStatus:
        link = PlanLink(id=plan_id, terms=terms_of(draft), how=how)
        try:
            if not self._dry_run:
                self._file.add(self._account, key, link)
        except ConfigError as error:
            raise ConfigError(
                f"the plan {plan_id!r} exists, but its link could not be recorded ({error}): run "
                f"the command again, or `subhub plans adopt {key} {plan_id}`"
            ) from error
        return PlanStatus(key, link.terms, plan_id, how)

    def _compared(self, key: str, draft: PlanDraft, plan_id: str, how: str) -> PlanStatus:
        """Compare the plan that *key* means with the configured one, where plans can be read."""
        terms = terms_of(draft)
        if not self._client.supports("get_plan"):
            return PlanStatus(key, terms, plan_id, f"{how}, not compared")
        try:
            problem = _difference(draft, self._client.get_plan(key))
        except NotFound:
            problem = "the provider has no such plan"
        return PlanStatus(key, terms, plan_id, how, problem)

    def _means(self, key: str, link: PlanLink | None) -> tuple[str | None, str]:
        """Return the id that *key* means, and how it is linked."""
        if key in self._by_hand:
            return self._by_hand[key], "by hand"
        if link is not None:
            return link.id, link.how
        if self._provider.plan_codes:
            return key, "the key is its code"
        return None, "subscribe sends its terms" if self._inline else ""

    def _refuse_sandbox(self) -> None:
        if self._sandbox:
            raise ConfigError(
                f"the account {self._account!r} is a sandbox, which has the configured plans from "
                "the start: choose a real account with --account"
            )


def _difference(draft: PlanDraft, plan: Plan) -> str | None:
    """Return in what the provider's plan is not the configured one, or `None`."""
    wanted, found = terms_of(draft), terms_of(_with_tax_of(draft, plan))
    return None if wanted == found else f"it costs {found}, and the configuration says {wanted}"


def _with_tax_of(draft: PlanDraft, plan: Plan) -> Plan:
    """Return *plan* with the tax of *draft* where only one of the two says one."""
    said = {
        name: getattr(draft, name)
        for name in ("tax_rate", "tax")
        if None in {getattr(draft, name), getattr(plan, name)}
    }
    return plan.model_copy(update=said)


def _equal(key: str, draft: PlanDraft, existing: Iterable[Plan]) -> Plan | None:
    """Return the one plan that has the name and the terms of *draft*."""
    equal = [
        plan
        for plan in existing
        if _name(plan.name) == _name(draft.name) and _difference(draft, plan) is None
    ]
    if len(equal) > 1:
        ids = ", ".join(plan.id for plan in equal)
        message = (
            f"{len(equal)} plans are equal to {key!r}: {ids}. Choose: subhub plans adopt {key} ID"
        )
        raise Ambiguous(message, candidates=equal)
    return equal[0] if equal else None


def _name(name: str | None) -> str:
    """Return a name as it is compared: without regard to capitals and blanks."""
    return " ".join((name or "").split()).casefold()
