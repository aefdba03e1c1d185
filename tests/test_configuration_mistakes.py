"""Every mistake in the configuration is told with file, key and remedy, and no secret is."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from subhub import (
    ConfigError,
)
from subhub.client.configuration import Configuration
from subhub.plugin import Provider

if TYPE_CHECKING:
    from tests.conftest import Toy

SECRET = "test_topsecretkey"


@pytest.fixture(autouse=True)
def plugins(folder: Path, offer: Callable[[type[Provider]], None], toy: type[Toy]) -> None:
    """A folder of its own to work in, with a plugin installed."""
    del folder
    offer(toy)


def write(text: str, path: str = "subhub.toml") -> Path:
    place = Path(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    _ = place.write_text(text)
    return place


def refusal(action: Callable[[], object]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _ = action()
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return caught.value


def opened(name: str | None = None) -> Any:
    return Configuration.read().open(name)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("acount = 'a'", "acount: no such key; did you mean 'account'?"),
        ("zzz = 1", "zzz: no such key; known are account, needs, accounts, plans"),
        (
            "[accounts.a]\nprovider='toy'\napi_kye='x'",
            "accounts.a.api_kye: no such key; did you mean",
        ),
        ("[accounts.a]\nprovider='toy'\nzzz=1", "accounts.a.zzz: no such key; known are provider"),
        ("[accounts.a]", "accounts.a.provider: Field required"),
        ("[accounts.a]\nprovider=7", "accounts.a.provider: Input should be a valid string"),
        ("[accounts.a]\nprovider='toy'\nmode='prod'", "accounts.a.mode: Input should be 'live' or"),
        ("[accounts.a]\nprovider='toy'\ntimeout=0", "accounts.a.timeout: Input should be greater"),
        ("[accounts.a]\nprovider='toy'\ntimeout=nan", "accounts.a.timeout: Input should be"),
        (
            "[accounts.a]\nprovider='toy'\nsandbox='maybe'",
            "accounts.a.sandbox: must be true, or the",
        ),
        (f"[accounts.a]\nprovider='toy'\napi_key=['{SECRET}']", "accounts.a.api_key: Input should"),
        ("accounts = 7", "accounts: Input should be a valid dictionary"),
        ("accounts = {a = 7}", "accounts.a: Input should be a valid dictionary"),
        ("account = 7", "account: Input should be a valid string"),
        ("account = ['a']", "account: Input should be a valid string"),
        (
            "needs = ['create_plam']",
            "unknown capability 'create_plam': did you mean 'create_plan'?",
        ),
        ("needs = ['zzz']", "unknown capability 'zzz': see `subhub capabilities`"),
        ("needs = 'create_plan'", "needs: Input should be a valid tuple"),
        (
            "[plans.a]\nname='A'\nprice='1 EUR'\ninterval='soon'",
            "plans.a.interval: invalid interval 'soon': ex",
        ),
        (
            "[plans.a]\nname='A'\nprice='12.95'\ninterval='1 year'",
            "plans.a.price: invalid amount '12.95': ex",
        ),
        ("[plans.a]\nname='A'\nprice='1 EURO'\ninterval='1 year'", "plans.a.price: "),
        ("[plans.a]\nname='A'\nprice=1.5\ninterval='1 year'", "plans.a.price: "),
        (
            "[plans.a]\nname='A'\nprice='1 EUR'\ninterval='1 year'\ntax_rate=21.5",
            "plans.a.tax_rate: ",
        ),
        (
            "[plans.a]\nname='A'\nprise='1 EUR'\ninterval='1 year'",
            "prise: no such key; did you mean",
        ),
        (
            "[plans.a]\nname='A'\ninterval='1 year'\nprice={amount='1', currency='EUR', x=1}",
            "plans.a.price: write it as text: '12.95 EUR'",
        ),
        (
            "[plans.a]\nname='A'\nprice='1 EUR'\ninterval=1",
            "plans.a.interval: write it as text: '6",
        ),
    ],
    ids=lambda each: each[-24:],
)
@pytest.mark.parametrize(
    "variables", [{}, {"SUBHUB_BASE_URL": "https://other.test"}], ids=["file", "variables"]
)
def test_a_mistake_is_told_with_file_key_and_remedy(
    monkeypatch: pytest.MonkeyPatch, text: str, said: str, variables: dict[str, str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    path = write(text)

    error = refusal(Configuration.read)

    assert said in str(error)
    assert str(path) in str(error).splitlines()[0]


def test_every_mistake_is_told_at_once() -> None:
    _ = write("zzz = 1\n[accounts.a]\nprovider = 7\n[plans.p]\nname = ''")

    assert len(str(refusal(Configuration.read)).splitlines()) >= 4


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"accounts = ", "is not TOML: Invalid value "),
        (b"a = 1\na = 2", "is not TOML: Cannot overwrite a value "),
        (b"a = " + b"[" * 100_000, "is not TOML: it is nested too deeply"),
        (b"a = " + b"9" * 5000, "is not TOML: "),
        (b"a = 1\nb = '\xff'", "is not UTF-8 text in line 2: save it as UTF-8"),
        ("a = 1".encode("utf-16-le"), "is not UTF-8 text in line 1: save it as UTF-8"),
        ("\ufeffa = 1\n".encode("utf-16-le") + b"\0", "is not UTF-16 text in line 2: save it as"),
        ("\ufeffa\n\n".encode() + b"\xff", "is not UTF-8-SIG text in line 3: save it as UTF-8"),
    ],
    ids=lambda value: value[:24],
)
def test_a_file_that_is_not_toml_is_told(content: bytes, said: str) -> None:
    _ = Path("subhub.toml").write_bytes(content)

    assert re.match(rf".*subhub\.toml {said}", str(refusal(Configuration.read)))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("api_key = 'env:TOY_KEY'", "accounts.main.api_key: the variable TOY_KEY is not set: expo"),
        ("api_key = 'env:EMPTY_KEY'", "the variable EMPTY_KEY is not set"),
        (
            "api_key = 'file:nowhere'",
            "nowhere cannot be read (No such file or directory): check the",
        ),
        ("api_key = 'file:.'", " cannot be read (Is a directory): check the path"),
        ("api_key = 'file:binary'", "binary is not UTF-8 text in line 1: save it as UTF-8"),
        ("api_key = 'file:empty'", "empty is empty: write the secret into it"),
        ('api_key = "file:\\u0000"', "accounts.main.api_key: 'file:\\x00' names nothing"),
        (
            "sandbox = true\n[plans.a]\nname=''\nprice='1 EUR'\ninterval='1 year'",
            "plans.a: invalid",
        ),
        ("api_key = 'env:'", "accounts.main.api_key: 'env:' names nothing"),
        ("api_key = 'file:'", "accounts.main.api_key: 'file:' names nothing"),
        ("api_key = 'env:WRONG_KEY'", "accounts.main: `api_key` must be a key of toy"),
        ("api_key = 'env:LIVE_KEY'\nsandbox = true", "a live key of toy, and this is a sandbox"),
        ("mode = 'test'", "accounts.main: toy needs an API key"),
        ("sandbox = true\ntimeout = inf", "accounts.main: `timeout` must be > 0 seconds"),
        ("sandbox = true\ntimezone = 'Mars'", "accounts.main: unknown `timezone` 'Mars'"),
        ("sandbox = true\nbase_url = 'toy.test'", "accounts.main: `base_url` must be an address"),
    ],
)
def test_an_account_that_cannot_be_opened_is_told_with_file_and_key(
    monkeypatch: pytest.MonkeyPatch, settings: str, said: str
) -> None:
    monkeypatch.setenv("EMPTY_KEY", "")
    monkeypatch.setenv("WRONG_KEY", "sk_topsecretkey")
    monkeypatch.setenv("LIVE_KEY", "live_topsecretkey")
    _ = Path("binary").write_bytes(b"\xff")
    _ = Path("empty").write_bytes(b"\xef\xbb\xbf\r\n")
    path = write(f"[accounts.main]\nprovider = 'toy'\n{settings}")

    error = refusal(opened)

    assert said in str(error)
    place = "plans.a" if "[plans" in settings else "accounts.main"
    assert str(error).startswith(f"{path.absolute()}: {place}")
    assert str(error).count(place) == 1
    assert "topsecret" not in "".join(traceback.format_exception(error))
