"""A client that gets scripted replies in order, for what no sandbox and no recording has.

    with scripted("afternoon", reply(200, {"customer": {"id": "c1"}})) as box:
        box.client.get_customer("c1")
        box.assert_asked("GET", "/v1/customers/c1")

Nothing is sent and nothing sleeps. The replies are the test's own invention: such a test proves
what the application does with a response, and nothing about the provider.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

from subhub.errors import SubhubError
from subhub.messages import Response
from subhub.plugin.registry import provider_class
from subhub.sandbox import Exchange, Fake, Received, Reply
from subhub.testing.expectations import Expectations
from subhub.testing.sandboxes import Sandbox

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.plugin.provider import Provider


class StubFake(Fake):
    """The fake behind a scripted client: answers in order, with no provider's logic at all."""

    api_key = "a-key-that-is-not-checked"

    def __init__(self, prefix: str, answers: tuple[Response | SubhubError, ...]) -> None:
        super().__init__()
        self.expectations = Expectations()
        self._below = prefix
        self._answers = deque(answers)

    def receive(self, received: Received) -> Reply:
        """Return the next answer, or raise it."""
        asked = replace(received, path=received.path.removeprefix(self._below))
        # Threads may share the client: answers and exchanges keep one order.
        with self._lock:
            answer = self._next(asked)
            reply = Reply(0)
            if isinstance(answer, Response):
                reply = Reply(answer.status, answer.content, answer.headers)
            self.exchanges.append(Exchange(asked, reply))
        # raised outside of the lock, and after the exchange was noted: the request was asked
        if isinstance(answer, SubhubError):
            raise answer
        return reply

    def unused(self) -> AssertionError | None:
        """Return the error for replies that were not used, if there are any."""
        if not self._answers:
            return None
        left = "".join(f"\n  {answer!r}" for answer in self._answers)
        return AssertionError(f"{len(self._answers)} replies were not used:{left}")

    def _next(self, asked: Received) -> Response | SubhubError:
        if not self._answers:
            message = f"{asked.method} {asked.path} was asked, and there are no replies left"
            raise self.expectations.missed(AssertionError(message))
        return self._answers.popleft()

    def _unavailable(self, *_: object, **__: object) -> NoReturn:
        message = "scripted replies have no provider that could do this: use a sandbox"
        raise LookupError(message)

    add_plan = pay = authenticate = not_found = malformed = _unavailable


class Scripted(Sandbox):
    """A client on scripted replies, and what it asked; see `scripted`."""

    def __init__(self, provider: type[Provider], fake: StubFake) -> None:
        super().__init__(provider, fake, {})
        self.expectations = fake.expectations
        self._stub = fake

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is not None:
            self.expectations.test_failed(error)
        self.expectations.verify(self._stub.unused())


def scripted(provider: str | type[Provider], *answers: Response | SubhubError) -> Scripted:
    """Return a client of *provider* that gets *answers* in order, each used exactly once.

    An error among the answers is raised as if the transport had raised it: `NotSent("down")`. A
    retry takes the next answer. A request without an answer raises `AssertionError` at once, an
    unused answer at the end of the `with` block.
    """
    found = provider_class(provider)
    return Scripted(found, StubFake(urlsplit(found.stand_in_address()).path, answers))
