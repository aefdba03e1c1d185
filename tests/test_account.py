"""Settings: what is wrong is refused with the remedy, and the key is never told."""

from __future__ import annotations

import datetime as dt
import pickle
import traceback
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

import pytest

from subhub import ConfigError, Money, PluginError
from subhub.client.opening import open_account
from subhub.models import Interval, PlanDraft
from subhub.plugin import Encoded, Json, Provider, Request
from subhub.plugin.registry import load

if TYPE_CHECKING:
    from tests.conftest import Toy

KEY = "test_0123456789"
DRAFT = PlanDraft(name="Phone", price=Money(1, "EUR"), interval=Interval(1, "year"))


def refusal(provider: type[Provider], **settings: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        _ = open_account(provider, **settings)
    told = "".join(traceback.format_exception(caught.value))
    assert not settings.get("api_key") or settings["api_key"].strip() not in told
    return str(caught.value)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"api_key": None}, "toy needs an API key: give `api_key`, or `sandbox = true`"),
        ({"api_key": ""}, "toy needs an API key"),
        ({"api_key": "sk_0123456789"}, "those begin with live_... or test_..."),
        ({"api_key": f"{KEY}\n"}, "blanks, line ends"),
        ({"api_key": f"{KEY} x"}, "blanks, line ends"),
        ({"api_key": f"{KEY}\x00"}, "blanks, line ends"),
        ({"api_key": f"{KEY}é"}, "letters that no header can carry"),
        ({"api_key": KEY, "mode": "live"}, "`mode` is 'live', but the `api_key` is a test key"),
        ({"api_key": "live_0123456789", "mode": "test"}, "is a live key: make the two agree"),
        (
            {"api_key": "live_0123456789", "sandbox": True},
            "a live key of toy, and this is a sandbox",
        ),
        ({"timeout": 0}, "`timeout` must be > 0 seconds, got 0"),
        ({"timeout": -1.5}, "got -1.5"),
        ({"timeout": float("nan")}, "got nan"),
        ({"timeout": float("inf")}, "got inf"),
        ({"timezone": "Europe/Amsterdm"}, "did you mean 'Europe/Amsterdam'?"),
        ({"timezone": "Mars"}, "unknown `timezone` 'Mars': "),
        ({"timezone": "%%%"}, "write it as 'Europe/Amsterdam'"),
        ({"timezone": "../etc/passwd"}, "unknown `timezone`"),
        ({"timezone": "Europe"}, "unknown `timezone`"),
        ({"base_url": "http://api.toy.test"}, "would send the API key unencrypted: use https"),
        ({"base_url": "http://localhost.evil.example"}, "unencrypted"),
        ({"base_url": "http://sandbox:8420"}, "unencrypted"),
        ({"base_url": "api.toy.test/v1"}, "`base_url` must be an address such as https"),
        ({"base_url": "ftp://api.toy.test"}, "must be an address such as"),
        ({"base_url": "https://"}, "must be an address such as"),
        ({"base_url": "https://api.toy.test/?a=b"}, "must be an address such as"),
        ({"base_url": "https://api.toy.test/#a"}, "must be an address such as"),
        ({"base_url": "https://[api.toy.test"}, "must be an address such as"),
        ({"base_url": "https://api.toy.test:port"}, "must be an address such as"),
        ({"base_url": "https://api.toy.test/\n"}, "must be an address such as"),
        ({"base_url": "https://api toy.test"}, "must be an address such as"),
        ({"base_url": "https://user:s3cr3t@api.toy.test"}, "must be an address such as"),
    ],
    ids=lambda each: ascii(each)[:60],
)
def test_a_wrong_setting_is_refused_with_its_remedy(
    toy: type[Toy], settings: dict[str, Any], said: str
) -> None:
    assert said in refusal(toy, **{"api_key": KEY, **settings})


def test_a_password_in_an_address_is_not_told(toy: type[Toy]) -> None:
    assert "s3cr3t" not in refusal(toy, api_key=KEY, base_url="https://user:s3cr3t@api.toy.test")


