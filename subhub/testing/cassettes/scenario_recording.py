"""Scenarios on a cassette: recorded in a sandbox or at the provider itself, and replayed.

Recording at a provider makes real objects there. This module asks nobody whether that is wanted:
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
from subhub.testing.cassettes import REAL, Cassette, Provenance, Source
from subhub.testing.cassettes.recording import record
from subhub.testing.cassettes.replaying import replay
from subhub.testing.cassettes.scenarios import MAIN_JOB, PLAN, PLAN_KEY, MainJob, Scenario, Step
from subhub.testing.session import MOMENT
from subhub.testing.stubs import Script

if TYPE_CHECKING:
    from subhub.client.account import Account


def record_in_sandbox(provider: type[Provider], path: Path) -> list[Step]:
    """Play the main job in a fresh sandbox of *provider*, and record it at *path*."""
    fake = provider.sandbox()
    fake.clock = VirtualClock(MOMENT)
    provenance = Provenance.of(provider, "sandbox", MOMENT, scenario=str(Scenario(MAIN_JOB)))
    plan = None
    if not provider.capabilities().supports("create_plan"):
        plan = fake.add_plan(PLAN_KEY, PLAN)
    with Client(provider, sandbox=fake) as client, record(path, provenance):
        job = MainJob(client, plan)
        job.play(MOMENT.date())
    return job.steps


class LiveRecording:
    """The main job, recorded with the key of *account* at whatever its address leads to.

    `steps` and `left` tell what was done and what is left there, also when it broke off.
    """

    def __init__(self, account: Account, plan: str | None = None) -> None:
        self.steps: list[Step] = []
        self.left: list[str] = []
        self.source: Source = source_of(account.base_url)
        self._account = account
        self._plan = plan

    def record(self, path: Path, *, clock: Callable[[], dt.datetime]) -> None:
        """Play and record it, scrubbed, and end what it started; *clock* tells the present."""
        account, moment = self._account, clock().replace(microsecond=0)
        scenario = str(Scenario(MAIN_JOB, self._plan))
        provider = type(account.provider)
        provenance = Provenance.of(provider, self.source, moment, scenario=scenario, scrubbing=REAL)
        with self._client(moment) as client:
            job = MainJob(client, self._plan)
            self.steps = job.steps
            try:
                with record(path, provenance, asked_at=account.base_url):
                    job.play(moment.date())
            finally:
                self.left = job.tidy()

    def _client(self, moment: dt.datetime) -> Client:
        """A client whose clock stands still, as that of a replay does."""
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
    """Who answers at *base_url*: on this machine it is no provider, whatever it says."""
    host = str(urlsplit(base_url).hostname)
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost" or host.endswith(".localhost")
    return "sandbox" if local else "live"


def replay_scenario(provider: type[Provider], path: Path) -> list[Step]:
    """Ask all that the cassette at *path* says was asked, with the plugin as it is now.

    A `CassetteMismatch` says what is asked in another way.
    """
    provenance = Cassette.at(path).provenance
    moment = dt.datetime.fromisoformat(provenance.clock)
    address = urlsplit(provider.base_url)
    nobody = Script(address.path, ())  # the tape answers; of this, only the clock is used
    nobody.clock = VirtualClock(moment)
    scenario = Scenario.read(provenance.scenario)
    client = Client(provider, sandbox=nobody)
    with replay(path, hosts=[str(address.hostname)]), client:
        job = MainJob(client, scenario.plan)
        job.play(moment.date())
    return job.steps
