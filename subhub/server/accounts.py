"""The served accounts: each has a fake of its provider, a request log and plans.

Nothing here knows HTTP.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import deque
from collections.abc import Callable, Mapping
from time import perf_counter
from urllib.parse import urlsplit

from subhub.errors import ConfigError, InvalidRequest
from subhub.models import PlanDraft
from subhub.plugin.provider import Provider
from subhub.sandbox.exchange import JsonObject, Reply
from subhub.sandbox.fake import Fake
from subhub.sandbox.snapshot import restore, snapshot
from subhub.server.request_log import LogEntry, RequestLog
from subhub.server.state_file import StateFile

Now = Callable[[], dt.datetime]


def wall_clock() -> dt.datetime:
    """Return the time of this machine."""
    return dt.datetime.now(dt.UTC)


class ServedAccount:
    """An account at a provider, served below a URL of its own.

    Args:
        provider: The provider, whose fake is served.
        name: The account's name.
        plans: The plans to create, by key.
        origin: The server's URL, without a path.
        real_time: Run the clock in real time and enforce rate limits.
        now: The clock of this machine.
    """

    def __init__(
        self,
        provider: type[Provider],
        name: str,
        plans: Mapping[str, PlanDraft],
        origin: str,
        *,
        real_time: bool = False,
        now: Now = wall_clock,
    ) -> None:
        self._wall = now
        self.provider = provider
        self.name = name
        self.plans = plans
        self.real_time = real_time
        self.path = f"{provider.name}/{name}"
        self.site = f"{origin}/{self.path}"
        self.base_url = self.site + urlsplit(provider.stand_in_address()).path
        self.live_prefixes = provider.prefixes_of("live")
        self.ahead = dt.timedelta()
        """How far the sandbox's clock was advanced beyond the time of this machine, if it runs."""
        self._caught_up_to = now()
        self.reset()

    def reset(self) -> None:
        """Delete everything except the plans."""
        self.request_log = RequestLog()
        self.plan_ids: dict[str, str] = {}
        self._use(self.provider.sandbox())
        self.fake.clock.set(self._wall())
        self._keep_ahead(dt.timedelta())

    def snapshot(self) -> JsonObject:
        """Return the state as a JSON document."""
        _ = self.catch_up()
        return {"site": self.site, "plans": self.plan_ids, **snapshot(self.fake)}

    def restore(self, document: JsonObject) -> None:
        """Continue from the state in *document*. Raises `ValueError` if it is not valid.

        URLs in the state point to where the account was served then, so they are moved here.
        """
        moved = json.dumps(document).replace(f"{document['site']}/", f"{self.site}/")
        state = json.loads(moved)
        fake, plan_ids = restore(type(self.fake), state), dict(state["plans"])
        self.plan_ids = plan_ids  # only now: what cannot be restored changes nothing
        self._use(fake)
        # the time between two runs passes here too; a frozen clock that lags behind catches up
        now = self._wall().replace(microsecond=0)
        saved_at = dt.datetime.fromisoformat(state.get("saved_at", now.isoformat()))
        self._keep_ahead(max(dt.timedelta(), self.fake.clock.now() - saved_at))

    def handle(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes,
        *,
        replay_of: int | None = None,
    ) -> Reply:
        """Answer a request to the API.

        Args:
            method: The HTTP method.
            target: The path below the account, still quoted, with its query.
            headers: The headers, with names in lower case.
            body: The body.
            replay_of: The number of the request that this one repeats.
        """
        _ = self.catch_up()
        reply = self.fake.handle(method, target, headers, body)
        kind = headers.get("content-type", "")
        at = self.fake.clock.now()
        self.request_log.add(
            at, method, target, body, reply, content_type=kind, replay_of=replay_of
        )
        return reply

    def replay(self, entry: LogEntry) -> None:
        """Send a logged request once more, with the sandbox's key. Its reply is only logged."""
        given = {**self.provider().credentials(self.fake.api_key)}
        headers = {name.lower(): value for name, value in given.items()}
        if entry.content_type:
            headers["content-type"] = entry.content_type
        began = perf_counter()
        _ = self.handle(
            entry.method, entry.path, headers, entry.request.encode(), replay_of=entry.number
        )
        self.request_log.newest().seconds = perf_counter() - began

    def catch_up(self) -> bool:
        """Advance a clock that runs in real time to now; return whether anything was due.

        It may have been advanced by hand since: then it stays ahead by that much.
        """
        if not self.real_time:
            return False
        clock, done = self.fake.clock, self.fake.agenda.done
        self._keep_ahead(self.ahead + (clock.now() - self._caught_up_to))
        # providers write whole seconds, and so does the clock
        clock.reach((self._wall() + self.ahead).replace(microsecond=0))
        self._caught_up_to = clock.now()
        return self.fake.agenda.done > done

    def _use(self, fake: Fake) -> None:
        fake.site = self.site
        # with a frozen clock, a limit that was reached once would never end
        fake.enforce_limits = self.real_time
        fake.outbox.by_thread = True
        fake.exchanges = deque(maxlen=0)  # the request log keeps them, and cuts long bodies
        self.fake = fake
        for key in self.plans:
            if key not in self.plan_ids:
                self.plan_ids[key] = self._add_plan(key)

    def _keep_ahead(self, ahead: dt.timedelta) -> None:
        self.ahead = ahead
        self._caught_up_to = self.fake.clock.now()

    def _add_plan(self, key: str) -> str:
        try:
            return self.fake.add_plan(key, self.plans[key])
        except InvalidRequest as error:
            message = f"cannot create the plan {key!r} at {self.provider.name}: {error}"
            raise ConfigError(message) from error


