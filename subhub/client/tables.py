"""The tables of `subhub.toml`, as models: which keys there are, and what each may hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
)

from subhub.client.keys import Mode
from subhub.client.settings import checked_server
from subhub.errors import ConfigError
from subhub.models import Interval, Money, PlanDraft, Tax
from subhub.models.money import Percent
from subhub.plugin.operations import KNOWN
from subhub.plugin.rate_limits import RateLimit
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _rate_limit(value: Any) -> Any:
    """Read `"60 per 60"`: so many requests in so many seconds."""
    try:
        return RateLimit.parse(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _secrets(value: Any) -> Any:
    """Read one secret, or several with blanks between them, as an environment variable has them."""
    return value.split() if isinstance(value, str) else value


def _sandbox(value: bool | str) -> bool | str:  # noqa: FBT001 - a value, not a switch
    try:
        return checked_server(value) if isinstance(value, str) else value
    except ConfigError as error:
        raise ValueError(str(error)) from error


def _switch_or_address(value: object) -> object:
    """Refuse anything else; pydantic would do it in a line for each type of the union."""
    if not isinstance(value, bool | str):
        message = 'must be true, false or the address of a served one: "http://127.0.0.1:8420"'
        raise ValueError(message)  # noqa: TRY004 - pydantic collects ValueError, not TypeError
    return value


class AccountSettings(BaseModel):
    """One `[accounts.NAME]` table; see `Client` for the meaning of the keys.

    Other keys are settings of its provider: `others` has them as they are, and they are checked
    when it is known which there are.
    """

    model_config = ConfigDict(frozen=True, extra="allow", hide_input_in_errors=True)

    provider: str
    api_key: SecretStr | None = None
    base_url: str | None = None
    mode: Mode | None = None
    lineage: str | None = None
    timeout: float = Field(default=30.0, gt=0)
    timezone: str | None = None
    sandbox: Annotated[
        bool | str,
        Field(union_mode="left_to_right"),
        BeforeValidator(_switch_or_address),
        AfterValidator(_sandbox),
    ] = False
    dry_run: bool = False
    production: bool = False
    sells: bool = True
    deadline: float | None = Field(default=120.0, gt=0)
    max_wait: float | None = Field(default=None, ge=0)
    max_response_bytes: int = Field(default=MAX_RESPONSE_BYTES, ge=1)
    attempts: int = Field(default=4, ge=1)
    rate_limit: Annotated[RateLimit, BeforeValidator(_rate_limit)] | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    permits: str | None = Field(default=None, repr=False)  # they may refer to a password
    journal: str | None = Field(default=None, repr=False)
    plans: dict[str, Annotated[str, Field(min_length=1)]] = Field(default_factory=dict[str, str])
    # checked when the account is opened: only then is it known which words the provider documents
    statuses: dict[str, Any] = Field(default_factory=dict[str, Any])
    webhook_secrets: Annotated[tuple[SecretStr, ...], BeforeValidator(_secrets)] = ()

    @property
    def others(self) -> dict[str, Any]:
        """The keys that subhub does not know; the values may be secrets."""
        return self.model_extra or {}

    def __repr_args__(self) -> Iterator[tuple[str, Any]]:
        """Leave the values of the other keys out of the repr."""
        known = type(self).model_fields
        return ((name, value) for name, value in super().__repr_args__() if name in known)


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
    tax: Tax | None = None
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
            tax=self.tax,
            description=self.description,
            public=self.public,
        )


def _known_need(name: str) -> str:
    if name in KNOWN:
        return name
    close = difflib.get_close_matches(name, KNOWN, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "see `subhub capabilities`"
    raise ValueError(f"unknown capability {name!r}: {hint}")


class Settings(BaseModel):
    """A whole `subhub.toml`."""

    model_config = _STRICT

    account: str | None = None
    production: bool = False
    needs: tuple[Annotated[str, AfterValidator(_known_need)], ...] = ()
    accounts: dict[str, AccountSettings] = Field(default_factory=dict[str, AccountSettings])
    plans: dict[str, PlanSettings] = Field(default_factory=dict[str, PlanSettings])
