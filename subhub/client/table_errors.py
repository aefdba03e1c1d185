"""What is wrong in `subhub.toml`, in its own words: a line for each key, with the remedy."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from subhub.client.environment import variable
from subhub.client.tables import AccountSettings, PlanSettings, Settings
from subhub.errors import ConfigError
from subhub.models.record import phrase

_TABLES: Final[Mapping[str, type[BaseModel]]] = {
    "accounts": AccountSettings,
    "plans": PlanSettings,
}
_EXAMPLES: Final = {"accounts": "[accounts.main]", "plans": "[plans.phone]"}
_BOUNDS: Final = {
    "greater_than": "must be > {gt:g}",
    "greater_than_equal": "must be >= {ge:g}",
    "less_than_equal": "must be <= {le:g}",
}
_TEXT: Final = "must be text: write it in quotes"
_NUMBER: Final = "must be a number"
_WHOLE: Final = "must be a whole number"
_SWITCH: Final = "must be true or false"
_TABLE: Final = "must be a table"
_PHRASES: Final = {
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "dict_type": _TABLE,
    "finite_number": _NUMBER,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "model_type": _TABLE,
    "string_too_short": "must not be empty",
    "string_type": _TEXT,
    "tuple_type": 'must be a list: ["...", "..."]',
}
"""What a key must be, by pydantic's name for the mistake. The value is not repeated, because it may
be a secret; only a number out of bounds is."""


def refused(
    error: ValidationError, source: str, variables: Mapping[str, Collection[str]]
) -> ConfigError:
    """Return what pydantic refused: a line for each key, with its place and the remedy.

    Args:
        error: Pydantic's.
        source: The name of the file.
        variables: Which settings of an account the environment has set.
    """
    lines: list[str] = []
    for item in error.errors(include_url=False):
        _, account, key, *_ = (*map(str, item["loc"]), "", "", "")
        note = f" (set by {variable(key)})" if key in variables.get(account, ()) else ""
        place = ".".join(str(part) for part in item["loc"])
        lines.append(f"{source}: {place}: {_remedy(item)}{note}")
    return ConfigError("\n".join(lines))


def _remedy(item: Any) -> str:
    *above, key = (str(part) for part in item["loc"])
    if item["type"] == "missing":
        given: list[str] = list(item["input"])
        close = difflib.get_close_matches(key, given, n=1)
        return f"is required; is {close[0]!r} meant to be it?" if close else "is required"
    if item["type"] == "extra_forbidden":
        known = _TABLES[above[0]].model_fields if above else Settings.model_fields
        close = difflib.get_close_matches(key, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        return f"no such key; {hint}"
    if bound := _BOUNDS.get(item["type"]):
        return f"{bound.format(**item['ctx'])}, got {item['input']}"
    found = _PHRASES.get(item["type"]) or phrase(item)
    return (
        f"{found}, such as {_EXAMPLES[above[0]]}" if found == _TABLE and len(above) == 1 else found
    )
