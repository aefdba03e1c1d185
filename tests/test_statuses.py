"""An account's own words for a status: which are refused, and that the others are read."""

from __future__ import annotations

import asyncio
import datetime as dt
import inspect
import json
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from typer.testing import CliRunner

from subhub import (
    AsyncClient,
    Client,
    ConfigError,
    CustomerDraft,
    Interval,
    InvalidRequest,
    Money,
    PlanDraft,
    Status,
    access_at,
)
from subhub.cli.app import app
from subhub.client.statuses import checked_statuses
from subhub.plugin import Provider
from subhub.server import Application, Sandbox, ServedAccount, listen, origin_of
from subhub.server.program import serving
from subhub.testing import play, reply

PLAN = PlanDraft(name="Phone", price=Money("10", "EUR"), interval=Interval(1, "month"))
COMPANY = CustomerDraft(name="Test BV", email="john.doe@test.com")
NOON = dt.datetime(2024, 5, 4, 12, tzinfo=dt.UTC)
RUNNING = {"active": "active"}


@pytest.fixture
def served() -> Iterator[ServedAccount]:
    """Serve an account of Afternoon, as the provider's own address would."""
    with listen("127.0.0.1", 0) as listening:
        sandbox = Sandbox(origin_of(listening))
        account = sandbox.add(Afternoon, "main", {"phone": PLAN})
        account.fake.exchanges = deque(maxlen=50)  # a served fake keeps none otherwise
        with serving(Application(sandbox), listening):
            yield account


def reached(account: ServedAccount) -> dict[str, Any]:
    return {"api_key": account.fake.api_key, "base_url": account.base_url}


def paid(account: ServedAccount, client: Client) -> str:
    """Sign a customer up, and return the customer's id."""
    link = client.create_signup_link(plan="phone", customer=COMPANY)
    account.fake.pay(link.url)
    assert link.customer_id
    return link.customer_id


def test_a_configured_word_is_read_from_every_answer(served: ServedAccount) -> None:
    with Client("afternoon", statuses=RUNNING, **reached(served)) as billing:
        customer = paid(served, billing)
        (listed,) = billing.list_subscriptions(customer=customer)
        read = billing.get_subscription(listed.id)
        same = billing.subscribe(plan="phone", customer=customer, unless_active=True)
        with billing.bulk(billing.get_subscription, [listed.id]) as run:
            (item,) = run

    assert read == listed == same == item.result
    assert (read.status, read.raw_status) == (Status.ACTIVE, "active")
    assert access_at(read, NOON).answer == "yes"


def test_a_configured_word_is_read_by_the_async_client(served: ServedAccount) -> None:
    async def listed() -> list[Status]:
        async with AsyncClient("afternoon", statuses=RUNNING, **reached(served)) as billing:
            return [item.status async for item in billing.list_subscriptions(status=Status.ACTIVE)]

    with Client("afternoon", **reached(served)) as billing:
        _ = paid(served, billing)
    assert asyncio.run(listed()) == [Status.ACTIVE]


def test_a_configured_word_is_read_by_the_commands(served: ServedAccount, folder: Path) -> None:
    with Client("afternoon", **reached(served)) as billing:
        _ = paid(served, billing)
    account = (
        "[accounts.main]\nprovider = 'afternoon'\n"
        f"api_key = '{served.fake.api_key}'\nbase_url = '{served.base_url}'\n"
    )
    file = folder / "subhub.toml"
    _ = file.write_text(account)
    asked = ["subscription", "list", "--status", "active", "--json", "--config", str(file)]

    unknown = CliRunner().invoke(app, asked)
    assert unknown.exit_code
    assert "[accounts.main.statuses]: active = " in unknown.output

    _ = file.write_text(account + "[accounts.main.statuses]\nactive = ['live', 'active']\n")
    found = CliRunner().invoke(app, asked)
    assert [item["status"] for item in json.loads(found.stdout)] == ["active"]


def test_a_filter_without_a_known_word_raises_before_anything_is_sent(
    served: ServedAccount,
) -> None:
    with Client("afternoon", **reached(served)) as billing:
        _ = paid(served, billing)
        before = len(served.fake.exchanges)
        assert before
        with pytest.raises(InvalidRequest, match=r"\[accounts.afternoon.statuses\]: active = "):
            _ = billing.list_subscriptions(status=Status.ACTIVE)
        assert len(served.fake.exchanges) == before

        assert len(list(billing.list_subscriptions(status=Status.UNKNOWN))) == 1
        assert list(billing.list_subscriptions(status=Status.PENDING)) == []


def queries(account: ServedAccount) -> list[str | None]:
    """Return the `status` of the query that came last."""
    *_, last = account.fake.exchanges
    return [last.received.query.get("status")]


def test_the_only_word_for_a_status_is_sent_as_the_filter(served: ServedAccount) -> None:
    with Client("afternoon", statuses=RUNNING, **reached(served)) as billing:
        _ = paid(served, billing)
        assert len(list(billing.list_subscriptions(status=Status.ACTIVE))) == 1
        assert queries(served) == ["active"]
    both = {"active": ["active", "live"]}
    with Client("afternoon", statuses=both, **reached(served)) as billing:
        assert len(list(billing.list_subscriptions(status=Status.ACTIVE))) == 1
        assert queries(served) == [None], "the provider filters by one word"
        own = {"afternoon": {"status": "live"}}
        assert list(billing.list_subscriptions(provider_options=own)) == []
        assert queries(served) == ["live"]


