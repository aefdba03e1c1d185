"""`subhub check`: whether the configuration can be used, for every account.

It sends nothing, writes nothing, and opens no journal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import typer

from subhub.cli.exit_codes import USAGE
from subhub.cli.options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.errors import SubhubError


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The result for one account; *problem* is `None` if it can be used."""

    account: str
    provider: str
    sandbox: bool
    problem: str | None


def check(*, config: ConfigPath = None, output: Output) -> None:
    """Check the plugin, the key and the needs of every account.

    Nothing is sent or written, so whether the provider accepts a key, and whether the journal and
    the permits can be used, is not checked.
    """
    configuration = Configuration.read(config)
    chosen = configuration.choose()
    checks = list(_checks(configuration))
    if output.as_json:
        output.data(
            {
                "source": configuration.source,
                "account": chosen,
                "needs": configuration.settings.needs,
                "accounts": [_check_data(account) for account in checks],
            }
        )
    else:
        _print(configuration, chosen, checks, output)
    if any(account.problem for account in checks):
        raise typer.Exit(USAGE)


def _checks(configuration: Configuration) -> Iterator[AccountCheck]:
    """Check each account as if it were the only one."""
    settings = configuration.settings
    for name, account in settings.accounts.items():
        alone = settings.model_copy(update={"account": name, "accounts": {name: account}})
        problem: str | None = None
        try:
            Configuration(alone, configuration.source, configuration.folder).check(name)
        except SubhubError as error:
            problem = str(error)
        yield AccountCheck(name, account.provider, bool(account.sandbox), problem)


def _print(
    configuration: Configuration, chosen: str, checks: list[AccountCheck], output: Output
) -> None:
    needs = ", ".join(configuration.settings.needs) or "nothing"
    output.note(f"{configuration.source}: the application needs {needs}")
    rows = [
        (
            f"{account.account} (used)" if account.account == chosen else account.account,
            f"{account.provider} in a sandbox" if account.sandbox else account.provider,
            account.problem or "ready",
        )
        for account in checks
    ]
    output.table(("account", "provider", "result"), rows)
    output.note("nothing was sent: whether the provider accepts a key was not checked")


def _check_data(account: AccountCheck) -> dict[str, object]:
    return {
        "name": account.account,
        "provider": account.provider,
        "sandbox": account.sandbox,
        "ready": account.problem is None,
        "problem": account.problem,
    }
