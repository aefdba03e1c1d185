"""Every command of the program, by its words: for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from typer.main import get_command

from subhub.cli.app import app


def context(words: list[str]) -> Any:
    """Return the context of the command that *words* call, read as the program reads them."""
    ctx = get_command(app).make_context("subhub", list(words))
    while rest := [*getattr(ctx, "_protected_args", ()), *ctx.args]:
        group: Any = ctx.command
        if not hasattr(group, "commands"):
            break
        name, command, rest = group.resolve_command(ctx, rest)
        ctx = command.make_context(name, rest, parent=ctx)
    return ctx


def commands() -> Iterator[str]:
    """Yield the words of each command and group: `plan create`."""
    yield from _below(get_command(app), "")


def found(words: str) -> Any:
    """Return the command or group that *words* name."""
    command: Any = get_command(app)
    for name in words.split():
        ctx = command.make_context("subhub", [name], resilient_parsing=True)
        _, command, _ = command.resolve_command(ctx, [name])
    return command


def _below(command: Any, words: str) -> Iterator[str]:
    yield words
    for name in getattr(command, "commands", {}):
        ctx = command.make_context("subhub", [name], resilient_parsing=True)
        _, found, _ = command.resolve_command(ctx, [name])
        yield from _below(found, f"{words} {name}".strip())
