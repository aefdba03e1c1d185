"""Which plans are known, for an error about a plan that is none of them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from subhub.client.configuration_file import locate, parsed
from subhub.errors import ConfigError
from subhub.messages import is_object

SHOWN: Final = 10
"""How many keys are named."""


def plan_hint(plan: str | None, config: Path | None, message: str) -> str:
    """Return "; known plans: phone", if *message* can be about a plan that is not configured.

    Args:
        plan: What the command was given as a plan.
        config: The configuration file that it was given.
        message: The error's.
    """
    if not plan or not ("not found" in message.lower() or plan in message):
        return ""
    try:
        plans: object = parsed(locate(config)).get("plans")
    except ConfigError:  # another error was first
        return ""
    if not is_object(plans) or plan in plans:
        return ""
    more = ", ..." if len(plans) > SHOWN else ""
    return f"; known plans: {', '.join([*plans][:SHOWN])}{more}"
