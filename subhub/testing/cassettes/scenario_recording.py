"""Recording the main job, in a sandbox or at the provider itself.

Recording at a provider creates real objects there. This module does not ask whether that is wanted:
the command does, and whoever calls this directly has to.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from subhub.client.sync_client import Client
from subhub.plugin.provider import Provider
from subhub.sandbox import VirtualClock
from subhub.testing.cassettes.recording import record
from subhub.testing.cassettes.scenarios import MAIN_JOB, PLAN, PLAN_KEY, MainJob, ScenarioStep
from subhub.testing.provenance import REAL, Provenance, Source
from subhub.testing.session import MOMENT

if TYPE_CHECKING:
    from subhub.client.account import Account


def record_in_sandbox(provider: type[Provider], path: Path) -> list[ScenarioStep]:
    """Record the main job in a new sandbox of *provider* at *path*, and return its steps."""
    fake = provider.sandbox()
    fake.clock = VirtualClock(MOMENT)
    provenance = Provenance.of(provider, "sandbox", MOMENT, scenario=MAIN_JOB)
    plan = None
    if needs_a_plan(provider):
        plan = fake.add_plan(PLAN_KEY, provider.capabilities().sellable(PLAN))
    with Client(provider, sandbox=fake) as client, record(path, provenance):
        job = MainJob(client, plan)
        job.play(MOMENT.date())
    return job.steps


def needs_a_plan(provider: type[Provider]) -> bool:
    """Return whether the main job sells a plan that has to exist already."""
    supports = provider.capabilities().supports
    return not supports("create_plan") and not supports("subscribe:inline_plan")


class LiveRecording:
    """The main job, recorded with the key of *account* at whatever its address leads to.

    `steps` is what was done and `left` what is left there, also when the recording broke off.
    """

    def __init__(self, account: Account, plan: str | None = None) -> None:
        self.steps: list[ScenarioStep] = []
        self.left: list[str] = []
        self.source: Source = source_of(account.base_url)
        self._account = account
        self._plan = plan

    def record(self, path: Path, *, clock: Callable[[], dt.datetime]) -> None:
        """Run and record the job, scrubbed, and end what it started; *clock* returns the time."""
        account, moment = self._account, clock().replace(microsecond=0)
        scenario = f"{MAIN_JOB} --plan {self._plan}" if self._plan else MAIN_JOB
        provider = type(account.provider)
        provenance = Provenance.of(provider, self.source, moment, scenario=scenario, scrubbing=REAL)
        with self._client(moment) as client:
            job = MainJob(client, self._plan)
            self.steps = job.steps
            # Tidying is outside the recording: it is not a part of the job.
            try:
                with record(path, provenance, asked_at=account.base_url):
                    job.play(moment.date())
            finally:
                self.left = job.tidy()

    def _client(self, moment: dt.datetime) -> Client:
        """Return a client whose clock stands still, as that of a replay does."""
        account = self._account
        return Client(
            type(account.provider),
            api_key=account.api_key,
            base_url=account.base_url,
            timeout=account.timeout,
            timezone=account.zone.key,
            attempts=account.retries.attempts,
            deadline=account.retries.deadline,
            clock=lambda: moment,
        )


def source_of(base_url: str) -> Source:
    """Return who answers at *base_url*: on this machine, it cannot be the provider."""
    host = str(urlsplit(base_url).hostname)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    return "sandbox" if local else "live"
