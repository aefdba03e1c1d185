"""The catalogue: which tests there are for a provider, by which a report is told to be stale.

It follows from the suite and from what the plugin claims. It knows nothing of a contract class:
what that leaves out is still in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from subhub.testing.contract.cases import Item, spread_of
from subhub.testing.contract.guard import tests
from subhub.testing.contract.suite import ProviderContract

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider


def catalogue(provider: type[Provider]) -> str:
    """The fingerprint of the names of all contract tests of *provider*."""
    names = sorted(f"{each.name}-{each.colour}" for each in _items(provider))
    return "sha256:" + hashlib.sha256("\n".join(names).encode()).hexdigest()


def _items(provider: type[Provider]) -> Iterator[Item]:
    for test in tests():
        spread = spread_of(getattr(ProviderContract, test))
        for case in spread.cases(provider):
            yield from (Item(test, case, colour) for colour in spread.colours)
