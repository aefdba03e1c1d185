"""`sells = false`: an account that takes no new business, and still serves its customers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subhub import (
    Capabilities,
    Client,
    Clients,
    ConfigError,
    CustomerDraft,
    Interval,
    MissingNeed,
    Money,
    PlanDraft,
    ProviderUnavailable,
    Unsupported,
)
from subhub.catalog.plans import Catalog
from subhub.cli.app import app
from subhub.client.configuration import Configuration
from subhub.plugin.operations import OPERATIONS, SELLING
from subhub.plugin.registry import load
from tests.conftest import Caller, Desk, Toy
from tests.served import Serve, serving

COMPANY = CustomerDraft(name="Test Company BV", email="john.doe@test.com", external_id="c1")
PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"))
NEW_BUSINESS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("create_plan", (PHONE,), {}),
    ("create_customer", (COMPANY,), {}),
    ("create_signup_link", (), {"plan": "pln_1", "customer": COMPANY}),
    ("create_signup_link", (), {"plan": "pln_1", "customer": "cst_1"}),
    (
        "create_signup_link",
        (),
        {"plan": "pln_1", "customer": "cst_1", "replaces": "sub_1", "when": "now"},
    ),
    ("subscribe", (), {"plan": "pln_1", "customer": "cst_1"}),
    ("subscribe", (), {"plan": PHONE, "customer": COMPANY}),
    ("subscribe", (), {"plan": "pln_1", "customer": "cst_1", "unless_active": True}),
]
SERVICE: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("get_plan", ("pln_1",), {}),
    ("list_plans", (), {}),
    ("update_plan", ("pln_1",), {"name": "Other"}),
    ("get_customer", ("cst_1",), {}),
    ("list_customers", (), {}),
    ("find_customer", (), {"external_id": "c1"}),
    ("update_customer", ("cst_1",), {"name": "Other"}),
    ("delete_customer", ("cst_1",), {}),
    ("create_setup_link", ("cst_1",), {}),
    ("create_portal_link", ("cst_1",), {}),
    ("payment_methods", ("cst_1",), {}),
    ("get_subscription", ("sub_1",), {}),
    ("list_subscriptions", (), {}),
    ("change_subscription", ("sub_1",), {"plan": "pln_2", "when": "now"}),
    ("update_subscription", ("sub_1",), {"description": "Other"}),
    ("cancel_subscription", ("sub_1",), {"when": "now"}),
    ("uncancel_subscription", ("sub_1",), {}),
    ("pause_subscription", ("sub_1",), {}),
    ("resume_subscription", ("sub_1",), {}),
    ("list_invoices", (), {}),
    ("get_invoice", ("inv_1",), {}),
    ("get_invoice_pdf", ("inv_1",), {}),
]
TWO = """
account = "next"
needs = ["create_signup_link", "subscribe", "cancel_subscription"]

[accounts.main]
provider = "mijnklantportaal"
api_key = "0123456789abcdef"
sells = false

