"""What becomes of an error: a message, or JSON for scripts, on stderr, and an exit code."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final

import typer

from subhub.cli import INTERRUPTED, USAGE
from subhub.cli.output import console, json_text, plain
from subhub.errors import (
    ConfigError,
    InvalidRequest,
    OutcomeUnknown,
    PluginError,
    SubhubError,
    Unsupported,
    WouldSend,
)

OTHER: Final = 1
EXITS: Final[Sequence[tuple[type[SubhubError], int]]] = (
    (ConfigError, USAGE),
    (InvalidRequest, USAGE),
    (PluginError, USAGE),
    (Unsupported, 3),
    (OutcomeUnknown, 4),
)
"""The exit code for each kind of error; `OTHER` for the rest."""

FACTS: Final = (
    "provider",
    "operation",
    "status",
    "code",
    "request_id",
    "fields",
    "retry_after",
    "kind",
    "reason",
    "alternative",
    "candidates",
    "completed",
    "token",
)
"""The attributes of errors that scripts may want."""


def exit_code(error: SubhubError) -> int:
    """The exit code that *error* is."""
    return next((code for kind, code in EXITS if isinstance(error, kind)), OTHER)


def facts(error: SubhubError) -> dict[str, object]:
    """What is known of *error*, as data."""
    told = {name: found for name in FACTS if (found := getattr(error, name, None))}
    return {"type": type(error).__name__, "message": str(error), **told}


@contextmanager
def reported(*, as_json: bool) -> Generator[None]:
    """Turn what is raised in this block into a message and an exit code."""
    try:
        yield
    except WouldSend as stopped:
        _show_request(stopped, as_json=as_json)
    except SubhubError as error:
        _tell(facts(error), _sentences(error), as_json=as_json)
        raise typer.Exit(exit_code(error)) from error
    except KeyboardInterrupt:
        message = "stopped; if something was being changed, look at the provider before repeating"
        _tell({"type": "Interrupted", "message": message}, [message], as_json=as_json)
        raise typer.Exit(INTERRUPTED) from None


def _show_request(stopped: WouldSend, *, as_json: bool) -> None:
    request = stopped.request
    if as_json:
        told = {
            "method": request.method,
            "url": request.url,
            "headers": dict(request.headers),
            "body": request.content.decode(),
            "curl": request.curl(),
        }
        typer.echo(json_text({"would_send": told}))
    else:
        typer.echo(request.curl())


def _tell(known: dict[str, object], sentences: list[str], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_text({"error": known}), err=True)
        return
    first, *rest = sentences
    stderr = console(stderr=True)
    stderr.print("error:", style="bold red", end=" ")
    stderr.print(plain(first), soft_wrap=True)
    for sentence in rest:
        stderr.print(plain(sentence), soft_wrap=True)


def _sentences(error: SubhubError) -> list[str]:
    sentences = [str(error)]
    if isinstance(error, OutcomeUnknown):
        sentences.append("It may have been carried out: look at the provider before you repeat it.")
        sentences.append(f"This looks for you: subhub resolve {error.token}")
    made = [f"{type(each).__name__} {getattr(each, 'id', '')}" for each in error.completed]
    if made:
        sentences.append(f"Made already, and not to be made again: {', '.join(made)}")
    return sentences
