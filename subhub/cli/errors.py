"""Errors of a command: a message on stderr, or JSON for scripts, and an exit code."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

import typer
from rich.text import Text

from subhub.cli.exit_codes import FAILED, INTERRUPTED, UNKNOWN, UNSUPPORTED, USAGE
from subhub.cli.output import complain, write
from subhub.cli.rendering import json_text, plain, rendered
from subhub.cli.streams import unwritable
from subhub.errors import (
    Ambiguous,
    AuthenticationFailed,
    ConfigError,
    InvalidRequest,
    NotFound,
    OutcomeUnknown,
    PluginError,
    Rejected,
    SubhubError,
    Unsupported,
    WouldSend,
)
from subhub.messages import PreparedRequest

EXIT_CODES: Final[Sequence[tuple[type[SubhubError], int]]] = (
    (ConfigError, USAGE),
    (InvalidRequest, USAGE),
    (PluginError, USAGE),
    (Unsupported, UNSUPPORTED),
    (OutcomeUnknown, UNKNOWN),
)
"""The exit code of each kind of error; `FAILED` for the rest."""

ATTRIBUTES: Final = (
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
"""The attributes of errors that are part of the JSON."""


@contextmanager
def reported(
    *,
    as_json: bool,
    flags: Mapping[str, str],
    curl: bool = False,
    plan_hint: Callable[[str], str] = lambda _: "",
) -> Generator[None]:
    """Turn an error that is raised in the block into a message and an exit code.

    Args:
        as_json: Print JSON.
        flags: The command's arguments as they are written in a shell: `{"plan": "--plan"}`.
        curl: Print the request that the error is about, as a command; JSON always has it.
        plan_hint: Returns which plans are known, for the message of an error about a plan.
    """
    try:
        yield
    except WouldSend as stopped:
        _print_request(stopped, as_json=as_json)
    except SubhubError as error:
        message = _with_flags(error, flags)
        if isinstance(error, NotFound | Rejected | InvalidRequest):
            message += plan_hint("not found" if isinstance(error, NotFound) else message)
        request: PreparedRequest | None = getattr(error, "request", None)
        shown = {} if request is None else {"request": _request_data(request)}
        sentences = [message, *_advice(error), *([request.curl()] if request and curl else ())]
        data = {**error_data(error), "message": message, **shown}
        print_error(data, sentences, as_json=as_json)
        raise typer.Exit(exit_code(error)) from error
    except OSError as error:
        if message := unwritable(error):
            print_error({"type": "OSError", "message": message}, [message], as_json=as_json)
        raise typer.Exit(FAILED) from error
    except KeyboardInterrupt:
        message = "stopped; if a change was being sent, check it at the provider before you repeat"
        print_error({"type": "Interrupted", "message": message}, [message], as_json=as_json)
        raise typer.Exit(INTERRUPTED) from None


def exit_code(error: SubhubError) -> int:
    """Return the exit code for *error*."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), FAILED)


def error_data(error: SubhubError) -> dict[str, object]:
    """Return *error* as data for JSON."""
    known = {name: value for name in ATTRIBUTES if (value := getattr(error, name, None))}
    return {"type": type(error).__name__, "message": str(error), **known}


def _with_flags(error: SubhubError, flags: Mapping[str, str]) -> str:
    """Return the message, with arguments named as in a shell and not as in Python."""

    def flag(name: str) -> str:
        return f"`{flags.get(name) or flags.get(name.removesuffix('_id')) or name}`"

    message = str(error)
    if isinstance(error, Ambiguous):
        return re.sub(r"`(\w+)=error\.\S+`", lambda name: f"`{flag(name[1])[1:-1]} ID`", message)
    if not isinstance(error, InvalidRequest):
        return message
    if error.fields and all(name in flags and f"`{name}`" not in message for name in error.fields):
        return "; ".join(_sentence(flag(name), problem) for name, problem in error.fields.items())
    message = re.sub(r"provider_options\['[^']+'\]", "`--option`", message)
    return re.sub(r"`(\w+)`", lambda name: flag(name[1]), message)


def _sentence(flag: str, problem: str) -> str:
    """Return "`--price` is required", or with a colon if *problem* has no verb to begin with."""
    return f"{flag} {problem}" if problem.startswith(("is ", "must ")) else f"{flag}: {problem}"


def _advice(error: SubhubError) -> list[str]:
    """Return what to do about *error*, in sentences."""
    advice: list[str] = []
    if isinstance(error, AuthenticationFailed):
        advice.append(
            "Check that `api_key` is whole, not revoked and of this provider and address."
        )
        advice.append("To check the rest of the account too: subhub doctor")
    if isinstance(error, OutcomeUnknown):
        advice.append("The change may have taken effect: check that before you repeat it.")
        advice.append(f"To look it up: subhub resolve {error.token}")
    if isinstance(error, Ambiguous) and error.candidates:
        advice.append(f"Candidates: {_named(error.candidates)}")
    if error.completed:
        advice.append(f"Already created, do not create again: {_named(error.completed)}")
    return advice


def _named(items: Sequence[object]) -> str:
    return ", ".join(f"{type(item).__name__} {getattr(item, 'id', '')}" for item in items)


def _print_request(stopped: WouldSend, *, as_json: bool) -> None:
    request = stopped.request
    if not as_json:
        write(request.curl())
        return
    write(json_text({"would_send": _request_data(request)}))


def _request_data(request: PreparedRequest) -> dict[str, object]:
    """Return a request that is shown without its key as data for JSON."""
    return {
        "method": request.method,
        "url": request.url,
        "headers": dict(request.headers),
        "body": request.text,
        "curl": request.curl(),
    }


def print_error(data: Mapping[str, object], sentences: list[str], *, as_json: bool) -> None:
    """Print an error: *data* for scripts, or *sentences* for people, one a line."""
    if as_json:
        complain(json_text({"error": data}))
        return
    label = Text("error:", style="bold red")
    text = Text("\n").join(map(plain, sentences))
    complain(rendered(label + Text(" ") + text, stderr=True).removesuffix("\n"))
