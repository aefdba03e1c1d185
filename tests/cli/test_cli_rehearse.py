"""`subhub check --rehearse`: what each account would refuse, drop or change, before a switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from subhub.errors import InvalidRequest
from subhub.models import Customer, CustomerDraft, PlanDraft
from subhub.plugin import Evidence, Flow, Provider, Request
from subhub.plugin.registry import load
from tests.cli.conftest import CliToy, ToyFake

Run = Callable[..., Result]
TOO_MUCH = 50

REAL = """
account = "main"
needs = ["create_customer"]

[accounts.main]
provider = "mijnklantportaal"
api_key = "key"

[accounts.next]
provider = "afternoon"
api_key = "ak_test_1"

[accounts.third]
provider = "mollie"
api_key = "test_1"

[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "1 year"
tax_rate = 21
"""
CUSTOMERS = """\
name,email,address,postal_code,city,country,phone,external_id
Aap BV,aap@example.com,Street 1,1234AB,Amsterdam,NL,,
Noot BV,noot@example.com,Street 2,1234AB,Amsterdam,BE,+3212345678,ext-2
Mies BV,mies@example.com,,,,,,
"""


class Fussy(CliToy):
    """A provider with a rule about two fields, no cities, and a dashboard that takes no plan."""

    name = "fussy"

    @classmethod
    def sandbox(cls) -> ToyFake:
        return FussyFake()

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        if draft.phone is not None and draft.external_id is not None:
            raise InvalidRequest("one of `phone` and `external_id` is too many")
        return (yield from super().create_customer(draft.model_copy(update={"city": None})))


class FussyFake(ToyFake):
    def add_plan(self, key: str, draft: PlanDraft) -> str:
        raise InvalidRequest.of("name", f"must not be {draft.name!r}, as {key} is")


class Inline(CliToy):
    """A provider without plans, with a rule about the price and a text that it drops."""

    name = "inline"
    create_plan: Any = Provider.create_plan

    def subscribe(self, *, plan: str | PlanDraft, customer: str, **_: Any) -> Flow[Any]:
        assert isinstance(plan, PlanDraft)
        if plan.description and plan.tax_rate and plan.price.amount > TOO_MUCH:
            raise InvalidRequest("a taxed plan with a text must be cheap")
        return (yield Request("POST", "/s", {"tax": str(plan.tax_rate), "of": customer}))


class NoSandbox(Provider):
    name = "nosandbox"
    base_url = "https://nosandbox.example"
    evidence = {"get_plan": Evidence("docs", "page 1")}  # noqa: RUF012 - a ClassVar of Provider


@pytest.fixture
def rehearse(run: Run, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Rehearse a configuration with customers; return the exit code and the accounts' findings."""

    def perform(configuration: str, customers: str | None = None) -> dict[str, Any]:
        _ = (tmp_path / "subhub.toml").write_text(configuration)
        words = ["check", "--rehearse", "--json"]
        if customers is not None:
            _ = (tmp_path / "customers.csv").write_text(customers)
            words.append("customers.csv")
        result = run(*words)
        assert result.exit_code in {0, 2}, result.output
        data = json.loads(result.stdout)
        accounts = {account["name"]: account for account in data["rehearsal"]}
        return {"exit": result.exit_code, **accounts}

    return perform


def found(account: dict[str, Any]) -> set[tuple[str, ...]]:
    """Return the differences of one account, without the reasons."""
    return {
        (", ".join(each["in"]), each["operation"], each["field"], each["outcome"])
        for each in account["differences"]
    }


def test_each_account_says_what_it_would_refuse_drop_or_enter_by_hand(
    rehearse: Callable[..., dict[str, Any]],
) -> None:
    ended = rehearse(REAL, CUSTOMERS)

    assert ended["exit"] == 2
    assert found(ended["main"]) == {
        ("line 3", "create_customer", "phone", "refused"),
        ("line 3", "create_customer", "external_id", "refused"),
        ("line 4", "create_customer", "address", "refused"),
        ("line 4", "create_customer", "postal_code", "refused"),
        ("line 4", "create_customer", "city", "refused"),
    }
    assert found(ended["next"]) == {
        ("plans.phone", "create_plan", "", "by hand"),
        ("line 2, line 3", "create_customer", "address", "dropped"),
        ("line 2, line 3", "create_customer", "postal_code", "dropped"),
        ("line 2, line 3", "create_customer", "city", "dropped"),
    }
    assert found(ended["third"]) == {("plans.phone", "subscribe", "tax_rate", "refused")}
    assert [ended[name]["refused"] for name in ("main", "next", "third")] == [True, False, True]
    assert (ended["main"]["plans"], ended["main"]["customers"]) == (1, 3)


def test_a_reason_and_an_alternative_are_given(rehearse: Callable[..., dict[str, Any]]) -> None:
    ended = rehearse(REAL, CUSTOMERS)
    said = {
        (name, each["field"]): (each["reason"], each["alternative"])
        for name in ("main", "next", "third")
        for each in ended[name]["differences"]
    }

    assert said["main", "phone"] == (
        "no request has a phone number",
        "leave it out, and enter it in the portal",
    )
    assert said["main", "address"] == ("the provider requires it", "give it")
    assert said["next", "city"][1].startswith("enter it in Afternoon's dashboard")
    assert said["next", ""][1] == (
        "enter 12.95 EUR / 1 year / 21 % there, and `subhub plans adopt phone ID`"
    )
    assert said["third", "tax_rate"] == (
        "Mollie charges the price as it is and knows no tax",
        "give the price with tax included, and leave the rate out",
    )


def test_without_needs_every_operation_for_a_new_customer_is_played(
    rehearse: Callable[..., dict[str, Any]],
) -> None:
    ended = rehearse(REAL.replace('needs = ["create_customer"]', ""), CUSTOMERS)

    assert ("line 3", "create_signup_link", "country", "refused") in found(ended["main"])
    assert ("line 3", "create_customer", "country", "refused") not in found(ended["main"])


def test_people_see_a_table_with_each_reason_once(run: Run, tmp_path: Path) -> None:
    without = REAL.replace('needs = ["create_customer"]', "")
    _ = (tmp_path / "subhub.toml").write_text(without)
    many = "".join(f"N{n},n{n}@example.com,S 1,1234AB,Town,NL,,\n" for n in range(5))
    _ = (tmp_path / "customers.csv").write_text(CUSTOMERS + many)

    result = run("check", "--rehearse", "customers.csv")
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]

    assert result.exit_code == 2
    assert (
        "main line 3 phone refused create_customer, create_signup_link no request has a phone "
        "number; instead: leave it out, and enter it in the portal"
    ) in lines
    (address,) = [line for line in lines if line.startswith("next") and " address " in line]
    assert address.startswith("next line 2, line 3, line 5 and 4 more address dropped")
    assert "rehearsed at next (plans: 1, customers: 8): " in result.stderr


