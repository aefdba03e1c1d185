"""The scaffold: the names it accepts, what it renders, and that a project is written in full."""

from __future__ import annotations

import ast
import errno
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from subhub.cli.scaffold import Naming, render, write_project
from subhub.cli.scaffold.project import atomic_folder
from subhub.cli.scaffold.rendering import uv_sources
from subhub.cli.scaffold.template_files import identifiers
from subhub.errors import ConfigError, InvalidRequest

LONG = "a-name-of-thirty-letters-here1"
UNFINISHED = re.compile("TO" + r"DO|FIX" + r"ME|X" + r"XX|NotImplemented" + r"Error|no cov" + r"er")


# Names --------------------------------------------------------------------------------------------


def test_a_name_gives_every_part_of_the_plugin_its_own() -> None:
    naming = Naming.checked("north_pay-2")

    assert naming.distribution == "subhub-north_pay-2"
    assert naming.module == "subhub_north_pay_2"
    assert naming.class_name == "NorthPay2"
    assert naming.title == "North Pay 2"
    assert naming.variable == "NORTH_PAY_2_API_KEY"
    assert naming.base_url == "https://api.north-pay-2.example/v1"
    assert naming.prefix == "/v1"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "invalid provider name"),
        ("North", "invalid provider name"),
        ("2pay", "invalid provider name"),
        ("north pay", "invalid provider name"),
        ("north--pay", "invalid provider name"),
        ("../north", "invalid provider name"),
        ("norð", "invalid provider name"),
        ("north\n", "invalid provider name"),
        (LONG + "2", "must have at most 30 characters, got 31"),
        (
            "import",
            "'import' or 'Import' is a word of Python: choose another, for example my-import",
        ),
        ("none", "'none' or 'None' is a word of Python"),
        ("exception", "'exception' or 'Exception' is a word of Python"),
        ("test-pay", "pytest would collect the class 'TestPay' as tests"),
        ("plan", "the plugin uses the class name 'Plan' for something else"),
        ("provider", "the plugin uses the class name 'Provider' for something else"),
        ("afternoon", "the provider 'afternoon' is installed already"),
        ("billing", "a package 'subhub-billing' is installed already"),
    ],
)
def test_a_name_that_a_plugin_cannot_have_is_refused_with_the_reason(
    name: str, message: str
) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(message)) as refused:
        _ = Naming.checked(name)

    assert list(refused.value.fields) == ["name"]


def test_a_name_is_taken_whichever_way_its_words_are_joined(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "north-1.dist-info"
    info.mkdir()
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: north\nVersion: 1\n")
    _ = (info / "entry_points.txt").write_text("[subhub.providers]\nnorth_pay = north:North\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with pytest.raises(InvalidRequest, match="the provider 'north_pay' is installed already"):
        _ = Naming.checked("north-pay")


def test_a_name_whose_module_is_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _ = (tmp_path / "subhub_north_pay.py").write_text("")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    with pytest.raises(InvalidRequest, match="a module 'subhub_north_pay' can be imported already"):
        _ = Naming.checked("north-pay")


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "http://api.north.com",
        "api.north.com",
        "https://localhost",
        "https://user:key@api.north.com",
        "https://api.north.com/v1?key=1",
        'https://api.north.com/"',
        "https://api.north.com/v1\n",
    ],
)
def test_an_address_that_could_not_stand_in_a_plugin_is_refused(base_url: str) -> None:
    with pytest.raises(
        InvalidRequest, match=r"invalid API address .*: expected https://"
    ) as refused:
        _ = Naming.checked("north-pay", base_url)

    assert list(refused.value.fields) == ["base_url"]


@pytest.mark.parametrize(
    ("base_url", "kept", "prefix"),
    [
        ("https://api.north.com/", "https://api.north.com", ""),
        ("https://north.com:8443/api/v2", "https://north.com:8443/api/v2", "/api/v2"),
    ],
)
def test_an_address_is_kept_without_the_slash_at_its_end(
    base_url: str, kept: str, prefix: str
) -> None:
    naming = Naming.checked("north-pay", base_url)

    assert (naming.base_url, naming.prefix) == (kept, prefix)


