"""The wiretap: a sandbox as a client sees it, with what was asked noted and replies meddled with.

It stands between a client and the provider's own fake, so whatever a test does to a reply arrives
as it would from the wire, through transport, engine and flow. It has no opinion on any of it.
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
"""What becomes of the reply to the n-th request, counted from 1, that the last argument gets."""

MOST: Final = 2000
"""More requests than any operation of a test needs: it would never end."""


class Interceptor(Fake):
    """*fake*, listened in to; *meddle* may answer in its place."""

    api_key = ""

    def __init__(self, fake: Fake, meddle: Intercept | None = None) -> None:
        super().__init__()
        self.clock = fake.clock
        self.heard: list[Exchange] = []
        self.endless = False
        self._fake = fake
        self._meddle = meddle or untouched

    def receive(self, received: Received) -> Reply:
        """The fake's reply, or another one."""
        place = len(self.heard)
        self.heard.append(Exchange(received, Reply(0)))
        if place >= MOST:
            self.endless = True
            message = f"{MOST} requests were made, and the operation goes on"
            raise AssertionError(message)
        reply = self._meddle(place + 1, self._fake, lambda: self._fake.receive(received))
        self.heard[place] = Exchange(received, reply)
        return reply

    def _nobody(self, *_: object, **__: object) -> NoReturn:
        message = "a wiretap is no provider: ask the fake behind it"
        raise LookupError(message)

    add_plan = pay = authenticate = not_found = malformed = _nobody


def untouched(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
    """The fake's own reply."""
    return answer()


def refused(step: int, reply: Callable[[Fake], Reply]) -> Intercept:
    """The request *step*, and all that come after it, are answered with *reply*."""
    return lambda n, fake, answer: reply(fake) if n >= step else answer()


def changed(step: int, change: Callable[[bytes], bytes]) -> Intercept:
    """The request *step* is carried out, and the body of its answer is changed."""

    def meddle(n: int, _: Fake, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return replace(reply, content=change(reply.content)) if n == step else reply

    return meddle


def changed_all(change: Callable[[Reply], Reply]) -> Intercept:
    """Every answer is changed."""
    return lambda _, __, answer: change(answer())


def disturbed(step: int, fault: Fault | str) -> Intercept:
    """The request *step* goes wrong as *fault* says."""

    def meddle(n: int, fake: Fake, answer: Callable[[], Reply]) -> Reply:
        if n == step:
            fake.faults.next(fault)
        return answer()

    return meddle