def test_what_every_account_keeps_is_said_so(run: Run, tmp_path: Path) -> None:
    plain = REAL.partition("[plans")[0]
    _ = (tmp_path / "subhub.toml").write_text(plain)

    result = run("check", "--rehearse")

    assert result.exit_code == 0
    assert "rehearsed at main (plans: 0, customers: 0): all kept" in result.stderr
    assert "operations" not in result.stdout


def test_a_dropped_value_alone_does_not_fail(rehearse: Callable[..., dict[str, Any]]) -> None:
    _, _, rest = REAL.partition("[accounts.next]")
    accounts = "[accounts.next]" + rest.partition("[accounts.third]")[0]

    ended = rehearse(accounts, CUSTOMERS)

    assert ended["exit"] == 0
    assert {each["outcome"] for each in ended["next"]["differences"]} == {"dropped"}


def test_a_plan_that_is_linked_is_not_created(rehearse: Callable[..., dict[str, Any]]) -> None:
    linked = REAL.replace(
        "[accounts.third]", '[accounts.next.plans]\nphone = "a"\n[accounts.third]'
    )

    assert found(rehearse(linked)["next"]) == set()


@pytest.mark.parametrize(
    ("row", "account", "expected"),
    [
        # the ids of one provider are not those of another
        (",,cst_1,,", "next", ("subscribe", "customer")),
        # a first payment method that Afternoon has no field for
        ("A,a@example.com,,mdt_1,", "next", ("subscribe", "")),
        ("A,a@example.com,,sub_1,", "third", ("subscribe", "payment_method")),
        # what is no key is the id of a plan, and a sandbox has none of those
        ("A,a@example.com,,,Not a code", "next", ("subscribe", "plan")),
    ],
)
def test_the_terms_of_a_row_are_tried_up_to_the_first_request(
    rehearse: Callable[..., dict[str, Any]], row: str, account: str, expected: tuple[str, str]
) -> None:
    plain = REAL.replace("tax_rate = 21\n", "").replace('["create_customer"]', '["subscribe"]')

    ended = rehearse(plain, f"name,email,customer,payment_method,plan\n{row}\n")

    assert ("line 2", *expected, "refused") in found(ended[account])


