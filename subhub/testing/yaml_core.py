"""YAML by the rules of version 1.2, which OpenAPI requires.

PyYAML follows version 1.1, in which `NO` is false, `on` is true, `2024-05-04` is a date and `12:30`
is 750: in the schema of a country or a day, each would be another value than was written.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

_TAG: Final = "tag:yaml.org,2002:"
_WORDS: Final = (
    ("null", r"~|null|Null|NULL|", "~nN"),
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    (
        "float",
        r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)",
        "-+.0123456789",
    ),
    ("float", r"\.(?:nan|NaN|NAN)", "."),
)
"""The core schema: a kind, what is read as one, and how that begins."""


def load(text: str) -> Any:
    """Parse *text*; raise `yaml.YAMLError` when it is not YAML."""
    return yaml.load(text, _Loader)  # noqa: S506 - it is a safe loader


def _resolvers() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    """Return the words by their first character, as PyYAML looks them up."""
    found = {"": [(_TAG + "null", re.compile("^$"))]}
    for kind, pattern, first in _WORDS:
        for character in first:
            words = found.setdefault(character, [])
            words.append((_TAG + kind, re.compile(rf"^(?:{pattern})$")))
    return found


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers = _resolvers()

    def whole_number(self, node: yaml.ScalarNode) -> int:
        """Return the number of a node; one that begins with 0 is decimal."""
        text = str(self.construct_scalar(node))
        return int(text, 0 if text[:2] in {"0o", "0x"} else 10)


_Loader.add_constructor(_TAG + "int", _Loader.whole_number)
