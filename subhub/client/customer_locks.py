"""Customer locks: at most one call at a time looks for something of a customer and creates it.

Two sign-ups of one person at the same time would both find nothing, and both create a customer. A
lock excludes the other threads and tasks of this process, and, with a journal, the other processes
that share it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from subhub.errors import NotSent
from subhub.sending.steps import Pause, Steps, StoreCall

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.recovery.journal.journal import Lock

T = TypeVar("T")

POLL: Final = 0.01
"""Seconds between two tries: a call is held up by another one for some requests' time."""

# For all clients of the process, because a web application may open one for each request.
_held: Final[dict[str, CustomerLock]] = {}


class CustomerLock:
    """The lock of one customer of *account*.

    Args:
        account: Its identity is part of what is locked; of sandboxes, each is an account.
        field: What the customer is named by: "external_id" or "id".
        value: The name.
    """

    def __init__(self, account: Account, field: str, value: str) -> None:
        sandbox = "" if account.fake is None else str(id(account.fake))
        facts = (account.identity.of_key.name, sandbox, field, value)
        text = "\0".join(facts).encode(errors="surrogatepass")
        self._name = hashlib.blake2b(text, digest_size=16, person=b"subhub-customer").hexdigest()
        self._journal = account.journal
        self._shared: Lock | None = None

    @property
    def remote(self) -> bool:
        """Whether acquiring it waits for another machine."""
        return self._journal is not None and self._journal.remote

    def try_acquire(self) -> bool:
        """Acquire the lock unless another call has it; return whether it was acquired."""
        if _held.setdefault(self._name, self) is not self:  # atomic, also between threads
            return False
        if self._journal is None:
            return True
        self._shared = self._journal.try_lock(self._name)
        if self._shared is None:
            self.release()
        return self._shared is not None

    def release(self) -> None:
        """Release the lock, if it is held here."""
        if self._shared is not None:
            self._shared.remove()
            self._shared = None
        if _held.get(self._name) is self:
            del _held[self._name]


def exclusive(
    lock: CustomerLock, deadline: float | None, steps: Callable[[], Steps[T]]
) -> Steps[T]:
    """Carry out the *steps* while *lock* is held; wait for it first, without blocking.

    Raises `NotSent` if another call still has it after *deadline* seconds.
    """
    waited = 0.0
    try:
        while True:
            acquired = (yield StoreCall(lock.try_acquire)) if lock.remote else lock.try_acquire()
            if acquired:
                break
            if deadline is not None and waited >= deadline:
                message = (
                    "another call for the same customer did not end within the deadline of "
                    f"{deadline:g} s. Try again later."
                )
                raise NotSent(message)
            yield Pause(POLL, real=True)
            waited += POLL
        with closing(steps()) as begun:
            return (yield from begun)
    finally:
        lock.release()


with suppress(AttributeError):  # Windows does not fork
    # A child has none of the calls that hold its parent's locks.
    os.register_at_fork(after_in_child=_held.clear)
