"""Commands: functions with keyword arguments, turned into commands of the program.

An argument whose type is a dataclass is a group of options, one for each field, so that options
which many commands share are written once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from functools import update_wrapper
from typing import Any, TypeAlias, cast

import typer
from typer.models import ArgumentInfo, ParameterInfo

from subhub.cli.errors import reported

Command: TypeAlias = Callable[..., None]


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a function as the command *name* of *app*; its errors end with an exit code."""

    def register(function: Command) -> Command:
        _ = app.command(name)(_flattened(function))
        return function

    return register


def _flattened(function: Command) -> Command:
    """Return *function* with each group of options replaced by the options themselves."""
    parameters = inspect.signature(function, eval_str=True).parameters
    groups = {
        name: members
        for name, parameter in parameters.items()
        if (members := _members(parameter.annotation))
    }
    options = [
        option
        for name, parameter in parameters.items()
        for option in (groups[name].values() if name in groups else (parameter,))
    ]
    flags = {option.name: _flag(option) for option in options}

    def run(**given: Any) -> None:
        as_json, curl = given.get("as_json", False), given.get("curl", False)
        with reported(as_json=as_json, flags=flags, curl=curl):
            for name, members in groups.items():
                group = parameters[name].annotation
                # popped, because the function takes the group and not its members
                given[name] = group(**{member: given.pop(member) for member in members})
            function(**given)

    _ = update_wrapper(run, function)
    # typer reads the annotations and the signature: both must show the flattened options
    run.__annotations__ = {option.name: option.annotation for option in options}
    run.__dict__["__signature__"] = inspect.Signature(
        [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in options]
    )
    return run


def _members(annotation: Any) -> Mapping[str, inspect.Parameter]:
    """Return the options of a group; none if *annotation* is the type of a single option."""
    if not is_dataclass(annotation):
        return {}
    return inspect.signature(cast("type[Any]", annotation), eval_str=True).parameters


def _flag(option: inspect.Parameter) -> str:
    """Return the name of *option* on the command line: `--postal-code`, or `CUSTOMER`."""
    details = option.annotation.__metadata__
    info = next(detail for detail in details if isinstance(detail, ParameterInfo))
    if isinstance(info, ArgumentInfo):
        return str(info.metavar or option.name).upper()
    return next(iter(info.param_decls or ()), f"--{option.name.replace('_', '-')}")
