"""Which plan a key means, and what is refused before the first sale."""

from __future__ import annotations

import datetime as dt
import decimal
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from subhub import Client, ConfigError, CustomerDraft, PlanDraft
from subhub.catalog.plans import Catalog
from subhub.client.configuration import Configuration
from subhub.client.plan_links import LOCK_NAME, read_lock, terms_of
from subhub.client.served_sandbox import find
from subhub.models import Interval, Money, Plan
from subhub.server import Sandbox

TODAY = dt.date(2026, 11, 26)
Write = Callable[..., Path]
Open = Callable[..., Catalog]
PHONE = '[plans.{}]\nname = "Phone"\nprice = "{}"\ninterval = "1 year"\ntax_rate = 21\n'


def lock(text: str) -> None:
    _ = Path(LOCK_NAME).write_text(text, "utf-8")


def test_equal_terms_have_equal_texts() -> None:
    draft = PlanDraft(
        name="Phone", price=Money("12.9500", "EUR"), interval=Interval(12, "month"), tax_rate="21.0"
    )
    assert terms_of(draft) == "12.95 EUR / 1 year / 21 %"
    assert terms_of(Plan(provider="toy", id="p")) == "no price / no interval"


def test_terms_do_not_depend_on_the_decimal_context_of_the_application() -> None:
    draft = PlanDraft(
        name="Phone", price=Money("1234.50", "EUR"), interval=Interval(1, "year"), tax_rate="20.125"
    )
    with decimal.localcontext(prec=3):
        assert terms_of(draft) == "1234.50 EUR / 1 year / 20.125 %"


def test_a_link_by_hand_comes_before_the_lock_file_and_that_before_the_key(write: Write) -> None:
    plans = "".join(PHONE.format(key, "5 EUR") for key in ("a", "b", "c"))
    _ = write("afternoon", '[accounts.main.plans]\na = "by_hand"', plans)
    tables = "".join(
        f'[main.{key}]\nid = "locked"\nterms = "5.00 EUR / 1 year / 21 %"\nhow = "x"\n'
        for key in ("a", "b")
    )
    lock(tables + tables.replace("main", "other").replace("locked", "foreign"))

    account = Configuration.read().open()

    assert account.plan_ids == {"a": "by_hand", "b": "locked", "c": "c"}


def test_terms_are_sent_where_no_plan_is_needed(write: Write, catalog: Open) -> None:
    _ = write()
    customer = CustomerDraft(
        name="T", email="t@test.nl", address="A 1", postal_code="1234AB", city="B", country="NL"
    )
    with Client.from_config() as billing:
        subscription = billing.subscribe(plan="phone", customer=customer)
        assert subscription.price == billing.plans["phone"].price
        assert list(billing.list_plans()) == []
        with pytest.raises(ConfigError, match="linked to no plan of the account 'main': run"):
            _ = billing.create_signup_link(plan="phone", customer=customer)
    assert {plan.how for plan in catalog().status()} == {"subscribe sends its terms"}


@pytest.mark.parametrize(
    ("provider", "key", "price", "more", "problem"),
    [
        ("afternoon", "Phone-1", "5 EUR", "", "must be a plan code"),
        ("mijnklantportaal", "phone", "5 USD", "", "cannot be a plan of mijnklantportaal: .*EUR"),
        ("mijnklantportaal", "phone", "5 EUR", "needs", "`create_signup_link:new_customer` of"),
        ("mijnklantportaal", "spg_phone", "5 EUR", "", "looks like the id of a plan"),
        ("mijnklantportaal", "phone", "6 EUR", "lock", "it costs 6.00 EUR .* 5.00 EUR / 1 year"),
    ],
)
def test_what_could_not_be_sold_fails_when_the_configuration_is_read(
    write: Write, catalog: Open, provider: str, key: str, price: str, more: str, problem: str
) -> None:
    path = write(provider, plans=PHONE.format(key, price))
    if more == "needs":
        needs = 'needs = ["subscribe", "create_signup_link:new_customer"]\n'
        _ = path.write_text(needs + path.read_text("utf-8"), "utf-8")
    if more == "lock":
        lock('[main.phone]\nid = "spg_1"\nterms = "5.00 EUR / 1 year / 21 %"\nhow = "pushed"\n')

    with pytest.raises(ConfigError, match=rf"accounts\.main: .*\n +plans\.{key}: .*{problem}"):
        _ = Client.from_config()

    (plan,) = catalog().status()
    assert plan.problem


def test_a_key_is_not_the_id_of_another_plan(write: Write) -> None:
    plans = PHONE.format("basic", "5 EUR") + PHONE.format("pro", "6 EUR")
    _ = write("afternoon", '[accounts.main.plans]\npro = "basic"', plans)
    with pytest.raises(ConfigError, match=r"plans\.basic: the key is also the id of .*'pro'"):
        _ = Client.from_config()


