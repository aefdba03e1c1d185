"""`subhub watch`: print what changes at the provider, as events."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Final

import typer

import subhub
from subhub.cli.activity import idle
from subhub.cli.number_options import LARGEST
from subhub.cli.options import ClientOptions
from subhub.cli.output import complain, write
from subhub.cli.rendering import plain
from subhub.client.text_files import NotText, read_text
from subhub.errors import ConfigError, InvalidRequest
from subhub.system.atomic_files import replace

PAGES: Final = 20
"""How many pages are read before the token is written: what is printed again after a kill."""
PASSING: Final = (subhub.TransportError, subhub.ProviderUnavailable, subhub.RateLimited)
"""The errors after which the next comparison may succeed."""


def watch(
    *,
    token: Annotated[
        Path | None,
        typer.Option(
            "--token",
            metavar="FILE",
            dir_okay=False,
            help="Remember here what was seen. Without it, each start begins with what there is.",
        ),
    ] = None,
    about: Annotated[
        list[str] | None,
        typer.Option(help="plan, customer or subscription; default: all that is listed."),
    ] = None,
    interval: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, max=LARGEST, help="How long to wait between two comparisons."
        ),
    ] = 300.0,
    once: Annotated[
        bool, typer.Option("--once", help="Compare once, with the token, and stop.")
    ] = False,
    options: ClientOptions,
) -> None:
    """Print what changes at the provider, as events.

    Each line is an object that was created, changed, ended or deleted. The provider's lists are
    compared with what they were, at the pace of its rate limit. The first comparison finds out what
    there is, and prints nothing. After a kill, an event may be printed again, with the same key.
    """
    if once and token is None:
        message = "`--once` needs `--token`: a first comparison has nothing to compare with"
        raise InvalidRequest(message)
    if not interval > 0:
        raise InvalidRequest.of("interval", f"must be > 0 seconds, got {interval:g}")
    since = _read(token)
    with options.client() as client:
        while True:
            tokens = _compared(client, since, about or None, options)
            try:
                for since in tokens:
                    if token is not None:
                        _write(token, since)
            except PASSING as error:
                if once:
                    raise
                complain(f"{error}; it is tried again in {interval:g} s")
            if once:
                return
            with idle():
                time.sleep(interval)


def _compared(
    client: subhub.Client, since: str | None, about: Sequence[str] | None, options: ClientOptions
) -> Iterator[str]:
    """Print the events of one comparison, and yield a token after every few pages."""
    complete = False
    while not complete:
        changes = client.changes(since=since, about=about, pages=PAGES)
        for event in changes:
            _print(event, options)
        since, complete = changes.token, changes.complete
        yield since


def _print(event: subhub.Event, options: ClientOptions) -> None:
    if options.as_json:
        write(json.dumps({**event.model_dump(mode="json"), "account": event.account}))
    else:
        write(plain(f"{event.about} {event.change} {event.object_id} {event.key}").plain)


def _read(file: Path | None) -> str | None:
    try:
        return None if file is None else read_text(file).strip() or None
    except FileNotFoundError:
        return None
    except (OSError, NotText) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"`--token` {file} cannot be read: {reason}") from error


def _write(file: Path, token: str) -> None:
    try:
        replace(file, f"{token}\n")
    except OSError as error:
        message = f"`--token` {file} cannot be written ({error.strerror}): its events come again"
        raise ConfigError(message) from error
