"""A key belongs to one provider: it is refused elsewhere, and no variable sends it there."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from subhub import Client, ConfigError, UnknownAccount
from subhub.client.configuration import Configuration
from subhub.client.keys import checked_key
from subhub.plugin import Provider, Settings

if TYPE_CHECKING:
    from tests.conftest import Toy

FILE = """
account = "main"
[accounts.main]
provider = "toy"
api_key = "env:TOY_KEY"
[accounts.other]
provider = "keyplain"
api_key = "env:PLAIN_KEY"
"""
TOY_KEY, PLAIN_KEY, VARIABLE = "test_of_the_toy", "of-the-plain-one", "test_of_a_variable"


class Plain(Provider):
    """A provider that does not document how its keys begin."""

    name = "keyplain"
    base_url = "https://plain.test"


class Astray(Provider):
    """A provider whose address is wrong."""

    name = "keyastray"
    base_url = "https://["


@pytest.fixture(autouse=True)
def plugins(
    folder: Path,
    offer: Callable[[type[Provider]], None],
    toy: type[Toy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A folder of its own to work in, with plugins installed, and the keys of two."""
    del folder
    for provider in (toy, Plain, Astray):
        offer(provider)
    monkeypatch.setenv("TOY_KEY", TOY_KEY)
    monkeypatch.setenv("PLAIN_KEY", PLAIN_KEY)


def write(text: str) -> None:
    _ = Path("subhub.toml").write_text(text)


def opened(account: str | None = None) -> tuple[str, str]:
    """Return the key of an account, and where it is sent."""
    found = Configuration.read(account=account).open()
    return found.api_key, found.base_url


