"""`subhub check`: whether the configuration can be used, for every account.

It sends nothing unless it is asked to, writes nothing, and opens no journal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import typer

from subhub.cli.doctor import as_data, is_wrong, show
from subhub.cli.exit_codes import FAILED, USAGE
from subhub.cli.options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.client.doctor import Finding, examine
from subhub.errors import SubhubError


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The result for one account; *problem* is `None` if it can be used.

    *absent* are the settings that were not checked, because what they refer to is missing here.
    """

    account: str
    provider: str
    sandbox: bool
    problem: str | None
    absent: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def result(self) -> str:
        """The result in words."""
        if self.problem is None and self.absent:
            lacking = (
                f"no {setting.removeprefix('api_')} ({reason})"
                for setting, reason in self.absent.items()
            )
            return f"not checked: {', '.join(lacking)}; the rest is ready"
        return self.problem or "ready"


def check(
    *,
    config: ConfigPath = None,
    online: Annotated[
        bool,
        typer.Option("--online", help="Check each account at its provider, too: `subhub doctor`."),
    ] = False,
    without_secrets: Annotated[
        bool,
        typer.Option(
            "--without-secrets",
            help="Accept that the variables and files with keys are missing here, as in CI.",
        ),
    ] = False,
    output: Output,
) -> None:
    """Check the plugin, the key, the needs and the plans of every account.

    Nothing is written. Without `--online` nothing is sent either, so whether the provider accepts a
    key, and whether the journal and the permits can be used, is not checked.
    """
    configuration = Configuration.read(config)
    chosen = configuration.choose()
    checks = list(_checks(configuration, secrets=not without_secrets))
    ready = (each.account for each in checks if not (each.problem or each.absent))
    findings = list(examine(configuration, ready)) if online else None
    if output.as_json:
        output.data(
            {
                "source": configuration.source,
                "account": chosen,
                "needs": configuration.settings.needs,
                "accounts": [_check_data(account) for account in checks],
                **({} if findings is None else {"online": as_data(findings)}),
            }
        )
    else:
        _print(configuration, chosen, checks, output)
        _print_online(findings, output)
    if any(account.problem for account in checks):
        raise typer.Exit(USAGE)
    if findings and is_wrong(findings):
        raise typer.Exit(FAILED)


def _checks(configuration: Configuration, *, secrets: bool) -> Iterator[AccountCheck]:
    """Check each account as if it were the only one."""
    for name, account in configuration.settings.accounts.items():
        problem: str | None = None
        absent: Mapping[str, str] = {}
        try:
            absent = configuration.alone(name).check(name, secrets=secrets)
        except SubhubError as error:
            problem = str(error)
        yield AccountCheck(name, account.provider, bool(account.sandbox), problem, absent)


def _print(
    configuration: Configuration, chosen: str, checks: list[AccountCheck], output: Output
) -> None:
    needs = ", ".join(configuration.settings.needs) or "nothing"
    output.note(f"{configuration.source}: the application needs {needs}")
    rows = [
        (
            f"{account.account} (used)" if account.account == chosen else account.account,
            f"{account.provider} in a sandbox" if account.sandbox else account.provider,
            account.result,
        )
        for account in checks
    ]
    output.table(("account", "provider", "result"), rows)


def _print_online(findings: Sequence[Finding] | None, output: Output) -> None:
    if findings is None:
        output.note("nothing was sent: whether the provider accepts a key was not checked")
    else:
        show(findings, output)


def _check_data(account: AccountCheck) -> dict[str, object]:
    return {
        "name": account.account,
        "provider": account.provider,
        "sandbox": account.sandbox,
        "ready": account.problem is None,
        "problem": account.problem,
        "not_checked": dict(account.absent),
    }
