"""`subhub cassettes record`: the main job, recorded in a sandbox or, when it is meant, live."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.extras import need_testing
from subhub.cli.options import AccountName, ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.errors import ConfigError, InvalidRequest
from subhub.plugin.registry import load

if TYPE_CHECKING:
    from subhub.client.account import Account
    from subhub.testing.cassettes.scenarios import Step

FOLDER: Final = Path("cassettes")
LIVE: Final = "The provider itself"


@dataclass(frozen=True, kw_only=True)
class Live:
    """Whether the provider itself is asked, and how sure whoever asks is."""

    live: Annotated[
        bool,
        typer.Option(
            "--live",
            help="Ask the provider, with the key of the account; it makes a customer there.",
            rich_help_panel=LIVE,
        ),
    ] = False
    yes: Annotated[
        bool, typer.Option("--yes", help="Yes, with a test key.", rich_help_panel=LIVE)
    ] = False
    yes_live: Annotated[
        bool,
        typer.Option(
            "--yes-live",
            help="Yes, with a live key, or with one that does not tell what it is.",
            rich_help_panel=LIVE,
        ),
    ] = False
    plan: Annotated[
        str | None,
        typer.Option(
            help="A plan that exists there, where none can be made.", rich_help_panel=LIVE
        ),
    ] = None
    config: ConfigPath = None
    account: AccountName = None

    def opened(self, provider: str) -> Account:
        """The account to record with, once it is certain that this is wanted."""
        configuration = Configuration.read(self.config)
        name = configuration.choose(self.account)
        account = configuration.open(name)
        account.close()  # only its settings are wanted
        if account.provider.name != provider:
            message = f"the account {name!r} is one of {account.provider.name}: name another"
            raise InvalidRequest.of("account", message)
        if account.fake is not None:
            message = f"{configuration.source}: accounts.{name} is a sandbox: leave --live out"
            raise ConfigError(message)
        self._agree(account)
        return account

    def _agree(self, account: Account) -> None:
        test = account.api_key.startswith(account.provider.prefixes_of("test"))
        if self.yes_live or (test and self.yes):
            return
        kind, flag = (
            ("a test key", "--yes") if test else ("not known to be a test key", "--yes-live")
        )
        message = (
            f"this makes a customer, a signup link and a subscription at {account.base_url}, and "
            f"the key of {account.name!r} is {kind}: if you mean it, add {flag}"
        )
        raise InvalidRequest.of(flag, message)


def record(
    *,
    provider: Annotated[str, typer.Argument(help="The provider's name; see `subhub providers`.")],
    scenario: Annotated[
        str, typer.Argument(help="What to play: main-job, cut to what the provider can do.")
    ] = "main-job",
    folder: Annotated[
        Path, typer.Option(help="The folder of the cassettes; PROVIDER/SCENARIO.yaml in it.")
    ] = FOLDER,
    live: Live,
    output: Output,
) -> None:
    """Record a scenario on a cassette: in the provider's sandbox, or at the provider itself.

    Cassettes that belong to tests are recorded by these: `pytest --record-sandbox TESTS`.
    """
    need_testing()
    from subhub.testing.cassettes.scenarios import NAMES  # noqa: PLC0415 - its needs are an extra

    if scenario not in NAMES:
        raise InvalidRequest.of("scenario", f"{scenario!r} is none of {', '.join(NAMES)}")
    found = load(provider)
    path = folder / found.name / f"{scenario}.yaml"
    if live.live:
        _record_live(live.opened(found.name), live.plan, path, output)
        return
    if live.plan is not None:
        raise InvalidRequest.of("plan", "it goes with --live: a sandbox has a plan of its own")
    from subhub.testing.cassettes.scenario_recording import record_in_sandbox  # noqa: PLC0415 - as above

    _tell(path, record_in_sandbox(found, path), [], output)


def _record_live(account: Account, plan: str | None, path: Path, output: Output) -> None:
    from subhub.testing.cassettes.scenario_recording import LiveRecording  # noqa: PLC0415 - as above

    if plan is None and not account.provider.capabilities().supports("create_plan"):
        message = f"{account.provider.name} makes no plans through its API: name one that is there"
        raise InvalidRequest.of("plan", message)
    recording = LiveRecording(account, plan)
    output.note(f"asking {account.base_url}; the cassette will say {recording.source}")
    try:
        recording.record(path, clock=lambda: dt.datetime.now(dt.UTC))
    except BaseException:
        if output.as_json:
            output.data({"path": None, "left": recording.left})
        _tell_left(recording.left, output)
        raise
    _tell(path, recording.steps, recording.left, output)


def _tell(path: Path, steps: list[Step], left: list[str], output: Output) -> None:
    if output.as_json:
        output.data({"path": path, "steps": [asdict(each) for each in steps], "left": left})
        return
    output.table(
        ("operation", "outcome", "id"),
        [(each.operation, each.outcome, each.object_id) for each in steps],
    )
    _tell_left(left, output)
    output.note(f"{path} is written")


def _tell_left(left: list[str], output: Output) -> None:
    for each in left:
        output.note(f"left at the provider: {each}")
