"""Where the cells of permits are kept: in a file, or on another machine.

The rules are in `subhub.sending.ratelimit.permits`, once for all of them. A store only reads the
cells, lets a rule change them, and sees to it that nobody else has changed them meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeVar

from subhub.errors import ConfigError
from subhub.sending.ratelimit.permits import Cells, Permits

T = TypeVar("T")

LEASE: Final = 120.0
"""How many seconds a request is in flight at most; see `Store.lease`."""


class StoreUnavailable(ConfigError):
    """The permits cannot be used at the moment, so nothing may be sent."""


class PermitStore(Protocol):
    """The permits of one account, in one place."""

    remote: bool
    """Whether asking may take long: then it is asked in a thread, never on an event loop."""

    def update(self, now: float, change: Callable[[Cells, float], T]) -> T:
        """Let *change* read and change the cells as if it were alone, and return its result.

        Where others were quicker, it is called again, with new cells. Raises `StoreUnavailable`
        while the cells cannot be used; a change may then have been written all the same.

        Args:
            now: The time in seconds, on the clock of this process.
            change: Gets the cells and the time. A store that several machines share gives it the
                time of its own clock.
        """
        ...

    def close(self) -> None:
        """Release what is held open; the permits stay as they are."""
        ...


class Store(Protocol):
    """A place for the permits of one account; opened for the rules that apply to them."""

    lease: float
    """How many seconds a request may be in flight before it counts as lost."""

    def open(self, permits: Permits) -> PermitStore:
        """Return the store; raise `ConfigError` if it can be known now that it cannot be used."""
        ...
