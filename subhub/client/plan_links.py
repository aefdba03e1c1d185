"""Plan keys: which plan of the provider a key of the configuration means.

An application says `plan="phone"`. Which plan that is at an account stands in `[accounts.X.plans]`,
or in `subhub.lock`, which `subhub plans push` and `subhub plans adopt` write. Nothing here writes.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from subhub.client.validation import check_tax
from subhub.errors import ConfigError, SubhubError
from subhub.models import ARITHMETIC, Plan, PlanDraft
from subhub.plugin.flows import first_step
from subhub.plugin.likeness import canonical
from subhub.plugin.provider import Provider

LOCK_NAME: Final = "subhub.lock"
_NEED_AN_ID: Final = ("create_signup_link", "change_subscription", "get_plan", "update_plan")
"""The operations that take a plan's id, and no draft in its place."""


class PlanLink(BaseModel):
    """The plan that a key means at one account.

    Args:
        id: The provider's id of the plan.
        terms: Price, interval and tax when it was linked; see `terms_of`.
        how: How it was linked, and on which day: "pushed 2026-11-26".
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    id: Annotated[str, Field(min_length=1)]
    terms: str
    how: str


Links: TypeAlias = dict[str, PlanLink]
"""The links of one account, by key."""


def terms_of(plan: Plan | PlanDraft) -> str:
    """Return what a plan costs, for people: "12.95 EUR / 1 year / 21 % / tax inclusive".

    Equal terms have equal texts: a price of 12.950 and an interval of 12 months change nothing.
    """
    price, interval, tax_rate = plan.price, plan.interval, plan.tax_rate
    parts = [
        "no price" if price is None else canonical(price),
        "no interval" if interval is None else canonical(interval),
        *([] if tax_rate is None else [f"{tax_rate.normalize(ARITHMETIC):f} %"]),
        *([] if plan.tax is None else [f"tax {plan.tax}"]),
    ]
    return " / ".join(parts)


def read_lock(path: Path) -> dict[str, Links]:
    """Return the links that the lock file at *path* has, by account; none if there is no file."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if any(line.startswith(("<<<<<<<", "=======", ">>>>>>>")) for line in text.splitlines()):
        raise ConfigError(
            f"{path} has a merge conflict: keep the tables of both sides, each once, or take one "
            "side and run `subhub plans push`, which adopts the plans that exist"
        )
    try:
        return TypeAdapter(dict[str, Links]).validate_python(tomllib.loads(text))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    raise ConfigError(
        f"{path} is not a lock file of subhub ({problem}): restore it from version control, or "
        "remove it and run `subhub plans push`, which adopts the plans that exist"
    )


def problems(
    provider: Provider,
    plans: Mapping[str, PlanDraft],
    ids: Mapping[str, str],
    links: Links,
    needs: tuple[str, ...],
) -> Iterator[tuple[str, str]]:
    """Yield the key of each plan that would fail or be another one at an account, and the reason.

    Args:
        provider: The provider of the account.
        plans: The configured plans by key.
        ids: The provider's ids of the linked ones; see `Account.plan_ids`.
        links: Those that the lock file has.
        needs: The capabilities that the application needs.
    """
    for key, draft in plans.items():
        problem = (
            _ambiguous(provider, key, ids)
            or (key in links and _outdated(key, draft, links[key]))
            or (key not in ids and _unlinked(provider, key, needs))
            or _refused(provider, ids.get(key, draft))
        )
        if problem:
            yield key, problem


def _ambiguous(provider: Provider, key: str, ids: Mapping[str, str]) -> str | None:
    """Return why `plan=key` could mean two plans."""
    kinds = [kind for kind, prefix in provider.id_prefixes.items() if key.startswith(prefix)]
    if kinds:
        return f"the key looks like the id of a {kinds[0]} of {provider.name}: choose another key"
    for other, plan_id in ids.items():
        if plan_id == key != other:
            return f"the key is also the id of the plan {other!r}: choose another key"
    return None


def _outdated(key: str, draft: PlanDraft, link: PlanLink) -> str | None:
    """Return why the linked plan is not the configured one."""
    terms = terms_of(draft)
    if terms == link.terms:
        return None
    return (
        f"it costs {terms} in the configuration, and the plan {link.id!r}, to which {LOCK_NAME} "
        f"links it, {link.terms}. Write new terms under a new key, or update the plan at the "
        f"provider and run `subhub plans adopt {key} {link.id}`"
    )


def _unlinked(provider: Provider, key: str, needs: tuple[str, ...]) -> str | None:
    """Return why the key needs an id that it does not have."""
    asking = [need for need in needs if need.partition(":")[0] in _NEED_AN_ID]
    if provider.capabilities().supports("subscribe:inline_plan"):
        if not asking:
            return None
        reason = f"`{asking[0]}` of `needs` takes the id of a plan"
    else:
        reason = f"{provider.name} sells existing plans only"
    return f"no plan is linked to the key, and {reason}: {how_to_link(key)}"


def how_to_link(key: str) -> str:
    """Return the remedy for a key without a plan."""
    return (
        f"run `subhub plans push`, or `subhub plans adopt {key} ID`, or write "
        f'`{key} = "ID"` into [accounts.NAME.plans]'
    )


def _refused(provider: Provider, plan: str | PlanDraft) -> str | None:
    """Return why the provider cannot subscribe a customer to *plan*, as its flow says."""
    capabilities = provider.capabilities()
    supports = capabilities.supports
    try:
        # A flow checks its arguments before its first request, which is not sent here.
        if isinstance(plan, PlanDraft) and supports("create_plan"):
            check_tax("create_plan", plan, capabilities)
            first_step(provider.create_plan(plan))
        if isinstance(plan, PlanDraft) and supports("subscribe:inline_plan"):
            check_tax("subscribe", plan, capabilities)
        if supports("subscribe"):
            first_step(
                provider.subscribe(
                    customer=provider.stand_in_id,
                    plan=plan,
                    now=dt.datetime(2000, 1, 1, tzinfo=dt.UTC),
                    starts_on=None,
                    payment_method=None,
                )
            )
    except SubhubError as error:
        return f"it cannot be a plan of {provider.name}: {error}"
    return None
