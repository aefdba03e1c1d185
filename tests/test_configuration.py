"""The configuration: which file, which account, and every mistake told with its remedy."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    MissingNeed,
    PlanDraft,
    PluginError,
    UnknownAccount,
    WouldSend,
)
from subhub.client.configuration import Configuration
from subhub.plugin import Absence, Evidence, Flow, Provider, done

if TYPE_CHECKING:
    from tests.conftest import Toy

SECRET = "test_topsecretkey"


class Poor(Provider):
    name = "poor"
    base_url = "https://poor.test"
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = {
        "get_plan": Evidence("docs", "a page"),
        "create_plan": Absence("plans are made by hand", "use its dashboard"),
    }

    def get_plan(self, plan_id: str) -> Flow[Any]:
        return done(plan_id)


@pytest.fixture(autouse=True)
def plugins(folder: Path, offer: Callable[[type[Provider]], None], toy: type[Toy]) -> None:
    """A folder of its own to work in, with two plugins installed."""
    del folder
    for each in (toy, Poor):
        offer(each)


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


ONE = """
[accounts.main]
provider = "toy"
api_key = "env:TOY_KEY"
mode = "test"
timeout = 5
timezone = "Asia/Tokyo"
base_url = "https://toy.test/v2"
dry_run = true
"""
TWO = """
account = "a"
[accounts.a]
provider = "toy"
sandbox = true
[accounts.b]
provider = "poor"
api_key = "anything"
"""


def test_an_account_has_everything_that_the_file_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOY_KEY", f"{SECRET}\n")
    _ = write(ONE)

    account = opened()

    assert (account.name, account.provider.name, account.api_key) == ("main", "toy", SECRET)
    assert (account.timeout, account.zone.key, account.dry_run) == (5, "Asia/Tokyo", True)
    assert account.base_url == "https://toy.test/v2"


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_both_clients_open_an_account_of_the_file(kind: type[Client]) -> None:
    path = write(TWO, "deep/other.toml")

    client = kind.from_config(path, account="a")

    assert client.provider == "toy"
    assert client.sandbox is not None
    assert repr(kind.from_config(str(path), account="b")) == f"<{kind.__name__} of 'b': poor>"


def test_the_nearest_file_upwards_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    near = write(ONE, "app/subhub.toml").absolute()
    far = write(TWO).absolute()
    Path("app/deep/down").mkdir(parents=True)
    Path("app/deep/subhub.toml").mkdir()  # a folder of that name is no file

    monkeypatch.chdir("app/deep/down")
    assert Configuration.read().source == str(near)
    monkeypatch.chdir(far.parent)
    assert Configuration.read().source == str(far)


def test_a_variable_names_the_file_and_an_argument_goes_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _ = write(TWO)
    named, given = write(ONE, "named.toml"), write(ONE, "given.toml")
    monkeypatch.setenv("SUBHUB_CONFIG", str(named))

    assert Configuration.read().source == str(named)
    assert Configuration.read(given).source == str(given)


def test_a_file_that_is_named_has_to_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBHUB_CONFIG", "nowhere.toml")

    error = refusal(Configuration.read)

    assert str(error) == (
        "nowhere.toml cannot be read (No such file or directory): write one with `subhub init`"
    )


def test_an_account_is_chosen_by_argument_then_variable_then_file_then_by_being_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _ = write(TWO)
    assert opened().name == "a"
    monkeypatch.setenv("SUBHUB_ACCOUNT", "b")
    assert opened().name == "b"
    assert opened("a").name == "a"
    monkeypatch.delenv("SUBHUB_ACCOUNT")
    _ = write(TWO.replace('account = "a"', ""))
    error = refusal(opened)
    assert str(error).endswith("has several accounts (a, b) and no `account = ...`: add it")
    _ = write("[accounts.alone]\nprovider = 'toy'\nsandbox = true")
    assert opened().name == "alone"


def test_an_account_that_is_not_there_is_told_with_those_that_are() -> None:
    _ = write(TWO)

    error = refusal(lambda: opened("c"))

    assert isinstance(error, UnknownAccount)
    assert str(error).endswith("subhub.toml has no account 'c'; it has a, b")


def test_without_file_and_variables_there_is_no_account() -> None:
    assert str(refusal(opened)) == "the environment has no account: write one with `subhub init`"


def test_variables_alone_are_an_account(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "SUBHUB_PROVIDER": "toy",
        "SUBHUB_API_KEY": SECRET,
        "SUBHUB_MODE": "test",
        "SUBHUB_TIMEOUT": "7.5",
        "SUBHUB_DRY_RUN": "true",
        "SUBHUB_TIMEZONE": "Asia/Tokyo",
    }.items():
        monkeypatch.setenv(name, value)

    account = opened()

    assert (account.name, account.api_key, account.timeout) == ("main", SECRET, 7.5)
    assert (account.dry_run, account.zone.key) == (True, "Asia/Tokyo")


def test_variables_go_before_what_the_file_says_of_the_chosen_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _ = write(TWO.replace("sandbox = true", f"api_key = '{SECRET}'"))
    monkeypatch.setenv("SUBHUB_BASE_URL", "https://other.test")

    assert opened().base_url == "https://other.test"
    assert opened("b").base_url == "https://poor.test"
    monkeypatch.setenv("SUBHUB_ACCOUNT", "b")
    assert opened().base_url == "https://other.test"
    _ = write("[accounts.alone]\nprovider = 'toy'\napi_key = 'test_alone'")
    monkeypatch.delenv("SUBHUB_ACCOUNT")
    assert opened().base_url == "https://other.test"


def test_a_secret_is_read_from_a_file_without_its_line_end() -> None:
    _ = write(f"{SECRET}\n", "key.txt")
    _ = write("[accounts.main]\nprovider = 'toy'\napi_key = 'file:key.txt'")

    assert opened().api_key == SECRET


def test_a_secret_stands_in_no_repr_of_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBHUB_API_KEY", SECRET)
    monkeypatch.setenv("SUBHUB_PROVIDER", "toy")

    configuration = Configuration.read()

    assert SECRET not in repr(configuration)
    assert SECRET not in repr(configuration.open())


NEEDS = "needs = ['get_plan', 'create_plan', 'subscribe:inline_plan']"


def test_needs_that_every_account_meets_are_no_matter() -> None:
    _ = write(f"needs = ['get_plan']\n{TWO}")

    assert opened().name == "a"


def test_what_any_account_lacks_is_told_of_all_of_them_before_the_first_call() -> None:
    _ = write(f"{NEEDS}\n{TWO}\n[accounts.c]\nprovider = 'poor'\napi_key = 'x'")

    error = refusal(opened)

    assert isinstance(error, MissingNeed)
    head, *lines = str(error).splitlines()
    assert head.endswith("subhub.toml: `needs` cannot be met by every account:")
    assert len(lines) == 4
    for account in ("b", "c"):
        own = [line for line in lines if line.startswith(f"  accounts.{account} (poor): ")]
        assert "poor has no `create_plan` (the provider cannot): plans are made by hand" in own[0]
        assert own[0].endswith("instead: use its dashboard")
        assert "poor has no `subscribe:inline_plan` (this plugin does not yet)" in own[1]


def test_needs_of_an_account_without_its_plugin_cannot_be_known() -> None:
    _ = write(f"{NEEDS}\n{TWO.replace('poor', 'cfgabsent')}")

    with pytest.raises(PluginError, match="no plugin for the provider 'cfgabsent'"):
        opened()


def test_without_needs_another_accounts_plugin_need_not_be_installed() -> None:
    _ = write(TWO.replace("poor", "cfgabsent"))

    assert opened("a").provider.name == "toy"
    with pytest.raises(PluginError):
        opened("b")


PLANS = """
[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "6 months"
tax_rate = 21
description = "1GB"
public = false
[plans.free]
name = "Free"
price = "0 EUR"
interval = "year"
"""


def test_plans_are_read_as_drafts_with_their_key_as_code() -> None:
    _ = write(PLANS)

    plans = Configuration.read().plans()

    assert list(plans) == ["phone", "free"]
    phone, free = plans.values()
    assert (phone.code, phone.name, str(phone.price)) == (
        "phone",
        "Phone subscription",
        "12.95 EUR",
    )
    assert (str(phone.interval), phone.tax_rate) == ("6 months", Decimal(21))
    assert (phone.description, phone.public) == ("1GB", False)
    assert (str(free.price), str(free.interval), free.tax_rate) == ("0.00 EUR", "1 year", None)


def test_in_a_sandbox_the_plans_of_the_file_exist_under_their_keys() -> None:
    _ = write(f"{TWO}\n{PLANS}")

    client = Client.from_config()

    assert client.get_plan("phone").name == "Phone subscription"
    assert client.get_plan("phone").id == "pln_phone"


def test_elsewhere_a_plan_key_that_is_linked_to_no_plan_is_told_at_once() -> None:
    _ = write(f"{TWO}\n{PLANS}")

    message = str(refusal(lambda: Client.from_config(account="b")))
    assert "plans.phone: no plan is linked to the key, and poor sells existing plans" in message

    client = Client.from_config(account="b", check_plans=False)
    with pytest.raises(ConfigError, match="the plan 'phone' of the configuration is linked to no"):
        _ = client.get_plan("phone")

    _ = write(f'{TWO}\n[accounts.b.plans]\nphone = "p1"\nfree = "p2"\n{PLANS}')
    assert Client.from_config(account="b").get_plan("phone") == "p1"


def test_a_dry_run_is_one_when_either_the_file_or_the_call_says_so(draft: PlanDraft) -> None:
    _ = write(TWO)
    with pytest.raises(WouldSend):
        _ = Client.from_config(dry_run=True).create_plan(draft)
    assert Client.from_config().create_plan(draft).name == "Phone"
    _ = write(TWO.replace("sandbox = true", "sandbox = true\ndry_run = true"))
    with pytest.raises(WouldSend):
        _ = Client.from_config(dry_run=False).create_plan(draft)
