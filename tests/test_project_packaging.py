"""The distributions install into empty environments, and work there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from subhub._version import __version__
from tests.releases import TESTED

ROOT = Path(__file__).parents[1]
UV = os.environ.get("UV") or shutil.which("uv")
USE = """
from pathlib import Path
import sys
import subhub, subhub_afternoon, subhub_mijnklantportaal, subhub_mollie
from subhub.testing.contract.report import shipped
from subhub.plugin.registry import load, names

home = Path(sys.argv[1]).resolve()
assert home in Path(subhub.__file__).resolve().parents, subhub.__file__
assert names() == ["afternoon", "mijnklantportaal", "mollie", "stripe"], names()
draft = subhub.CustomerDraft(
    name="A", email="a@b.c", address="S 1", postal_code="1234AB", city="C", country="NL"
)
for name in names():
    assert shipped(load(name)) is not None, name
    with subhub.Client(name, sandbox=True) as billing:
        print(name, billing.create_customer(draft).id)
"""

pytestmark = [
    pytest.mark.slow,  # tests/cli/test_cli_new_provider.py builds and reads a wheel in every run
    pytest.mark.skipif(UV is None, reason="building needs uv, and uv is not on the path"),
]


def run(*command: object, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=clean,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


def environment(folder: Path) -> Path:
    """The interpreter of a new, empty environment."""
    _ = run(UV, "venv", "--quiet", "--python", sys.executable, folder, cwd=folder.parent)
    return next(folder.glob("*/python"))


@pytest.fixture
def tested(tmp_path: Path) -> Path:
    """A constraint file: warnings are errors here, also those of tomorrow's dependencies."""
    file = tmp_path / "constraints.txt"
    _ = file.write_text("\n".join(TESTED))
    return file


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    out = tmp_path_factory.mktemp("wheels")
    _ = run(UV, "build", "--quiet", "--all-packages", "--wheel", "--out-dir", out, cwd=ROOT)
    return sorted(out.glob("*.whl"))


def test_every_wheel_is_typed_and_holds_its_package_alone(wheels: list[Path]) -> None:
    packages = {
        name.partition("/")[0]: any(each.endswith("/py.typed") for each in archive.namelist())
        for wheel in wheels
        for archive in [zipfile.ZipFile(wheel)]
        for name in archive.namelist()
        if ".dist-info/" not in name
    }

    names = (
        "subhub",
        "subhub_afternoon",
        "subhub_mijnklantportaal",
        "subhub_mollie",
        "subhub_stripe",
    )
    assert packages == dict.fromkeys(names, True)


def test_the_wheels_work_in_an_empty_environment(
    wheels: list[Path], tmp_path: Path, tested: Path
) -> None:
    python = environment(tmp_path / "env")
    install = (UV, "pip", "install", "--quiet", "--python", python, "--constraint", tested)
    _ = run(*install, *wheels, cwd=tmp_path)

    used = run(python, "-W", "error", "-c", USE, tmp_path / "env", cwd=tmp_path)
    assert len(used.splitlines()) == 4

    version = run(python.with_name("subhub"), "--version", cwd=tmp_path)
    assert version == f"subhub-billing {__version__}\n"
    bare = subprocess.run(
        [python.with_name("subhub"), "demo"], capture_output=True, text=True, check=False
    )
    assert bare.returncode == 2
    assert "subhub-billing[cli]" in bare.stderr


def test_plain_pip_installs_the_checkout_editable(tmp_path: Path, tested: Path) -> None:
    checkout = tmp_path / "checkout"
    skipped = shutil.ignore_patterns(".git", ".venv", "*cache*", "__pycache__", "*.egg-info")
    _ = shutil.copytree(ROOT, checkout, ignore=skipped)
    _ = run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    plugins = [
        f"providers/{name}" for name in ("mijnklantportaal", "afternoon", "mollie", "stripe")
    ]
    editable = [part for folder in (".", *plugins) for part in ("-e", checkout / folder)]
    _ = run(
        python, "-m", "pip", "install", "--quiet", "--constraint", tested, *editable, cwd=tmp_path
    )

    used = run(python, "-W", "error", "-c", USE, checkout, cwd=tmp_path)
    assert len(used.splitlines()) == 4
