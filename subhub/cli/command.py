"""Commands: functions with keyword arguments, turned into commands of the program.

An argument whose type is a dataclass is a group of options, one for each field, so that options
which many commands share are written once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import is_dataclass
from functools import partial, update_wrapper
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias, cast, get_args, get_type_hints

import typer
from typer.models import ArgumentInfo, OptionInfo, ParameterInfo

from subhub.cli.choices import Choices, choices_of
from subhub.cli.completion import plan_keys, providers
from subhub.cli.number_options import bounded
from subhub.cli.parsing import Command as _Command

Command: TypeAlias = Callable[..., None]

VALUES: Final[Mapping[object, str]] = {str: "TEXT", int: "NUMBER", float: "NUMBER", Path: "FILE"}
"""How help calls the value of an option that does not name it, by type."""

SHORT: Final[Mapping[str, str]] = {"plan": "-p", "source": "-f", "yes": "-y"}
"""The short names that options have in every command, by argument."""
COMPLETIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "plan": plan_keys,
    "key": plan_keys,
    "provider": providers,
}
"""What completes the value of an argument or option, by argument."""
LONG: Final = 30
"""From here on, the words of an option are listed in its help and not in its name."""


def command(app: typer.Typer, name: str) -> Callable[[Command], Command]:
    """Register a function as the command *name* of *app*; its errors end with an exit code."""

    def register(function: Command) -> Command:
        _ = app.command(name, cls=_Command)(_flattened(function))
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
    choices = {option.name: found for option in options if (found := choices_of(option.annotation))}

    def run(**given: Any) -> None:
        # they load rich, which `--help` does without
        from subhub.cli.activity import active  # noqa: PLC0415
        from subhub.cli.errors import reported  # noqa: PLC0415
        from subhub.cli.plan_hint import plan_hint  # noqa: PLC0415

        as_json = given.get("as_json", False) or given.get("raw", False)
        verbose = given.get("verbose", False)
        curl = verbose or given.get("curl", False)
        hint = partial(plan_hint, given.get("plan"), given.get("config"))
        with (
            reported(as_json=as_json, flags=flags, curl=curl, plan_hint=hint),
            active(as_json=as_json, verbose=verbose),
        ):
            given |= {name: known.read(name, given[name]) for name, known in choices.items()}
            for name, members in groups.items():
                group = parameters[name].annotation
                # popped, because the function takes the group and not its members
                given[name] = group(**{member: given.pop(member) for member in members})
            function(**given)

    _ = update_wrapper(run, function)
    # typer reads the annotations and the signature: both must show the flattened options
    shown = [_shown(option, choices.get(option.name)) for option in options]
    run.__annotations__ = {option.name: option.annotation for option in shown}
    run.__dict__["__signature__"] = inspect.Signature(
        [option.replace(kind=inspect.Parameter.KEYWORD_ONLY) for option in shown]
    )
    return run


def _members(annotation: Any) -> Mapping[str, inspect.Parameter]:
    """Return the options of a group; none if *annotation* is the type of a single option."""
    if not is_dataclass(annotation):
        return {}
    hints = get_type_hints(annotation, include_extras=True)  # each in the module of its class
    members = inspect.signature(cast("type[Any]", annotation)).parameters
    return {name: each.replace(annotation=hints[name]) for name, each in members.items()}


def _shown(option: inspect.Parameter, choices: Choices | None) -> inspect.Parameter:
    """Return *option* as typer reads it: one word of several is text, which is checked here."""
    info, base = copy(_info(option)), get_args(option.annotation)[0]
    kind = next((part for part in (*get_args(base), base) if part is not type(None)), str)
    if choices is not None:
        base = str | None if type(None) in get_args(base) else str
        info.metavar, info.autocompletion = "|".join(choices.words), choices.complete
        if len(info.metavar) > LONG:
            info.metavar = option.name.upper()
            info.help = f"{info.help} One of {', '.join(choices.words)}."
    elif isinstance(info, OptionInfo):
        info.metavar = info.metavar or VALUES.get(kind)
        if kind in {int, float}:
            bounded(info, kind)
    info.autocompletion = info.autocompletion or COMPLETIONS.get(option.name)
    if isinstance(info, OptionInfo) and option.name in SHORT:
        named = isinstance(info.default, str)
        info.param_decls = (*_names(option)[named:], SHORT[option.name])
    return option.replace(annotation=Annotated[base, info])


def _flag(option: inspect.Parameter) -> str:
    """Return the name of *option* on the command line: `--postal-code`, or `CUSTOMER`."""
    info = _info(option)
    if isinstance(info, ArgumentInfo):
        return str(info.metavar or option.name).upper()
    return next(name.partition("/")[0] for name in _names(option) if name.startswith("--"))


def _names(option: inspect.Parameter) -> list[str]:
    """Return the names of an option; the first one that is not short is its own."""
    info = _info(option)
    # typer keeps the first name as the default until it reads the annotation
    names = [name for name in (info.default, *(info.param_decls or ())) if isinstance(name, str)]
    return names or [f"--{option.name.replace('_', '-')}"]


def _info(option: inspect.Parameter) -> ParameterInfo:
    """Return what typer is to know of *option*."""
    details = option.annotation.__metadata__
    return next(detail for detail in details if isinstance(detail, ParameterInfo))
