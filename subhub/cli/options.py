"""The options that commands share which need an account, and the client that they lead to."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from subhub.cli.output import Output
from subhub.client.sync_client import Client
from subhub.errors import InvalidRequest
from subhub.plugin.provider_options import ProviderOptions
from subhub.sending.attempts import Hook

PANEL = "Account"

ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config",
        help="The configuration; else SUBHUB_CONFIG or subhub.toml.",
        rich_help_panel=PANEL,
    ),
]
AccountName = Annotated[
    str | None,
    typer.Option(
        "--account",
        help="An account of the configuration, if not its own choice.",
        rich_help_panel=PANEL,
    ),
]


@dataclass(frozen=True, kw_only=True)
class Call(Output):
    """A call to the provider of one account."""

    config: ConfigPath = None
    account: AccountName = None
    dry_run: Annotated[
        bool,
        typer.Option(
            "--dry-run",
            help="Read, but print the first request that would change something, and stop.",
            rich_help_panel=PANEL,
        ),
    ] = False

    @contextmanager
    def billing(
        self, *, journal: Path | None = None, hooks: Sequence[Hook] = ()
    ) -> Generator[Client]:
        """The client of the account; *journal* is for one that names none."""
        with Client.from_config(
            self.config, account=self.account, dry_run=self.dry_run, journal=journal, hooks=hooks
        ) as client:
            if client.sandbox is not None:
                self.note(f"sandbox: a fake of {client.provider} answers, and forgets afterwards")
            yield client


@dataclass(frozen=True, kw_only=True)
class ChangingCall(Call):
    """A call that changes something, and for which a provider may have options of its own."""

    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            metavar="KEY=VALUE",
            help="What only this provider knows; JSON or text, repeatable.",
            rich_help_panel=PANEL,
        ),
    ] = None

    def options(self, client: Client) -> ProviderOptions:
        """The provider's own options, under the name of the provider that is in use."""
        return self.options_for(client.provider)

    def options_for(self, provider: str) -> ProviderOptions:
        """The options that were given, as those of *provider*."""
        return {provider: dict(map(_pair, self.option or ()))}


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        problem = f"{text!r} is no option: write it as key=value"
        raise InvalidRequest(f"--option: {problem}", fields={"option": problem})
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value
