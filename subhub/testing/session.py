"""Stages: where a test meets a provider, on a cassette, in a sandbox or on scripted replies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from subhub.client.async_client import AsyncClient
from subhub.client.sync_client import Client
from subhub.errors import SubhubError
from subhub.messages import Response
from subhub.models import PlanDraft
from subhub.plugin.provider import Provider
from subhub.sandbox import Fake, VirtualClock
from subhub.testing.cassettes import Provenance, provenance_of
from subhub.testing.cassettes.recording import record
from subhub.testing.cassettes.replaying import replay
from subhub.testing.expectations import Strictness
from subhub.testing.network import no_network
from subhub.testing.sandboxes import Sandbox, sandbox
from subhub.testing.stubs import Script, Scripted, scripted

MOMENT: Final = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
"""Where the clock of a sandbox stands while it is recorded, so that recordings do not vary."""


class Stage:
    """One cassette in use; `settings` are what a client has to be made with.

    Recorded or replayed, its clients live in virtual time: they wait for no rate limit and no
    `Retry-After`, and their clock goes on instead.
    """

    def __init__(self, provider: type[Provider], fake: Fake, *, recording: bool) -> None:
        self.settings: Mapping[str, Any] = {"sandbox": fake}
        self._provider = provider
        self._fake = fake
        self._recording = recording

    @cached_property
    def client(self) -> Client:
        """A client on this stage."""
        return Client(self._provider, sandbox=self._fake)

    @cached_property
    def async_client(self) -> AsyncClient:
        """An async client on the same stage."""
        return AsyncClient(self._provider, sandbox=self._fake)

    @property
    def clock(self) -> VirtualClock:
        """The clients' clock: `stage.clock.advance(days=1)` does the same when it is replayed."""
        return self._fake.clock

    def pay(self, url: str) -> None:
        """Let the customer pay at *url*."""
        self.outside(lambda fake: fake.pay(url))

    def outside(self, act: Callable[[Any], object]) -> None:
        """Let *act* do to the fake what happens outside of the API; a replay needs nothing done."""
        if self._recording:
            _ = act(self._fake)


OpenStage: TypeAlias = Callable[..., Stage]


class Stages:
    """Opens what a test needs, and closes it at the end of the test.

    *folder* is that of the cassettes, *scenario* is what a recording says that it came from, and
    *allowed* are the hosts that may be reached over the network all the same.
    """

    def __init__(
        self,
        folder: Path,
        *,
        recording: bool,
        scenario: str = "",
        allowed: Iterable[str] = (),
    ) -> None:
        self._folder = folder
        self._recording = recording
        self._scenario = scenario
        self._allowed = list(allowed)
        self._failure: BaseException | None = None
        self._strict: list[Strictness] = []
        self._stack = ExitStack()

    def open(
        self,
        provider: type[Provider],
        name: str,
        plans: Mapping[str, PlanDraft] | None = None,
    ) -> Stage:
        """The stage of the cassette *name* of *provider*.

        *plans* are those that the provider's dashboard holds before the recording begins.
        """
        path = self._folder / provider.name / f"{name}.yaml"
        if not self._recording:
            return self._replayed(provider, path)
        fake = provider.sandbox()
        fake.clock = VirtualClock(MOMENT)
        _ = fake.add_plans(plans or {})
        self._block(f"this test records a sandbox of {provider.name}")
        provenance = Provenance.of(provider, "sandbox", MOMENT, scenario=self._scenario)
        self._stack.enter_context(record(path, provenance))
        return Stage(provider, fake, recording=True)

    def sandbox(
        self, provider: type[Provider], plans: Mapping[str, PlanDraft] | None = None
    ) -> Sandbox:
        """A sandbox of *provider*, in which *plans* were made by hand; no network beside it."""
        self._block(f"this test runs in a sandbox of {provider.name}")
        return self._stack.enter_context(sandbox(provider, plans=plans))

    def scripted(
        self, provider: type[Provider], answers: Iterable[Response | SubhubError]
    ) -> Scripted:
        """A client of *provider* that gets *answers*, in order; no network beside it."""
        self._block("this test runs on scripted replies")
        box = self._stack.enter_context(scripted(provider, *answers))
        self._strict.append(box.strictness)
        return box

    def excuse(self, failure: BaseException) -> None:
        """The test has failed by itself: what it left over is not held against it."""
        self._failure = failure
        for each in self._strict:
            each.excuse(failure)

    def close(self) -> None:
        """End every open stage; what was to be played and was not fails here.

        What a failing test recorded is not kept.
        """
        failure = self._failure
        if failure is None:
            self._stack.close()
        else:
            _ = self._stack.__exit__(type(failure), failure, failure.__traceback__)

    def _replayed(self, provider: type[Provider], path: Path) -> Stage:
        address = urlsplit(provider.base_url)
        tape = self._stack.enter_context(
            replay(path, hosts=[str(address.hostname)], allowed=self._allowed)
        )
        self._strict.append(tape.strictness)
        nobody = Script(address.path, ())  # the tape answers; of this, only the clock is used
        nobody.clock = VirtualClock(dt.datetime.fromisoformat(provenance_of(path).clock))
        return Stage(provider, nobody, recording=False)

    def _block(self, why: str) -> None:
        self._stack.enter_context(no_network(why, self._allowed))
