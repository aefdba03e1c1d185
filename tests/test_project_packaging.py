"""The distributions install into empty environments, and work there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subhub._version import __version__
from tests.releases import TESTED

ROOT = Path(__file__).parents[1]
PROVIDERS = ("mijnklantportaal", "afternoon", "mollie", "stripe")
FOLDERS = [ROOT, *(ROOT / "providers" / name for name in PROVIDERS)]
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

needs_uv = pytest.mark.skipif(UV is None, reason="building needs uv, and uv is not on the path")
slow = pytest.mark.slow  # tests/cli/test_cli_new_provider.py builds and reads a wheel in every run
TWINE = "twine@7.0.0"
FIRST_BLOCK = 'pip install "subhub-billing[cli,sandbox]" subhub-mijnklantportaal subhub-afternoon'


def project(folder: Path) -> dict[str, Any]:
    described = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    table: dict[str, Any] = described["project"]
    return table


ADDRESS: str = project(ROOT)["urls"]["Source"]


def links(readme: Path) -> Iterator[str]:
    for match in re.finditer(r"\]\(([^)\s]+)\)", readme.read_text("utf-8")):
        yield match[1]


def path_in_checkout(link: str) -> Path:
    return ROOT / re.sub(r"^/(blob|tree)/main/", "", link.removeprefix(ADDRESS).partition("#")[0])


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_readme_on_the_index_has_links_that_work_there(folder: Path) -> None:
    """An index shows the README without its neighbours, so a relative link leads nowhere."""
    found = list(links(folder / "README.md"))
    assert found
    assert [link for link in found if "://" not in link] == []
    ours = [link for link in found if ADDRESS.rpartition("/")[0] in link]
    assert ours
    assert [link for link in ours if not link.startswith(f"{ADDRESS}/")] == []
    assert [link for link in ours if not path_in_checkout(link).is_file()] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_addresses_of_a_project_lead_to_its_repository(folder: Path) -> None:
    urls = project(folder)["urls"]
    assert {"Documentation", "Source", "Changelog", "Issues"} <= set(urls)
    for address in urls.values():
        assert address == ADDRESS or address.startswith(f"{ADDRESS}/")
        if address.endswith(".md"):
            assert path_in_checkout(address).is_file(), address


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_each_distribution_has_the_licence(folder: Path) -> None:
    assert project(folder)["license-files"] == ["LICENSE"]
    assert (folder / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


def test_the_readme_begins_with_installing_from_the_index_and_then_from_a_clone() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    first, second, *_ = re.findall(r"^```console\n\$ (.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    assert first == FIRST_BLOCK
    assert second == "pip install uv && uv run subhub demo"
    assert "the package called `subhub` on the index is another project" in text


@pytest.mark.parametrize("name", PROVIDERS)
def test_the_readme_of_a_plugin_installs_it(name: str) -> None:
    text = (ROOT / "providers" / name / "README.md").read_text("utf-8")
    assert f"\n## Install\n\n```console\n$ pip install subhub-billing subhub-{name}\n```\n" in text


def test_the_page_about_installing_knows_every_extra_and_plugin() -> None:
    page = (ROOT / "docs" / "install.md").read_text("utf-8")
    assert FIRST_BLOCK in page
    tables = "\n".join(line for line in page.splitlines() if line.startswith("| "))
    named = set(re.findall(r"`([a-z-]+)`", tables))
    extras = set(project(ROOT)["optional-dependencies"])
    assert extras | {f"subhub-{name}" for name in PROVIDERS} <= named


def test_the_changelog_knows_the_version() -> None:
    """What is not released yet says what it will be released as."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    known = re.search(r"^(?:## \[(\d\S+)\]|The next release is (\d\S+)\.$)", text, re.MULTILINE)
    assert known is not None
    assert __version__ in known.groups()
    assert {project(folder).get("version", __version__) for folder in FOLDERS} == {__version__}


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
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist of each distribution, and the wheel that was built from it."""
    out = tmp_path_factory.mktemp("built")
    for folder in FOLDERS:
        _ = run(UV, "build", "--quiet", "--out-dir", out, folder, cwd=ROOT)
    return out


@pytest.fixture(scope="module")
def wheels(built: Path) -> list[Path]:
    return sorted(built.glob("*.whl"))


@needs_uv
@slow
def test_every_sdist_and_wheel_holds_the_licence(built: Path) -> None:
    for sdist in sorted(built.glob("*.tar.gz")):
        with tarfile.open(sdist) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert {"LICENSE", "README.md", "pyproject.toml"} <= names, sdist.name
        assert not [name for name in names if name.startswith(("tests", "docs", "tools"))]
    for wheel in sorted(built.glob("*.whl")):
        names = set(zipfile.ZipFile(wheel).namelist())
        assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")], wheel.name
    assert len(list(built.iterdir())) == 2 * len(FOLDERS) + 1  # and a .gitignore of uv's


@needs_uv
@slow
def test_an_index_would_show_every_readme(built: Path) -> None:
    files = [*sorted(built.glob("*.whl")), *sorted(built.glob("*.tar.gz"))]
    shown = run(UV, "tool", "run", TWINE, "check", "--strict", *files, cwd=built)
    assert shown.count("PASSED") == 2 * len(FOLDERS)


@needs_uv
@slow
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


@needs_uv
@slow
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


@needs_uv
@slow
def test_plain_pip_installs_the_checkout_editable(tmp_path: Path, tested: Path) -> None:
    checkout = tmp_path / "checkout"
    skipped = shutil.ignore_patterns(".git", ".venv", "*cache*", "__pycache__", "*.egg-info")
    _ = shutil.copytree(ROOT, checkout, ignore=skipped)
    _ = run(sys.executable, "-m", "venv", tmp_path / "env", cwd=tmp_path)
    python = tmp_path / "env" / "bin" / "python"
    plugins = [f"providers/{name}" for name in PROVIDERS]
    editable = [part for folder in (".", *plugins) for part in ("-e", checkout / folder)]
    _ = run(
        python, "-m", "pip", "install", "--quiet", "--constraint", tested, *editable, cwd=tmp_path
    )

    used = run(python, "-W", "error", "-c", USE, checkout, cwd=tmp_path)
    assert len(used.splitlines()) == 4
