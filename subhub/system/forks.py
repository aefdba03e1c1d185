"""Forks: what a forked child must not take over from its parent.

A child has one thread, and a copy of everything else: locks that another thread of its parent held
stay locked for ever, queues hold tickets of threads that it does not have, and open files share
their locks with its parent. Whatever has a lock, a queue or a file is a `Forkable`.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import Final
from weakref import WeakValueDictionary


class Forkable:
    """Something that has to know when the process forks; creating it registers it.

    The hooks run in the thread that forks. They must not raise: those of the others would be left
    out.
    """

    def __init__(self) -> None:
        with _forking:  # what is created in the middle of a fork would not be prepared for it
            _registered[id(self)] = self

    def before_fork(self) -> None:
        """Prepare for a fork in the parent, whose other threads still run."""

    def after_fork_in_parent(self) -> None:
        """Continue in the parent; called for those that prepared."""

    def after_fork_in_child(self) -> None:
        """Begin again in the child, also without having prepared."""


_registered: Final[WeakValueDictionary[int, Forkable]] = WeakValueDictionary()
_prepared: Final[list[Forkable]] = []
_forking: Final = threading.RLock()
"""Held while the process forks; reentrant, because a signal handler may fork."""


def _living() -> list[Forkable]:
    # `valuerefs` copies in one step. Iterating would fail when another thread registers something.
    found = (reference() for reference in _registered.valuerefs())
    return [forkable for forkable in found if forkable is not None]


def _before() -> None:
    _ = _forking.acquire()
    for forkable in _living():
        forkable.before_fork()
        _prepared.append(forkable)


def _after_in_parent() -> None:
    while _prepared:
        _prepared.pop().after_fork_in_parent()
    _forking.release()


def _after_in_child() -> None:
    _prepared.clear()
    for forkable in _living():
        forkable.after_fork_in_child()
    _forking.release()  # this thread has it, and it is the only one here


with suppress(AttributeError):  # Windows does not fork
    os.register_at_fork(
        before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child
    )
