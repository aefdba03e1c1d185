"""The address of a store chooses the store, and its password is shown nowhere."""

from __future__ import annotations

import logging
import pickle
import sys
import traceback
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from subhub import AsyncClient, Client, ConfigError, RateLimit, diagnose
from subhub.client.configuration import Configuration
from subhub.client.opening import open_journal
from subhub.plugin import Provider
from subhub.recovery.intents import Intent
from subhub.sending.ratelimit import limiters
from subhub.sending.ratelimit.permits import Permits
from subhub.stores.registry import StorePlace
from subhub.stores.url import is_url
from tests.secrets.scan import leaks
from tests.stores.servers import PASSWORD, PostgreSQLServer, RedisServer

KEY = "test_0123456789"
PERMITS = Permits(RateLimit(5, per=0.5), 120.0)
ODD = "p/w?d#7f3k@[x]%"
ENCODED = "p%2Fw%3Fd%237f3k%40%5Bx%5D%25"


def refusal(call: Callable[[], object]) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        _ = call()
    return caught.value


class TestAURL:
    @pytest.mark.parametrize(
        ("text", "place"),
        [
            ("postgresql://u:pw@db.test:5433/app?sslmode=require", "postgresql://db.test:5433/app"),
            ("postgres://db.test/app", "postgres://db.test/app"),
            ("rediss://:pw@cache.test/0", "rediss://cache.test/0"),
            (f"REDIS://:{ENCODED}@cache.test", "redis://cache.test"),
        ],
    )
    def test_shows_the_server_and_nothing_else(self, text: str, place: str) -> None:
        url = StorePlace("permits", text)
        assert (url.place, str(url), repr(url)) == (place, place, f"<{place}>")
        assert url.reveal() == text

    @pytest.mark.parametrize(
        "text",
        [
            f"postgresql://u:{ODD}@db.test/app",
            "postgresql://u:p/w@db.test/app",
            "postgresql://u:p#w@db.test/app",
            "postgresql://u:p?w@db.test/app",
            "postgresql://u:[pw@db.test/app",
        ],
    )
    def test_with_a_password_that_is_not_encoded_is_refused_without_it(self, text: str) -> None:
        error = refusal(lambda: StorePlace("journal", text))
        assert "write special characters of a password as %40 for @" in str(error)
        assert "db.test" not in str(error)
        assert error.__context__ is None

    def test_is_no_path(self) -> None:
        assert is_url("x+y://server")
        assert not any(map(is_url, ("journal.db", "C:/journal.db", "c://journal.db", "a:b")))

    def test_is_equal_to_the_same_text(self) -> None:
        one, same, other = (StorePlace("permits", f"redis://{name}") for name in ("a", "a", "b"))
        assert one == same != other
        assert one != "redis://a"
        assert len({one, same, other}) == 2

    def test_hides_its_password_in_a_text_of_others(self) -> None:
        url = StorePlace("permits", f"redis://u:{ENCODED}@cache.test")
        assert url.without_password(f"no {ODD} or {ENCODED}") == "no *** or ***"
        assert StorePlace("permits", "redis://cache.test").without_password("text") == "text"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a distribution with a store on the path, as an installer would."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    def put(scheme: str, source: str, home: str = "") -> None:
        home = home or f"subhub-{scheme}"
        module = f"{home}_store".replace("-", "_")
        _ = (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{home.replace('-', '_')}-1.2.dist-info"
        info.mkdir()
        _ = (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {home}\nVersion: 1.2\n")
        entry = f"[subhub.stores]\n{scheme} = {module}:Kind\n"
        _ = (info / "entry_points.txt").write_text(entry)

    return put


KIND = """
from subhub.stores.registry import StoreKind
class Kind(StoreKind):
    pass
"""


class TestAScheme:
    def test_that_is_unknown_names_those_that_are_installed(self, toy: type[Provider]) -> None:
        for call in (
            lambda: Client(toy, api_key=KEY, journal="sqlite:///x.db"),
            lambda: Client(toy, api_key=KEY, permits="sqlite:///x.db", rate_limit=PERMITS.limit),
        ):
            assert (
                "begins with sqlite://, and no such store is installed (installed: postgres://, "
                "postgresql://, redis://, rediss://). Write one of these, or a path"
            ) in str(refusal(call))

    def test_of_another_distribution_is_found(self, install: Callable[..., None]) -> None:
        install("elsewhere", KIND)
        url = StorePlace("journal", "elsewhere://x")
        assert "cannot keep a journal" in str(refusal(url.check))
        assert "cannot keep permits" in str(refusal(lambda: url.permits("name", PERMITS)))
        StorePlace("permits", "elsewhere://x").check()

    def test_that_has_no_check_is_told_by_the_doctor(
        self, install: Callable[..., None], tmp_path: Path
    ) -> None:
        install("silent", KIND)
        path = tmp_path / "subhub.toml"
        account = 'provider = "afternoon"\nsandbox = true\npermits = "silent://x"'
        _ = path.write_text(f"[accounts.main]\n{account}\n")
        found = {finding.check: finding for finding in diagnose(path)}
        assert found["permits"].level == "warning"
        assert found["permits"].message == "silent://x was not checked: its plugin has no way to"

    @pytest.mark.parametrize(
        ("source", "said"),
        [
            ("Kind = 5", "the store broken1:// offers 5, which is not a StoreKind"),
            ("raise OSError('no')", "of subhub-broken2 cannot be imported: OSError: no"),
            ("import missing_x", "cannot be imported: ModuleNotFoundError: No module named"),
        ],
    )
    def test_that_is_broken_says_so(
        self, install: Callable[..., None], source: str, said: str
    ) -> None:
        scheme = f"broken{1 + ['Kind', 'raise', 'import'].index(source.split(maxsplit=1)[0])}"
        install(scheme, source)
        assert said in str(refusal(StorePlace("permits", f"{scheme}://x").check))

    def test_that_two_offer_is_refused(self, install: Callable[..., None]) -> None:
        install("twice", KIND, "subhub-one")
        install("twice", KIND, "subhub-two")
        error = refusal(StorePlace("permits", "twice://x").check)
        assert "two distributions offer the store twice://: subhub-one and subhub-two" in str(error)

    @pytest.mark.parametrize(
        ("scheme", "module", "extra"),
        [
            ("redis", "redis", "redis"),
            ("rediss", "redis", "redis"),
            ("postgres", "psycopg", "postgresql"),
        ],
    )
    def test_whose_library_is_missing_names_the_extra(
        self, monkeypatch: pytest.MonkeyPatch, scheme: str, module: str, extra: str
    ) -> None:
        for name in [*sys.modules]:
            if name.startswith("subhub.stores.") and name.count("."):
                own = name.rpartition(".")[2]
                if own in {"redis", "postgresql", "connection"}:
                    monkeypatch.delitem(sys.modules, name)
        monkeypatch.setitem(sys.modules, module, None)
        error = refusal(StorePlace("permits", f"{scheme}://:{PASSWORD}@x").check)
        assert f"needs the extra '{extra}': pip install 'subhub-billing[{extra}]'" in str(error)
        assert PASSWORD not in str(error)

    def test_of_our_own_is_an_entry_point(self) -> None:
        found = {entry.name for entry in metadata.entry_points(group="subhub.stores")}
        assert found >= {"postgres", "postgresql", "redis", "rediss"}


class TestTheConfiguration:
    def write(self, tmp_path: Path, **settings: str) -> Configuration:
        lines = [f'{name} = "{value}"' for name, value in settings.items()]
        path = tmp_path / "subhub.toml"
        text = "\n".join(["[accounts.main]", "provider = 'afternoon'", f"api_key = 'ak_{KEY}'"])
        _ = path.write_text("\n".join([text, *lines]))
        return Configuration.read(path)

    def test_takes_the_urls_from_variables(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", f"postgresql://u:{PASSWORD}@127.0.0.1:1/app")
        monkeypatch.setenv("REDIS_URL", f"redis://:{PASSWORD}@127.0.0.1:1/0")
        found = self.write(tmp_path, journal="env:DATABASE_URL", permits="env:REDIS_URL")
        assert str(found.journal("main")) == "postgresql://127.0.0.1:1/app"
        _ = found.check("main")
        account = found.open()
        assert account.journal is not None
        assert account.journal.place == "postgresql://127.0.0.1:1/app"
        assert account.remote
        account.close()
        assert PASSWORD not in repr((found, account, account.retries))

    def test_says_which_setting_cannot_be_used(self, tmp_path: Path) -> None:
        found = self.write(tmp_path, journal=f"redis://:{PASSWORD}@127.0.0.1/0")
        for call in (found.open, lambda: found.check("main")):
            message = str(refusal(call))
            assert "accounts.main.journal: `journal`: a redis:// store cannot keep a journal" in (
                message
            )
            assert PASSWORD not in message

    def test_leaves_a_sandbox_its_own_permits(self, tmp_path: Path) -> None:
        path = tmp_path / "subhub.toml"
        _ = path.write_text(
            "[accounts.main]\nprovider = 'afternoon'\nsandbox = true\n"
            "permits = 'redis://127.0.0.1:1/0'"
        )
        account = Configuration.read(path).open()
        assert not account.remote
        account.close()


@pytest.fixture
def addresses(
    redis_server: RedisServer, postgresql_server: PostgreSQLServer
) -> Iterator[list[tuple[str, str]]]:
    """What to give to which setting: wrong passwords, missing servers, and good ones."""
    good = {"permits": [redis_server.url, postgresql_server.url]}
    good["journal"] = [postgresql_server.url]
    found: list[tuple[str, str]] = []
    for setting, urls in good.items():
        for url in urls:
            port = url.rpartition(":")[2].partition("/")[0]
            found += [
                (setting, url),
                (setting, url.replace(port, "1")),
                (setting, url.replace(PASSWORD, f"{PASSWORD}{ENCODED}")),
                (setting, f"{url}?nonsense=1"),
                (setting, url.replace("127.0.0.1", "nowhere.invalid")),
            ]
    yield found
    limiters(None).clear()


def check(error: BaseException) -> None:
    seen: BaseException | None = error
    while seen is not None:
        lines = traceback.TracebackException.from_exception(seen, capture_locals=True)
        for frame in lines.stack:
            if "/tests/" not in frame.filename:  # they have the URL, and so may an application
                assert PASSWORD not in repr((frame.filename, frame.locals))
        assert leaks(str(seen), PASSWORD) == []
        seen = seen.__cause__ or seen.__context__


def test_no_error_log_or_repr_holds_a_password(
    toy: type[Provider], addresses: list[tuple[str, str]], caplog: pytest.LogCaptureFixture
) -> None:
    """Also not the frames of a traceback, in which a tool may show every variable."""
    caplog.set_level(logging.DEBUG)
    failed = 0
    for setting, text in addresses:
        url = StorePlace(setting, text)
        with pytest.raises(TypeError, match="cannot be pickled"):
            _ = pickle.dumps(url)
        store: Any = open_journal(url) if setting == "journal" else url.permits("name", PERMITS)
        try:
            if setting == "journal":
                store.write(Intent("toy", "a", "b", "2026"), None)
            else:
                store.read()
        except ConfigError as error:
            failed += 1
            check(error)
        assert PASSWORD not in repr(url) + repr(store.__dict__)
        store.close()
    assert failed >= 10
    assert leaks(caplog.text, PASSWORD) == []
    assert PASSWORD not in "".join(repr(vars(record)) for record in caplog.records)
    for kind in (Client, AsyncClient):
        client: Any = kind(toy, api_key=KEY, journal=addresses[0][1].replace("redis", "postgres"))
        assert PASSWORD not in repr(client) + repr(client._account)
