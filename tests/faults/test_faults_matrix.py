"""Nothing is done twice and nothing is lost: every fault against every change, on real sockets."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from subhub import Client, NotSent
from subhub.recovery.intents import Intent
from tests.faults.cells import CHANGES, Cell, Change, happen
from tests.faults.faults import FAULTS, Fault
from tests.faults.few import slow_except

FEW = [
    FAULTS[name]
    for name in (
        "refused",
        "reset before the change",
        "reset after the change",
        "body cut",
        "503 after the change",
        "kept, reset under the request",
    )
]


# httpx leaves the generators of its bodies behind when they break, and trio, rightly, complains.
@pytest.mark.filterwarnings("ignore:Async generator 'http:ResourceWarning")
@pytest.mark.parametrize("fault", slow_except(FEW, FAULTS.values()), ids=FAULTS)
def test_what_is_told_is_true_and_nothing_is_done_twice(fault: Fault, tmp_path: Path) -> None:
    def wrong(cell: tuple[Change, str]) -> str:
        return _wrong(fault, *cell, folder=tmp_path)

    cells = [(change, kind) for change in CHANGES for kind in ("sync", "asyncio")]
    cells += [(change, "trio") for change in CHANGES[::3]]
    with ThreadPoolExecutor(len(cells)) as threads:
        found = list(threads.map(wrong, cells))
    _ = gc.collect()

    assert [each for each in found if each] == []


def _wrong(fault: Fault, change: Change, kind: str, *, folder: Path) -> str:
    """What is wrong with one cell; nothing, if all is well."""
    journal = folder / f"{change} {kind}"
    cell = happen(fault, change, kind, journal=journal)
    problems = [*_problems(fault, cell), *_unsettled(cell, journal)]
    return f"{change}, {kind}: {'; '.join(problems)} ({cell.error!r})" if problems else ""


def _problems(fault: Fault, cell: Cell) -> Iterator[str]:
    """What is wrong with what the program was told, and with what the provider was asked."""
    error = cell.error
    expected = {fault.told or type(None), *([NotSent] if fault.race else [])}
    if type(error) not in expected:
        yield f"told {type(error).__name__}, and not as expected"
    if cell.made != fault.commits:
        yield f"done {cell.made} times"
    if cell.world.asked - cell.change.made_before > 1:
        yield "repeated"
    if cell.knows not in {None, bool(cell.made)}:
        yield f"the program believes {cell.knows}, the provider did it {cell.made} times"
    if error is not None and len(error.completed) != cell.change.made_before:
        yield f"completed is {error.completed!r}"
    if cell.knows is None and cell.token is None:
        yield "nobody knows, and there is no token"
    if cell.knows is False and cell.token is not None:
        yield "it is known that nothing was done, and there is a token"


def _unsettled(cell: Cell, journal: Path) -> Iterator[str]:
    """What is wrong with the way out of an open outcome, and with what the journal says of it."""
    with cell.world.asked_again(cell.world.address, journal=journal) as billing:
        if _names(billing) != ([Intent.read(cell.token).salt] if cell.token else []):
            yield f"the journal has {billing.open_intents()!r}"
        if cell.token is None:
            return
        asked = cell.world.asked
        found = billing.resolve(cell.token, grace_period=1)
        if found.outcome != (cell.change.done if cell.made else "not_done"):
            yield f"resolved as {found.outcome}: {found.reason}"
        shown = [found.result] if found.outcome == "done" else [*found.candidates]
        if [getattr(each, "id", None) for each in shown] != cell.made_ids:
            yield f"resolved to {shown!r}"
        if cell.world.asked != asked:
            yield "resolving changed something"
        if bool(_names(billing)) != (found.outcome == "ambiguous"):
            yield f"resolved as {found.outcome}, and the journal has {billing.open_intents()!r}"


def _names(billing: Client) -> list[str]:
    """The names of the intents that are open in the journal, of which nobody waits any more."""
    return [Intent.read(each.token).salt for each in billing.open_intents() if not each.in_flight]
