"""`subhub plan status | push | adopt`: the configured plans, linked to those of an account."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from subhub.cli.command import Command
from subhub.cli.exit_codes import FAILED, UNSUPPORTED
from subhub.cli.options import ClientOptions
from subhub.cli.output import write
from subhub.errors import Unsupported

if TYPE_CHECKING:
    from subhub.catalog.plans import Catalog, PlanStatus

COLUMNS: Final = ("key", "terms", "id", "how", "problem")


def status(*, options: ClientOptions) -> None:
    """Show which plan of the account each configured plan is; exit with 1 if one cannot be sold."""
    with _catalog(options) as catalog:
        found = list(catalog.status())
    _print(found, options)
    if any(plan.problem for plan in found):
        raise typer.Exit(FAILED)


def push(*, options: ClientOptions) -> None:
    """Create the configured plans that the account lacks, and link them in subhub.lock.

    A plan that exists with the same name and terms is adopted. Nothing is updated or deleted.
    """
    with _catalog(options) as catalog:
        linked: list[PlanStatus] = []
        try:
            linked.extend(catalog.push(_today()))
        except Unsupported as error:
            if error.kind == "account":  # by hand, it would not be sold either
                raise
            _print_checklist(catalog, options, error)
            raise typer.Exit(UNSUPPORTED) from error
        finally:
            if linked:  # also those before one that failed
                _print(linked, options)
        if not linked and options.as_json:
            options.data([])
        elif not linked:
            options.note("every configured plan is linked")


def adopt(
    *,
    key: Annotated[str, typer.Argument(metavar="KEY", help="The plan's key in the configuration.")],
    plan: Annotated[str, typer.Argument(metavar="ID", help="The provider's id of the plan.")],
    options: ClientOptions,
) -> None:
    """Link a configured plan to a plan that exists, in subhub.lock."""
    with _catalog(options) as catalog:
        _print([catalog.adopt(key, plan, _today())], options)


CATALOG: Final[Mapping[str, Command]] = {"status": status, "push": push, "adopt": adopt}
"""The commands, by name."""


@contextmanager
def _catalog(options: ClientOptions) -> Generator[Catalog]:
    from subhub.catalog.plans import Catalog  # noqa: PLC0415 - the help of `plan` needs no client

    configuration = options.written
    with options.client() as client:
        yield Catalog(configuration, client, configuration.choose(), dry_run=options.dry_run)


def _today() -> dt.date:
    return dt.datetime.now().astimezone().date()


def _print(plans: Iterable[PlanStatus], options: ClientOptions) -> None:
    rows = [[getattr(plan, column) for column in COLUMNS] for plan in plans]
    if options.as_json:
        options.data([dict(zip(COLUMNS, row, strict=True)) for row in rows])
    else:
        options.table(COLUMNS, rows)


def _print_checklist(catalog: Catalog, options: ClientOptions, error: Unsupported) -> None:
    """Print what to create by hand, where the provider has no request for it."""
    from subhub.client.plan_links import terms_of  # noqa: PLC0415 - it is rarely needed

    missing = list(catalog.checklist())
    if options.as_json:
        options.data([{"key": key, "terms": terms_of(draft)} for key, draft in missing])
        return
    options.note(f"{error}. Create these plans there, and link each one:")
    for key, draft in missing:
        write(f"{draft.name}: {terms_of(draft)}")
        write(f"    subhub plans adopt {key} ID")
