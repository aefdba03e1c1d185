"""Errors in how a command was called: what is wrong, as it is written in a shell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from subhub.cli.errors import print_error
from subhub.cli.help import usage


def wants_json(words: Sequence[str]) -> bool:
    """Return whether a command line asks for JSON, also one that cannot be read."""
    options = words[: words.index("--")] if "--" in words else words
    return "--json" in options or "-j" in options


def report_usage(error: Any, *, as_json: bool) -> None:
    """Print a usage error, and how the command is called."""
    message, ctx = message_of(error), error.ctx
    called = usage(ctx.command, ctx)
    data = {"type": "UsageError", "message": message, "usage": called}
    print_error(
        data, [message, f"usage: {called}", f"more:  {ctx.command_path} --help"], as_json=as_json
    )


def message_of(error: Any) -> str:
    """Return what is wrong, with options and arguments as they are written in a shell."""
    param, message = getattr(error, "param", None), str(error.message)
    kind = type(error).__name__
    if param is not None:
        name = f"`{_written(param)}`"
        if kind == "MissingParameter":
            return f"{name} is required"
        return f"{name}{'' if message.startswith('must ') else ':'} {message}"
    if kind == "NoSuchOption":
        close = " or ".join(f"`{name}`" for name in error.possibilities or ())
        hint = f"; did you mean {close}?" if close else ""
        return f"unknown option `{error.option_name}`{hint}"
    message = re.sub("'(--[a-z-]+)'", r"`\1`", message).replace("argument(s)", "argument")
    return message[:1].lower() + message[1:].removesuffix(".")


def _written(param: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.metavar or param.name).upper()
    return next(str(name) for name in param.opts if name.startswith("--"))
