"""Rounds: candidates measured in turn, so that whatever slows the machine slows them all.

Only what was measured in the same run is ever compared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import TypeVar

T = TypeVar("T")


def interleaved(candidates: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """What each candidate gave, round by round; a first round warms up and is dropped.

    Every other round runs backwards, so that none always comes after the same neighbour.
    """
    taken: dict[str, list[T]] = {name: [] for name in candidates}
    names = list(candidates)
    for number in range(rounds + 1):
        for name in names if number % 2 else reversed(names):
            value = candidates[name]()
            if number:
                taken[name].append(value)
    return taken


def ratio(values: Sequence[float], base: Sequence[float]) -> float:
    """The median of what *values* are to *base*, compared round by round."""
    return median(value / other for value, other in zip(values, base, strict=True))


def excess(values: Sequence[float], base: Sequence[float]) -> float:
    """The median of how much *values* are above *base*, compared round by round."""
    return median(value - other for value, other in zip(values, base, strict=True))


def process(code: str, *arguments: str) -> str:
    """Run *code* in a fresh interpreter; gives what it printed."""
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, check=True, env=_compiled(), stdout=subprocess.PIPE, text=True)
    return done.stdout


def process_ms(code: str, *arguments: str) -> float:
    """How long a fresh interpreter takes to run *code*, in milliseconds of wall time."""
    began = time.perf_counter()
    _ = process(code, *arguments)
    return (time.perf_counter() - began) * 1000


def _compiled() -> dict[str, str]:
    """An environment in which every module is compiled once, in the first round.

    Without it, what an installer has compiled would be compared with sources. The compiled files
    have a folder of their own, so that none are left beside the sources.
    """
    cache = str(Path(tempfile.gettempdir()) / "subhub-benchmarks")
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
    _ = environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment
