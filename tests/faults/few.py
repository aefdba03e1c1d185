"""A few cells of the matrix, one of each kind, are in every run; the others are slow together."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

import pytest


def slow_except(fast: Collection[object], values: Iterable[object]) -> list[Any]:
    """Return *values* as parameters, marked slow unless they are among *fast*."""
    return [
        pytest.param(value, marks=() if value in fast else pytest.mark.slow) for value in values
    ]
