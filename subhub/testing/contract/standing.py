"""Standing: what a report was made with, by which it is told later whether it still holds.

The versions say which plugin was tested, the document which API it claims to speak, and the tests
what it was put to. None of them says how the tests ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from subhub.errors import PluginError
from subhub.testing.contract.cases import spread_of
from subhub.testing.contract.guard import contract_tests

if TYPE_CHECKING:
    from subhub.provider import Provider


def standing(provider: type[Provider]) -> dict[str, str | None]:
    """What a report of *provider* that is made now is made with.

    `tests` is the fingerprint of the names of all tests that follow from what the plugin claims:
    it changes with the suite and with the claims, and not with what is left out.
    """
    plugin, version = _distribution(provider)
    names = "\n".join(sorted(_names(provider)))
    return {
        "plugin": plugin,
        "version": version,
        "document": _document(provider),
        "tests": "sha256:" + hashlib.sha256(names.encode()).hexdigest(),
    }


def _names(provider: type[Provider]) -> Iterator[str]:
    for name, test in contract_tests().items():
        spread = spread_of(test)
        for case in spread.cases(provider):
            yield from (f"{name}[{case}]-{colour}" for colour in spread.colours)


def _distribution(provider: type[Provider]) -> tuple[str | None, str | None]:
    from subhub.registry import distribution_of  # noqa: PLC0415 - it loads what is installed

    try:
        return distribution_of(provider.name)
    except PluginError:  # a plugin can be tested before it is installed
        return None, None


def _document(provider: type[Provider]) -> str | None:
    from subhub.testing.cassettes import fingerprint  # noqa: PLC0415 - it loads vcrpy

    try:
        return fingerprint(provider)
    except TypeError:  # a plugin of a single module has no place for a document
        return None
