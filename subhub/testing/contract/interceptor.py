"""A sandbox whose requests are noted, and whose replies can be changed.

It stands between a client and the provider's own fake, so whatever a test does to a reply arrives
as it would from the wire, through transport, engine and flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn, TypeAlias

from subhub.sandbox import Exchange, Fake, Reply

if TYPE_CHECKING:
    from subhub.sandbox import Received
    from subhub.sandbox.faults import Fault

Intercept: TypeAlias = "Callable[[int, Fake, Callable[[], Reply]], Reply]"
"""Returns the reply to request n, counted from 1; the last argument gets the fake's own."""

MOST: Final = 2000
"""More requests than any operation of a test needs: it would never end."""


class Interceptor(Fake):
    """*fake*, with its exchanges noted; *intercept* may answer in its place."""

    api_key = ""

    def __init__(self, fake: Fake, intercept: Intercept | None = None) -> None:
        super().__init__()
        self.agenda = fake.agenda  # first: the clock drives the agenda of whoever takes it
        self.clock = fake.clock
        self.heard: list[Exchange] = []
        self.endless = False
        self._fake = fake
        self._intercept = intercept or untouched

    def receive(self, received: Received) -> Reply:
        """Return the fake's reply, or another one."""
        # Noted before it is answered: an injected failure may raise, and the request was sent.
        place = len(self.heard)
        self.heard.append(Exchange(received, Reply(0)))
        if place >= MOST:
            self.endless = True
            message = f"the operation does not end after {MOST} requests"
            raise AssertionError(message)
        reply = self._intercept(place + 1, self._fake, lambda: self._fake.receive(received))
        self.heard[place] = Exchange(received, reply)
        return reply

    def _unavailable(self, *_: object, **__: object) -> NoReturn:
        message = "an interceptor is not a provider: ask the fake behind it"
        raise LookupError(message)

    add_plan = pay = authenticate = not_found = malformed = _unavailable


def untouched(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
    """Return the fake's own reply."""
    return answer()


def refused(step: int, reply: Callable[[Fake], Reply]) -> Intercept:
    """Answer request *step* and all after it with *reply*."""
    return lambda n, fake, answer: reply(fake) if n >= step else answer()


def changed(step: int, change: Callable[[bytes], bytes]) -> Intercept:
    """Carry out request *step*, and change the body of its reply."""

    def intercept(n: int, _: Fake, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return replace(reply, content=change(reply.content)) if n == step else reply

    return intercept


def changed_all(change: Callable[[Reply], Reply]) -> Intercept:
    """Change every reply."""
    return lambda _, __, answer: change(answer())


def disturbed(step: int, fault: Fault | str) -> Intercept:
    """Let request *step* fail by *fault*."""

    def intercept(n: int, fake: Fake, answer: Callable[[], Reply]) -> Reply:
        if n == step:
            fake.faults.next(fault)
        return answer()

    return intercept