def refusal(action: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        _ = action()
    shown = "".join(traceback.format_exception(caught.value))
    assert not any(key in shown for key in (TOY_KEY, PLAIN_KEY, VARIABLE))
    return str(caught.value)


TOY, PLAIN = "https://toy.test/v1", "https://plain.test"


@pytest.mark.parametrize(
    ("account", "named", "expected"),
    [
        (None, None, (TOY_KEY, TOY)),
        ("main", None, (TOY_KEY, TOY)),
        ("other", None, (PLAIN_KEY, PLAIN)),
        (None, "main", (VARIABLE, TOY)),
        ("main", "main", (VARIABLE, TOY)),
        ("other", "main", (PLAIN_KEY, PLAIN)),
    ],
)
def test_the_variable_does_not_override_a_key_unless_its_account_is_named(
    monkeypatch: pytest.MonkeyPatch,
    account: str | None,
    named: str | None,
    expected: tuple[str, str],
) -> None:
    write(FILE)
    monkeypatch.setenv("SUBHUB_API_KEY", VARIABLE)
    if named:
        monkeypatch.setenv("SUBHUB_ACCOUNT", named)

    assert opened(account) == expected


def test_the_variable_is_for_the_one_account_that_has_no_key(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SUBHUB_API_KEY", "of-the-variable")
    write(
        FILE.replace('api_key = "env:PLAIN_KEY"', "") + "[accounts.a]\nprovider='toy'\nsandbox=true"
    )

    assert opened("other") == ("of-the-variable", PLAIN)
    assert opened() == (TOY_KEY, TOY)
    assert caplog.messages == []
    write(FILE.replace('api_key = "env:PLAIN_KEY"', "") + "[accounts.third]\nprovider='keyplain'")
    for account in ("other", "third"):  # it cannot be known which of them
        assert "keyplain needs an API key" in refusal(partial(opened, account))
    assert caplog.messages[-1] == (
        "SUBHUB_API_KEY is not used for the account 'third': "
        "SUBHUB_ACCOUNT=third would say that it is"
    )


def test_the_account_that_the_file_chooses_goes_before_others_without_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SUBHUB_API_KEY", VARIABLE)
    write(FILE.replace("api_key", "# api_key"))

    assert opened() == (VARIABLE, TOY)
    assert "keyplain needs an API key" in refusal(lambda: opened("other"))


def test_an_address_is_for_one_account_too(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(FILE)
    monkeypatch.setenv("SUBHUB_BASE_URL", "https://proxy.test")
    monkeypatch.setenv("SUBHUB_TIMEOUT", "7")

    assert opened() == (TOY_KEY, "https://proxy.test")
    assert caplog.messages == []
    assert opened("other") == (PLAIN_KEY, PLAIN)
    assert "SUBHUB_BASE_URL is not used for the account 'other'" in caplog.text
    assert Configuration.read(account="other").open().timeout == 7
    write(FILE.replace('account = "main"', ""))
    assert opened("main") == (TOY_KEY, TOY)


def test_a_provider_does_not_get_the_key_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    write(FILE)
    monkeypatch.setenv("SUBHUB_PROVIDER", "keyplain")

    assert refusal(opened) == (
        "`SUBHUB_PROVIDER` would send the key of accounts.main to keyplain, and it is one of toy: "
        "add an account for keyplain, and name it in `SUBHUB_ACCOUNT`"
    )
    monkeypatch.setenv("SUBHUB_ACCOUNT", "other")
    assert opened() == (PLAIN_KEY, PLAIN)
    monkeypatch.setenv("SUBHUB_ACCOUNT", "main")
    monkeypatch.setenv("SUBHUB_API_KEY", "of-the-variable")
    assert opened() == ("of-the-variable", PLAIN)


def test_variables_make_no_account_of_a_name_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    write(FILE)
    monkeypatch.setenv("SUBHUB_ACCOUNT", "mian")
    monkeypatch.setenv("SUBHUB_API_KEY", VARIABLE)

    with pytest.raises(UnknownAccount, match="has no account 'mian'; it has main, other"):
        _ = opened()


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("$TOY_KEY", "env:TOY_KEY"),
        ("${TOY_KEY}", "env:TOY_KEY"),
        ("${TOY_KEY:-none}", "env:TOY_KEY"),
        ("$env:TOY_KEY", "env:TOY_KEY"),
        ("%TOY_KEY%", "env:TOY_KEY"),
        ("ENV:TOY_KEY", "env:TOY_KEY"),
        ("Env: TOY_KEY", "env:TOY_KEY"),
        ("Env=TOY_KEY", "env:TOY_KEY"),
        ("{{ TOY_KEY }}", "env:NAME"),
        ("$(cat key)", "env:NAME"),
        ("<your key>", "env:NAME"),
        ("$ecret123", "env:NAME"),
        ("FILE:run/key", "file:PATH"),
    ],
)
def test_a_reference_that_is_written_wrongly_is_refused(
    monkeypatch: pytest.MonkeyPatch, written: str, right: str
) -> None:
    monkeypatch.setenv("INDIRECT", written)
    for value in (written, "env: INDIRECT"):
        write(f"[accounts.main]\nprovider = 'keyplain'\napi_key = '{value}'")
        message = refusal(opened)
        assert "accounts.main: `api_key` is not a key, but meant as a reference" in message
        assert f"write {right} in subhub.toml" in message
        assert "ecret123" not in message


@pytest.mark.parametrize("address", ["https://toy.test/v2", "https://TOY.test:8443", TOY])
def test_a_key_is_not_sent_to_the_host_of_another_provider(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    write(FILE)
    monkeypatch.setenv("SUBHUB_BASE_URL", address)
    assert opened()[0] == TOY_KEY
    monkeypatch.setenv("SUBHUB_ACCOUNT", "other")

    assert refusal(opened).endswith(
        "accounts.other: `base_url` is the address of toy, which must not get a key of keyplain: "
        "set `provider` to toy, or leave `base_url` out (`base_url` is set by SUBHUB_BASE_URL)"
    )


@pytest.mark.parametrize("sandbox", [False, True])
def test_a_client_takes_keys_and_no_references(*, sandbox: bool) -> None:
    message = refusal(lambda: Client("toy", api_key="env:PLAIN_KEY", sandbox=sandbox))

    assert message.endswith(
        "write env:PLAIN_KEY in subhub.toml, and pass the key itself to a client"
    )


@pytest.mark.parametrize(
    ("key", "owner"),
    [
        ("test_of_the_toy", "toy"),
        ("live_of_the_toy", "toy"),
        ("ak_live_0123456789", "afternoon"),
        ("sk_live_51ABCdef0123456789", "stripe"),
        ("rk_test_51ABCdef0123456789", "stripe"),
        ("whsec_0123456789", "stripe"),
        ("access_" + "a1" * 20, "mollie"),
    ],
)
def test_the_key_of_another_provider_is_refused(key: str, owner: str) -> None:
    message = refusal(lambda: checked_key(Plain, key, None, None, Settings()))

    assert message == (
        f"`api_key` begins like a key of {owner}, which keyplain must not get: give one of keyplain"
    )
    assert key not in message


@pytest.mark.parametrize(
    "key", ["plain_0123456789", "1|abcdef", "live-0123", "sk-or-v1-0123", "$2y$10$"]
)
def test_a_key_that_is_nobody_elses_is_taken(
    offer: Callable[[type[Provider]], None], key: str
) -> None:
    class Broken(Provider):
        """One that cannot be imported, because it is in a function."""

        name = "keybroken"

    offer(Broken)

    assert checked_key(Plain, key, None, None, Settings()) == key
