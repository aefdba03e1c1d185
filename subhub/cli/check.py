"""`subhub check`: whether the configuration can be used, for every account. It sends nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import typer

from subhub.cli import USAGE
from subhub.cli.options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.errors import SubhubError


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out about one account."""

    account: str
    provider: str
    sandbox: bool
    problem: str | None


def check(*, config: ConfigPath = None, output: Output) -> None:
    """Check the plugin, the key and the needs of every account; nothing is sent."""
    configuration = Configuration.read(config)
    chosen = configuration.choose()
    found = list(findings(configuration))
    if output.as_json:
        output.data(
            {
                "source": configuration.source,
                "account": chosen,
                "needs": configuration.settings.needs,
                "accounts": [_facts(each) for each in found],
            }
        )
    else:
        _print(configuration, chosen, found, output)
    if any(each.problem for each in found):
        raise typer.Exit(USAGE)


def findings(configuration: Configuration) -> Iterator[Finding]:
    """Each account, opened as though it were the only one."""
    settings = configuration.settings
    for name, each in settings.accounts.items():
        alone = settings.model_copy(update={"account": name, "accounts": {name: each}})
        problem: str | None = None
        try:
            _ = Configuration(alone, configuration.source).open()
        except SubhubError as error:
            problem = str(error)
        yield Finding(name, each.provider, each.sandbox, problem)


def _print(configuration: Configuration, chosen: str, found: list[Finding], output: Output) -> None:
    needs = ", ".join(configuration.settings.needs) or "nothing in particular"
    output.note(f"{configuration.source}: the application needs {needs}")
    rows = [
        (
            f"{each.account} (used)" if each.account == chosen else each.account,
            f"{each.provider} in a sandbox" if each.sandbox else each.provider,
            each.problem or "ready",
        )
        for each in found
    ]
    output.table(("account", "provider", "result"), rows)
    output.note("nothing was sent: whether the provider accepts a key, only a call can tell")


def _facts(finding: Finding) -> dict[str, object]:
    return {
        "name": finding.account,
        "provider": finding.provider,
        "sandbox": finding.sandbox,
        "ready": finding.problem is None,
        "problem": finding.problem,
    }
