"""An account: one provider with one key, and everything else that is fixed for a client's life."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from types import EllipsisType
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from subhub._version import __version__
from subhub.client.setting_types import check_types
from subhub.client.settings import checked_timeout
from subhub.errors import ConfigError
from subhub.messages import REDACTED, PreparedRequest, Request, Response, as_json
from subhub.models.identity import Identity
from subhub.plugin.account_settings import Settings
from subhub.plugin.capabilities import Absence
from subhub.plugin.operations import SELLING
from subhub.plugin.provider import Provider
from subhub.sending.engine import Rules
from subhub.sending.instrumentation import OddityLog
from subhub.sending.redaction import Redactor
from subhub.sending.retries import Operation, RetryPolicy
from subhub.sending.transport.bodies import MAX_RESPONSE_BYTES

if TYPE_CHECKING:
    from subhub.models import PlanDraft
    from subhub.plugin.capabilities import Capabilities
    from subhub.plugin.rate_limits import RateLimit
    from subhub.recovery.journal import Journal
    from subhub.sandbox import Fake
    from subhub.sending.access_keys import AccessKeys
    from subhub.sending.steps import Pause

HEADERS: Final[Mapping[str, str]] = {
    "Accept": "application/json",
    "Accept-Encoding": "gzip, deflate",
    "User-Agent": f"subhub/{__version__}",
}
"""The headers of every request, besides those that authenticate it."""


@dataclass(frozen=True, slots=True)
class Account:
    """One account at one provider; `api_key` never shows in a repr.

    `clock` is the machine's, the application's or the sandbox's, and `now` the same in the
    account's time zone. `key_variable` names the environment variable that the key came from.
    `own_journal` is whether the journal is closed with the account, and `sells` whether it takes
    new business. `keys` has the keys of each request, where `api_key` is empty.
    """

    name: str
    provider: Provider
    identity: Identity
    base_url: str
    timeout: float
    zone: ZoneInfo
    clock: Callable[[], dt.datetime]
    now: Callable[[], dt.datetime]
    retries: RetryPolicy
    dry_run: bool = False
    max_response_bytes: int = MAX_RESPONSE_BYTES
    fake: Fake | None = None
    journal: Journal | None = None
    plans: Mapping[str, PlanDraft] = field(default_factory=dict[str, "PlanDraft"])
    plan_ids: Mapping[str, str] = field(default_factory=dict[str, str])
    api_key: str = field(default="", repr=False)
    redact: Redactor = field(default_factory=lambda: Redactor(""), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    oddities: OddityLog | None = None
    key_variable: str = ""
    own_journal: bool = True
    sells: bool = True
    rate_limit: RateLimit | None = None
    webhook_secrets: Sequence[str] = field(default=(), repr=False)
    keys: AccessKeys | None = field(default=None, repr=False)

    def close(self) -> None:
        """Release what is held open."""
        self.retries.close()
        if self.journal is not None and self.own_journal:
            self.journal.close()

    @property
    def remote(self) -> bool:
        """Whether closing it waits for a store on another machine."""
        limiter = self.retries.limiter
        return (self.journal is not None and self.journal.remote) or (
            limiter is not None and limiter.remote
        )

    def with_options(
        self,
        attempts: int | EllipsisType = ...,
        deadline: float | EllipsisType | None = ...,
        timeout: float | EllipsisType = ...,
        max_wait: float | EllipsisType | None = ...,
    ) -> Account:
        """Return the same account with other options; `...` leaves one as it is.

        Args:
            attempts: How often a request is sent at most.
            deadline: How many seconds an operation may take; `None` for any time.
            timeout: In seconds, for each step of connecting, sending and receiving.
            max_wait: How many seconds a request may wait for a rate limit; `None` for any time.
        """
        given = {"attempts": attempts, "deadline": deadline, "max_wait": max_wait}
        check_types({name: value for name, value in given.items() if value is not ...})
        retries = self.retries
        if not isinstance(attempts, EllipsisType):
            retries = replace(retries, attempts=attempts)
        if not isinstance(deadline, EllipsisType):
            retries = replace(retries, deadline=deadline)
        if not isinstance(max_wait, EllipsisType):
            retries = replace(retries, max_wait=max_wait)
        seconds = self.timeout
        if not isinstance(timeout, EllipsisType):
            check_types({"timeout": timeout})
            seconds = checked_timeout(timeout)
        return replace(self, retries=retries, timeout=seconds)

    def rules(self) -> Rules:
        """Return what the engine has to know of this account."""
        own_form = type(self.provider).encode is not Provider.encode
        write = partial(
            PreparedRequest.of,
            base_url=self.base_url,
            headers=self.headers,
            encode=self.provider.encode if own_form else as_json,
        )
        settings: Settings = self.provider.settings
        own_parameters = type(settings).complete is not Settings.complete

        def completed(request: Request) -> PreparedRequest:
            return write(settings.complete(request))

        def show(request: Request) -> PreparedRequest:
            headers = {**HEADERS, **self.provider.credentials(REDACTED)}
            shown = write(settings.complete(request), headers=headers)
            content = self.redact(Response(0, content=shown.content)).content
            return replace(shown, content=content, key_variable=self.key_variable)

        return Rules(
            provider=self.provider,
            begin=partial(Operation, self.retries),
            prepare=completed if own_parameters else write,
            redact=self.redact,
            preview=show if self.dry_run else None,
            note=self.oddities,
            show=show,
            account=self.name,
            keys=self.keys,
        )

    def capabilities(self) -> Capabilities:
        """Return the provider's capabilities, as far as the account may use them."""
        known = self.provider.capabilities()
        return known if self.sells else without_selling(known, self.name)

    def clock_ahead(self) -> tuple[float, float] | None:
        """Return by how many seconds, at least and at most, the provider's clock is ahead of ours.

        `None` means that no answer has said it so far.
        """
        return self.retries.server_clock.ahead(self.clock(), self.retries.clock())

    def skip(self, pause: Pause) -> bool:
        """Advance the clock of a sandbox instead of sleeping; return whether it was advanced."""
        if self.fake is None or pause.real:
            return False
        if pause.until is None:
            _ = self.fake.clock.advance(seconds=pause.seconds)
        else:  # of several that wait at a time, each waits for its own moment
            self.fake.clock.reach(dt.datetime.fromtimestamp(pause.until, dt.UTC))
        return True

    def plan_id(self, key: str) -> str:
        """Return the provider's id of the plan *key*; any other text is taken for an id."""
        found = self.plan_ids.get(key)
        if found is None and key in self.plans:
            from subhub.client.plan_links import how_to_link  # noqa: PLC0415 - only for this message

            raise ConfigError(
                f"the plan {key!r} of the configuration is linked to no plan of the account "
                f"{self.name!r}: {how_to_link(key)}"
            )
        return found or key

    def inline_plan(self, key: str) -> PlanDraft | None:
        """Return the configured plan *key* if it is linked to no plan, and needs no link here."""
        supported = self.provider.capabilities().supports("subscribe:inline_plan")
        return self.plans[key] if supported and key not in self.plan_ids else None


def without_selling(known: Capabilities, account: str) -> Capabilities:
    """Return the capabilities of an account that takes no new business.

    Args:
        known: Those of its provider.
        account: The account's name.
    """
    reason = f"the account {account!r} takes no new business, because its `sells` is false"
    alternative = "use an account that sells, or remove `sells`"
    return known.without(SELLING, Absence(reason, alternative, "account"))
