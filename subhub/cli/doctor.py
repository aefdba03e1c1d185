"""`subhub doctor`: whether each account works as it is, at its provider too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from subhub.cli.exit_codes import FAILED
from subhub.cli.global_options import PANEL, ConfigPath
from subhub.cli.output import Output
from subhub.client.doctor import Finding, diagnose


def doctor(
    *,
    config: ConfigPath = None,
    account: Annotated[
        str | None,
        typer.Option(
            "--account", help="The only account to check; default: all.", rich_help_panel=PANEL
        ),
    ] = None,
    output: Output,
) -> None:
    """Check each account as it is, at its provider too.

    What is wrong comes with what to do. Each gets one harmless read, and one for each linked plan.
    Nothing else is sent, and no file is created or changed, so it is safe in production. Exit code
    1: something is wrong.
    """
    findings = diagnose(config, account=account)
    if output.as_json:
        output.data(as_data(findings))
    else:
        show(findings, output)
    if is_wrong(findings):
        raise typer.Exit(FAILED)


def is_wrong(findings: Sequence[Finding]) -> bool:
    """Return whether something is wrong, and not only a warning."""
    return any(finding.level == "wrong" for finding in findings)


def as_data(findings: Sequence[Finding]) -> dict[str, object]:
    """Return findings as data for JSON; docs/troubleshooting.md describes it."""
    return {
        "wrong": sum(finding.level == "wrong" for finding in findings),
        "warnings": sum(finding.level == "warning" for finding in findings),
        "findings": [asdict(finding) for finding in findings],
    }


def show(findings: Sequence[Finding], output: Output) -> None:
    """Print findings as a table, and how many are not well."""
    rows = (
        (
            finding.account or "(file)",
            finding.check,
            finding.level,
            f"{finding.message}; {finding.remedy}" if finding.remedy else finding.message,
        )
        for finding in findings
    )
    output.table(("account", "check", "level", "what_was_found"), rows)
    counts = as_data(findings)
    output.note(f"{counts['wrong']} wrong, {counts['warnings']} warnings; only reads were sent")
