"""`subhub sandbox serve`: the providers' fakes on a port of this machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from subhub.cli.activity import idle
from subhub.cli.joined_sandbox import announced
from subhub.cli.number_options import Port
from subhub.cli.output import Output
from subhub.client.configuration_file import FILE_NAME
from subhub.errors import ConfigError, InvalidRequest, PluginError
from subhub.messages import is_object
from subhub.models import Interval, Money, PlanDraft
from subhub.plugin.registry import installed, load

if TYPE_CHECKING:
    from subhub.client.configuration import Configuration
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
"""The plans to sell where no configuration has any."""


def serve(
    *,
    port: Port = PORT,
    host: Annotated[
        str, typer.Option(help="The address to bind; default: only this machine can reach it.")
    ] = "127.0.0.1",
    public_url: Annotated[
        str,
        typer.Option(help="The URL at which others reach it, such as http://sandbox:8420."),
    ] = "",
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Another name that requests may reach it by. Repeatable."),
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="A provider to serve, as the account `main`. Repeatable."),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Serve the accounts and plans of this subhub.toml.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option(help="Keep the state in this file, for the next run.")
    ] = None,
    frozen: Annotated[
        bool,
        typer.Option(
            "--frozen/--real-time",
            help="Freeze the clocks and enforce no rate limits (default: the clocks run).",
        ),
    ] = False,
    output: Output,
) -> None:
    """Serve sandboxes of providers, with checkout pages and a dashboard, until Ctrl-C.

    Without --provider and --config, every installed provider is served.
    """
    _need_sandbox_extra()
    from subhub import server  # noqa: PLC0415 - its dependencies are an extra

    configuration = _read(config) if config else None
    if not (config or provider) and Path(FILE_NAME).exists():
        output.note(f"to serve the accounts of {FILE_NAME}: --config {FILE_NAME}")
    skipped: dict[str, str] = {}
    accounts = _accounts(provider or [], configuration, skipped)
    plans = configuration.plans() if configuration else PLANS
    served = list(_with_plans(accounts, plans, skipped, output))
    public = _public(public_url)
    stored = server.StateFile(state) if state else None
    with ExitStack() as stack:
        if stored:
            stack.enter_context(stored.locked())
        listening = stack.enter_context(server.listen(host, port))
        origin = public or server.origin_of(listening)
        sandbox = server.Sandbox(origin, stored, real_time=not frozen)
        for chosen, name, sold in served:
            _ = sandbox.add(chosen, name, sold)
        if configuration:
            address = server.origin_of(listening)
            stack.enter_context(
                announced(configuration.folder, address, sandbox.accounts, output.note)
            )
        _print(sandbox, skipped, output)
        exposed = server.is_exposed(listening)
        application = server.Application(sandbox, exposed=exposed, hosts=allow_host or ())
        with idle():
            server.run(application, listening)
        sandbox.save()  # the server only logs that it cannot; for the command, it is an error
    output.note("stopped")


def _public(url: str) -> str:
    """Return the origin that *url* is; "" for none."""
    parts = urlsplit(url)
    clean = parts.scheme in {"http", "https"} and parts.hostname and not parts.username
    if url and not (clean and f"{parts.scheme}://{parts.netloc}" == url.rstrip("/")):
        message = (
            f"--public-url must be a URL without a path, such as http://sandbox:8420, got {url!r}"
        )
        raise ConfigError(message)
    return url.rstrip("/")


def _need_sandbox_extra() -> None:
    for needed in ("starlette", "uvicorn"):
        if find_spec(needed) is None:
            message = f'the served sandbox needs {needed}: pip install "subhub-billing[sandbox]"'
            raise ConfigError(message)


def _read(path: Path) -> Configuration:
    from subhub.client.configuration import Configuration  # noqa: PLC0415 - it loads the client

    return Configuration.read(path)


def _accounts(
    providers: list[str], configuration: Configuration | None, skipped: dict[str, str]
) -> list[tuple[type[Provider], str]]:
    """Return the accounts to serve: those named on the command line, or those of the file."""
    if providers or configuration is None:
        return [(load(name), MAIN) for name in dict.fromkeys(providers or _ready(skipped))]
    found: list[tuple[type[Provider], str]] = []
    for name, settings in configuration.settings.accounts.items():
        chosen = load(settings.provider)
        key = settings.api_key.get_secret_value() if settings.api_key else ""
        if key.startswith(chosen.prefixes_of("live")):
            message = (
                f"{configuration.source}: accounts.{name} has a live key, which a sandbox refuses: "
                "use the key that the sandbox prints"
            )
            raise ConfigError(message)
        found.append((chosen, name))
    return found


def _with_plans(
    accounts: Iterable[tuple[type[Provider], str]],
    plans: Mapping[str, PlanDraft],
    skipped: dict[str, str],
    output: Output,
) -> Iterator[tuple[type[Provider], str, Mapping[str, PlanDraft]]]:
    """Yield the accounts whose sandbox can have *plans*, if need be without their tax rates.

    The reasons of the others are added to *skipped*; it is an error if none is left.
    """
    left = False
    for provider, name in accounts:
        account = f"{provider.name}/{name}"
        sellable = {key: provider.capabilities().sellable(plan) for key, plan in plans.items()}
        try:
            _ = provider.sandbox().add_plans(sellable)
        except (InvalidRequest, PluginError) as error:
            skipped[account] = str(error)
            continue
        untaxed = ", ".join(key for key, plan in plans.items() if sellable[key] != plan)
        if untaxed:
            output.note(f"{account} has no tax rates, and sells without them: {untaxed}")
        left = True
        yield provider, name, sellable
    if skipped and not left:
        reasons = "".join(f"\n  {account}: {reason}" for account, reason in skipped.items())
        raise ConfigError(f"no account can be served with these plans:{reasons}")


def _ready(skipped: dict[str, str]) -> list[str]:
    """Return the installed providers; the reasons of broken plugins are added to *skipped*."""
    found = installed()
    skipped.update((plugin.name, plugin.problem) for plugin in found if plugin.provider is None)
    return [plugin.name for plugin in found if plugin.provider is not None]


def _print(sandbox: Sandbox, skipped: Mapping[str, str], output: Output) -> None:
    facts = sandbox.facts()
    if output.as_json:
        served = {"dashboard": f"{sandbox.origin}/", "accounts": facts}
        output.data({**served, "skipped": skipped} if skipped else served)
        return
    for account, reason in skipped.items():
        output.note(f"{account} is not served: {reason}")
    columns = ("account", "base_url", "api_key", "plans")
    output.table(columns, ([_cell(account[name]) for name in columns] for account in facts))
    output.note(f"dashboard: {sandbox.origin}/   stop with Ctrl-C")


def _cell(value: object) -> object:
    return ", ".join(f"{key}={item}" for key, item in value.items()) if is_object(value) else value
