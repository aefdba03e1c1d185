"""A figure: something measured, with the goal that it is held against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured value; smaller is better, and without a *goal* it is there to compare."""

    name: str
    value: float
    unit: str
    goal: float | None = None

    @property
    def reached(self) -> str:
        """Whether the goal was reached, in a word."""
        if self.goal is None:
            return ""
        return "yes" if self.value <= self.goal else "NO"


def table(figures: Sequence[Figure]) -> str:
    """The figures as aligned text, one to a line."""
    rows = [("figure", "measured", "unit", "goal", "reached")]
    for each in figures:
        goal = "" if each.goal is None else f"<= {each.goal:g}"
        rows.append((each.name, f"{each.value:.2f}", each.unit, goal, each.reached))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
