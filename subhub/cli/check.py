"""`subhub check`: whether the configuration can be used, for every account.

It sends nothing, writes nothing, and opens no journal, with `--rehearse` too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.exit_codes import USAGE
from subhub.cli.options import ConfigPath
from subhub.cli.output import Output
from subhub.client.configuration import Configuration
from subhub.errors import InvalidRequest, SubhubError

if TYPE_CHECKING:
    from subhub.cli.rehearsal import Difference, Rehearsal

NAMED: Final = 3
"""How many plans and lines of a difference are shown; `--json` has all of them."""


@dataclass(frozen=True, slots=True)
class AccountCheck:
    """The result for one account; *problem* is `None` if it can be used."""

    account: str
    provider: str
    sandbox: bool
    problem: str | None


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
    output: Output,
) -> None:
    """Check the plugin, the key and the needs of every account.

    Nothing is sent or written, so whether the provider accepts a key, and whether the journal and
    the permits can be used, is not checked.

    A rehearsal shows which values each account would refuse, drop or change. It fails if one is
    refused; name the fields that must not be dropped in `needs`.
    """
    configuration = Configuration.read(config)
    chosen = configuration.choose()
    checks = list(_checks(configuration))
    rehearsals = _rehearsals(configuration, customers, rehearse=rehearse)
    if output.as_json:
        output.data(
            {
                "source": configuration.source,
                "account": chosen,
                "needs": configuration.settings.needs,
                "accounts": [_check_data(account) for account in checks],
                **({"rehearsal": list(map(_rehearsal_data, rehearsals))} if rehearse else {}),
            }
        )
    else:
        _print(configuration, chosen, checks, output)
        if rehearse:
            _print_rehearsals(rehearsals, output)
        output.note("nothing was sent: whether the provider accepts a key was not checked")
    if any(account.problem for account in checks) or any(map(_refused, rehearsals)):
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


def _check_data(account: AccountCheck) -> dict[str, object]:
    return {
        "name": account.account,
        "provider": account.provider,
        "sandbox": account.sandbox,
        "ready": account.problem is None,
        "problem": account.problem,
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
        played = f"{rehearsal.plans} plans and {rehearsal.customers} customers"
        result = f"{len(rehearsal.found)} differences" if rehearsal.found else "all kept"
        output.note(f"rehearsed {played} at {rehearsal.account}: {result}")


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
