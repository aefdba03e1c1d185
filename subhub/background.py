"""Work in the background: what no caller waits for, such as noting that a request has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from subhub.forks import Forkable

_LINGER: Final = 0.05
"""Seconds for which the thread waits for more to do; a program that ends waits as long for it."""


class Background(Forkable):
    """Calls *work* in a thread of its own, soon after `wake`; several wakes may be one call.

    The thread is there only while there is something to do. *work* must not raise.
    """

    def __init__(self, work: Callable[[], None]) -> None:
        self._work = work
        self._due = False
        self._running = False
        self._begin()
        super().__init__()

    def wake(self) -> None:
        """Have the work done, without waiting for it."""
        with self._condition:
            self._due = True
            if self._running:
                self._condition.notify()
                return
            thread = threading.Thread(target=self._run, name="subhub-store")
            try:
                thread.start()
            except RuntimeError:  # the interpreter is ending: what is left undone counts as open
                return
            self._running = True

    def after_fork_in_child(self) -> None:
        """Begin again: the thread is the parent's."""
        self._begin()

    def _begin(self) -> None:
        self._condition = threading.Condition()
        self._due = False
        self._running = False

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._due:
                    _ = self._condition.wait(_LINGER)
                if not self._due:
                    self._running = False
                    return
                self._due = False
            self._work()
