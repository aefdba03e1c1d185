"""Commands: functions with keyword arguments, made into commands of the program.

An argument whose type is a dataclass stands for a group of options, one for each of its fields, so
that options which many commands share are written once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import update_wrapper
from typing import Any, TypeAlias, cast

import typer

from subhub.cli.errors import reported

Command: TypeAlias = Callable[..., None]


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Make a function the command *name* of *app*; its errors become messages and exit codes."""

    def register(function: Command) -> Command:
        _ = app.command(name)(_spread(function))
        return function

    return register


def _spread(function: Command) -> Command:
    """*function* with each group of options replaced by the options themselves."""
    parameters = inspect.signature(function, eval_str=True).parameters
    groups = {
        name: members for name, each in parameters.items() if (members := _members(each.annotation))
    }

    def run(**given: Any) -> None:
        with reported(as_json=given.get("as_json", False)):
            for name, members in groups.items():
                group = parameters[name].annotation
                given[name] = group(**{member: given.pop(member) for member in members})
            function(**given)

    options = [
        option
        for name, each in parameters.items()
        for option in (groups[name].values() if name in groups else (each,))
    ]
    _ = update_wrapper(run, function)
    run.__annotations__ = {each.name: each.annotation for each in options}
    run.__dict__["__signature__"] = inspect.Signature(
        [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in options]
    )
    return run


def _members(annotation: Any) -> Mapping[str, inspect.Parameter]:
    """The options that a group has; none when *annotation* is the type of a single option."""
    if not is_dataclass(annotation):
        return {}
    return inspect.signature(cast("type[Any]", annotation), eval_str=True).parameters
