"""Extras: what a command needs beyond the command line itself, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from subhub.errors import ConfigError

TESTING: Final = ("vcr", "yaml", "jsonschema", "pytest")


def need_testing(what: str = "cassettes") -> None:
    """Refuse, with the remedy, where cassettes, or *what* else, can be neither read nor made."""
    for needed in TESTING:
        if find_spec(needed) is None:
            message = f'{what} need {needed}: pip install "subhub-billing[cli,testing]"'
            raise ConfigError(message)