def test_a_status_given_as_text_is_the_same_filter(served: ServedAccount) -> None:
    with Client("afternoon", statuses=RUNNING, **reached(served)) as billing:
        _ = paid(served, billing)
        assert len(list(billing.list_subscriptions(status="active"))) == 1  # type: ignore[arg-type]
        assert queries(served) == ["active"]


def test_a_provider_that_cannot_filter_is_not_asked_to() -> None:
    with Client("mijnklantportaal", sandbox=True) as billing:
        assert list(billing.list_subscriptions(status=Status.ACTIVE)) == []
        with pytest.raises(InvalidRequest, match="documents no word for 'past_due"):
            _ = billing.list_subscriptions(status=Status.PAST_DUE)


def test_a_plugin_that_declares_no_statuses_filters_as_before(toy: type[Provider]) -> None:
    with Client(toy, sandbox=True) as billing:
        _ = billing.list_subscriptions(status=Status.PAUSED)


def test_a_documented_word_may_be_repeated() -> None:
    repeated = {"canceled": ["canceled", "revoked"]}
    with Client("afternoon", sandbox=True, statuses=repeated) as billing:
        assert list(billing.list_subscriptions(status=Status.CANCELED)) == []


@pytest.mark.parametrize(
    ("statuses", "problem"),
    [
        ({"actve": "x"}, "no status is called 'actve': did you mean 'active'?"),
        ({"zzz": "x"}, "no status is called 'zzz': there are pending, scheduled, active"),
        ({"zzz": 7}, "no status is called 'zzz': there are"),
        ({"unknown": "x"}, "no status is called 'unknown'"),
        ({"in_force": "active"}, "the neutral name comes first: active = 'in_force'"),
        ({"in_force": ["active"]}, "the neutral name comes first: active = 'in_force'"),
        ({"active": "pending"}, "'pending' is documented by afternoon, and means 'pending'"),
        ({"active": "x", "paused": ["y", "x"]}, "'x' is named for `statuses.active`, too"),
        ({"active": ["x", "x"]}, "'x' is named twice"),
        ({"active": ""}, "`statuses.active` must be the provider's word, or a list"),
        ({"active": " x"}, "`statuses.active` must be the provider's word, or a list"),
        ({"active": []}, "`statuses.active` must be the provider's word, or a list"),
        ({"active": 7}, "`statuses.active` must be the provider's word, or a list"),
        ({"active": ["x", 7]}, "`statuses.active` must be the provider's word, or a list"),
    ],
    ids=str,
)
def test_a_mistake_is_refused_with_its_key(statuses: Any, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        _ = Client("afternoon", sandbox=True, statuses=statuses)
    assert problem in str(caught.value)


def test_a_mistake_of_the_file_is_refused_with_file_and_account(folder: Path) -> None:
    file = folder / "subhub.toml"
    _ = file.write_text(
        "[accounts.a]\nprovider = 'mijnklantportaal'\nsandbox = true\n"
        "[accounts.a.statuses]\nended = 'in_progress'\n"
    )
    with pytest.raises(ConfigError) as caught:
        _ = Client.from_config()
    assert "subhub.toml: accounts.a: `statuses.ended`: 'in_progress'" in str(caught.value)
    assert "means 'active'" in str(caught.value)


def test_a_plugin_that_would_not_read_them_refuses_them(toy: type[Provider]) -> None:
    with pytest.raises(ConfigError, match="the plugin of 'toy' declares no statuses"):
        _ = Client(toy, sandbox=True, statuses=RUNNING)


def test_accounts_do_not_share_their_words() -> None:
    with (
        Client("afternoon", sandbox=True, statuses=RUNNING) as one,
        Client("afternoon", sandbox=True) as other,
    ):
        assert list(one.list_subscriptions(status=Status.ACTIVE)) == []
        with pytest.raises(InvalidRequest):
            _ = other.list_subscriptions(status=Status.ACTIVE)
    assert "active" not in Afternoon.statuses


def test_a_word_for_the_end_ends_a_subscription_at_mijnklantportaal() -> None:
    wire = {"id": "sub_1", "status": "afgelopen", "terminatedAt": "2024-04-29T21:00:00+02:00"}
    plugin = MijnKlantportaal()
    plugin.status_words = checked_statuses(MijnKlantportaal, {"ended": "afgelopen"})

    played = play(plugin.get_subscription("sub_1"), reply(200, wire))

    assert played.result.status is Status.ENDED
    assert played.result.ends_at == dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)
    assert access_at(played.result, NOON).answer == "no"


def test_the_docs_define_each_status_as_its_docstring_does() -> None:
    source = inspect.getsource(Status)
    defined = re.findall(r'    [A-Z_]+ = "(\w+)"\n    """(.+?)"""', source)
    page = (Path(__file__).parents[1] / "docs" / "configuration.md").read_text("utf-8")

    assert [name for name, _ in defined] == [str(status) for status in Status]
    for name, sentence in defined:
        assert sentence.count(".") == 1, f"one sentence: {sentence}"
        assert f"| `{name}` | {sentence} |" in page
