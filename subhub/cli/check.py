"""`subhub check`: whether the configuration can be used, for every account.

It sends nothing unless it is asked to, writes nothing, and opens no journal, with `--rehearse` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.doctor import as_data, is_wrong, show
from subhub.cli.exit_codes import FAILED, USAGE
from subhub.cli.global_options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.client.doctor import Finding, examine
from subhub.errors import InvalidRequest, SubhubError

if TYPE_CHECKING:
    from subhub.cli.rehearsal import Difference, Rehearsal

NAMED: Final = 3
"""How many plans and lines of a difference are shown; `--json` has all of them."""


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The result for one account; *problem* is `None` if it can be used.

    *absent* are the settings that were not checked, because what they refer to is missing here.
    """

    account: str
    provider: str
    sandbox: bool
    sells: bool
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
        return self.problem or ("ready" if self.sells else "ready; takes no new business")


def check(
    *,
    customers: Annotated[
        Path | None,
        typer.Argument(
            metavar="CUSTOMERS.CSV",
            exists=True,
            dir_okay=False,
            help="Sample customers for --rehearse, in the columns of `subhub subscribe --from`.",
        ),
    ] = None,
    rehearse: Annotated[
        bool,
        typer.Option(
            "--rehearse",
            help="Play the configured plans, and sample customers, in new sandboxes.",
        ),
    ] = False,
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

    A rehearsal shows which values each account would refuse, drop or change. It fails if one is
    refused; name the fields that must not be dropped in `needs`.
    """
    configuration = Configuration.read(config)
    chosen = configuration.choose()
    checks = list(_checks(configuration, secrets=not without_secrets))
    ready = (each.account for each in checks if not (each.problem or each.absent))
    findings = list(examine(configuration, ready)) if online else None
    rehearsals = _rehearsals(configuration, customers, rehearse=rehearse)
    if output.as_json:
        output.data(
            {
                "source": configuration.source,
                "account": chosen,
                "needs": configuration.settings.needs,
                "accounts": [_check_data(account) for account in checks],
                **({"rehearsal": list(map(_rehearsal_data, rehearsals))} if rehearse else {}),
                **({} if findings is None else {"online": as_data(findings)}),
            }
        )
    else:
        _print(configuration, chosen, checks, output)
        if rehearse:
            _print_rehearsals(rehearsals, output)
        _print_online(findings, output)
    if any(account.problem for account in checks) or any(map(_refused, rehearsals)):
        raise typer.Exit(USAGE)
    if findings and is_wrong(findings):
        raise typer.Exit(FAILED)


def _checks(configuration: Configuration, *, secrets: bool) -> Iterator[AccountCheck]:
    """Check each account as if it were the only one."""
    for name, account in configuration.settings.accounts.items():
        problem: str | None = None
        absent: Mapping[str, str] = {}
        try:
            if name == configuration.choose():
                configuration.check_selling()
            absent = configuration.alone(name).check(name, secrets=secrets)
        except SubhubError as error:
            problem = str(error)
        yield AccountCheck(
            name, account.provider, bool(account.sandbox), account.sells, problem, absent
        )


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
        "sells": account.sells,
        "ready": account.problem is None,
        "problem": account.problem,
        "not_checked": dict(account.absent),
    }


def _rehearsals(
    configuration: Configuration, customers: Path | None, *, rehearse: bool
) -> list[Rehearsal]:
    if not rehearse:
        if customers is not None:
            message = f"{customers} is played by a rehearsal only: add `--rehearse`"
            raise InvalidRequest(message)
        return []
    from subhub.cli import rehearsal, rows  # noqa: PLC0415 - a check alone loads no client

    columns = ("plan", "starts_on", "payment_method")
    # a row that names no plan is played with the first configured one
    read = rows.read(customers, None, {"plan": ""}, columns, lambda _: None) if customers else []
    return list(rehearsal.rehearse(configuration, read))


def _refused(rehearsal: Rehearsal) -> bool:
    return rehearsal.refused


def _print_rehearsals(rehearsals: Sequence[Rehearsal], output: Output) -> None:
    rows: dict[tuple[str, ...], list[str]] = {}
    for rehearsal in rehearsals:
        for difference, items in rehearsal.found.items():
            row = (rehearsal.account, _shown(items), difference.field, difference.outcome)
            rows.setdefault((*row, _why(difference)), []).append(difference.operation)
    if rows:
        table = [(*row, ", ".join(operations), why) for (*row, why), operations in rows.items()]
        output.table(("account", "in", "field", "result", "operations", "reason"), table)
    for rehearsal in rehearsals:
        played = f"plans: {rehearsal.plans}, customers: {rehearsal.customers}"
        result = f"differences: {len(rehearsal.found)}" if rehearsal.found else "all kept"
        output.note(f"rehearsed at {rehearsal.account} ({played}): {result}")


def _why(difference: Difference) -> str:
    alternative = f"; instead: {difference.alternative}" if difference.alternative else ""
    return f"{difference.reason}{alternative}"


def _shown(items: Sequence[str]) -> str:
    more = len(items) - NAMED
    return ", ".join(items[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _rehearsal_data(rehearsal: Rehearsal) -> dict[str, object]:
    return {
        "name": rehearsal.account,
        "provider": rehearsal.provider,
        "plans": rehearsal.plans,
        "customers": rehearsal.customers,
        "refused": rehearsal.refused,
        "differences": [
            {**asdict(difference), "in": items} for difference, items in rehearsal.found.items()
        ],
    }
