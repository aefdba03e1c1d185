"""Every mistake in the configuration is told with file, key and remedy, and no secret is."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from subhub import AsyncClient, Client, ConfigError
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
        ("zzz = 1", "zzz: no such key; known are account, production, needs, accounts"),
        (
            "[accounts.a]\nprovider='toy'\napi_kye='x'",
            "accounts.a.api_kye: no such key; did you mean",
        ),
        ("[accounts.a]\nprovider='toy'\nzzz=1", "accounts.a.zzz: no such key; known are provider"),
        ("[accounts.a]", "accounts.a.provider: is required"),
        ("[accounts.a]\nprovder='toy'", "provider: is required; is 'provder' meant to be it?"),
        ("[accounts.a]\nprovider=7", "accounts.a.provider: must be text: write it in quotes"),
        ("[accounts.a]\nprovider='toy'\nmode='prod'", "accounts.a.mode: must be 'live' or 'test'"),
        ("[accounts.a]\nprovider='toy'\ntimeout=0", "accounts.a.timeout: must be > 0, got 0"),
        ("[accounts.a]\nprovider='toy'\ntimeout=nan", "accounts.a.timeout: must be > 0, got nan"),
        ("[accounts.a]\nprovider='toy'\nshare=2", "accounts.a.share: must be <= 1, got 2"),
        ("[accounts.a]\nprovider='toy'\nplans=7", "accounts.a.plans: must be a table"),
        ("[accounts.a]\nprovider='toy'\nsandbox=7", "accounts.a.sandbox: must be true, false or"),
        (
            "[accounts.a]\nprovider='toy'\nsandbox='maybe'",
            "accounts.a.sandbox: `sandbox` must be true, or the",
        ),
        (f"[accounts.a]\nprovider='toy'\napi_key=['{SECRET}']", "accounts.a.api_key: must be text"),
        ("accounts = 7", "accounts: must be a table"),
        ("accounts = {a = 7}", "accounts.a: must be a table, such as [accounts.main]"),
        ("account = 7", "account: must be text: write it in quotes"),
        ("account = ['a']", "account: must be text: write it in quotes"),
        (
            "needs = ['create_plam']",
            "unknown capability 'create_plam': did you mean 'create_plan'?",
        ),
        ("needs = ['zzz']", "unknown capability 'zzz': see `subhub capabilities`"),
        ("needs = 'create_plan'", "needs: must be a list: ["),
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
        (
            "api_key = 'env:LIVE_KEY'\nsandbox = true",
            "`sandbox` excludes `api_key`: a sandbox",
        ),
        ("api_key = 'env:UNSET_KEY'\nsandbox = true", "`sandbox` excludes `api_key`: a sand"),
        (
            "base_url = 'https://toy.test'\nsandbox = true",
            "`sandbox` excludes `base_url`: a ",
        ),
        (
            "base_url = 'https://toy.test'\napi_key = 'test_topsecretkey'\nsandbox = true",
            "Remove `sandbox` to reach the provider, or `api_key` and `base_url` to stay",
        ),
        (
            "sandbox = 'http://127.0.0.1:1'\napi_key = 'test_topsecretkey'",
            "main: `sandbox` excludes `api_key`: a sandbox has a key and an address of its own.",
        ),
        ("mode = 'test'", "accounts.main: toy needs an API key"),
        ("sandbox = true\ntimeout = inf", "accounts.main: `timeout` must be > 0 seconds"),
        ("sandbox = true\ntimezone = 'Mars'", "accounts.main: unknown `timezone` 'Mars'"),
        (
            "api_key = 'test_topsecretkey'\nbase_url = 'toy.test'",
            "accounts.main: `base_url` must be an address",
        ),
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


REAL = "[accounts.main]\nprovider = 'toy'\napi_key = 'live_topsecretkey'\n"
PLAY = "[accounts.main]\nprovider = 'toy'\nsandbox = true\n"


@pytest.mark.parametrize(
    ("text", "variables", "said"),
    [
        (REAL, {"SANDBOX": "true"}, "`sandbox` excludes `api_key`: .* is set by SUBHUB_SANDBOX"),
        (PLAY, {"API_KEY": SECRET}, "`sandbox` excludes `api_key`: .* is set by SUBHUB_API_KEY"),
        (PLAY, {"BASE_URL": "https://a.test"}, "excludes `base_url`: .* is set by SUBHUB_BASE_URL"),
        (PLAY, {"PRODUCTION": "true"}, "the account is a sandbox: .* is set by SUBHUB_PRODUCTION"),
        (REAL, {"TIMEOUT": "soon"}, "accounts.main.timeout: .* (set by SUBHUB_TIMEOUT)"),
    ],
)
def test_a_variable_that_makes_the_mistake_is_named(
    monkeypatch: pytest.MonkeyPatch, text: str, variables: dict[str, str], said: str
) -> None:
    _ = write(text)
    for name, value in variables.items():
        monkeypatch.setenv(f"SUBHUB_{name}", value)

    assert re.search(re.escape(said).replace(r"\.\*", ".*"), str(refusal(opened)))


class TestProduction:
    """`production = true`, of an account or at the top, refuses what would charge nobody."""

    @pytest.mark.parametrize(
        ("settings", "said"),
        [
            ("sandbox = true", "is a sandbox: nothing would reach toy. Remove `sandbox`, or leave"),
            ("sandbox = 'http://127.0.0.1:1'", "is a sandbox: nothing would reach toy."),
            (
                f"api_key = '{SECRET}'",
                "is in test mode: nobody would be charged. Give the live",
            ),
            (
                "api_key = 'live_topsecretkey'\nbase_url = 'http://localhost:8420'",
                "has the `base_url` 'http://localhost:8420', which is not encrypted. Use https://",
            ),
        ],
    )
    @pytest.mark.parametrize("everywhere", [True, False])
    def test_refuses_an_account_with_the_reason(
        self, settings: str, said: str, *, everywhere: bool
    ) -> None:
        top, own = ("production = true", "") if everywhere else ("", "production = true")
        _ = write(f"{top}\n[accounts.main]\nprovider = 'toy'\n{settings}\n{own}")

        assert f"accounts.main: `production` is true, and the account {said}" in str(
            refusal(opened)
        )
        assert said in str(refusal(lambda: Configuration.read().check("main")))

    def test_accepts_a_real_account_and_a_dry_run_of_it(self) -> None:
        _ = write(f"{REAL}production = true\ndry_run = true")

        assert opened().dry_run

    def test_is_not_lifted_by_an_account(self) -> None:
        _ = write(f"production = true\n{PLAY}production = false")

        assert "is a sandbox" in str(refusal(opened))

    @pytest.mark.parametrize("kind", [Client, AsyncClient])
    def test_is_an_argument_of_both_clients(
        self, kind: type[Client | AsyncClient], toy: type[Toy]
    ) -> None:
        refused: list[dict[str, Any]] = [
            {"sandbox": True},
            {"sandbox": toy.sandbox()},
            {"api_key": SECRET},
        ]
        for settings in refused:
            with pytest.raises(ConfigError, match="`production` is true, and the account is "):
                _ = kind(toy, production=True, **settings)
        assert kind(toy, production=True, api_key="live_topsecretkey").provider == "toy"