[accounts.next]
provider = "afternoon"
api_key = "ak_test_0123456789abcdef"
"""
PLAN = '[plans.{}]\nname = "Phone"\nprice = "12.95 EUR"\ninterval = "1 year"\ntax_rate = 21\n'


@pytest.fixture
def retired(connect: Callable[..., Caller], desk: Desk) -> Caller:
    """A client, of each kind, of an account that takes no new business."""
    return connect(
        Toy, api_key="test_0123456789", transport=desk.transport, attempts=1, sells=False
    )


@pytest.fixture
def serve() -> Iterator[Serve]:
    with serving() as serve:
        yield serve


def write(folder: Path, text: str = TWO) -> Path:
    path = folder / "subhub.toml"
    _ = path.write_text(text, "utf-8")
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words)


def test_every_operation_is_new_business_or_service() -> None:
    assert {name for name, *_ in NEW_BUSINESS} == set(SELLING)
    assert {name for name, *_ in SERVICE} | {"follow_signup_link"} == OPERATIONS.keys() - {*SELLING}


@pytest.mark.parametrize("call", NEW_BUSINESS, ids=range(len(NEW_BUSINESS)))
def test_new_business_is_refused_before_anything_is_sent(
    retired: Caller, desk: Desk, call: Any
) -> None:
    name, args, kwargs = call

    with pytest.raises(Unsupported) as caught:
        getattr(retired, name)(*args, **kwargs)

    assert str(caught.value) == (
        f"`{name}` is refused: the account 'toy' takes no new business, because its `sells` is "
        "false; instead: use an account that sells, or remove `sells`"
    )
    assert (caught.value.kind, caught.value.operation) == ("account", name)
    assert not desk.sent


@pytest.mark.parametrize("call", SERVICE, ids=lambda call: call[0])
def test_customers_are_still_served(retired: Caller, desk: Desk, call: Any) -> None:
    name, args, kwargs = call
    one = {"id": args[0] if args else "x", "status": "active", "customer": "cst_1"}
    lists = name.startswith(("list_", "find_", "payment_"))
    desk.answer(200, {"items": [one], "next": None} if lists else one)

    getattr(retired, name)(*args, **kwargs)

    assert len(desk.sent) == 1


def test_the_capabilities_show_it(retired: Caller) -> None:
    known = Toy.capabilities()

    for name in known:
        new = name.partition(":")[0] in SELLING
        assert retired.supports(name) == (known.supports(name) and not new), name
        if new and not known.supports(name) and not known[name].field:
            assert retired.capabilities[name].found == known[name].found, "the provider's reason"
    assert isinstance(retired.capabilities, Capabilities)
    assert list(retired.capabilities) == list(known)
    with pytest.raises(Unsupported, match="takes no new business"):
        retired.capabilities.require("create_customer:phone")
    assert Toy.capabilities().supports("subscribe"), "the provider's own are as they were"


def test_what_the_provider_lacks_keeps_its_reason() -> None:
    with Client("afternoon", api_key="ak_test_0123456789", sells=False) as billing:
        with pytest.raises(Unsupported, match="dashboard") as caught:
            billing.capabilities.require("create_plan")
        assert caught.value.kind == "provider"
        with pytest.raises(Unsupported) as caught:
            billing.capabilities.require("subscribe:inline_plan")
        assert caught.value.kind == "provider"
        with pytest.raises(Unsupported, match="dashboard"):
            billing.capabilities.require("create_plan:tax_rate")


def test_a_change_that_was_lost_before_is_still_found_out_about(
    retired: Caller, connect: Callable[..., Caller], desk: Desk
) -> None:
    settings: Any = {"api_key": "test_0123456789", "transport": desk.transport, "attempts": 1}
    selling = connect(Toy, **settings)
    desk.answer(500, {})
    with pytest.raises(ProviderUnavailable) as caught:
        selling.subscribe(plan="pln_1", customer="cst_1")
    for _ in range(2):  # that nothing was done takes two looks
        desk.answer(200, {"items": [], "next": None})

    found = retired.resolve(str(caught.value.token), grace_period=0)

    assert found.outcome == "not_done"


class TestConfiguration:
    def test_an_account_refuses_in_its_own_name(self, serve: Serve, folder: Path) -> None:
        server = serve(load("afternoon"), 1)
        _ = write(
            folder,
            f"[accounts.main]\nprovider = 'afternoon'\nbase_url = '{server.address}'\n"
            f"api_key = '{server.fake.api_key}'\nsells = false\n",
        )
        with Client.from_config() as billing:
            with pytest.raises(Unsupported, match="the account 'main' takes no new business"):
                _ = billing.create_customer(COMPANY)
            assert list(billing.list_customers()) == []
        assert server.changes == 0

    def test_the_account_in_use_must_sell_if_the_application_needs_to(self, folder: Path) -> None:
        _ = write(folder, TWO.replace('account = "next"', 'account = "main"'))

        message = "the account in use, 'main', has `sells = false`.*`create_signup_link`, `subscri"
        with pytest.raises(MissingNeed, match=message):
            _ = Client.from_config()
        with pytest.raises(MissingNeed, match=message):
            _ = Clients.from_config()
        with Client.from_config(account="main") as billing:  # by name, it is meant
            assert billing.supports("cancel_subscription")
        with Clients.from_config(account="main") as clients:
            assert clients.active.provider == "mijnklantportaal"

    def test_the_variable_chooses_like_the_file(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _ = write(folder)
        monkeypatch.setenv("SUBHUB_ACCOUNT", "main")

        with pytest.raises(MissingNeed, match="the account in use, 'main'"):
            _ = Client.from_config()

    def test_without_such_a_need_it_can_be_in_use(self, folder: Path) -> None:
        _ = write(
            folder,
            'needs = ["cancel_subscription"]\n[accounts.main]\nprovider = "mijnklantportaal"\n'
            'api_key = "0123456789abcdef"\nsells = false\n',
        )
        with Client.from_config() as billing:
            assert not billing.supports("subscribe")

    def test_it_need_not_be_able_to_sell(self, folder: Path) -> None:
        needs = TWO.replace('"create_signup_link"', '"create_signup_link:existing_customer"')
        _ = write(folder, needs)  # which MijnKlantportaal lacks
        with Client.from_config() as billing:
            assert billing.provider == "afternoon"

        _ = write(folder, needs.replace("sells = false", "sells = true"))
        with pytest.raises(MissingNeed, match=r"accounts\.main"):
            _ = Client.from_config()
        _ = write(folder, needs.replace('"cancel_subscription"', '"cancel_subscription:prorated"'))
        with pytest.raises(MissingNeed, match=r"accounts\.main .*cancel_subscription:prorated"):
            _ = Client.from_config()  # what is no sale is needed there too

    def test_it_need_not_have_the_plans_that_are_sold_elsewhere(self, folder: Path) -> None:
        links = "[accounts.next.plans]\nphone = 'phone_yearly'\n"
        path = write(folder, TWO + links + PLAN.format("phone"))

        with closing(Configuration.read(path).open("main")) as account:
            assert account.plan_ids == {}
        _ = write(folder, (TWO + links + PLAN.format("phone")).replace("sells = false", ""))
        with pytest.raises(ConfigError, match="no plan is linked to the key"):
            _ = Configuration.read(path).open("main")


class TestCommands:
    def test_check_shows_it(self, folder: Path) -> None:
        _ = write(folder)

        shown = run("check")
        assert shown.exit_code == 0
        assert "ready; takes no new business" in shown.stdout
        accounts = json.loads(run("check", "--json").stdout)["accounts"]
        assert [(account["name"], account["sells"]) for account in accounts] == [
            ("main", False),
            ("next", True),
        ]

    def test_check_fails_where_from_config_does(self, folder: Path) -> None:
        _ = write(folder, TWO.replace('account = "next"', 'account = "main"'))

        failed = run("check", "--json")

        assert failed.exit_code == 2
        problems = [account["problem"] for account in json.loads(failed.stdout)["accounts"]]
        assert "the account in use, 'main', has `sells = false`" in problems[0]
        assert problems[1] is None

    def test_capabilities_show_it(self, folder: Path) -> None:
        _ = write(folder)

        def shown(*words: str) -> dict[str, Any]:
            found = json.loads(run("capabilities", *words, "--json").stdout)
            return {capability["name"]: capability for capability in found}

        refused = shown("--account", "main")["create_signup_link:new_customer"]
        assert (refused["supported"], refused["kind"]) == (False, "account")
        assert refused["reason"].startswith("the account 'main' takes no new business")
        assert shown("--account", "main")["cancel_subscription"]["supported"]
        assert shown()["subscribe"]["supported"], "the account in use sells"
        assert shown("mijnklantportaal")["subscribe"]["supported"], "a provider is not an account"
        table = run("capabilities", "--account", "main").stdout
        assert "not yet" not in next(
            line for line in table.splitlines() if line.startswith("subscribe ")
        )

    def test_a_rehearsal_leaves_it_out(self, folder: Path) -> None:
        _ = write(folder, TWO + PLAN.format("phone"))

        played = json.loads(run("check", "--rehearse", "--json").stdout)["rehearsal"]

        assert [account["name"] for account in played] == ["next"]

    def test_its_plans_are_neither_pushed_nor_missed(self, folder: Path) -> None:
        _ = write(folder, TWO + PLAN.format("phone"))
        with Client.from_config(account="main", check_plans=False) as billing:
            (status,) = Catalog(Configuration.read(), billing, "main").status()
        assert (status.id, status.problem) == (None, None)

        pushed = run("plans", "push", "--account", "main")

        assert pushed.exit_code == 3
        assert "takes no new business" in pushed.stderr
        assert "adopt" not in pushed.output