def test_a_link_needs_a_plan(write: Write) -> None:
    _ = write(more='[accounts.main.plans]\nfone = "spg_1"')
    with pytest.raises(ConfigError, match=r"accounts\.main: plans\.fone links a plan that \[plans"):
        _ = Client.from_config()


def test_the_status_compares_with_the_provider(write: Write, catalog: Open) -> None:
    path = write()
    phone, data = (str(plan.id) for plan in catalog().push(TODAY))
    with Client.from_config() as billing:
        _ = billing.update_plan("data", price=Money("6", "EUR"))
    assert {plan.key: plan.problem for plan in catalog().status()} == {
        "phone": None,
        "data": "it costs 6.00 EUR / 1 month / 21 %, and the configuration says 5.00 EUR / 1 month "
        "/ 21 %",
    }

    by_hand = f'[accounts.main.plans]\nphone = "spg_missing0000001"\ndata = "{phone}"\n'
    _ = path.write_text(
        path.read_text("utf-8").replace("[plans.phone]", f"{by_hand}\n[plans.phone]")
    )
    found = {plan.key: (plan.how, plan.problem) for plan in catalog().status()}

    assert data not in {plan.id for plan in catalog().status()}
    assert found["phone"] == ("by hand", "the provider has no such plan")
    assert found["data"][1]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<<<<<<< HEAD\n[main.phone]\n=======\n", "has a merge conflict: keep the tables of both"),
        ("[main.phone\n", "is not a lock file of subhub .* restore it"),
        ('[main.phone]\nid = ""\nterms = ""\nhow = ""\n', r"main\.phone\.id: String should have"),
        ('[main]\nphone = "spg_1"\n', r"\(main\.phone: "),
    ],
)
def test_a_broken_lock_file_is_one_message(write: Write, text: str, problem: str) -> None:
    _ = write()
    lock(text)
    with pytest.raises(ConfigError, match=problem) as caught:
        _ = Client.from_config()
    assert LOCK_NAME in str(caught.value)


def test_a_lock_file_that_cannot_be_read(folder: Path) -> None:
    (folder / LOCK_NAME).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        _ = read_lock(folder / LOCK_NAME)


def test_what_cannot_be_read_is_not_compared(write: Write, catalog: Open) -> None:
    _ = write("afternoon")
    assert {(plan.how, plan.problem) for plan in catalog().status()} == {
        ("the key is its code, not compared", None)
    }


class TestServedSandbox:
    @pytest.mark.parametrize("provider", ["mijnklantportaal", "afternoon"])
    def test_knows_the_plans(
        self, server: Sandbox, write: Write, catalog: Open, provider: str
    ) -> None:
        served = server.accounts[f"{provider}/main"]
        path = write(provider)
        served.plans = Configuration.read().plans()
        served.reset()
        text = path.read_text("utf-8")
        for line in (f'base_url = "{served.base_url}"', f'api_key = "{served.fake.api_key}"'):
            text = text.replace(line, "")
        place = f'sandbox = "{server.origin}"'
        text = text.replace("[accounts.main]", f"[accounts.main]\n{place}")
        _ = path.write_text(text.replace("accounts.main", "accounts.play"), "utf-8")

        account = Configuration.read().open()

        assert account.plan_ids == served.plan_ids
        assert account.base_url == served.base_url
        assert account.fake is None
        _ = path.write_text(text, "utf-8")
        assert {plan.how for plan in catalog().status()} == {"created by the sandbox"}
        served.plans = {}

    @pytest.mark.parametrize(
        ("address", "problem"),
        [
            ("http://127.0.0.1:1", "no sandbox answers at .*: start it with"),
            ("http://127.0.0.1:99999", "no sandbox answers at .*: start it with"),
            ("{origin}", "does not serve stripe/main, but mijnklantportaal/main, afternoon/main"),
        ],
    )
    def test_is_told_when_it_is_not_there(
        self, server: Sandbox, address: str, problem: str
    ) -> None:
        with pytest.raises(ConfigError, match=problem):
            _ = find(address.format(origin=server.origin), "stripe", "main")

    def test_is_not_something_else(self) -> None:
        with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as other:
            threading.Thread(target=other.handle_request, daemon=True).start()
            with pytest.raises(ConfigError, match=r"what answers at .* is not a sandbox of subhub"):
                _ = find(f"http://127.0.0.1:{other.server_port}", "afternoon", "main")

    def test_says_address_and_key_itself(self, server: Sandbox, write: Write) -> None:
        _ = write(more=f'sandbox = "{server.origin}"')
        with pytest.raises(ConfigError, match="`sandbox` excludes `api_key`"):
            _ = Client.from_config()
