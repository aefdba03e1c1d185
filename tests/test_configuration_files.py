"""Files of the configuration: in any Unicode encoding, and found from its own folder."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subhub import Client, ConfigError
from subhub.client.configuration import Configuration
from subhub.plugin import Provider

if TYPE_CHECKING:
    from tests.conftest import Toy

KEY = "test_topsecretkey"
FILE = """
[accounts.main]
provider = "toy"
api_key = "file:run/key"
journal = "state/journal.db"
permits = "permits"
rate_limit = "60 per 60"
"""
URL = "postgresql://owner:topsecret@db.test/billing"


@pytest.fixture(autouse=True)
def plugins(folder: Path, offer: Callable[[type[Provider]], None], toy: type[Toy]) -> None:
    """A folder of its own to work in, with a plugin installed."""
    del folder
    offer(toy)


def write(text: str = FILE, encoding: str = "utf-8") -> Path:
    for name in ("app/run", "app/state", "elsewhere"):
        Path(name).mkdir(parents=True, exist_ok=True)
    _ = Path("app/run/key").write_text(f"{KEY}\r\n", encoding)
    path = Path("app/subhub.toml")
    _ = path.write_text(text, encoding)
    return path


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        _ = action()
    assert "topsecret" not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


def found() -> set[str]:
    return {str(path) for path in Path().rglob("*") if path.is_file()}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_is_read_as_windows_programs_save_it(encoding: str) -> None:
    path = write(encoding=encoding)

    with Client.from_config(path) as client:
        assert client.provider == "toy"
    with closing(Configuration.read(path).open()) as account:
        assert account.api_key == KEY


def test_the_file_of_the_page_can_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Path(__file__).parent.parent / "docs/configuration.md"
    path = write(page.read_text("utf-8").split("```toml\n")[1].split("```")[0])
    Path("app/run/secrets").mkdir()
    _ = Path("app/run/secrets/afternoon").write_text("ak_test_0123456789abcdef")
    monkeypatch.setenv("MIJNKLANTPORTAAL_API_KEY", "0123456789abcdef")
    monkeypatch.setenv("NEXT_JOURNAL", "state/next.db")

    for account in ("main", "next"):
        _ = Configuration.read(path).check(account)


@pytest.mark.parametrize("where", [".", "app", "elsewhere"])
def test_paths_count_from_the_folder_of_the_file(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    path = write().absolute()
    before = found()
    top = Path.cwd()
    monkeypatch.chdir(where)
    monkeypatch.setenv("SUBHUB_CONFIG", os.path.relpath(path))

    configuration = Configuration.read()
    monkeypatch.chdir(top / "elsewhere")  # what was read stays what it is
    account = configuration.open()
    account.close()
    monkeypatch.chdir(top)

    assert account.api_key == KEY
    created = {Path(name) for name in found() - before}
    assert Path("app/state/journal.db") in created
    assert {path.parent for path in created} == {Path("app/state"), Path("app/permits")}


def test_a_check_reads_the_same_files_and_writes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write().absolute()
    before = found()
    monkeypatch.chdir("elsewhere")

    _ = Configuration.read(path).check("main")

    monkeypatch.chdir("..")
    assert found() == before


def test_a_variable_can_have_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(FILE.replace('"state/journal.db"', '"env:JOURNAL"'))
    monkeypatch.setenv("JOURNAL", "state/from_variable.db")

    assert (
        Configuration.read(path).journal("main")
        == path.absolute().parent / "state/from_variable.db"
    )
    monkeypatch.delenv("JOURNAL")
    assert "accounts.main.journal: the variable JOURNAL is not set" in refusal(
        Configuration.read(path).open
    )


NO_PATHS = {
    URL.replace("//", ""): "begins with 'postgresql:': write a path, or a URL such as postgresql:",
    "REDIS:topsecret@cache.test": "begins with 'redis:'",
    "file:journal.db": "begins with 'file:': write the path alone",
    "ENV:JOURNAL": "begins with 'env:': write the path alone, or env:NAME",
    "": "must be a path, got ''",
    "~/journal.db": "must be a path, got '~/journal.db': `~` and variables are not expanded",
    "$HOME/journal.db": "must be a path, got '$HOME/journal.db'",
    "%TEMP%/journal.db": "must be a path, got '%TEMP%/journal.db'",
    "journal\0.db": "must be a path, got 'journal\\x00.db'",
}


def client_with(setting: str, value: str | Path) -> Client:
    if setting == "journal":
        return Client("toy", api_key=KEY, journal=value)
    return Client("toy", api_key=KEY, permits=value)


@pytest.mark.parametrize("setting", ["journal", "permits"])
@pytest.mark.parametrize(("value", "said"), NO_PATHS.items())
def test_what_is_not_a_path_is_refused_and_creates_none(
    setting: str, value: str, said: str
) -> None:
    written = value.replace("\0", "\\u0000")
    path = write(f"[accounts.main]\nprovider = 'toy'\napi_key = '{KEY}'\n{setting} = \"{written}\"")
    before = found()
    configuration = Configuration.read(path)

    for message in (
        refusal(configuration.open),
        refusal(lambda: configuration.check("main")),
        refusal(lambda: client_with(setting, value)),
        refusal(lambda: client_with(setting, Path(value or "~"))),
    ):
        assert said.partition(", got")[0].partition(": ")[0] in message
    assert f"accounts.main.{setting}: " in refusal(configuration.open)
    assert said in refusal(configuration.open)
    assert "topsecret" not in repr(configuration)
    assert found() == before


def test_an_absolute_path_stays_one() -> None:
    place = Path("elsewhere").absolute() / "c"
    path = write(FILE.replace("state/journal.db", str(place)))

    assert Configuration.read(path).journal("main") == place


def test_a_working_folder_that_was_removed_is_one_clear_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert refusal(Configuration.read) == (
        "cannot look for subhub.toml in the working folder (No such file or directory): "
        "name the file in `SUBHUB_CONFIG`"
    )