# What is rendered ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def files() -> dict[str, str]:
    return dict(render(Naming.checked("north-pay", "https://api.north.com/v2")))


def test_a_plugin_has_what_a_published_one_needs(files: dict[str, str]) -> None:
    project = tomllib.loads(files["pyproject.toml"])["project"]

    assert {
        *("README.md", "CHANGELOG.md", ".gitignore", ".github/workflows/test.yml"),
        *(f"subhub_north_pay/{name}" for name in ("provider.py", "wire.py", "sandbox.py")),
        *(f"subhub_north_pay/{name}" for name in ("evidence.py", "openapi.yaml", "py.typed")),
        *(f"tests/test_{name}.py" for name in ("flows", "contract", "sandbox", "cassettes")),
    } < files.keys()
    assert project["name"] == "subhub-north-pay"
    assert project["entry-points"]["subhub.providers"] == {"north-pay": "subhub_north_pay:NorthPay"}
    assert "subhub-billing>=1.0,<2" in project["dependencies"]
    assert "license" not in project


def test_nothing_is_left_open_or_unfinished(files: dict[str, str]) -> None:
    for path, text in files.items():
        assert "<<" not in path + text, path
        assert not UNFINISHED.findall(text), path


def test_the_address_stands_in_the_plugin_and_its_document_and_nowhere_else(
    files: dict[str, str],
) -> None:
    holding = {path for path, text in files.items() if "api.north.com" in text}

    assert holding == {"subhub_north_pay/provider.py", "subhub_north_pay/openapi.yaml"}
    assert 'prefix: ClassVar[str] = "/v2"' in files["subhub_north_pay/sandbox.py"]


def test_every_capability_of_the_invented_provider_is_inferred(files: dict[str, str]) -> None:
    tree = ast.parse(files["subhub_north_pay/evidence.py"])
    marks = [
        ast.literal_eval(each.args[0])
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "Evidence"
    ]

    assert set(marks) == {"inferred"}


def test_the_edits_are_numbered_without_a_gap(files: dict[str, str]) -> None:
    code = "".join(text for path, text in files.items() if path.startswith("subhub_"))
    steps = re.findall(r"Edit (\d)", code)

    assert {*steps} == {"1", "2", "3", "4", "5"}


def test_the_workflow_and_the_document_are_readable(files: dict[str, str]) -> None:
    workflow = yaml.safe_load(files[".github/workflows/test.yml"])
    document = yaml.safe_load(files["subhub_north_pay/openapi.yaml"])

    assert {"run": "uv run pytest"} in workflow["jobs"]["test"]["steps"]
    assert document["servers"] == [{"url": "https://api.north.com/v2"}]


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize("name", ["x", "north-pay", LONG])
def test_what_is_rendered_is_clean_whatever_the_length_of_the_name(
    name: str, tmp_path: Path, *, small: bool
) -> None:
    for place, text in render(Naming.checked(name), small=small).items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        _ = (tmp_path / place).write_text(text, "utf-8")

    for words in (["check"], ["format", "--check"]):
        ran = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stdout


def test_a_small_plugin_is_one_file_and_its_contract() -> None:
    files = render(Naming.checked("north-pay"), small=True)
    code = files["subhub_north_pay/__init__.py"]

    assert [path for path in files if path.endswith(".py")] == [
        "subhub_north_pay/__init__.py",
        "tests/test_contract.py",
    ]
    assert {"pyproject.toml", "README.md", "subhub_north_pay/py.typed"} < files.keys()
    assert {*re.findall(r"Edit (\d)", code)} == {"1", "2", "3", "4"}
    for path, text in files.items():
        assert "<<" not in path + text, path
        assert not UNFINISHED.findall(text), path


