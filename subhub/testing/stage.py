"""A stage: where a test meets a provider, recorded or replayed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeAlias

from subhub.models import PlanDraft
from subhub.provider import Provider
from subhub.sandbox import Fake, VirtualClock
from subhub.testing.cassettes import Provenance, provenance_of, record, replay

MOMENT: Final = dt.datetime(2026, 11, 21, 9, 0, tzinfo=dt.UTC)
"""Where the clock of a sandbox stands while it is recorded, so that recordings do not vary."""


class Stage:
    """One cassette in use; `settings` are what a client has to be made with."""

    def __init__(self, settings: Mapping[str, Any], fake: Fake | None) -> None:
        self.settings = settings
        self._fake = fake

    def pay(self, url: str) -> None:
        """Let the customer pay at *url*."""
        self.outside(lambda fake: fake.pay(url))

    def outside(self, act: Callable[[Any], object]) -> None:
        """Let *act* do to the fake what happens outside of the API; a replay needs nothing done."""
        if self._fake is not None:
            _ = act(self._fake)


OpenStage: TypeAlias = Callable[..., Stage]


class Stages:
    """Opens stages, and closes them at the end of the test."""

    def __init__(self, folder: Path, *, recording: bool) -> None:
        self._folder = folder
        self._recording = recording
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
            self._stack.enter_context(replay(path))
            clock = dt.datetime.fromisoformat(provenance_of(path).clock)
            key = provider.sandbox().api_key
            return Stage({"api_key": key, "clock": lambda: clock}, None)
        fake = provider.sandbox()
        fake.clock = VirtualClock(MOMENT)
        _ = fake.add_plans(plans or {})
        self._stack.enter_context(record(path, Provenance.of(provider, "sandbox", MOMENT)))
        return Stage({"sandbox": fake}, fake)

    def close(self) -> None:
        """End every open stage; a replay fails here when it was not played to its end."""
        self._stack.close()
