"""`subhub call`: the operations that only one provider has."""

from __future__ import annotations

import difflib
import inspect
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from subhub.cli.options import ClientOptions
from subhub.errors import InvalidRequest
from subhub.messages import is_object
from subhub.plugin.provider_options import validated_arguments
from subhub.plugin.registry import load


def call(
    *,
    operation: Annotated[
        str, typer.Argument(help="Provider and operation, such as `afternoon.ingest_event`.")
    ],
    json_body: Annotated[
        str,
        typer.Option(
            "--json-body",
            metavar="JSON",
            help="The arguments, by name: a JSON object, @FILE, or - for standard input.",
        ),
    ] = "{}",
    options: ClientOptions,
) -> None:
    """Call an operation that only one provider has; `subhub capabilities` lists them."""
    method = _found(operation)
    arguments = validated_arguments(method, _arguments(json_body))
    with options.client() as client:
        if "cursor" in inspect.signature(method).parameters:
            options.data(list(client.walk(method, **arguments)))
        else:
            options.data(client.call(method, **arguments))


def _found(operation: str) -> Any:
    """Return the extension *operation*, written as provider and name."""
    name, _, wanted = operation.partition(".")
    provider = load(name)
    known = sorted(
        capability.name for capability in provider.capabilities().values() if capability.extension
    )
    if wanted not in known:
        close = difflib.get_close_matches(wanted, known, n=1)
        hint = f"did you mean {name}.{close[0]}?" if close else f"known are {', '.join(known)}"
        raise InvalidRequest.of("operation", f"is none that only {name} has ({wanted!r}): {hint}")
    return getattr(provider, wanted)


def _arguments(given: str) -> dict[str, Any]:
    try:
        if given == "-":
            given = sys.stdin.read()
        elif given.startswith("@"):
            given = Path(given[1:]).read_text("utf-8")
        found: object = json.loads(given)
    except (OSError, ValueError, RecursionError) as error:
        problem = f"must be a JSON object, @FILE or -: {error}"
        raise InvalidRequest.of("json_body", problem) from error
    if not is_object(found):
        problem = f"must be a JSON object of arguments by name, got {type(found).__name__}"
        raise InvalidRequest.of("json_body", problem)
    return found
