"""Sessions of marked tests: on a cassette, in a sandbox, or on scripted replies."""

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
from subhub.testing.cassettes.format import CassetteMismatch
from subhub.testing.cassettes.recording import record
from subhub.testing.cassettes.replaying import replay
from subhub.testing.expectations import Expectations
from subhub.testing.network import no_network
from subhub.testing.provenance import Provenance
from subhub.testing.sandboxes import Sandbox, sandbox
from subhub.testing.stubs import Scripted, StubFake, scripted

MOMENT: Final = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
"""The time in a sandbox while it is recorded, so that recordings do not vary."""


class CassetteSession:
    """A cassette in use; `settings` are the arguments for a client on it.

    Its clients live in virtual time, recorded or replayed: they wait for no rate limit and no
    `Retry-After`, and their clock advances instead.
    """

    def __init__(self, provider: type[Provider], fake: Fake, *, recording: bool) -> None:
        self.settings: Mapping[str, Any] = {"sandbox": fake}
        self._provider = provider
        self._fake = fake
        self._recording = recording

    @cached_property
    def client(self) -> Client:
        """A client on this cassette."""
        return Client(self._provider, sandbox=self._fake)

    @cached_property
    def async_client(self) -> AsyncClient:
        """An async client on the same cassette."""
        return AsyncClient(self._provider, sandbox=self._fake)

    @property
    def clock(self) -> VirtualClock:
        """The clients' clock; `clock.advance(days=1)` does the same recorded and replayed."""
        return self._fake.clock

    def pay(self, url: str) -> None:
        """Pay at *url* as the customer."""
        self.outside(lambda fake: fake.pay(url))

    def outside(self, act: Callable[[Any], object]) -> None:
        """Call *act* with the fake, for what happens outside the API; a replay skips it."""
        if self._recording:
            _ = act(self._fake)


OpenCassette: TypeAlias = Callable[..., CassetteSession]
"""The fixture `subhub_cassette`: takes a provider, a name, and `plans`."""


class Sessions:
    """Opens the sessions of a test, and closes them at its end.

    Args:
        folder: The folder of the cassettes.
        recording: Whether cassettes are recorded from the sandbox.
        scenario: What a recording names as its origin.
        allowed: Hosts that may be reached over the network all the same.
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
        self._expectations: list[Expectations] = []
        self._stack = ExitStack()

    def cassette(
        self,
        provider: type[Provider],
        name: str,
        plans: Mapping[str, PlanDraft] | None = None,
    ) -> CassetteSession:
        """Open the cassette *name* of *provider*.

        Args:
            provider: The provider's class.
            name: The cassette's path below the provider's folder, without `.yaml`.
            plans: Plans in the provider's dashboard before the recording begins, by key.
        """
        path = self._folder / provider.name / f"{name}.yaml"
        if Path(name).is_absolute() or ".." in Path(name).parts:
            message = f"the cassette {name!r} must be below the folder of {provider.name}"
            raise CassetteMismatch(message)
        if not self._recording:
            return self._replayed(provider, path)
        fake = provider.sandbox()
        fake.clock = VirtualClock(MOMENT)
        _ = fake.add_plans(plans or {})
        self._block(f"this test records a sandbox of {provider.name}")
        provenance = Provenance.of(provider, "sandbox", MOMENT, scenario=self._scenario)
        self._stack.enter_context(record(path, provenance))
        return CassetteSession(provider, fake, recording=True)

    def sandbox(
        self, provider: type[Provider], plans: Mapping[str, PlanDraft] | None = None
    ) -> Sandbox:
        """Open a sandbox of *provider* with *plans* in its dashboard, without a network."""
        self._block(f"this test runs in a sandbox of {provider.name}")
        return self._stack.enter_context(sandbox(provider, plans=plans))

    def scripted(
        self, provider: type[Provider], answers: Iterable[Response | SubhubError]
    ) -> Scripted:
        """Open a client of *provider* that gets *answers* in order, without a network."""
        self._block("this test runs on scripted replies")
        box = self._stack.enter_context(scripted(provider, *answers))
        self._expectations.append(box.expectations)
        return box

    def test_failed(self, failure: BaseException) -> None:
        """Note that the test failed by itself: what it left unused is not held against it."""
        self._failure = failure
        for expectations in self._expectations:
            expectations.test_failed(failure)

    def close(self) -> None:
        """Close every session; raise for what was not played, unless the test failed already.

        The recording of a failed test is not written.
        """
        # The stack must see the failure: it keeps `record` from writing, and `replay` from raising.
        failure = self._failure
        if failure is None:
            self._stack.close()
        else:
            _ = self._stack.__exit__(type(failure), failure, failure.__traceback__)

    def _replayed(self, provider: type[Provider], path: Path) -> CassetteSession:
        address = urlsplit(provider.stand_in_address())
        cassette = self._stack.enter_context(
            replay(path, hosts=[str(address.hostname)], allowed=self._allowed)
        )
        self._expectations.append(cassette.expectations)
        recorded_from = cassette.provenance.provider
        if recorded_from != provider.name:
            message = f"{path} is a recording of {recorded_from}, not of {provider.name}"
            raise CassetteMismatch(message)
        # A client needs a fake to live in virtual time; no request reaches this one.
        clock_only = StubFake(address.path, ())
        clock_only.clock = VirtualClock(dt.datetime.fromisoformat(cassette.provenance.clock))
        return CassetteSession(provider, clock_only, recording=False)

    def _block(self, why: str) -> None:
        self._stack.enter_context(no_network(why, self._allowed))