@pytest.mark.parametrize(
    "base_url",
    ["http://localhost:8000", "http://127.0.0.1/v1", "http://[::1]:9", "https://proxy.test/toy/"],
)
def test_an_address_of_ones_own_is_used_without_a_slash_at_its_end(
    toy: type[Toy], base_url: str
) -> None:
    account = open_account(toy, api_key=KEY, base_url=base_url)

    assert account.base_url == base_url.rstrip("/")


@pytest.mark.parametrize(
    ("address", "used"),
    [
        ("http://sandbox:8420/v1", True),
        ("http://192.168.1.20:8420", True),
        ("http://host.docker.internal:8420", True),
        ("http://8.8.8.8", False),
        ("http://sandbox.example.com", False),
    ],
)
def test_the_sandboxs_own_key_may_be_sent_unencrypted_in_a_private_network(
    address: str,
    used: bool,  # noqa: FBT001
) -> None:
    key = load("afternoon").sandbox().api_key
    if used:
        assert open_account(load("afternoon"), api_key=key, base_url=address).base_url == address
        assert "unencrypted" in refusal(load("afternoon"), api_key=f"{key}x", base_url=address)
    else:
        assert "unencrypted" in refusal(load("afternoon"), api_key=key, base_url=address)


def test_a_provider_without_a_sandbox_has_no_key_that_may_be_sent_unencrypted(
    toy: type[Toy],
) -> None:
    bare = type("Bare", (toy,), {"sandbox": Provider.__dict__["sandbox"]})

    assert "unencrypted" in refusal(bare, api_key=KEY, base_url="http://sandbox:8420")


def test_without_settings_the_providers_own_hold(toy: type[Toy]) -> None:
    account = open_account(toy, api_key=KEY)

    assert (account.name, account.base_url) == ("toy", "https://toy.test/v1")
    assert account.zone == ZoneInfo("Europe/Amsterdam")
    assert (account.timeout, account.dry_run, account.fake) == (30.0, False, None)


@pytest.mark.parametrize(("key", "mode"), [(KEY, "test"), ("live_1", "live"), (KEY, None)])
def test_a_mode_that_the_key_agrees_with_is_accepted(toy: type[Toy], key: str, mode: Any) -> None:
    assert open_account(toy, api_key=key, mode=mode).api_key == key


def test_where_a_provider_documents_no_prefix_any_key_will_do() -> None:
    class Loose(Provider):
        name = "loose"
        base_url = "https://loose.test"

    assert open_account(Loose, api_key="x", mode="live").api_key == "x"


def test_a_provider_may_carry_the_key_in_a_header_of_its_own() -> None:
    class Headed(Provider):
        name = "headed"
        base_url = "https://headed.test"

        def credentials(self, api_key: str) -> Mapping[str, str]:
            return {"X-Key": api_key}

    rules = open_account(Headed, api_key=KEY, dry_run=True).rules()
    request = Request("POST", "/a", {"b": 1})

    assert rules.preview is not None
    assert rules.prepare(request).headers["X-Key"] == KEY
    assert rules.preview(request).headers["X-Key"] == "[redacted]"
    assert rules.prepare(request).content == rules.preview(request).content


def test_an_account_shows_its_key_in_no_repr(toy: type[Toy]) -> None:
    account = open_account(toy, api_key=KEY)

    assert KEY not in repr(account)
    assert KEY not in repr(account.rules())
    assert KEY not in repr(account.rules().prepare(Request("GET", "/")))