def test_a_refused_plan_is_refused_once_and_an_equal_interval_is_no_change(
    rehearse: Callable[..., dict[str, Any]],
) -> None:
    plain = REAL.replace('["create_customer"]', '["subscribe"]').replace("1 year", "2 weeks")

    ended = rehearse(plain, "name,email,plan\nA,a@example.com,phone\n")

    assert found(ended["main"]) == set()
    assert found(ended["third"]) == {("plans.phone", "subscribe", "tax_rate", "refused")}


TOY = """
[accounts.main]
provider = "clitoy"
sandbox = true

[plans.phone]
name = "Phone subscription"
price = "12.95 EUR"
interval = "12 months"
description = "1GB per month"
"""


def test_the_sandbox_shows_what_the_provider_changes_or_refuses(
    rehearse: Callable[..., dict[str, Any]],
) -> None:
    rows = "name,email,plan\nRefused,a@example.com,\nTaken,b@example.com,\nAny,c@example.com,gone\n"

    ended = rehearse(TOY, rows)

    assert found(ended["main"]) == {
        # its sandbox stores the colour in the description
        ("plans.phone", "create_plan", "description", "changed"),
        ("line 2", "create_customer", "email", "refused"),
        # and nothing is known of the plan `gone`, which a real account may have
    }
    (changed,) = [each for each in ended["main"]["differences"] if each["outcome"] == "changed"]
    assert changed["reason"] == "1GB per month became grey"


def install(folder: Path, *providers: type[Provider]) -> None:
    info = folder / "rehearsed-1.0.dist-info"
    info.mkdir()
    _ = (info / "METADATA").write_text("Metadata-Version: 2.1\nName: rehearsed\nVersion: 1.0\n")
    entries = "".join(f"{found.name} = {__name__}:{found.__name__}\n" for found in providers)
    _ = (info / "entry_points.txt").write_text(f"[subhub.providers]\n{entries}")


def test_a_rule_about_several_fields_and_a_refused_plan_are_shown(
    rehearse: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    install(tmp_path, Fussy)
    rows = "name,email,phone,external_id,plan,city\nA,a@example.com,+311,x,phone,Rome\n"

    ended = rehearse(TOY.replace("clitoy", "fussy").replace("sandbox = true", 'api_key="k"'), rows)

    assert found(ended["main"]) == {
        ("plans.phone", "create_plan", "description", "changed"),
        ("plans.phone", "create_plan", "name", "refused"),
        ("line 2", "create_customer", "city", "dropped"),
        ("line 2", "create_customer", "", "refused"),
    }


def test_a_refusal_of_an_inline_plan_is_shown_next_to_what_is_dropped(
    rehearse: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    install(tmp_path, Inline)
    taxed = TOY.replace("12.95", "99.00").replace("clitoy", "inline") + "tax_rate = 21\n"

    ended = rehearse(taxed.replace("sandbox = true", 'api_key = "k"'))

    assert found(ended["main"]) == {
        ("plans.phone", "subscribe", "description", "dropped"),
        ("plans.phone", "subscribe", "", "refused"),
    }


def test_a_plugin_without_a_sandbox_cannot_be_rehearsed(
    rehearse: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    install(tmp_path, NoSandbox)

    ended = rehearse('[accounts.main]\nprovider = "nosandbox"\napi_key = "k"\n')

    assert ended["exit"] == 2
    (difference,) = ended["main"]["differences"]
    assert "ships no sandbox" in difference["reason"]
    load.cache_clear()


def test_customers_without_a_rehearsal_are_refused(run: Run, tmp_path: Path) -> None:
    _ = (tmp_path / "customers.csv").write_text(CUSTOMERS)

    result = run("check", "customers.csv")

    assert result.exit_code == 2
    assert "customers.csv is played by a rehearsal only: add `--rehearse`" in result.stderr


def test_a_mistake_in_the_file_is_shown_as_bulk_shows_it(run: Run, tmp_path: Path) -> None:
    _ = (tmp_path / "customers.csv").write_text("name,emial\nA,a@example.com\n")

    result = run("check", "--rehearse", "customers.csv")

    assert result.exit_code == 2
    assert "unknown column; did you mean 'email'?" in result.stderr


def test_nothing_is_written(run: Run, tmp_path: Path) -> None:
    _ = (tmp_path / "subhub.toml").write_text(REAL)
    _ = (tmp_path / "customers.csv").write_text(CUSTOMERS)
    before = sorted(path.name for path in tmp_path.iterdir())

    _ = run("check", "--rehearse", "customers.csv")

    assert sorted(path.name for path in tmp_path.iterdir()) == before
