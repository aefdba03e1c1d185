"""`subhub call`: the operations that only one provider has."""

from __future__ import annotations

import difflib
import inspect
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from subhub.cli.options import ClientOptions
from subhub.client.text_files import NotText, read_text
from subhub.errors import InvalidRequest, PluginError
from subhub.messages import is_object
from subhub.plugin.provider import Provider
from subhub.plugin.provider_options import arguments_of, validated_arguments
from subhub.plugin.registry import load, names

CURSOR = "cursor"
"""The argument of an operation that reads a list, which a caller does not give."""


def call(
    *,
    operation: Annotated[
        str | None,
        typer.Argument(
            help="Provider and operation, such as `afternoon.ingest_event`; without it, list them."
        ),
    ] = None,
    json_body: Annotated[
        str,
        typer.Option(
            "--json-body",
            metavar="JSON",
            help="The arguments, by name: a JSON object, @FILE, or - for standard input.",
        ),
    ] = "{}",
    listing: Annotated[
        bool,
        typer.Option("--list", help="List the operations, or those of one provider, and stop."),
    ] = False,
    options: ClientOptions,
) -> None:
    """Call an operation that only one provider has, or list those.

    Without an operation, or with a provider alone, they are listed with their arguments.
    """
    if listing or operation is None or "." not in operation:
        _list(None if operation is None else operation.partition(".")[0], options)
        return
    method = _found(operation)
    arguments = validated_arguments(method, arguments_of_json("json_body", json_body))
    with options.client() as client:
        if CURSOR in inspect.signature(method).parameters:
            options.data(list(client.walk(method, **arguments)))
        else:
            options.data(client.call(method, **arguments))


def _list(name: str | None, options: ClientOptions) -> None:
    """Print the operations of the provider *name*, or of every installed one."""
    found: list[tuple[str, Any]] = []
    for known in names() if name is None else (name,):
        try:
            provider = load(known)
        except PluginError as error:
            if name is not None:
                raise
            options.note(str(error))  # a broken plugin does not hide the others
            continue
        found += ((f"{known}.{own}", getattr(provider, own)) for own in _extensions(provider))
    if options.as_json:
        options.data([_operation_data(title, method) for title, method in found])
        return
    options.table(
        ("operation", "arguments", "what_it_does"),
        ((title, _written(method), _summary(method)) for title, method in found),
    )
    options.note("`?` marks an argument that may be left out")


def _extensions(provider: type[Provider]) -> Iterator[str]:
    """Yield the names of what only this provider has, and the plugin can do."""
    for name, capability in sorted(provider.capabilities().items()):
        if capability.extension and capability.supported and hasattr(provider, name):
            yield name


def _operation_data(title: str, method: Any) -> dict[str, object]:
    arguments = [
        {"name": name, "type": _type(parameter), "required": _is_required(parameter)}
        for name, parameter in arguments_of(method).items()
    ]
    return {"operation": title, "arguments": arguments, "description": _summary(method)}


def _written(method: Any) -> str:
    """Return the arguments of *method* for people: `customer_id: str, phone?: str`."""
    return ", ".join(
        f"{name}: {_type(parameter)}"
        if _is_required(parameter)
        else f"{name}?: {_type(parameter).removesuffix(' | None')}"
        for name, parameter in arguments_of(method).items()
    )


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _type(parameter: inspect.Parameter) -> str:
    annotation: object = parameter.annotation  # text, if its module postpones them
    return annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)


def _summary(method: Any) -> str:
    return (inspect.getdoc(method) or "").partition("\n")[0]


def _found(operation: str) -> Any:
    """Return the extension *operation*, written as provider and name."""
    name, _, wanted = operation.partition(".")
    provider = load(name)
    known = list(_extensions(provider))
    if wanted not in known:
        capability = provider.capabilities().get(wanted)
        if capability is not None and capability.extension:
            provider.capabilities().require(wanted)  # says why it is lacking, and what to do
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f"did you mean {name}.{close[0]}?" if close else f"known are {', '.join(known)}"
        raise InvalidRequest.of("operation", f"is none that only {name} has ({wanted!r}): {hint}")
    return getattr(provider, wanted)


def arguments_of_json(name: str, given: str) -> dict[str, Any]:
    """Return the object that *given* is: JSON, @FILE or -; *name* is the option's argument."""
    try:
        if given == "-":
            given = sys.stdin.read().removeprefix("\ufeff")
        elif given.startswith("@"):
            given = _file(given[1:])
        found: object = json.loads(given)
    except (OSError, ValueError, RecursionError) as error:
        problem = f"must be a JSON object, @FILE or -: {error}"
        raise InvalidRequest.of(name, problem) from error
    if not is_object(found):
        problem = f"must be a JSON object of values by name, got {type(found).__name__}"
        raise InvalidRequest.of(name, problem)
    return found


def _file(name: str) -> str:
    try:
        return read_text(Path(name))
    except NotText as error:
        message = f"{name} {error}"
        raise ValueError(message) from error
