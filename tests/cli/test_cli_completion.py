"""What a shell completes: accounts, providers, plan keys and the words of an option."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from subhub.cli.completion import accounts, plan_keys, providers
from tests.command_tree import context

PROGRAM = "import sys\nfrom subhub.cli import main\nsys.argv[0] = 'subhub'\nmain()"


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("subhub plan get p", ["phone"]),
        ("subhub subscribe --plan p", ["phone"]),
        ("subhub -a r", ["real"]),
        ("subhub plan list --account ", ["main", "real"]),
        ("subhub capabilities aft", ["afternoon"]),
        ("subhub subscription cancel x --when p", ["period-end"]),
    ],
)
def test_a_shell_completes_values(
    run: Callable[..., object], tmp_path: Path, typed: str, offered: list[str]
) -> None:
    del run
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={
            **os.environ,
            "_SUBHUB_COMPLETE": "complete_bash",
            "COMP_WORDS": typed,
            "COMP_CWORD": str(typed.count(" ")),
        },
    )

    assert completed.stdout.split() == offered


def test_accounts_and_plans_come_with_what_they_are(run: Callable[..., object]) -> None:
    del run
    ctx = context(["plan", "list"])

    assert accounts(ctx, "") == [("main", "clitoy"), ("real", "clitoy")]
    assert accounts(ctx, "r") == [("real", "clitoy")]
    assert plan_keys(ctx, "p") == [("phone", "Phone subscription")]
    assert plan_keys(ctx, "x") == []


def test_the_file_that_is_named_is_read(run: Callable[..., object], tmp_path: Path) -> None:
    del run
    _ = (tmp_path / "other.toml").write_text("plans.basic = 1\n[accounts]\nnext = 2\n")

    for words in (["-c", "other.toml", "plan", "list"], ["plan", "list", "-c", "other.toml"]):
        assert accounts(context(words), "") == [("next", "")]
        assert plan_keys(context(words), "") == [("basic", "")]


@pytest.mark.parametrize("text", ["[", "accounts = 1"])
def test_a_file_that_cannot_be_read_completes_nothing(
    run: Callable[..., object], tmp_path: Path, text: str
) -> None:
    del run
    _ = (tmp_path / "subhub.toml").write_text(text)

    assert accounts(context(["plan", "list"]), "") == []


def test_installed_providers_are_completed(run: Callable[..., object]) -> None:
    del run
    assert providers(context(["plan", "list"]), "cli") == ["clitoy"]
    assert "afternoon" in providers(context(["plan", "list"]), "")
