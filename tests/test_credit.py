"""Whether a provider gives credit is known before the first call."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from subhub import Capabilities, Client, MissingNeed
from subhub.cli.app import app
from subhub.plugin import Absence
from subhub.plugin.registry import load

if TYPE_CHECKING:
    from typer.testing import Result


def check(file: Path) -> Result:
    return CliRunner().invoke(app, ["check", "--config", str(file)])


@pytest.mark.parametrize("provider", ["afternoon", "mijnklantportaal", "mollie"])
@pytest.mark.parametrize("operation", ["cancel_subscription", "change_subscription"])
def test_who_needs_credit_hears_beforehand_where_there_is_none(
    tmp_path: Path, provider: str, operation: str
) -> None:
    """`subhub check` names the accounts that lack it, and a client does not open."""
    account = '[accounts.{0}]\nprovider = "{0}"\nsandbox = true\n'
    both = account.format("stripe") + account.format(provider)
    file = tmp_path / "subhub.toml"
    _ = file.write_text(f'account = "stripe"\nneeds = ["{operation}:credit"]\n{both}')

    checked = check(file)

    absence = Capabilities(load(provider))[f"{operation}:credit"].found
    assert isinstance(absence, Absence)
    assert checked.exit_code == 2
    assert f"accounts.{provider}" in checked.stdout
    assert f"{absence.reason}; instead: {absence.alternative}" in checked.stdout
    assert "accounts.stripe" not in checked.stdout
    with pytest.raises(MissingNeed, match=f"{provider} has no `{operation}:credit`"):
        _ = Client.from_config(file)

    _ = file.write_text(file.read_text("utf-8").replace(account.format(provider), ""))
    assert check(file).exit_code == 0
