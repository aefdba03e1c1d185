"""Clients that note each request with its operation, and otherwise equal the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from subhub.client.async_client import AsyncClient
from subhub.client.sync_client import Client
from subhub.messages import Request

if TYPE_CHECKING:
    from subhub.plugin.flows import Flow
    from subhub.plugin.provider import Provider
    from subhub.sandbox import Fake
    from subhub.sending.steps import Script

T = TypeVar("T")
Notes = list[tuple[str, Request]]


class WatchedClient(Client):
    """A client in a sandbox that notes each request with its operation."""

    def __init__(self, provider: type[Provider], fake: Fake, notes: Notes) -> None:
        super().__init__(provider, sandbox=fake)
        self._notes = notes

    def _script(self, operation: str, flow: Flow[T]) -> Script[T]:
        return _noted(super()._script(operation, flow), operation, self._notes)


class WatchedAsyncClient(AsyncClient):
    """The async client in a sandbox, likewise."""

    def __init__(self, provider: type[Provider], fake: Fake, notes: Notes) -> None:
        super().__init__(provider, sandbox=fake)
        self._notes = notes

    def _script(self, operation: str, flow: Flow[T]) -> Script[T]:
        return _noted(super()._script(operation, flow), operation, self._notes)


def _noted(script: Script[T], operation: str, notes: Notes) -> Script[T]:
    """Wrap *script* to note each request before it is sent."""
    try:
        step = next(script)
        while True:
            if isinstance(step, Request):
                notes.append((operation, step))
            try:
                answer = yield step
            except GeneratorExit:  # the caller stopped; the script is closed below
                raise
            except BaseException as error:  # noqa: BLE001 - thrown in, for the script to judge
                step = script.throw(error)
            else:
                step = script.send(answer)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        script.close()
