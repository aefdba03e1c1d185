"""`subhub sandbox serve`: the providers' fakes on a port of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.errors import ConfigError
from subhub.messages import is_object
from subhub.models import Interval, Money, PlanDraft
from subhub.plugin.registry import load, names

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider
    from subhub.server import Sandbox

PORT: Final = 8420
MAIN: Final = "main"
PLANS: Final[Mapping[str, PlanDraft]] = {
    "phone": PlanDraft(
        code="phone",
        name="Phone subscription",
        price=Money.parse("12.95 EUR"),
        interval=Interval.parse("1 year"),
        tax_rate=21,
        description="1GB per month, 300min per month",
    )
}
"""What there is to sell where no configuration says it."""


def serve(
    *,
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.")] = PORT,
    host: Annotated[
        str, typer.Option(help="The address to bind; else only this machine can reach it.")
    ] = "127.0.0.1",
    provider: Annotated[
        list[str] | None,
        typer.Option(help="A provider to serve as the account main; repeatable."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Serve the accounts and plans of this subhub.toml.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep what happens in this file, for the next run.")
    ] = None,
    real_time: Annotated[
        bool,
        typer.Option(
            "--real-time", help="Let the sandboxes' clocks go on, and enforce rate limits."
        ),
    ] = False,
    output: Output,
) -> None:
    """Serve sandboxes of providers, with their hosted pages and a dashboard, until Ctrl-C.

    Without --provider and --config, every installed provider is served.
    """
    _need_the_extra()
    from subhub import server  # noqa: PLC0415 - its needs are an extra

    configuration = Configuration.read(config) if config else None
    accounts = _accounts(provider or [], configuration)
    plans = configuration.plans() if configuration else PLANS
    with server.listen(host, port) as listening:
        kept = server.StateFile(state) if state else None
        sandbox = server.Sandbox(server.origin_of(listening), kept, real_time=real_time)
        for chosen, name in accounts:
            _ = sandbox.add(chosen, name, plans)
        _tell(sandbox, output)
        server.run(server.Application(sandbox), listening)
    output.note("stopped")


def _need_the_extra() -> None:
    for needed in ("starlette", "uvicorn"):
        if find_spec(needed) is None:
            message = f'the served sandbox needs {needed}: pip install "subhub-billing[sandbox]"'
            raise ConfigError(message)


def _accounts(
    providers: list[str], configuration: Configuration | None
) -> list[tuple[type[Provider], str]]:
    """The accounts to serve, each once: those named on the command line, or those of the file."""
    if providers or configuration is None:
        return [(load(each), MAIN) for each in dict.fromkeys(providers or names())]
    found: list[tuple[type[Provider], str]] = []
    for name, settings in configuration.settings.accounts.items():
        chosen = load(settings.provider)
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        if key.startswith(chosen.prefixes_of("live")):
            message = (
                f"{configuration.source}: accounts.{name} holds a live key: a sandbox takes none; "
                "use the key that it prints"
            )
            raise ConfigError(message)
        found.append((chosen, name))
    return found


def _tell(sandbox: Sandbox, output: Output) -> None:
    facts = sandbox.facts()
    if output.as_json:
        output.data({"dashboard": f"{sandbox.origin}/", "accounts": facts})
        return
    columns = ("account", "base_url", "api_key", "plans")
    output.table(columns, ([_cell(each[name]) for name in columns] for each in facts))
    output.note(f"dashboard: {sandbox.origin}/   stop with Ctrl-C")


def _cell(value: object) -> object:
    return ", ".join(f"{key}={each}" for key, each in value.items()) if is_object(value) else value
