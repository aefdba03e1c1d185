"""Importing subhub costs next to nothing: every name is loaded when it is first used."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import subhub
from subhub import errors, models, plugin, sandbox, testing, webhooks


def run(source: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", source], check=True, capture_output=True, text=True
    ).stdout


def test_importing_subhub_loads_no_third_party_module() -> None:
    loaded = run(
        "import sys; before = {*sys.modules}\n"
        "import subhub\n"
        "new = {each.partition('.')[0] for each in {*sys.modules} - before}\n"
        "print(*sorted(new - {*sys.stdlib_module_names}))\n"
    )

    assert loaded.split() == ["subhub"]


def test_the_errors_load_no_third_party_module_either() -> None:
    loaded = run(
        "import sys; before = {*sys.modules}\n"
        "from subhub import NotFound, Unsupported\n"
        "new = {each.partition('.')[0] for each in {*sys.modules} - before}\n"
        "print(*sorted(new - {*sys.stdlib_module_names}))\n"
    )

    assert loaded.split() == ["subhub"]


def test_every_name_is_loaded_from_a_fresh_start_by_itself() -> None:
    source = """
import subhub
for name in subhub.__all__:
    found = getattr(subhub, name)
    assert getattr(subhub, name) is found is vars(subhub)[name], name
"""

    assert run(source) == ""


def test_a_star_import_brings_exactly_the_public_names() -> None:
    brought = run("from subhub import *\nprint(*(each for each in dir() if each[:2] != '__'))")

    assert sorted(brought.split()) == subhub.__all__


def test_the_public_names_are_sorted_and_are_what_an_editor_sees() -> None:
    assert subhub.__all__ == sorted(set(subhub.__all__))
    assert set(subhub.__all__) <= set(dir(subhub))
    assert set(subhub.__all__) == set(vars(subhub)["_HOME_OF"])
    assert "__version__" in dir(subhub)


def test_what_checkers_see_is_what_is_loaded() -> None:
    tree = ast.parse(Path(str(subhub.__file__)).read_text("utf-8"))
    seen: dict[str, list[str]] = {}
    for branch in ast.walk(tree):
        if isinstance(branch, ast.If) and ast.unparse(branch.test) == "TYPE_CHECKING":
            for line in branch.body:
                assert isinstance(line, ast.ImportFrom)
                seen[str(line.module)] = [each.name for each in line.names]

    assert {home: tuple(names) for home, names in seen.items()} == vars(subhub)["_HOMES"]


def test_a_name_that_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'subhub' has no attribute 'Cleint'"):
        _ = getattr(subhub, "Cleint")  # noqa: B009 - a checker would refuse the plain spelling


WRITTEN = """
Client AsyncClient CustomerDraft Interval Money PlanDraft Plan Customer SignupLink Subscription
SubscriptionChange Status Evidence Absence Capabilities Capability
"""


@pytest.mark.parametrize("name", WRITTEN.split())
def test_what_an_application_writes_is_imported_from_subhub_itself(name: str) -> None:
    assert name in subhub.__all__
    assert getattr(subhub, name).__name__ == name


def test_every_error_is_imported_from_subhub_itself() -> None:
    assert set(errors.__all__) <= set(subhub.__all__)
    assert all(getattr(subhub, name) is getattr(errors, name) for name in errors.__all__)


@pytest.mark.parametrize("module", [errors, models, plugin, sandbox, testing, webhooks])
def test_the_names_of_every_public_module_are_sorted_and_there(module: object) -> None:
    names: list[str] = getattr(module, "__all__", [])

    assert names == sorted(set(names))
    assert names
    assert all(hasattr(module, name) for name in names)


def test_the_version_is_one() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", subhub.__version__)
    assert version("subhub-billing") == subhub.__version__
