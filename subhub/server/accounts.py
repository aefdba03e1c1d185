"""What is served: the accounts, each with a fake of its provider, a journal and plans.

Nothing here knows HTTP.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from time import monotonic
from urllib.parse import urlsplit

from subhub.errors import ConfigError, InvalidRequest
from subhub.models import PlanDraft
from subhub.plugin.provider import Provider
from subhub.sandbox.exchange import JsonObject, Reply
from subhub.sandbox.fake import Fake
from subhub.server.request_log import Journal
from subhub.server.snapshot import restored, snapshot
from subhub.server.state_file import StateFile


class ServedAccount:
    """One account at one provider, at an address of its own."""

    def __init__(
        self,
        provider: type[Provider],
        name: str,
        plans: Mapping[str, PlanDraft],
        origin: str,
        *,
        real_time: bool = False,
    ) -> None:
        self.provider = provider
        self.name = name
        self.plans = plans
        self.real_time = real_time
        self.place = f"{provider.name}/{name}"
        self.site = f"{origin}/{self.place}"
        self.base_url = self.site + urlsplit(provider.base_url).path
        self.live_prefixes = provider.prefixes_of("live")
        self.began = monotonic()
        """The moment on this machine up to which the sandbox's clock has caught up."""
        self.reset()

    def reset(self) -> None:
        """Begin anew, with nothing but the plans."""
        self.journal = Journal()
        self.plan_ids: dict[str, str] = {}
        self._use(self.provider.sandbox())

    def snapshot(self) -> JsonObject:
        """The state, as a JSON document."""
        return {"site": self.site, "plans": self.plan_ids, **snapshot(self.fake)}

    def restore(self, document: JsonObject) -> None:
        """Go on from *document*, wherever it was served then; `ValueError` when it is none."""
        moved = json.dumps(document).replace(f"{document['site']}/", f"{self.site}/")
        state = json.loads(moved)
        self.plan_ids = dict(state["plans"])
        self._use(restored(type(self.fake), state))

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Answer one request to the API."""
        if self.real_time:
            self._catch_up()
        reply = self.fake.handle(method, target, headers, body)
        self.journal.add(self.fake.clock.now(), f"{method} {target}", body, reply)
        return reply

    def _use(self, fake: Fake) -> None:
        fake.site = self.site
        # where time stands still, a limit once reached would hold for ever
        fake.enforce_limits = self.real_time
        fake.exchanges = deque(maxlen=0)  # the journal keeps them, and has bounds
        self.fake = fake
        for key in self.plans:
            if key not in self.plan_ids:
                self.plan_ids[key] = self._add_plan(key)

    def _catch_up(self) -> None:
        """Let the whole seconds pass that have passed on this machine."""
        seconds = int(monotonic() - self.began)
        if seconds:
            self.began += seconds
            _ = self.fake.clock.advance(seconds=seconds)

    def _add_plan(self, key: str) -> str:
        try:
            return self.fake.add_plan(key, self.plans[key])
        except InvalidRequest as error:
            message = f"the plan {key!r} cannot be a plan of {self.provider.name}: {error}"
            raise ConfigError(message) from error


class Sandbox:
    """All that is served at *origin*, such as `http://127.0.0.1:8420`.

    In *real_time* the sandboxes' clocks go on with this machine's, and rate limits are enforced;
    else time stands still until it is advanced.
    """

    def __init__(
        self, origin: str, state_file: StateFile | None = None, *, real_time: bool = False
    ) -> None:
        self.origin = origin
        self.real_time = real_time
        self.accounts: dict[str, ServedAccount] = {}
        self.changes = 0
        """How often something may have changed; what is equal to `saved` need not be saved."""
        self._file = state_file
        self._states = state_file.load() if state_file else {}
        self._saved = 0

    def add(
        self, provider: type[Provider], name: str, plans: Mapping[str, PlanDraft]
    ) -> ServedAccount:
        """Serve another account, in the state that the state file has for it."""
        account = ServedAccount(provider, name, plans, self.origin, real_time=self.real_time)
        state = self._states.get(account.place)
        if state is not None and self._file is not None:
            try:
                account.restore(state)
            except (ValueError, KeyError, TypeError) as error:
                raise self._file.unusable(f"accounts.{account.place}: {error}") from error
        self.accounts[account.place] = account
        return account

    def save(self) -> None:
        """Write the state file, if there is one and something changed."""
        if self._file is None or self._saved == self.changes:
            return
        self._saved = self.changes
        current = {place: each.snapshot() for place, each in self.accounts.items()}
        self._file.save({**self._states, **current})

    def facts(self) -> list[JsonObject]:
        """What a client has to know of each account."""
        return [
            {
                "account": each.place,
                "base_url": each.base_url,
                "api_key": each.fake.api_key,
                "plans": each.plan_ids,
                "now": each.fake.clock.now().isoformat(),
                "control": f"{self.origin}/_sandbox/{each.place}",
            }
            for each in self.accounts.values()
        ]
