"""Conversations: all requests of a flow, answered by a new sandbox of the provider. No I/O."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import urlsplit

from subhub.errors import ProviderError
from subhub.messages import Encoded, Json, PreparedRequest, Request, Response

if TYPE_CHECKING:
    from subhub.plugin.account_settings import Settings
    from subhub.plugin.flows import Flow
    from subhub.sandbox import Fake

NOW: Final = dt.datetime(2024, 5, 1, 9, 0, tzinfo=dt.UTC)
MOST: Final = 20
"""How many requests of a flow are looked at."""
_REFUSED: Final = 400


class Answered(Protocol):
    """A provider, as far as its sandbox is asked; see `Provider`."""

    settings: Any

    @classmethod
    def stand_in_address(cls) -> str:
        """Return the base URL of the account that the sandbox simulates."""
        ...

    @classmethod
    def sandbox(cls) -> Fake:
        """Create a fresh fake of the provider."""
        ...

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """Return the headers that authenticate a request."""
        ...

    def encode(self, body: Json) -> Encoded:
        """Return the content type and the bytes of a body."""
        ...

    def error(self, response: Response) -> ProviderError:
        """Return the error for a refusal."""
        ...


def requests_of(provider: Answered, flow: Flow[Any]) -> list[Request]:
    """Return the requests of *flow*; of a provider without a sandbox, only the first.

    Two flows that ask the same get the same answers: the sandbox is new, and its clock stands at
    the same moment.
    """
    asked: list[Request] = []
    with closing(flow):
        try:
            request = next(flow)
            asked.append(request)
            fake = provider.sandbox()
            fake.clock.set(NOW)
            fake.enforce_limits = False
            while len(asked) < MOST:
                response = _answer(provider, fake, request)
                refused = response.status >= _REFUSED
                request = flow.throw(provider.error(response)) if refused else flow.send(response)
                asked.append(request)
        except Exception:  # noqa: BLE001 - however it ends, this is what it asked
            return asked
    return asked


def _answer(provider: Answered, fake: Fake, request: Request) -> Response:
    settings: Settings = provider.settings
    headers = provider.credentials(settings.stand_in_key(fake.api_key))
    address, asked = provider.stand_in_address(), settings.complete(request)
    prepared = PreparedRequest.of(asked, address, headers, provider.encode)
    target = urlsplit(prepared.url)._replace(scheme="", netloc="").geturl()
    told = {name.lower(): value for name, value in prepared.headers.items()}
    reply = fake.handle(prepared.method, target, told, prepared.content)
    return Response(reply.status, reply.headers, reply.content)
