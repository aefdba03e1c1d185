"""The configuration: `subhub.toml` and the `SUBHUB_*` variables, read into accounts.

Every problem is one `ConfigError` that names the file, the key and the remedy. Nothing here is kept
between calls: two configurations live side by side in one process.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from pydantic import SecretStr, ValidationError

from subhub.client.account import Account
from subhub.client.configuration_file import locate, parsed
from subhub.client.environment import apply_environment, variable
from subhub.client.keys import stand_in_key
from subhub.client.needs import check_account_sells, check_every_account
from subhub.client.opening import Fakes, JournalPlace, open_account
from subhub.client.plan_links import LOCK_NAME, Links, problems, read_lock
from subhub.client.provider_settings import check_keys, resolved
from subhub.client.references import Missing, place, secret, variable_of
from subhub.client.setting_types import check_types
from subhub.client.settings import check_alone, check_production
from subhub.client.table_errors import refused
from subhub.client.tables import AccountSettings, Settings
from subhub.errors import ConfigError, InvalidRequest, UnknownAccount
from subhub.models import PlanDraft
from subhub.plugin.account_settings import checked_settings
from subhub.plugin.registry import load
from subhub.sending.attempts import Hook
from subhub.stores.registry import StorePlace

if TYPE_CHECKING:
    from subhub.recovery.journal import Journal
    from subhub.sending.access_keys import ApiKey

_STORES: Final = ("permits", "journal")


@dataclass(frozen=True, slots=True)
class Configuration:
    """The decoded file, and its path."""

    settings: Settings
    source: str
    folder: Path = Path()
    variables: Mapping[str, Collection[str]] = field(default_factory=dict[str, Collection[str]])
    """Which settings of an account the `SUBHUB_*` variables have set."""
    asked: str | None = None
    """The account that the program asked for by name."""
    fakes: Fakes | None = None  # of embedded sandboxes, in place of new ones

    @classmethod
    def read(
        cls, path: str | os.PathLike[str] | None = None, account: str | None = None
    ) -> Configuration:
        """Read the file at *path*, or find it; the `SUBHUB_*` variables override what it says.

        *account*, where it is given, overrides both as the account to use.
        """
        check_types({"path": path, "account": account})
        found = locate(path)
        document = parsed(found)
        source = str(found) if found else "the environment"
        variables = apply_environment(document, account, AccountSettings.model_fields)
        try:
            settings = Settings.model_validate(document)
        except ValidationError as error:
            # `from None`: pydantic names the same mistake, in words that are not the file's
            raise refused(error, source, variables) from None
        check_keys(settings.accounts, source)
        folder = (found.parent if found else Path()).absolute()
        return cls(settings, source, folder, variables, account)

    def open(
        self,
        name: str | None = None,
        *,
        api_key: ApiKey | None = None,
        dry_run: bool = False,
        journal: JournalPlace | None = None,
        journals: Callable[[JournalPlace], Journal] | None = None,
        hooks: Sequence[Hook] = (),
        check_plans: bool = True,
    ) -> Account:
        """Open the account *name*; every account of the file is checked against the needs.

        Args:
            name: Its name; otherwise the file's choice.
            api_key: Takes the place of the file's.
            dry_run: Sends no change; the file may ask for it as well.
            journal: The path or URL of a journal, for an account that names none.
            journals: Opens a journal that several accounts have in common; see `open_account`.
            hooks: Each is called with every attempt at a request.
            check_plans: Refuse a plan that could not be sold at the account as it is configured.
        """
        check_types({"check_plans": check_plans})
        self.check_needs()
        chosen = self.choose(name)
        if name is None and self.asked is None:
            self.check_selling()
        dry_run = dry_run or self.settings.accounts[chosen].dry_run
        permits, own = self.permits(chosen), self.journal(chosen)
        links = self.links(chosen)
        account = self._account(
            chosen,
            links,
            api_key=api_key,
            dry_run=dry_run,
            permits=permits,
            journal=own or journal,
            journals=journals,
            hooks=hooks,
        )
        if check_plans:
            self._check_plans(account, links)
        return account

    def check(self, name: str, *, secrets: bool = True) -> Mapping[str, str]:
        """Check the account *name* like `open`, but write nothing and open no journal.

        Return each setting that was not checked, because what it refers to is missing and *secrets*
        are not asked for, and what is missing.
        """
        self.check_needs()
        absent = {} if secrets else self._absent(name)
        for setting in _STORES:
            _ = None if setting in absent else self._place(name, setting)
        links = self.links(name)
        account = self._account(name, links, absent=absent)
        self._check_plans(account, links)
        return absent

    def _absent(self, name: str) -> dict[str, str]:
        """Return the settings of an account whose references lead nowhere, and why."""
        settings = self.settings.accounts[name]
        found: dict[str, str] = {}
        references = [("webhook_secrets", s.get_secret_value()) for s in settings.webhook_secrets]
        if settings.api_key is not None:
            references.append(("api_key", settings.api_key.get_secret_value()))
        elif not settings.sandbox:
            found["api_key"] = "none is configured"
        for store in _STORES:
            value: str | None = getattr(settings, store)
            if value is not None and value.startswith("env:"):
                references.append((store, value))
        references += [(key, s) for key, s in settings.others.items() if isinstance(s, str)]
        for setting, reference in references:
            with suppress(ConfigError):  # what is there and wrong is checked as ever
                try:
                    _ = secret(reference, self.folder)
                except Missing as error:
                    found[setting] = str(error)
        return found

    def alone(self, name: str) -> Configuration:
        """Return the same configuration with no other account than *name*."""
        accounts = {name: self.settings.accounts[name]}
        settings = self.settings.model_copy(update={"account": name, "accounts": accounts})
        return replace(self, settings=settings, asked=name)

    def probe(self, name: str, links: Links) -> Account:
        """Open the account *name* without journal and permits, so that nothing is written.

        Args:
            name: The account's name.
            links: Those of its plans; see `links`.
        """
        return self._account(name, links)

    def journal(self, name: str) -> Path | StorePlace | None:
        """Return the path or URL of the journal of the account *name*."""
        return self._place(name, "journal")

    def permits(self, name: str) -> Path | StorePlace | None:
        """Return the folder or URL of the permits of the account *name*."""
        return self._place(name, "permits")

    def _place(self, name: str, setting: Literal["permits", "journal"]) -> Path | StorePlace | None:
        value: str | None = getattr(self.settings.accounts[name], setting)
        with self._located(f"accounts.{name}.{setting}"):
            found = None if value is None else place(setting, value, self.folder)
            if isinstance(found, StorePlace):
                found.check()
            return found

    def _account(
        self,
        name: str,
        links: Links,
        *,
        api_key: ApiKey | None = None,
        dry_run: bool = False,
        permits: Path | StorePlace | None = None,
        journal: JournalPlace | None = None,
        journals: Callable[[JournalPlace], Journal] | None = None,
        hooks: Sequence[Hook] = (),
        absent: Collection[str] = (),
    ) -> Account:
        plans = self.plans()
        production = self.settings.production or self.settings.accounts[name].production
        with self._located(f"accounts.{name}", name):
            settings, plan_ids = self._resolved(name, links, production=production)
        key = settings.api_key if api_key is None else None
        with self._located(f"accounts.{name}.api_key"):
            if key and "api_key" not in absent:
                api_key = secret(key.get_secret_value(), self.folder)
        with self._located(f"accounts.{name}.webhook_secrets"):
            given = () if "webhook_secrets" in absent else settings.webhook_secrets
            secrets = [secret(one.get_secret_value(), self.folder) for one in given]
        with self._located(f"accounts.{name}", name):
            provider = load(settings.provider)
            own = resolved(settings, self.folder, absent)
            if settings.others.keys() & {*absent}:  # the key and the others may need that one
                own, absent = {}, {*absent, "api_key"}
            if absent:
                own = {**provider.stand_in_settings, **own}
            if "api_key" in absent:  # nothing will be sent with it
                api_key = stand_in_key(provider, settings.mode)
            simulated = "api_key" in absent or isinstance(settings.sandbox, str)
            if simulated and isinstance(api_key, str):
                api_key = checked_settings(provider, own).stand_in_key(api_key)
            return open_account(
                provider,
                name=name,
                api_key=api_key,
                base_url=settings.base_url,
                settings=own,
                mode=settings.mode,
                lineage=settings.lineage,
                timeout=settings.timeout,
                timezone=settings.timezone,
                sandbox=settings.sandbox is True and (not self.fakes or self.fakes(provider, name)),
                dry_run=dry_run,
                production=production,
                sells=settings.sells,
                deadline=settings.deadline,
                max_wait=settings.max_wait,
                max_response_bytes=settings.max_response_bytes,
                attempts=settings.attempts,
                statuses=settings.statuses,
                webhook_secrets=secrets,
                rate_limit=settings.rate_limit,
                share=settings.share,
                permits=permits,
                journal=journal,
                journals=journals,
                hooks=hooks,
                plans=plans,
                plan_ids=plan_ids,
                key_variable=variable_of(key.get_secret_value()) if key else "",
            )

    def _resolved(
        self, name: str, links: Links, *, production: bool
    ) -> tuple[AccountSettings, Mapping[str, str]]:
        """Return the settings of an account and the ids of its plans, from where they stand."""
        settings = self.settings.accounts[name]
        # here, because a served sandbox is asked for both, and is then like any other address
        check_alone(settings.sandbox, api_key=settings.api_key, base_url=settings.base_url)
        if production and settings.sandbox:
            check_production(settings.provider, "", "sandbox")
        if isinstance(settings.sandbox, str):
            return _in_served_sandbox(settings, name)
        return settings, {key: link.id for key, link in links.items()} | settings.plans

    def links(self, account: str) -> Links:
        """Return what the lock file says of the configured plans that are not linked by hand."""
        by_hand = self.settings.accounts[account].plans
        unknown = sorted(by_hand.keys() - self.settings.plans.keys())
        if unknown:
            raise ConfigError(
                f"{self.source}: accounts.{account}: plans.{unknown[0]} links a plan that "
                f"[plans.{unknown[0]}] does not describe: add that table, or remove the link"
            )
        open_keys = self.settings.plans.keys() - by_hand.keys()
        if not open_keys or self.settings.accounts[account].sandbox:
            return {}
        with self._located(f"accounts.{account}"):
            links = read_lock(self.folder / LOCK_NAME).get(account, {})
        return {key: link for key, link in links.items() if key in open_keys}

    def _check_plans(self, account: Account, links: Links) -> None:
        """Refuse a configured plan that could not be sold, and close *account* then."""
        found = self.plan_problems(account, links)
        if lines := "\n  ".join(f"plans.{key}: {problem}" for key, problem in found):
            account.close()
            raise ConfigError(
                f"{self.source}: accounts.{account.name}: the configured plans cannot all be sold:"
                f"\n  {lines}"
            )

    def plan_problems(self, account: Account, links: Links) -> list[tuple[str, str]]:
        """Return each configured plan that could not be sold at *account*, and why."""
        if account.fake is not None or not account.sells:
            return []
        needs = self.settings.needs
        return list(problems(account.provider, account.plans, account.plan_ids, links, needs))

    @contextmanager
    def _located(self, place: str, account: str | None = None) -> Generator[None]:
        """Name the file and the place in it in an error, and the variables that set an account."""
        try:
            yield
        except (ConfigError, InvalidRequest) as error:
            set_by = self.variables.get(account or "", ())
            named = [key for key in set_by if f"`{key}`" in str(error)]
            notes = "".join(f" (`{key}` is set by {variable(key)})" for key in named)
            message = f"{self.source}: {place}: {error}{notes}"
            raise ConfigError(message) from error

    def choose(self, name: str | None = None) -> str:
        """Return the name of the account to use: *name*, the file's choice, or the only one."""
        accounts = self.settings.accounts
        if not accounts:
            message = f"{self.source} has no account: write one with `subhub init`"
            raise ConfigError(message)
        wanted = name or self.settings.account
        if wanted is None and len(accounts) == 1:
            return next(iter(accounts))
        if wanted is None:
            known = ", ".join(accounts)
            message = f"{self.source} has several accounts ({known}) and no `account = ...`: add it"
            raise ConfigError(message)
        self.check_name(wanted)
        return wanted

    def check_name(self, account: str) -> None:
        """Raise `UnknownAccount` unless the file has an account of this name."""
        accounts = self.settings.accounts
        if account not in accounts:
            known = ", ".join(accounts)
            raise UnknownAccount(f"{self.source} has no account {account!r}; it has {known}")

    def plans(self) -> Mapping[str, PlanDraft]:
        """Return the plans of the file, by key."""
        drafts: dict[str, PlanDraft] = {}
        for key, plan in self.settings.plans.items():
            with self._located(f"plans.{key}"):
                drafts[key] = plan.to_draft(key)
        return drafts

    def check_needs(self) -> None:
        """Raise `MissingNeed` when any account lacks what the application needs."""
        check_every_account(self.settings, str(self.source))

    def check_selling(self) -> None:
        """Raise `MissingNeed` if the account in use does not sell, and the application needs to."""
        check_account_sells(self.settings, self.choose(), str(self.source))


def _in_served_sandbox(
    settings: AccountSettings, name: str
) -> tuple[AccountSettings, dict[str, str]]:
    """Return the settings with which a served sandbox is reached, and the ids of its plans."""
    from subhub.client.served_sandbox import find  # noqa: PLC0415 - only where one is configured

    served = find(str(settings.sandbox), settings.provider, name)
    reached = {"api_key": SecretStr(served.api_key), "base_url": served.base_url}
    return settings.model_copy(update=reached), served.plans
