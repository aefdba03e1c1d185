"""A provider's own settings stand in the account's table, and in its address."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from subhub import AsyncClient, Client, ConfigError, PluginError
from subhub.client.configuration import Configuration
from subhub.client.keys import check_host
from subhub.client.opening import open_account
from subhub.plugin import Flow, Provider, Settings, get
from subhub.plugin.account_settings import address_of
from subhub.testing.contract.declarations import malformed, misplaced
from tests.conftest import Thing, ToyFake

if TYPE_CHECKING:
    from tests.conftest import Desk, Toy

KEY = "site_key_0123456789"
TEMPLATE = "https://{site}.billing.test/v1"


class SiteSettings(Settings):
    site: str
    gateway: int | None = None


class Sited(Provider):
    """A provider whose accounts have sites of their own."""

    name = "sited"
    base_url = TEMPLATE
    settings_model = SiteSettings
    stand_in_settings = {"site": "acme-test"}  # noqa: RUF012 - a ClassVar of Provider
    settings: SiteSettings

    @classmethod
    def sandbox(cls) -> ToyFake:
        return ToyFake()

    def ping(self) -> Flow[Thing]:
        return (yield from get("/ping", Thing, {"gateway": str(self.settings.gateway)}))


@pytest.fixture(autouse=True)
def plugins(folder: Path, offer: Callable[[type[Provider]], None], toy: type[Toy]) -> None:
    """A folder of its own to work in, with two plugins installed."""
    del folder
    offer(toy)
    offer(Sited)


def opened(text: str, **asked: Any) -> Any:
    _ = Path("subhub.toml").write_text(text)
    return Configuration.read().open(**asked)


def test_the_address_and_the_flows_have_the_settings(desk: Desk) -> None:
    desk.answer(200, {"id": "1"})
    given = {"site": "acme", "gateway": 7}
    with Client(Sited, api_key=KEY, settings=given, transport=desk.transport) as client:
        _ = client.call(Sited.ping)
    assert str(desk.sent[0].url) == "https://acme.billing.test/v1/ping?gateway=7"


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_both_clients_take_them(client: type[Client | AsyncClient]) -> None:
    with pytest.raises(ConfigError, match="sited has no `sight` in its `settings`"):
        _ = client(Sited, api_key=KEY, settings={"site": "acme", "sight": "b"})
    assert client(Sited, api_key=KEY, settings={"site": "acme"}).provider == "sited"


def test_a_sandbox_has_stand_ins() -> None:
    account = open_account(Sited, sandbox=True, settings={"gateway": 3})
    assert account.base_url == Sited.stand_in_address() == "https://acme-test.billing.test/v1"
    assert account.provider.settings == SiteSettings(site="acme-test", gateway=3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "`site` is missing: an account of sited needs it, so add it"),
        (
            {"site": "a", "sight": "b"},
            "sited has no `sight` in its `settings`; it has `site`, `gateway`",
        ),
        ({"site": 7}, "`site` is not as sited needs it: input should be a valid string"),
        ({"site": "evil.test/"}, "`site` must be letters, digits, dots and dashes"),
        ({"site": "evil.test#"}, "`site` must be letters, digits, dots and dashes"),
        ({"site": ""}, "`site` must be letters, digits, dots and dashes"),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = open_account(Sited, api_key=KEY, settings=given)
    assert said in str(caught.value)


def test_a_provider_without_settings_takes_none(toy: type[Toy]) -> None:
    with pytest.raises(ConfigError, match="toy has no `site` in its `settings`; it has none"):
        _ = open_account(toy, api_key="test_1234567890", settings={"site": "acme"})


def test_settings_are_a_dict() -> None:
    with pytest.raises(ConfigError, match="`settings` must be a dict such as"):
        _ = open_account(Sited, api_key=KEY, settings=["site"])  # type: ignore[arg-type]


def test_they_stand_in_the_accounts_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE", "acme")
    account = opened(
        f"[accounts.main]\nprovider='sited'\napi_key='{KEY}'\nsite='env:SITE'\ngateway=7"
    )
    assert account.base_url == "https://acme.billing.test/v1"
    assert account.provider.settings.gateway == 7


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "accounts.main: `site` is missing: an account of sited needs it, so add it"),
        ("sit='a'", "accounts.main.sit: no such key; did you mean 'site'?"),
        ("zzz='a'", "accounts.main.zzz: no such key; known are provider, api_key"),
        ("site=7", "accounts.main: `site` is not as sited needs it"),
        ("site='env:SITE'", "accounts.main: `site`: the variable SITE is not set: export SITE="),
    ],
)
def test_a_mistake_in_the_file_names_file_key_and_remedy(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = opened(f"[accounts.main]\nprovider='sited'\napi_key='{KEY}'\n{line}")
    assert "subhub.toml: " + said in str(caught.value)


def test_keys_of_an_absent_plugin_are_left_alone() -> None:
    text = (
        "account='main'\n[accounts.main]\nprovider='sited'\nsandbox=true\n"
        "[accounts.next]\nprovider='elsewhere'\nsite='acme'"
    )
    assert opened(text).fake is not None
    with pytest.raises(PluginError, match="elsewhere"):
        _ = opened(text, name="next")


def test_a_check_without_secrets_says_what_was_not_there() -> None:
    text = "[accounts.main]\nprovider='sited'\napi_key='env:KEY'\nsite='env:SITE'"
    _ = Path("subhub.toml").write_text(text)
    assert Configuration.read().check("main", secrets=False).keys() == {"api_key", "site"}


def test_a_value_does_not_show_in_a_repr() -> None:
    _ = Path("subhub.toml").write_text("[accounts.main]\nprovider='sited'\nsite='hush'")
    assert "hush" not in repr(Configuration.read())


def test_the_host_of_a_site_gets_no_other_key(toy: type[Toy]) -> None:
    with pytest.raises(ConfigError, match="the address of sited, which must not get a key of toy"):
        check_host(toy, "https://acme.billing.test/v1")
    check_host(toy, "https://acme.example.test/v1")
    check_host(Sited, "https://other.billing.test/v2")


class Unfounded(Sited):
    """It has no stand-in for a required setting."""

    name = "unfounded"
    stand_in_settings = {}  # noqa: RUF012 - as above


class Clashing(Sited):
    """A setting of its own has the name of every account's."""

    class Lineage(SiteSettings):
        lineage: str = ""

    name = "clashing"
    settings_model = Lineage


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (Unfounded, "the plugin of 'unfounded' has no fitting `stand_in_settings`"),
        (Clashing, "`settings_model` has 'lineage', which every account has"),
    ],
)
def test_the_contract_finds_wrong_declarations(provider: type[Provider], said: str) -> None:
    assert said in " ".join(misplaced(provider))
    assert list(misplaced(Sited)) == list(malformed(Sited)) == []


def test_a_template_names_settings_only() -> None:
    with pytest.raises(PluginError, match="`base_url` names `cite`, which is not a field"):
        _ = address_of("https://{cite}.test", SiteSettings(site="acme"))
