"""The configuration: `subhub.toml` and the `SUBHUB_*` variables, read into accounts.

Every problem is one `ConfigError` that names the file, the key and the remedy. Nothing here is kept
between calls: two configurations live side by side in one process.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

from subhub.client.account import Account, open_account
from subhub.client.settings import Mode
from subhub.errors import ConfigError, InvalidRequest, MissingNeed, SubhubError, UnknownAccount
from subhub.messages import is_object
from subhub.models import Interval, Money, PlanDraft
from subhub.models.money import Percent
from subhub.plugin.capabilities import NEUTRAL, Capabilities
from subhub.plugin.rate_limits import RateLimit
from subhub.plugin.registry import load
from subhub.sending.attempts import Hook
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES

FILE_NAME = "subhub.toml"
_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _rate_limit(value: Any) -> Any:
    """Read `"60 per 60"`: so many requests in so many seconds."""
    match = (
        re.fullmatch(r"(\d{1,9}) per (\d{1,9}(?:\.\d+)?)", value)
        if isinstance(value, str)
        else None
    )
    if match is None:
        message = "write requests and seconds as '60 per 60'"
        raise ValueError(message)
    try:
        return RateLimit(int(match[1]), per=float(match[2]))
    except ConfigError as error:
        raise ValueError(str(error)) from error


class AccountSettings(BaseModel):
    """One `[accounts.NAME]` table; see `Client` for the meaning of the keys."""

    model_config = _STRICT

    provider: str
    api_key: SecretStr | None = None
    base_url: str | None = None
    mode: Mode | None = None
    timeout: float = Field(default=30.0, gt=0)
    timezone: str | None = None
    sandbox: bool = False
    dry_run: bool = False
    deadline: float | None = Field(default=120.0, gt=0)
    max_wait: float | None = Field(default=None, ge=0)
    max_response_bytes: int = Field(default=MAX_RESPONSE_BYTES, ge=1)
    attempts: int = Field(default=4, ge=1)
    rate_limit: Annotated[RateLimit, BeforeValidator(_rate_limit)] | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    permits: str | None = None
    journal: str | None = None


def _money(value: object) -> Money:
    return Money.parse(_text(value, "12.95 EUR"))


def _interval(value: object) -> Interval:
    return Interval.parse(_text(value, "6 months"))


def _text(value: object, example: str) -> str:
    if not isinstance(value, str):
        message = f"write it as text: {example!r}"
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    return value


class PlanSettings(BaseModel):
    """One `[plans.KEY]` table: what the application means by that key."""

    model_config = _STRICT

    name: str
    price: Annotated[Money, BeforeValidator(_money)]
    interval: Annotated[Interval, BeforeValidator(_interval)]
    tax_rate: Percent | None = None
    description: str | None = None
    public: bool | None = None

    def to_draft(self, key: str) -> PlanDraft:
        """Return the plan as it would be created."""
        return PlanDraft(
            code=key,
            name=self.name,
            price=self.price,
            interval=self.interval,
            tax_rate=self.tax_rate,
            description=self.description,
            public=self.public,
        )


def _known_need(name: str) -> str:
    if name in NEUTRAL:
        return name
    close = difflib.get_close_matches(name, NEUTRAL, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "see `subhub capabilities`"
    raise ValueError(f"unknown capability {name!r}: {hint}")


class Settings(BaseModel):
    """A whole `subhub.toml`."""

    model_config = _STRICT

    account: str | None = None
    needs: tuple[Annotated[str, AfterValidator(_known_need)], ...] = ()
    accounts: dict[str, AccountSettings] = Field(default_factory=dict[str, AccountSettings])
    plans: dict[str, PlanSettings] = Field(default_factory=dict[str, PlanSettings])


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was read, and from where."""

    settings: Settings
    source: str
    folder: Path = Path()

    @classmethod
    def read(
        cls, path: str | os.PathLike[str] | None = None, account: str | None = None
    ) -> Configuration:
        """Read the file at *path*, or find it; the `SUBHUB_*` variables override what it says.

        *account*, where it is given, overrides both as the account to use.
        """
        found = _locate(path)
        document = _parsed(found)
        source = str(found) if found else "the environment"
        _apply_environment(document, account)
        try:
            folder = found.parent if found else Path()
            return cls(Settings.model_validate(document), source, folder)
        except ValidationError as error:
            raise _refused(error, source) from error

    def open(
        self,
        name: str | None = None,
        *,
        dry_run: bool = False,
        journal: str | os.PathLike[str] | None = None,
        hooks: Sequence[Hook] = (),
    ) -> Account:
        """Open the account *name*; every account of the file is checked against the needs.

        Args:
            name: Its name; otherwise the file's choice.
            dry_run: Sends no change; the file may ask for it as well.
            journal: The path of a journal, for an account that names none.
            hooks: Each is called with every attempt at a request.
        """
        self.check_needs()
        chosen = self.choose(name)
        settings = self.settings.accounts[chosen]
        place = f"{self.source}: accounts.{chosen}"
        key = settings.api_key
        try:
            return open_account(
                load(settings.provider),
                name=chosen,
                api_key=_secret(key.get_secret_value(), place) if key else None,
                base_url=settings.base_url,
                mode=settings.mode,
                timeout=settings.timeout,
                timezone=settings.timezone,
                sandbox=settings.sandbox,
                dry_run=settings.dry_run or dry_run,
                deadline=settings.deadline,
                max_wait=settings.max_wait,
                max_response_bytes=settings.max_response_bytes,
                attempts=settings.attempts,
                rate_limit=settings.rate_limit,
                share=settings.share,
                permits=self._beside(settings.permits),
                journal=self._beside(settings.journal) or journal,
                hooks=hooks,
                plans=self.plans(),
            )
        except (ConfigError, InvalidRequest) as error:
            message = f"{place}: {error}".replace(f"{place}: {place}", place)
            raise ConfigError(message) from error

    def _beside(self, path: str | None) -> Path | None:
        """Return a path of the file: it counts from the file's folder, not from the program's."""
        return None if path is None else self.folder / path

    def choose(self, name: str | None = None) -> str:
        """Return the name of the account to use: *name*, the file's choice, or the only one."""
        accounts = self.settings.accounts
        if not accounts:
            message = f"{self.source} has no account: write one with `subhub init`"
            raise ConfigError(message)
        wanted = name or self.settings.account
        if wanted is None and len(accounts) == 1:
            return next(iter(accounts))
        known = ", ".join(accounts)
        if wanted is None:
            message = f"{self.source} has several accounts ({known}) and no `account = ...`: add it"
            raise ConfigError(message)
        if wanted not in accounts:
            message = f"{self.source} has no account {wanted!r}; it has {known}"
            raise UnknownAccount(message)
        return wanted

    def plans(self) -> Mapping[str, PlanDraft]:
        """Return the plans of the file, by key."""
        return {key: plan.to_draft(key) for key, plan in self.settings.plans.items()}

    def check_needs(self) -> None:
        """Raise `MissingNeed` when any account lacks what the application needs."""
        if not self.settings.needs:
            return  # and no account's plugin is imported that is not used
        lacking = [
            f"accounts.{name} ({settings.provider}): {problem}"
            for name, settings in self.settings.accounts.items()
            for problem in _unmet(load(settings.provider).capabilities(), self.settings.needs)
        ]
        if lacking:
            lines = "\n  ".join(lacking)
            message = f"{self.source}: `needs` cannot be met by every account:\n  {lines}"
            raise MissingNeed(message)


