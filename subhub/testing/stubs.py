"""Scripted replies: a client that is answered in order, for what no sandbox and no recording has.

    with scripted("afternoon", reply(200, {"customer": {"id": "c1"}})) as box:
        box.client.get_customer("c1")
        box.assert_asked("GET", "/v1/customers/c1")

Nothing is sent and nothing sleeps. What the replies say is the test's own invention: such a test
proves what the application does with an answer, and nothing about the provider.
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
from subhub.testing.expectations import Strictness
from subhub.testing.sandboxes import Sandbox

if TYPE_CHECKING:
    from types import TracebackType

    from subhub.plugin.provider import Provider


class Script(Fake):
    """What stands behind a scripted client: answers in their order, and no provider at all."""

    api_key = "a-key-that-nobody-checks"

    def __init__(self, prefix: str, answers: tuple[Response | SubhubError, ...]) -> None:
        super().__init__()
        self.strictness = Strictness()
        self._below = prefix
        self._answers = deque(answers)

    def receive(self, received: Received) -> Reply:
        """The next answer."""
        asked = replace(received, path=received.path.removeprefix(self._below))
        with self._lock:
            answer = self._next(asked)
            reply = Reply(0)
            if isinstance(answer, Response):
                reply = Reply(answer.status, answer.content, answer.headers)
            self.exchanges.append(Exchange(asked, reply))
        if isinstance(answer, SubhubError):
            raise answer
        return reply

    def unplayed(self) -> AssertionError | None:
        """What is wrong when some replies were never asked for."""
        if not self._answers:
            return None
        left = "".join(f"\n  {each!r}" for each in self._answers)
        return AssertionError(f"{len(self._answers)} replies were never asked for:{left}")

    def _next(self, asked: Received) -> Response | SubhubError:
        if not self._answers:
            message = f"{asked.method} {asked.path} was asked, once more than there are replies"
            raise self.strictness.missed(AssertionError(message))
        return self._answers.popleft()

    def _nobody(self, *_: object, **__: object) -> NoReturn:
        message = "behind scripted replies is no provider who could do that: use a sandbox"
        raise LookupError(message)

    add_plan = pay = authenticate = not_found = malformed = _nobody


class Scripted(Sandbox):
    """A client on scripted replies, and what it asked; see `scripted`."""

    def __init__(self, provider: type[Provider], script: Script) -> None:
        super().__init__(provider, script, {})
        self.strictness = script.strictness
        self._script = script

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        super().__exit__(kind, error, trace)
        if error is not None:
            self.strictness.excuse(error)
        self.strictness.settle(self._script.unplayed())


def scripted(provider: str | type[Provider], *answers: Response | SubhubError) -> Scripted:
    """A client of *provider* that is answered with *answers*, each used exactly once, in order.

    An answer may be an error, which is raised as if the transport had: `NotSent("down")`. At the
    end of its `with` block, an answer that was not asked for is an `AssertionError`, and so is, at
    once, a request that there is no answer for. What the client tries again asks again.
    """
    found = provider_class(provider)
    return Scripted(found, Script(urlsplit(found.base_url).path, answers))
