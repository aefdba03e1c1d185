"""`subhub webhooks` registers each record once, and shows a secret as long as it is needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake
from typer.testing import Result

from subhub import Client
from subhub.models import Result as Answer
from subhub.plugin import Flow, Provider, Webhooks, delete, path, signed
from tests.capture import capturing
from tests.conftest import Thing, Toy
from tests.served import Served, serving

Run = Callable[..., Result]
HOOKS = "https://shop.test/hooks"
PAID, NEW = "invoice-paid", "subscription-created"
BOTH = ("--event", PAID, "--event", NEW)


@pytest.fixture
def portal(run: Run) -> Iterator[Served]:
    """A portal on a port, which the configuration reaches with a key."""
    del run
    with serving() as serve:
        server = serve(MijnKlantportaal, 14)
        configure(server)
        yield server


def configure(server: Served, *secrets: str) -> None:
    settings = f"base_url = '{server.address}'\napi_key = '{server.fake.api_key}'\n"
    settings += f"webhook_secrets = {json.dumps(secrets)}\n"
    _ = Path("subhub.toml").write_text(
        f"[accounts.main]\nprovider = 'mijnklantportaal'\n{settings}"
    )


def records(server: Served) -> dict[str, str]:
    """Return the secrets of the portal, by the address that is called."""
    assert isinstance(server.fake, MijnKlantportaalFake)
    return {str(each["url"]): str(each["secret"]) for each in server.fake.webhooks.values()}


def test_each_event_has_an_address_and_a_secret(run: Run, portal: Served) -> None:
    result = run("webhooks", "register", f"{HOOKS}/", *BOTH)

    secrets = records(portal)
    assert result.exit_code == 0
    assert [*secrets] == [f"{HOOKS}/{PAID}", f"{HOOKS}/{NEW}"]
    assert result.stdout.count("registered (wbh_") == 2
    for secret in secrets.values():
        assert result.stdout.count(f"add to `webhook_secrets`: {secret}") == 1


def test_a_repeated_registration_creates_nothing(run: Run, portal: Served) -> None:
    _ = run("webhooks", "register", HOOKS, "--event", PAID)
    secrets = records(portal)

    result = run("webhooks", "register", HOOKS, *BOTH, "--event", PAID)

    assert len(records(portal)) == 2
    assert records(portal).items() >= secrets.items()
    assert f"{PAID}: {HOOKS}/{PAID} is registered already" in result.stdout
    assert secrets[f"{HOOKS}/{PAID}"] in result.stdout  # it is not in the configuration


def test_a_secret_that_is_configured_is_not_shown_again(run: Run, portal: Served) -> None:
    _ = run("webhooks", "register", HOOKS, *BOTH)
    (first, second) = records(portal).values()
    configure(portal, first)

    result = run("webhooks", "register", HOOKS, *BOTH)
    data = json.loads(run("webhooks", "register", HOOKS, *BOTH, "--json").stdout)

    assert first not in result.stdout
    assert second in result.stdout
    assert data["webhook_secrets"] == [second]
    assert [each["configured"] for each in data["records"]] == [True, False]
    assert [each["created"] for each in data["records"]] == [False, False]


def test_what_is_registered_is_accepted(run: Run, portal: Served) -> None:
    shown = json.loads(run("webhooks", "register", HOOKS, *BOTH, "--json").stdout)
    configure(portal, *shown["webhook_secrets"])

    with Client.from_config() as client:
        for address, secret in records(portal).items():
            (event,) = client.webhooks.read(address, {"X-Webhook-Signature": secret}, b"{}")
            assert event.word in {PAID, NEW}


def test_the_list_has_no_secrets(run: Run, portal: Served) -> None:
    assert run("webhooks", "list").stderr.strip() == "no webhooks"
    _ = run("webhooks", "register", HOOKS, *BOTH)
    (first, second) = records(portal).values()
    configure(portal, first)

    result = run("webhooks", "list")
    data = json.loads(run("webhooks", "list", "--json").stdout)

    assert [line.split()[1] for line in result.stdout.splitlines()[1:]] == [PAID, NEW]
    assert result.stdout.count(" in `webhook_secrets`") == 2
    assert result.stdout.count("not in `webhook_secrets`") == 1
    assert [each["configured"] for each in data] == [True, False]
    assert not any(secret in result.stdout or secret in str(data) for secret in (first, second))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((HOOKS,), "`--event` must be one or several of appointment-created, "),
        ((HOOKS, "--event", "invoice-payed"), "did you mean 'invoice-paid'?"),
        ((HOOKS, "--event", PAID, "--event", "x"), "got 'x': known are appointment-created"),
        (("shop.test/hooks", "--event", PAID), "`URL` must be an absolute web address"),
    ],
)
def test_what_cannot_be_registered_is_refused_before_anything_is(
    run: Run, portal: Served, words: tuple[str, ...], message: str
) -> None:
    result = run("webhooks", "register", *words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert portal.requests == 0


def test_a_dry_run_shows_the_request(run: Run, portal: Served) -> None:
    result = run("webhooks", "register", HOOKS, "--event", PAID, "--dry-run")

    assert f'"type": "{PAID}"' in result.output.replace('":"', '": "')
    assert records(portal) == {}


def test_what_the_portal_does_not_document_is_done_in_its_dashboard(
    run: Run, portal: Served
) -> None:
    result = run("webhooks", "remove", "wbh_1")

    assert result.exit_code == 3
    assert "do it in the dashboard of mijnklantportaal" in result.stderr
    assert portal.requests == 0


def use(provider: str, key: str) -> None:
    _ = Path("subhub.toml").write_text(
        f"[accounts.main]\nprovider = '{provider}'\napi_key = '{key}'\n"
    )


@pytest.mark.parametrize(
    ("provider", "key", "message"),
    [
        (
            "mollie",
            "test_" + 30 * "a",
            "instead: give each payment and subscription a `webhook_url",
        ),
        ("afternoon", "ak_test_1", "`changes(since=...)` compares its lists"),
    ],
)
@pytest.mark.parametrize("words", [("list",), ("register", HOOKS, "--event", "x"), ("remove", "w")])
def test_a_provider_without_records_says_what_to_do(
    run: Run, provider: str, key: str, message: str, words: tuple[str, ...]
) -> None:
    use(provider, key)

    result = run("webhooks", *words)

    assert result.exit_code == 3
    assert message in result.stderr


class Hooked(Toy):
    """The toy, which documents how a record is removed."""

    name = "hooked"
    webhooks = Webhooks(signed("X-Sig", layout="{signature}", content="{body}"), lambda _: [])

    def delete_webhook(self, webhook_id: str) -> Flow[Answer]:
        gone = yield from delete(path("/plans/{}", webhook_id), Thing)
        return gone.to_plan()


def test_a_record_is_removed_where_that_is_documented(
    run: Run, offer: Callable[[type[Provider]], None]
) -> None:
    offer(Hooked)
    with capturing(lambda _: (200, {}, b'{"id": "wbh_1"}')) as capture:
        use("hooked", f"test_1'\nbase_url = '{capture.url}/v1")
        result = run("webhooks", "remove", "wbh_1")

    assert [(asked.method, asked.target) for asked in capture.asked] == [
        ("DELETE", "/v1/plans/wbh_1")
    ]
    assert result.exit_code == 0
    assert "wbh_1 is removed; take its secret out of `webhook_secrets`" in result.stderr
