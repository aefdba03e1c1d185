"""Options that commands share: the account, and what a change may carry."""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from subhub.cli.exit_codes import FAILED
from subhub.cli.global_options import PANEL, AccountName, ConfigPath
from subhub.cli.output import Output, complain
from subhub.cli.rendering import json_text
from subhub.cli.streams import abandon_stdout, require_stdout
from subhub.errors import InvalidRequest
from subhub.messages import is_object

if TYPE_CHECKING:
    from pydantic import BaseModel

    from subhub.cli.command_client import CommandClient
    from subhub.client.configuration import Configuration
    from subhub.plugin.provider_options import ProviderOptions
    from subhub.sending.attempts import Hook

DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        "-n",
        help="Read, but print the first request that would change something, and stop.",
        rich_help_panel=PANEL,
    ),
]
Limit = Annotated[
    int | None, typer.Option("--limit", "-L", min=0, help="The maximum number to read.")
]
Quantity = Annotated[
    int | None, typer.Option(min=1, help="How many units of the plan are billed, such as seats.")
]
TrialDays = Annotated[int | None, typer.Option(min=1, help="For so many days nothing is charged.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Fail at a record that cannot be read, not only warn.")
]


@dataclass(frozen=True, kw_only=True)
class ClientOptions(Output):
    """The options of a command that calls the provider of one account."""

    config: ConfigPath = None
    account: AccountName = None
    dry_run: DryRun = False
    curl: Annotated[
        bool,
        typer.Option(
            "--curl",
            help="After an error, print its request as a curl command, without the key.",
            rich_help_panel=PANEL,
        ),
    ] = False

    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Print the provider's own answers, as JSON, in place of neutral fields.",
            rich_help_panel=PANEL,
        ),
    ] = False

    def __post_init__(self) -> None:
        if self.raw:  # the provider's own answers have no other form
            object.__setattr__(self, "as_json", True)

    def data(self, value: object) -> None:
        """Print *value* as JSON; each result as the provider's own answer, if that is asked for."""
        super().data(_raw(value) if self.raw else value)

    @cached_property
    def written(self) -> Configuration:
        """The configuration as it is written; a command reads it once, and has one view of it."""
        from subhub.client.configuration import Configuration  # noqa: PLC0415 - help needs no client

        return Configuration.read(self.config, self.account)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration, whose sandbox is the served one, or keeps its state."""
        from subhub.cli.joined_sandbox import joined  # noqa: PLC0415 - help needs no client
        from subhub.cli.kept_sandbox import keeping  # noqa: PLC0415

        kept = replace(self.written, fakes=keeping(self.written.folder, self.note))
        served = joined(kept)
        if served is not kept:
            address = served.settings.accounts[served.choose()].sandbox
            self.note(f"sandbox: the one that is served at {address}")
        return served

    @contextmanager
    def client(
        self, *, journal: Path | None = None, hooks: Sequence[Hook] = (), trial: bool = False
    ) -> Generator[CommandClient]:
        """Open the client of the account.

        Args:
            journal: The journal, if the account names none.
            hooks: Each is called with every attempt at a request.
            trial: Use a new sandbox, and keep nothing of it.
        """
        from subhub.cli.command_client import CommandClient  # noqa: PLC0415 - help needs no client
        from subhub.cli.kept_sandbox import FOLDER  # noqa: PLC0415

        configuration = self.written if trial else self.configuration
        account = configuration.open(
            dry_run=self.dry_run,
            journal=journal,
            hooks=hooks,
            check_plans=False,  # to see and link plans, one has to get in; a key is checked on use
        )
        with CommandClient(account) as client:
            if client.sandbox is not None:
                state = "nothing of it is kept" if trial else f"its state is in {FOLDER}/"
                self.note(f"sandbox: a local fake of {client.provider}; {state}")
            yield client


@dataclass(frozen=True, kw_only=True)
class CallOptions(ClientOptions):
    """The options of a command that takes options of one provider only."""

    option: Annotated[
        list[str] | None,
        typer.Option(
            "--option",
            "-o",
            metavar="KEY=VALUE",
            help="An option of this provider only; VALUE is JSON or text. Repeatable.",
            rich_help_panel=PANEL,
        ),
    ] = None

    def provider_options(self, provider: str) -> ProviderOptions:
        """Return the given options as those of *provider*."""
        return {provider: option_values(self.option)}


@dataclass(frozen=True, kw_only=True)
class ChangeOptions(CallOptions):
    """The options of a command that changes something at the provider."""

    def show(self, result: BaseModel | None) -> None:
        """Print the result of a change; on stderr, if stdout is closed or full.

        The change was made: without its id it could be made again.
        """
        try:
            require_stdout()
            super().show(result)
        except OSError as error:
            abandon_stdout()
            message = f"the change was made, but stdout cannot be written ({error.strerror})"
            if self.as_json:
                data = {"type": "OSError", "message": message, "result": result}
                complain(json_text({"error": data}))
            else:
                complain(f"error: {message}:\n{json_text(result)}")
            raise typer.Exit(FAILED) from error


def option_values(given: Sequence[str] | None) -> dict[str, object]:
    """Return what `--option KEY=VALUE` has given, by key."""
    return dict(map(_pair, given or ()))


def _raw(value: Any) -> Any:
    """Return *value* with the provider's own answer in place of each result."""
    from subhub.models.record import Result  # noqa: PLC0415 - only when it is asked for

    if isinstance(value, Result):
        parts = {name: _raw(part) for name, part in value if isinstance(part, Result)}
        return value.raw or parts
    if is_object(value):
        return {name: _raw(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_raw(part) for part in cast("Sequence[Any]", value)]
    return value


def _pair(text: str) -> tuple[str, object]:
    key, equals, value = text.partition("=")
    if not (key and equals):
        message = f"invalid `--option` {text!r}: expected KEY=VALUE"
        raise InvalidRequest(message)
    try:
        return key, json.loads(value)
    except (ValueError, RecursionError):
        return key, value
