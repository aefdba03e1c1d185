"""Undoing a switch: what was created at the target and has not begun is taken back.

An old subscription that has ended cannot be brought back. So a customer whose old one has ended
keeps the new one: move them with a switch in the other direction.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from subhub.switching.creating import NOTHING, make
from subhub.switching.moving import APART, Move
from subhub.switching.outcomes import Outcome, ResultLog
from subhub.switching.rows import SwitchRow
from subhub.switching.rules import require
from subhub.switching.running import PATIENCE, Rows, attempted, checked_rows, in_turns
from subhub.switching.sides import Sides, end_key, link_key, make_key, paid_key
from subhub.switching.turn import Budget

if TYPE_CHECKING:
    from subhub import Client


def undo(
    source: Client,
    target: Client,
    rows: Rows,
    *,
    results: str | os.PathLike[str],
    in_flight: int = 4,
    patience: float = PATIENCE,
    grace_period: float | None = None,
    adopt: bool = False,
) -> Iterator[Outcome]:
    """Take back what `run` created at the target, where the old subscription still bills.

    A row is `kept` whose old subscription has ended, or whose new one has begun. A signup link
    cannot be revoked: it is `open` until it expires. `run` begins again with what was undone.

    Args:
        source: As for `run`.
        target: As for `run`.
        rows: As for `run`.
        results: As for `run`.
        in_flight: As for `run`.
        patience: As for `run`.
        grace_period: As for `run`.
        adopt: As for `run`.
    """
    rows = checked_rows(rows)
    sides = Sides.of(source, target, grace_period=grace_period, adopt=adopt)
    sides.check(rows[0])
    require(rows, source, target)
    log = ResultLog(Path(results))

    def turn(of_one: Sequence[SwitchRow]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for row in of_one:
            move = Move(row, sides, 1, Budget(None), log)
            outcomes.append(attempted(row, lambda move=move: _undone(move)))  # type: ignore[misc]
            move.write(outcomes[-1])
        return outcomes

    return in_turns(rows, sides, turn, in_flight, patience)


def _undone(move: Move) -> Outcome:
    row, sides = move.row, move.sides
    if kept := _kept(move):
        return kept
    attempt = sides.attempt(row)
    if not sides.target.record.begun(make_key(row, attempt)):
        return move.outcome("undone", NOTHING)
    found, _ = make(move, attempt, begin=False)
    if found.due_on <= sides.target.today:
        reason = f"the new subscription has begun on {found.due_on}"
        return move.outcome("kept", reason, new=found.id)
    move.take_back(attempt, found.id)
    return move.outcome("undone", new=found.id)


def _kept(move: Move) -> Outcome | None:
    """Return the outcome of a row that is not taken back; `None` for the others."""
    row, source, target = move.row, move.sides.source.record, move.sides.target.record
    new, _ = move.sides.made(row)
    if source.begun(end_key(row)):
        return move.outcome("kept", "the end of the old subscription was sent", new=new)
    if any(move.now() - at < APART for at in source.sent(end_key(row))):
        return move.outcome("kept", "its end was sent, and may show late: undo it later", new=new)
    if target.done(paid_key(row)):
        return move.outcome("kept", "the customer has signed up", new=new)
    if target.done(link_key(row, 1)):
        return move.outcome("open", "a signup link cannot be revoked: it expires")
    return None
