"""`subhub cassettes record`: record the main job in a sandbox or, if that is confirmed, live."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.global_options import AccountName, ConfigPath
from subhub.cli.output import Output
from subhub.errors import ConfigError, InvalidRequest

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.testing.cassettes.scenarios import ScenarioStep

FOLDER: Final = Path("cassettes")
LIVE: Final = "Live recording"
NEEDED: Final = ("vcr", "yaml", "jsonschema", "pytest")
"""The modules of the extra `testing`."""


@dataclass(frozen=True, kw_only=True)
class LiveOptions:
    """Whether to ask the provider itself, and the confirmation that this is meant."""

    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Ask the provider, with the account's key; this creates a customer there.",
            rich_help_panel=LIVE,
        ),
    ] = False
    yes: Annotated[
        bool, typer.Option("--yes", help="Confirm, with a test key.", rich_help_panel=LIVE)
    ] = False
    yes_live: Annotated[
        bool,
        typer.Option(
            "--yes-live",
            help="Confirm, with a live key or a key of unknown kind.",
            rich_help_panel=LIVE,
        ),
    ] = False
    plan: Annotated[
        str | None,
        typer.Option(help="An existing plan, if the API cannot create one.", rich_help_panel=LIVE),
    ] = None
    config: ConfigPath = None
    account: AccountName = None

    def opened(self, provider: str) -> Account:
        """Return the account to record with, once its use is confirmed."""
        from subhub.client.configuration import Configuration  # noqa: PLC0415 - only with --live

        configuration = Configuration.read(self.config)
        name = configuration.choose(self.account)
        account = configuration.open(name)
        account.close()  # only its settings are wanted
        if account.provider.name != provider:
            message = (
                f"the account {name!r} is for {account.provider.name}, not for {provider}: "
                "name another `--account`"
            )
            raise InvalidRequest(message)
        if account.fake is not None:
            message = f"{configuration.source}: accounts.{name} is a sandbox: leave `--live` out"
            raise ConfigError(message)
        self._confirm(account)
        return account

    def _confirm(self, account: Account) -> None:
        # a provider without prefixes has no test keys to recognize: `--yes` is then not enough
        test = account.api_key.startswith(account.provider.prefixes_of("test"))
        if self.yes_live or (test and self.yes):
            return
        kind, flag = (
            ("a test key", "--yes") if test else ("not known to be a test key", "--yes-live")
        )
        message = (
            f"this creates a customer, a signup link and a subscription at {account.base_url}, and "
            f"the key of {account.name!r} is {kind}: to confirm, add `{flag}`"
        )
        raise InvalidRequest(message)


def record(
    *,
    provider: Annotated[str, typer.Argument(help="The provider's name; see `subhub providers`.")],
    scenario: Annotated[
        str, typer.Argument(help="What to play: main-job, as far as the provider supports it.")
    ] = "main-job",
    folder: Annotated[
        Path, typer.Option(help="The cassettes' folder; this writes PROVIDER/SCENARIO.yaml in it.")
    ] = FOLDER,
    live: LiveOptions,
    output: Output,
) -> None:
    """Record a scenario on a cassette: in the provider's sandbox, or at the provider itself.

    A test's own cassette is recorded by the test: `pytest --record-sandbox TESTS`.
    """
    need_testing_extra()
    from subhub.plugin.registry import load  # noqa: PLC0415 - `cassettes show` needs no plugin
    from subhub.testing.cassettes.scenarios import NAMES  # noqa: PLC0415 - an extra

    if scenario not in NAMES:
        message = f"unknown scenario {scenario!r}: expected {', '.join(NAMES)}"
        raise InvalidRequest(message)
    found = load(provider)
    path = folder / found.name / f"{scenario}.yaml"
    if live.live:
        _record_live(live.opened(found.name), live.plan, path, output)
        return
    if live.plan is not None:
        message = "`--plan` needs `--live`: a sandbox has a plan of its own"
        raise InvalidRequest(message)
    from subhub.testing.cassettes.scenario_recording import record_in_sandbox  # noqa: PLC0415 - an extra

    _print(path, record_in_sandbox(found, path), [], output)


def need_testing_extra() -> None:
    """Raise `ConfigError`, with the command to install it, if the extra `testing` is missing."""
    for needed in NEEDED:
        if find_spec(needed) is None:
            message = f'cassettes need {needed}: pip install "subhub-billing[cli,testing]"'
            raise ConfigError(message)


def _record_live(account: Account, plan: str | None, path: Path, output: Output) -> None:
    from subhub.testing.cassettes.scenario_recording import (  # noqa: PLC0415 - an extra
        LiveRecording,
        needs_a_plan,
    )

    if plan is None and needs_a_plan(type(account.provider)):
        message = f"`--plan` is required: {account.provider.name}'s API cannot create plans"
        raise InvalidRequest(message)
    recording = LiveRecording(account, plan)
    output.note(f"asking {account.base_url}; the cassette's source will be {recording.source}")
    try:
        recording.record(path, clock=lambda: dt.datetime.now(dt.UTC))
    # Ctrl-C too: whatever was created stays at the provider, and someone has to remove it
    except BaseException:
        if output.as_json:
            output.data({"path": None, "left": recording.left})
        _print_left(recording.left, output)
        raise
    _print(path, recording.steps, recording.left, output)


def _print(path: Path, steps: list[ScenarioStep], left: list[str], output: Output) -> None:
    if output.as_json:
        output.data({"path": path, "steps": [asdict(step) for step in steps], "left": left})
        return
    output.table(
        ("operation", "outcome", "id"),
        [(step.operation, step.outcome, step.object_id) for step in steps],
    )
    _print_left(left, output)
    output.note(f"wrote {path}")


def _print_left(left: list[str], output: Output) -> None:
    for item in left:
        output.note(f"left at the provider: {item}")
