"""`subhub new-provider`: what it prints, and that the project works as soon as it exists."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from subhub.cli.app import app
from tests.releases import TESTED

ROOT = Path(__file__).parents[2]
UV = os.environ.get("UV") or shutil.which("uv")
needs_uv = pytest.mark.skipif(UV is None, reason="installing needs uv, and uv is not on the path")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["new-provider", *words], catch_exceptions=False)


# What it prints ----------------------------------------------------------------------------------


def test_it_prints_what_to_do_next() -> None:
    result = run("north-pay")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "cd subhub-north-pay",
        "pip install uv && uv run pytest",
        "uv run pytest --record-sandbox",
        "$EDITOR subhub_north_pay/provider.py",
    ]
    assert "created subhub-north-pay; next:" in result.stderr
    assert "docs/adding-a-provider.md" in result.stderr
    assert Path("subhub-north-pay", "README.md").is_file()


def test_a_small_plugin_has_no_cassette_to_record() -> None:
    result = run("north-pay", "--small")

    assert result.stdout.splitlines() == [
        "cd subhub-north-pay",
        "pip install uv && uv run pytest",
        "$EDITOR subhub_north_pay/__init__.py",
    ]
    assert "record" not in result.stderr
    assert not Path("subhub-north-pay", "subhub_north_pay", "provider.py").exists()


def test_scripts_get_the_same_and_the_files(folder: Path) -> None:
    home = folder / "my plugins"
    home.mkdir()

    result = run("north-pay", "--directory", "my plugins", "--base-url", "https://n.com", "--json")
    data = json.loads(result.stdout)
    files = data.pop("files")

    assert result.stderr == ""
    assert data == {
        "path": "my plugins/subhub-north-pay",
        "provider": "north-pay",
        "package": "subhub-north-pay",
        "module": "subhub_north_pay",
        "class": "NorthPay",
        "base_url": "https://n.com",
    }
    assert "subhub_north_pay/provider.py" in files
    assert all((home / "subhub-north-pay" / each).is_file() for each in files)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["Acme"], "`NAME`: invalid provider name 'Acme': expected words of lower-case letters"),
        (["afternoon"], "`NAME`: the provider 'afternoon' is installed already"),
        (
            ["acme", "--base-url", "acme.com"],
            "`--base-url`: invalid API address 'acme.com': expected https://",
        ),
        (
            ["acme", "--directory", "nowhere"],
            "(No such file or directory): name another `--directory`",
        ),
    ],
)
def test_a_refusal_is_a_message_and_nothing_is_written(
    words: list[str], message: str, folder: Path
) -> None:
    result = run(*words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert list(folder.iterdir()) == []


# What it writes -----------------------------------------------------------------------------------


def program(*command: object, cwd: Path) -> str:
    """What a program prints that has to succeed, in an environment without traces of this one."""
    hidden = ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PYTHONPATH", "FORCE_COLOR", "SUBHUB_CONFIG")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**kept, "UV_PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@needs_uv
def test_the_wheel_has_every_template(folder: Path) -> None:
    templates = ROOT / "subhub" / "cli" / "scaffold"
    _ = program(UV, "build", "--quiet", "--wheel", "--out-dir", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")

    expected = {each.relative_to(ROOT).as_posix() for each in templates.rglob("*.tmpl")}
    held = {*zipfile.ZipFile(wheel).namelist()}

    assert expected
    assert expected <= held


CONFIGURATION = """
needs = ["create_signup_link", "subscribe", "cancel_subscription"]

[accounts.main]
provider = "north-pay"
sandbox = true

[plans.phone]
name = "Phone"
price = "12.95 EUR"
interval = "1 month"
"""


def assert_recorded_in_sandbox(cassette: Path) -> None:
    text = cassette.read_text("utf-8")
    provenance = yaml.safe_load(text)["provenance"]
    assert provenance["source"] == "sandbox"
    assert provenance["plugin"] == "subhub-north-pay 0.1.0"
    assert "sandbox_key" not in text


@needs_uv
@pytest.mark.slow
def test_what_it_writes_is_green_clean_and_ready_for_use(folder: Path) -> None:
    """The commands that it prints, and the checks of its workflow that need it installed."""
    assert run("north-pay").exit_code == 0
    project = folder / "subhub-north-pay"
    with (project / "pyproject.toml").open("a", encoding="utf-8") as settings:
        _ = settings.write(f"[tool.uv]\nconstraint-dependencies = {json.dumps(TESTED)}\n")
    uv = (UV, "run", "--quiet")

    first = program(*uv, "pytest", cwd=project)
    assert " passed" in first
    assert "not recorded yet: run `pytest --record-sandbox`" in first
    _ = program(*uv, "pytest", "--record-sandbox", cwd=project)
    assert "not recorded yet" not in program(*uv, "pytest", cwd=project)
    assert_recorded_in_sandbox(project / "cassettes" / "north-pay" / "main_job.yaml")

    for checker in ("mypy", "pyright"):
        _ = program(*uv, checker, cwd=project)

    _ = (project / "subhub.toml").write_text(CONFIGURATION)
    assert "north-pay  subhub-north-pay  0.1.0    ready" in program(
        *uv, "subhub", "providers", cwd=project
    )
    assert "ready" in program(*uv, "subhub", "check", cwd=project)