class Sandbox:
    """All accounts served at *origin*, such as `http://127.0.0.1:8420`.

    Args:
        origin: The server's URL, without a path.
        state_file: Where the state is kept between runs.
        real_time: Run the clocks in real time and enforce rate limits (default: frozen clocks).
        now: The clock of this machine.
    """

    def __init__(
        self,
        origin: str,
        state_file: StateFile | None = None,
        *,
        real_time: bool = False,
        now: Now = wall_clock,
    ) -> None:
        self._now = now
        self.origin = origin
        self.real_time = real_time
        self.accounts: dict[str, ServedAccount] = {}
        """The accounts by path, such as `afternoon/main`."""
        self.changes = 0
        """A counter of requests that may have changed something; see `save`."""
        self._file = state_file
        self._states = state_file.load() if state_file else {}
        self._saved = self._mark()

    def add(
        self, provider: type[Provider], name: str, plans: Mapping[str, PlanDraft]
    ) -> ServedAccount:
        """Serve another account, in its state from the state file if there is one.

        Args:
            provider: The provider, whose fake is served.
            name: The account's name.
            plans: The plans to create, by key.
        """
        account = ServedAccount(
            provider, name, plans, self.origin, real_time=self.real_time, now=self._now
        )
        state = self._states.get(account.path)
        if state is not None and self._file is not None:
            try:
                account.restore(state)
            except (ValueError, KeyError, TypeError) as error:
                problem = f"accounts.{account.path}: {type(error).__name__}: {error}"
                raise self._file.unusable(problem) from error
        self.accounts[account.path] = account
        self._saved = self._mark()
        return account

    def save(self) -> None:
        """Write the state file if something changed since the last time it was written.

        The states of accounts that are not served in this run are written back as they were.
        """
        mark = self._mark()
        if self._file is None or self._saved == mark:
            return
        at = {"saved_at": self._now().replace(microsecond=0).isoformat()}
        current = {path: {**one.snapshot(), **at} for path, one in self.accounts.items()}
        self._file.save({**self._states, **current})
        self._saved = mark

    def _mark(self) -> tuple[int, ...]:
        """Return numbers that change with the state; the courier counts its deliveries itself."""
        return (self.changes, *(account.fake.outbox.total for account in self.accounts.values()))

    def catch_up(self) -> None:
        """Advance all clocks that run in real time to now."""
        for account in self.accounts.values():
            self.changes += account.catch_up()

    def facts(self) -> list[JsonObject]:
        """Return what a client needs to know of each account: URLs, key and plans."""
        return [
            {
                "account": account.path,
                "base_url": account.base_url,
                "api_key": account.fake.api_key,
                "plans": account.plan_ids,
                "now": account.fake.clock.now().isoformat(),
                "control": f"{self.origin}/_sandbox/{account.path}",
            }
            for account in self.accounts.values()
        ]