def _unmet(capabilities: Capabilities, needs: tuple[str, ...]) -> list[str]:
    unmet: list[str] = []
    for need in needs:
        try:
            capabilities.require(need)
        except SubhubError as error:
            unmet.append(str(error))
    return unmet


def _locate(path: str | os.PathLike[str] | None) -> Path | None:
    named = path or os.environ.get("SUBHUB_CONFIG")
    if named:
        return Path(named)
    here = Path.cwd()
    places = (folder / FILE_NAME for folder in (here, *here.parents))
    return next((place for place in places if place.is_file()), None)


def _parsed(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): write one with `subhub init`"
        raise ConfigError(message) from error
    except ValueError as error:  # not TOML, or not UTF-8; it holds the file, and so the keys
        problem = str(error)
    message = f"{path} is not TOML: {problem}"
    raise ConfigError(message)


def _apply_environment(document: dict[str, Any], account: str | None) -> None:
    """Let `SUBHUB_ACCOUNT` choose, and `SUBHUB_PROVIDER`, `SUBHUB_API_KEY`, ... set the account."""
    if chosen := account or os.environ.get("SUBHUB_ACCOUNT"):
        document["account"] = chosen
    given = {
        key: os.environ[variable]
        for key in AccountSettings.model_fields
        if (variable := f"SUBHUB_{key.upper()}") in os.environ
    }
    if not given:
        return
    accounts: object = document.setdefault("accounts", {})
    if not is_object(accounts):
        return  # the settings model says what is wrong with it
    name = document.get("account") or (next(iter(accounts)) if len(accounts) == 1 else "main")
    table: object = accounts.setdefault(str(name), {})
    if is_object(table):
        table.update(given)


def _secret(value: str, place: str) -> str:
    """Return the secret that *value* points to, or *value* itself, as when a variable gave it."""
    kind, _, target = value.partition(":")
    if kind in {"env", "file"} and not target:
        message = f"{place}.api_key: {value!r} names nothing: write env:NAME or file:PATH"
        raise ConfigError(message)
    if kind == "env":
        if not os.environ.get(target):
            message = f"{place}.api_key: the variable {target} is not set: export {target}=..."
            raise ConfigError(message)
        return os.environ[target].strip()
    if kind == "file":
        try:
            return Path(target).read_text("utf-8").strip()
        except OSError as error:
            message = f"{place}.api_key: {target} cannot be read: {error}"
            raise ConfigError(message) from error
        except ValueError as error:  # it holds what was read
            problem = str(error)
        message = f"{place}.api_key: {target} cannot be read: {problem}"
        raise ConfigError(message)
    return value


def _refused(error: ValidationError, source: str) -> ConfigError:
    lines = [
        f"{source}: {'.'.join(str(part) for part in item['loc'])}: {_remedy(item)}"
        for item in error.errors(include_url=False, include_input=False)
    ]
    return ConfigError("\n".join(lines))


def _remedy(item: Any) -> str:
    if item["type"] != "extra_forbidden":
        return str(item["msg"]).removeprefix("Value error, ")
    *above, key = (str(part) for part in item["loc"])
    tables: dict[str, type[BaseModel]] = {"accounts": AccountSettings, "plans": PlanSettings}
    known = tables[above[0]].model_fields if above else Settings.model_fields
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
    return f"no such key; {hint}"
