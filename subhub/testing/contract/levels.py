"""Support levels: what a plugin's contract report proves, in one word, by one rule.

No one assigns a level: it follows from the report that the plugin ships, as long as that holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from subhub.testing.contract.report import WHOLE

if TYPE_CHECKING:
    from subhub.testing.contract.report import Run

Level = Literal["unproven", "partial", "main job", "lifecycle"]

MAIN_JOB: Final[Sequence[Sequence[str]]] = (
    ("create_customer", "create_signup_link:new_customer"),
    ("subscribe", "create_signup_link"),
    ("get_subscription",),
    ("cancel_subscription",),
)
"""One of each has to be claimed and proven: a customer, a sale, its state, and its end."""
LIFECYCLE: Final[Sequence[Sequence[str]]] = (
    *MAIN_JOB,
    ("list_subscriptions",),
    ("change_subscription", "update_subscription"),
    ("update_customer",),
)
"""The same, and what keeps customers for years."""


@dataclass(frozen=True, slots=True)
class Support:
    """The level of a plugin, and what keeps it from the next one."""

    level: Level
    lacking: str = ""
    live: bool = False

    def __str__(self) -> str:
        """Return the level in words for a table."""
        proof = " (live)" if self.live else ""
        return f"{self.level}{proof}" + (f": {self.lacking}" if self.lacking else "")


def support_of(run: Run | None) -> Support:
    """Return the level that *run* proves; without one, or when it does not hold, `unproven`.

    - `unproven`: there is no report, it is out of date, or a test failed or did not run.
    - `partial`: what the plugin claims is proven, and that is less than the main job.
    - `main job`: a customer can be sold to, and the subscription read and canceled.
    - `lifecycle`: also listed, changed to other terms, and the customer kept up to date.

    A test that was left out with a reason does not count against a capability if others passed.
    """
    if run is None:
        return Support("unproven", "it ships no contract report")
    if run.stale:
        return Support("unproven", "its contract report is out of date")
    broken = [name for name, row in run.tested.capabilities.items() if row.failed or row.not_run]
    if broken:
        return Support("unproven", f"not all tests of `{broken[0]}` passed")
    live = run.tested.source == "live"
    lacks_main = list(_lacking(run, MAIN_JOB))
    if lacks_main or WHOLE not in run.tested.capabilities:
        return Support("partial", ", ".join(lacks_main) or "tests of the whole plugin", live)
    lacks = list(_lacking(run, LIFECYCLE))
    return Support("main job" if lacks else "lifecycle", ", ".join(lacks), live)


def _lacking(run: Run, steps: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield the steps that have no way that is claimed and proven."""
    for ways in steps:
        rows = (run.tested.capabilities.get(way) for way in ways)
        if not any(row is not None and row.claimed and row.passed for row in rows):
            yield "no " + " or ".join(f"`{way}`" for way in ways)
