"""Commands and groups as the program reads them: aliases, options before the command, and help.

An option of every command, such as `--account`, may precede the command or follow it.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from subhub.cli.global_options import GLOBAL, AccountName, AsJson, ConfigPath, Verbose
from subhub.cli.help import help_text

VERBS: Final[Mapping[str, str]] = {
    "ls": "list",
    "show": "get",
    "view": "get",
    "add": "create",
    "new": "create",
    "register": "create",
    "edit": "update",
    "rm": "delete",
    "remove": "delete",
}
"""Other words for the verbs of a group, where it has no command of that name."""

UsageError: Final[Any] = typer.BadParameter.__base__
"""click's or typer's own class, depending on typer's version."""


class Command(TyperCommand):
    """A command: it takes over the options that preceded it."""

    # `Any`, because the classes are click's or typer's own, depending on typer's version
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read *args*, and add the options of the groups before the command."""
        with _known_context(ctx):
            rest: list[str] = super().parse_args(ctx, args)
        for name, flag in GLOBAL.items():
            given: object = next(
                (value for parent in _parents(ctx) if (value := parent.params.get(name))), None
            )
            if given and not ctx.params.get(name) and not ctx.resilient_parsing:
                if name not in ctx.params:
                    ctx.fail(f"`{ctx.command_path}` has no option `{flag}`")
                ctx.params[name] = given
        return rest

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the command."""
        formatter.write(help_text(self, ctx))


class Group(TyperGroup):
    """A group of commands: called alone, it prints its help."""

    aliases: Mapping[str, str] = VERBS

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read *args*; without any, print the help and stop."""
        if not args and not ctx.resilient_parsing:
            typer.echo(ctx.get_help(), color=ctx.color)
            ctx.exit()
        with _known_context(ctx):
            rest: list[str] = super().parse_args(ctx, args)
        return rest

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that *args* name, perhaps by an alias, and the rest of them."""
        first, *rest = args
        name = self.aliases.get(first, first)
        known = first in self.commands or name not in self.commands
        return super().resolve_command(ctx, args if known else [name, *rest])

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the group."""
        formatter.write(help_text(self, ctx))


def group_of(app: typer.Typer, name: str) -> Any:
    """Return the commands of *app* as the group *name*."""
    app.info.name, app.info.cls = name, Group
    app.info.no_args_is_help = False
    _ = app.callback()(_global_options)
    return get_group(app)


def _global_options(
    *,
    config: ConfigPath = None,
    account: AccountName = None,
    as_json: AsJson = False,
    verbose: Verbose = False,
) -> None:
    """Accept the options of every command before it; the command reads them from here."""
    del config, account, as_json, verbose


@contextmanager
def _known_context(ctx: Any) -> Generator[None]:
    """Have a usage error know its command: the parser raises some without it."""
    try:
        yield
    except UsageError as error:
        error.ctx = error.ctx or ctx
        raise


def _parents(ctx: Any) -> Iterator[Any]:
    while ctx.parent is not None:
        ctx = ctx.parent
        yield ctx
