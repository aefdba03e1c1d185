"""Running a switch: all rows, several customers at a time, each customer in one place at a time.

It may be stopped at any moment and run again, by any number of processes that share the journal.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Final

from subhub.client.resolving import ENDING
from subhub.client.validation import checked_limit, whole_number
from subhub.errors import InProgress, OutcomeUnknown, SubhubError
from subhub.switching.moving import Budget, Move
from subhub.switching.outcomes import CannotRecord, Halt, Outcome, ResultLog
from subhub.switching.rows import SwitchRow, read_rows
from subhub.switching.rules import check_rows
from subhub.switching.sides import Sides, end_key

if TYPE_CHECKING:
    from subhub import Client

MARGIN: Final = 2
"""Days before a renewal on which nothing is begun: longer than a link of a day works."""
PATIENCE: Final = 60.0
_LOOK: Final = 0.2

Rows = str | os.PathLike[str] | Sequence[SwitchRow]


def run(
    source: Client,
    target: Client,
    rows: Rows,
    *,
    results: str | os.PathLike[str],
    limit: int | None = None,
    margin: int = MARGIN,
    in_flight: int = 4,
    patience: float = PATIENCE,
    grace_period: float | None = None,
    adopt: bool = False,
) -> Iterator[Outcome]:
    """Move the customers of *rows*, and yield the outcome of each row, as it comes.

    For each: create the new subscription or the link, read it back, end the old one. What is done
    is never repeated; the next run continues with what waits, so run it daily until nothing waits.
    Both accounts need a journal. Before anything is sent, rows that cannot be moved as they are
    raise `InvalidRequest`, and an account that cannot do its part `Unsupported`.

    Args:
        source: The account that the customers leave.
        target: The account that they go to.
        rows: A file that `plan` has written, or its rows.
        results: The file to which each outcome is added; links are nowhere else.
        limit: How many subscriptions to begin at most; those that were begun are finished.
        margin: How many days before its renewal a subscription is not begun any more.
        in_flight: How many customers at a time.
        patience: How many seconds to wait for customers that another process is working on.
        grace_period: See `Client.once`.
        adopt: See `Client.once`.
    """
    rows = checked_rows(rows)
    budget = Budget(checked_limit(limit))
    margin = whole_number("margin", margin, 1)
    sides = Sides.of(source, target, grace_period=grace_period, adopt=adopt)
    sides.check(rows[0])
    check_rows(rows, source, target)
    log = ResultLog(Path(results))

    def turn(of_one: Sequence[SwitchRow]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for row in of_one:
            link_is_out = any(found.outcome in {"link", "open"} for found in outcomes)
            move = Move(row, sides, margin, budget, log, link_is_out=link_is_out)
            outcomes.append(attempted(row, move.run))
            if outcomes[-1].outcome not in {"link", "moved earlier"}:  # a link has been written
                move.write(outcomes[-1])
        return outcomes

    return in_turns(rows, sides, turn, in_flight, patience)


def checked_rows(rows: Rows) -> Sequence[SwitchRow]:
    """Return the rows of a file, or those that are given, if there are any."""
    found = read_rows(Path(rows)) if isinstance(rows, str | os.PathLike) else list(rows)
    _ = whole_number("rows", len(found), 1)
    return found


def attempted(row: SwitchRow, call: Callable[[], Outcome]) -> Outcome:
    """Return the outcome of *call* for *row*; an error that all rows would have is raised."""
    try:
        return call()
    except Halt as halt:
        return halt.outcome
    except (CannotRecord, InProgress, *ENDING):
        raise
    except SubhubError as error:
        unknown = isinstance(error, OutcomeUnknown)
        return Outcome(
            key=row.key,
            subscription=row.subscription,
            outcome="unknown" if unknown or error.token else "refused",
            reason=str(error),
            token=error.token,
        )


def by_customer(rows: Iterable[SwitchRow]) -> list[list[SwitchRow]]:
    """Return *rows* grouped by customer, who can have several subscriptions."""
    found: dict[str, list[SwitchRow]] = {}
    for row in rows:
        found.setdefault(row.customer, []).append(row)
    return list(found.values())


def in_turns(
    rows: Sequence[SwitchRow],
    sides: Sides,
    turn: Callable[[Sequence[SwitchRow]], list[Outcome]],
    in_flight: int,
    patience: float,
) -> Iterator[Outcome]:
    """Give each customer a *turn* in which no other thread or process works on them."""
    yield from (
        Outcome(key=row.key, subscription=row.subscription, outcome="leave", reason=row.note)
        for row in rows
        if row.way == "leave"
    )
    for side in (sides.source, sides.target):
        side.resolve_open()
    left = by_customer(row for row in rows if row.way != "leave")
    until = time.monotonic() + patience
    while left:
        again: list[list[SwitchRow]] = []
        yield from _pass(left, sides, turn, in_flight, again)
        if again and time.monotonic() >= until:
            yield from (
                Outcome(key=row.key, subscription=row.subscription, outcome="in progress")
                for of_one in again
                for row in of_one
            )
            return
        left = again
        time.sleep(_LOOK if again else 0)


def _pass(
    groups: Sequence[list[SwitchRow]],
    sides: Sides,
    turn: Callable[[Sequence[SwitchRow]], list[Outcome]],
    in_flight: int,
    again: list[list[SwitchRow]],
) -> Iterator[Outcome]:
    """Give each customer a turn; *again* receives those that another process has."""
    with ThreadPoolExecutor(whole_number("in_flight", in_flight, 1)) as pool:
        tasks: dict[Future[list[Outcome]], list[SwitchRow]] = {
            pool.submit(_alone, sides, of_one, turn): of_one for of_one in groups
        }
        try:
            for task in as_completed(tasks):
                of_one = tasks.pop(task)
                try:
                    outcomes = task.result()
                except InProgress:
                    again.append(of_one)
                else:
                    yield from outcomes
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _alone(
    sides: Sides,
    of_one: Sequence[SwitchRow],
    turn: Callable[[Sequence[SwitchRow]], list[Outcome]],
) -> list[Outcome]:
    record = sides.source.record
    if all(record.done(end_key(row)) for row in of_one):  # nothing is left that others could do
        return turn(of_one)
    return sides.source.alone(f"turn {of_one[0].customer}", lambda: turn(of_one))