@pytest.mark.slow
def test_a_small_plugin_is_green_as_soon_as_it_exists(tmp_path: Path) -> None:
    """Its own suite runs on it; 148 tests passed when this was written."""
    project = write_project(Naming.checked("north-pay"), tmp_path, small=True)
    report = project / "report.json"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "--subhub-report", str(report)],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout
    (tested,) = json.loads(report.read_text("utf-8"))["providers"]
    rows = tested["capabilities"]
    proven = {name for name, row in rows.items() if row["claimed"] and row["proven"]}
    assert {"create_customer", "subscribe", "get_subscription", "plugin"} <= proven


def test_the_words_of_the_plugins_code_are_known() -> None:
    assert {"Tariff", "Provider", "Plan", "ClassVar"} < identifiers()
    assert "Nobody" not in identifiers()


# Where subhub is ----------------------------------------------------------------------------------


def test_a_plugin_created_with_an_editable_subhub_is_tested_with_that_one() -> None:
    table = uv_sources(
        json.dumps({"url": "file:///home/me/sub%20hub", "dir_info": {"editable": True}})
    )

    assert tomllib.loads(table)["tool"]["uv"]["sources"] == {
        "subhub-billing": {"path": "/home/me/sub hub", "editable": True}
    }


def test_a_wheel_of_this_machine_is_named_too() -> None:
    table = uv_sources('{"url": "file:///tmp/subhub.whl", "archive_info": {}}')

    assert tomllib.loads(table)["tool"]["uv"]["sources"] == {
        "subhub-billing": {"path": "/tmp/subhub.whl"}  # noqa: S108 - nothing is written there
    }


@pytest.mark.parametrize("record", [None, '{"url": "https://example.com/subhub.whl"}'])
def test_a_subhub_from_elsewhere_leaves_no_folder_in_the_plugin(record: str | None) -> None:
    assert uv_sources(record) == ""


# The project --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home") / "subhub-north-pay"
    folder.mkdir()  # an empty folder may be used
    return write_project(Naming.checked("north-pay"), folder.parent)


def test_a_project_is_what_was_rendered_and_nothing_else(written: Path) -> None:
    there = {path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()}

    assert there == {*render(Naming.checked("north-pay"))}
    assert [path.name for path in written.parent.iterdir()] == ["subhub-north-pay"]


def test_writing_a_plugin_does_not_load_it(written: Path) -> None:
    assert written.is_dir()
    assert "subhub_north_pay" not in sys.modules


def test_what_is_there_already_is_left_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "subhub-north-pay" / "precious"
    file.parent.mkdir()
    _ = file.write_text("mine")

    with pytest.raises(ConfigError, match="subhub-north-pay exists already: move it away"):
        _ = write_project(Naming.checked("north-pay"), tmp_path)

    assert file.read_text() == "mine"
    assert [each.name for each in tmp_path.iterdir()] == ["subhub-north-pay"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_file_or_a_link_in_its_place_is_left_too(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "subhub-north-pay"
    if kind == "file":
        _ = place.write_text("")
    else:
        place.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ConfigError, match="exists already"):
        _ = write_project(Naming.checked("north-pay"), tmp_path)


def test_a_missing_folder_is_not_created(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot write .* \(No such file or directory\)"):
        _ = write_project(Naming.checked("north-pay"), tmp_path / "nowhere")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("failure", "raised"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, "No space left on device"), ConfigError),
    ],
)
def test_a_project_that_is_not_written_in_full_leaves_nothing(
    failure: BaseException, raised: type[BaseException], tmp_path: Path
) -> None:
    def write_half() -> None:
        with atomic_folder(tmp_path / "subhub-north-pay") as project:
            _ = (project / "README.md").write_text("half of it")
            raise failure

    with pytest.raises(raised):
        write_half()

    assert list(tmp_path.iterdir()) == []
