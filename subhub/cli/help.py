"""What `--help` prints, for every command: plain lines that fit the terminal, and no types.

It is written here, and not by typer, whose form changes from release to release. Words are never
broken, so that ids, URLs and options can be copied at any width.
"""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

import typer

from subhub.cli.examples import EXAMPLES, Example

Entry: TypeAlias = tuple[str, str]
"""A name with what it does."""

WIDEST: Final = 100
NARROWEST: Final = 40
INDENT: Final = 2


def help_text(command: Any, ctx: Any) -> str:
    """Return the help of *command*.

    Args:
        command: The command or group, of typer.
        ctx: Its context, which knows how it was called.
    """
    width = min(max(shutil.get_terminal_size((80, 24)).columns, NARROWEST), WIDEST)
    commands = [*_commands(command, ctx)]
    panels = {**({"Commands": commands} if commands else {}), **_panels(command, ctx)}
    panels.update(getattr(command, "notes", {}))
    left = _left(width, [entry for entries in panels.values() for entry in entries])
    path = path_of(ctx)
    blocks = [
        *_paragraphs(command.help or "", width),
        f"{_bold('Usage:')} {usage(command, ctx)}",
        *(_block(title, entries, left, width) for title, entries in panels.items()),
        *_examples(EXAMPLES.get(path, ()), width),
    ]
    if commands:
        blocks.append(f"More about one of them: {ctx.command_path} COMMAND --help")
    return "\n\n".join(blocks)


def usage(command: Any, ctx: Any) -> str:
    """Return the line that shows how *command* is called."""
    words = [ctx.command_path]
    if hasattr(command, "commands"):
        words.append("COMMAND")
    for param in command.get_params(ctx):
        if param.param_type_name == "argument":
            name = metavar_of(param) + ("..." if param.nargs != 1 else "")
            words.append(name if param.required else f"[{name}]")
    return " ".join([*words, "[OPTIONS]"])


def path_of(ctx: Any) -> str:
    """Return the words of the command, without aliases and the program: `plan create`."""
    names: list[str] = []
    while ctx.parent is not None:
        names.insert(0, ctx.command.name)
        ctx = ctx.parent
    return " ".join(names)


def metavar_of(param: Any) -> str:
    """Return the name of an argument, or of an option's value."""
    return str(param.metavar or param.name.upper())


def _commands(command: Any, ctx: Any) -> Iterator[Entry]:
    for name in command.list_commands(ctx) if hasattr(command, "commands") else ():
        found = command.get_command(ctx, name)
        yield name, (found.help or "").partition("\n\n")[0].replace("\n", " ")


def _panels(command: Any, ctx: Any) -> dict[str, list[Entry]]:
    """Return the arguments and options under the titles of their groups, in order."""
    found: dict[str, list[Entry]] = {"Arguments": [], "Options": []}
    for param in command.get_params(ctx):
        argument = param.param_type_name == "argument"
        title = "Arguments" if argument else getattr(param, "rich_help_panel", None) or "Options"
        name = metavar_of(param) if argument else _option(param)
        found.setdefault(title, []).append((name, _described(param)))
    return {title: entries for title, entries in found.items() if entries}


def _option(param: Any) -> str:
    """Return how an option is written: `-a, --account NAME`."""
    short = [name for name in param.opts if not name.startswith("--")]
    long = [name for name in [*param.opts, *param.secondary_opts] if name.startswith("--")]
    names = "".join(f"{name}, " for name in short) or "    "
    value = "" if param.is_flag else f" {metavar_of(param)}"
    return f"{names}{' / '.join(long)}{value}"


def _described(param: Any) -> str:
    extra = ["[required]"] if param.required else []
    default = getattr(param, "default", None)
    if param.show_default and default and not getattr(param, "is_flag", False):
        shown = f"{default:g}" if isinstance(default, float) else default
        extra.append(f"[default: {shown}]")
    if param.envvar:
        extra.append(f"[env: {param.envvar}]")
    return " ".join([param.help or "", *extra]).strip()


def _left(width: int, entries: Iterable[Entry]) -> int:
    """Return the width of the names; longer ones have a line of their own."""
    longest = max(8, width * 2 // 5)
    return max((len(name) for name, _ in entries if len(name) <= longest), default=0)


def _block(title: str, entries: Sequence[Entry], left: int, width: int) -> str:
    indent = " " * (INDENT + left + 2)
    lines = [_bold(f"{title}:")]
    for name, text in entries:
        wrapped = _wrapped(text, width - len(indent)) or [""]
        if len(name) > left:
            lines.append(" " * INDENT + _cyan(name))
        else:
            first = f"{_cyan(name)}{' ' * (left - len(name))}  {wrapped.pop(0)}"
            lines.append(" " * INDENT + first.rstrip())
        lines += (indent + line for line in wrapped)
    return "\n".join(lines)


def _paragraphs(text: str, width: int) -> Iterator[str]:
    for paragraph in filter(None, (part.strip() for part in text.split("\n\n"))):
        yield "\n".join(_wrapped(paragraph, width))


def _examples(examples: Sequence[Example], width: int) -> list[str]:
    lines: list[str] = []
    for purpose, command in examples:
        lines += (f"  # {line}" for line in _wrapped(purpose, width - 4))
        lines += _continued(command, width)
    return ["\n".join([_bold("Examples:"), *lines])] if lines else []


def _continued(command: str, width: int) -> Iterator[str]:
    """Yield *command* on lines that a shell reads as one, broken before options."""
    line = "  "
    parts = command.replace(" | ", " \0| ").replace(" --", " \0--").split(" \0")
    for number, part in enumerate(parts):
        more = 2 if number < len(parts) - 1 else 0
        if line.strip() and len(line) + 1 + len(part) + more > width:
            yield f"{line} \\"
            line = "     "
        line = f"{line} {part}" if line.strip() else f"{line}{part}"
    yield line


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def _bold(text: str) -> str:
    return text if "NO_COLOR" in os.environ else typer.style(text, bold=True)


def _cyan(text: str) -> str:
    return text if "NO_COLOR" in os.environ else typer.style(text, fg="cyan")