def test_the_present_is_told_in_the_accounts_zone(toy: type[Toy]) -> None:
    noon = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)

    given = open_account(toy, api_key=KEY, timezone="Asia/Tokyo", clock=lambda: noon).now()
    machine = open_account(toy, api_key=KEY).now()

    assert given.isoformat() == "2024-05-04T21:00:00+09:00"
    assert abs(machine - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert machine.tzinfo == ZoneInfo("Europe/Amsterdam")


def test_in_a_sandbox_time_is_the_sandboxs_unless_told_otherwise(toy: type[Toy]) -> None:
    fake = toy.sandbox()
    noon = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
    _ = fake.clock.advance(days=400)

    assert open_account(toy, sandbox=fake).now() == fake.clock.now()
    assert open_account(toy, sandbox=fake, clock=lambda: noon).now() == noon


def test_a_sandbox_takes_its_own_key_or_the_one_that_was_given(toy: type[Toy]) -> None:
    assert open_account(toy, sandbox=True).api_key == "test_sandbox_key"
    assert open_account(toy, sandbox=True, api_key=KEY).api_key == KEY
    assert open_account(toy, sandbox=True).fake is not open_account(toy, sandbox=True).fake


def test_a_plan_key_is_the_id_in_a_sandbox_and_is_yet_to_be_linked_elsewhere(
    toy: type[Toy],
) -> None:
    sandboxed = open_account(toy, sandbox=True, plans={"phone": DRAFT})
    real = open_account(toy, name="main", api_key=KEY, plans={"phone": DRAFT})

    assert sandboxed.plan_id("phone") == "pln_phone"
    assert sandboxed.plan_id("pln_7") == "pln_7"
    assert real.plan_id("pln_7") == "pln_7"
    with pytest.raises(ConfigError, match=r"plan 'phone' .* linked to no plan .* account 'main'"):
        _ = real.plan_id("phone")


def test_a_plan_that_the_sandbox_cannot_have_is_told_by_its_key(toy: type[Toy]) -> None:
    fake = toy.sandbox()
    fake.refused = "euros only"

    with pytest.raises(ConfigError, match=r"plans\.phone cannot be a plan .*: euros only"):
        _ = open_account(toy, sandbox=fake, plans={"phone": DRAFT})


def test_a_provider_knows_the_address_and_the_zone_of_its_account(toy: type[Toy]) -> None:
    given = open_account(toy, api_key=KEY, base_url="https://a.test/", timezone="Asia/Tokyo")
    own = open_account(toy, api_key=KEY)

    assert (given.provider.address, given.provider.zone) == ("https://a.test", given.zone)
    assert (own.provider.address, own.provider.zone) == (toy.base_url, own.zone)
    assert (toy().address, toy().zone) == (toy.base_url, own.zone)


class Forms(Provider):
    name = "forms"
    base_url = "https://forms.test"
    key_prefixes: ClassVar[Mapping[str, str]] = {
        "live": "sk_live_ rk_live_",
        "test": "sk_test_",
    }

    def encode(self, body: Json) -> Encoded:
        return "text/plain", " ".join(body).encode()


def test_both_what_goes_out_and_its_preview_are_in_the_providers_form() -> None:
    rules = open_account(Forms, api_key="sk_test_1", dry_run=True).rules()
    request = Request("POST", "/a", {"b": 1, "c": 2}, headers={"K": "v"})

    assert rules.preview is not None
    for prepared in (rules.prepare(request), rules.preview(request)):
        assert prepared.content == b"b c"
        assert (prepared.headers["Content-Type"], prepared.headers["K"]) == ("text/plain", "v")


@pytest.mark.parametrize(
    ("key", "mode"), [("sk_live_1", "live"), ("rk_live_1", "live"), ("sk_test_1", "test")]
)
def test_the_keys_of_a_mode_may_begin_in_several_ways(
    key: str, mode: Literal["live", "test"]
) -> None:
    assert open_account(Forms, api_key=key, mode=mode).api_key == key
    with pytest.raises(ConfigError, match="make the two agree"):
        _ = open_account(Forms, api_key=key, mode="test" if mode == "live" else "live")


def test_a_key_of_no_kind_is_refused_with_every_beginning() -> None:
    with pytest.raises(ConfigError, match=r"sk_live_\.\.\. or rk_live_\.\.\. or sk_test_"):
        _ = open_account(Forms, api_key="pk_live_1")


@pytest.mark.parametrize("key", ["sk_live_1", "rk_live_1"])
def test_no_live_key_of_any_kind_gets_into_a_sandbox(key: str, toy: type[Toy]) -> None:
    with pytest.raises(ConfigError, match="live key"):
        _ = open_account(Forms, api_key=key, sandbox=toy.sandbox())


def test_a_provider_without_a_sandbox_cannot_be_tried() -> None:
    class Serious(Provider):
        name = "serious"
        base_url = "https://serious.test"
        key_prefixes: ClassVar[Mapping[str, str]] = {"test": "t_"}

    with pytest.raises(PluginError, match="ships no sandbox"):
        _ = open_account(Serious, sandbox=True)


def test_a_refused_setting_can_be_pickled_to_another_process(toy: type[Toy]) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = open_account(toy)

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301
