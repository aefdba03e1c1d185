"""Words in the results of extensions: each is the provider's, whatever it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.plugin.operations import OPERATIONS
from subhub.testing.contract.replies import leaves, replaced
from subhub.testing.contract.statuses import NEW_WORD

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.testing.contract.flow_replay import FlowReplay

NEUTRAL_RESULTS: Final = frozenset(row.result for row in OPERATIONS.values())
WORDS: Final = ("open", "paid", "failed", "canceled", "expired", "refunded", NEW_WORD)
"""Words of providers for the state of a payment, a link or a document."""


def misread_words(replay: FlowReplay | None, plugin: Provider) -> Iterator[str]:
    """Yield each text of a result that is another word than the one in its response."""
    if replay is None:
        return
    usual = replay.accepted(plugin)
    for step in replay.steps if usual else ():
        body = replay.body(step)
        for place, value in leaves(body):
            for word in WORDS if value and isinstance(value, str) else ():
                found = replay.but(step, replaced(body, place, word)).accepted(plugin)
                for known, result in zip(usual, found, strict=False):
                    for field in _fields(known, value, str(place[-1])):
                        read = getattr(result, field)
                        if read != word:
                            yield f"`.{field}` is {read!r}, and the provider says {word!r}"


def camel(name: str) -> str:
    """Return a name in snake_case as it is in camelCase."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _fields(result: Any, value: str, name: str) -> Iterator[str]:
    """Yield the field of a result of the plugin's own that is called *name*, and is *value*."""
    for field, own in result if type(result) not in NEUTRAL_RESULTS else ():
        if own == value and name in {field, camel(field)}:
            yield field
