"""What each command requests from the provider, and with which options."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import Result

Run = Callable[..., Result]
AsJson = Callable[[Result], Any]
PLAN = ("--name", "Phone", "--price", "12.95 EUR", "--interval", "6 months", "--tax-rate", "21")
PERSON = ("--name", "Test Company BV", "--email", "john.doe@test.com")


def test_plans_are_listed_and_changed(run: Run, as_json: AsJson) -> None:
    listed = as_json(run("plan", "list", "--json"))
    words = ("--name", "New", "--price", "1 EUR", "--interval", "1 week", "--tax-rate", "9")
    more = ("--description", "all", "--no-public", "--json")
    changed = as_json(run("plan", "update", "phone", *words, *more))

    assert [each["id"] for each in listed] == ["plan_phone"]
    assert changed["name"] == "New"
    assert changed["price"] == {"amount": "1", "currency": "EUR"}
    assert changed["interval"] == {"count": 1, "unit": "week"}
    assert changed["tax_rate"] == "9"
    assert changed["description"] == "all"
    assert changed["public"] is False


def test_customers_are_created_found_and_changed(run: Run, as_json: AsJson) -> None:
    created = as_json(run("customer", "create", *PERSON, "--country", "NL", "--json"))
    found = as_json(run("customer", "find", "--email", "john.doe@test.com", "--json"))
    missing = run("customer", "find", "--email", "nobody@test.com", "--json")
    changed = as_json(run("customer", "update", "cst_1", "--city", "Amsterdam", "--json"))

    assert (created["id"], created["country"]) == ("cst_9", "NL")
    assert found["id"] == "cst_1"
    assert (missing.exit_code, missing.stdout) == (1, "null\n")
    assert (changed["id"], changed["city"]) == ("cst_1", "Amsterdam")


@pytest.mark.parametrize("refund", ["prorated", "credit"])
def test_a_signup_link_passes_every_option_on(run: Run, as_json: AsJson, refund: str) -> None:
    urls = ("--return-url", "https://a.example/", "--back-url", "https://b.example/")
    old = ("--replaces", "sub_1", "--when", "now", "--refund", refund)
    link = as_json(
        run(
            "signup-link", "create", "--plan", "phone", "--customer", "cst_1", *urls, *old, "--json"
        )
    )

    assert json.loads(link["id"]) == [
        "plan_phone",
        "cst_1",
        "https://a.example/",
        "https://b.example/",
        "sub_1",
        "now",
        refund,
    ]


def test_a_signup_link_can_be_for_a_new_customer(run: Run, as_json: AsJson) -> None:
    link = as_json(run("signup-link", "create", "--plan", "phone", *PERSON, "--json"))

    assert json.loads(link["id"])[1]["email"] == "john.doe@test.com"


@pytest.mark.parametrize("who", [(), ("--customer", "cst_1", *PERSON)], ids=["neither", "both"])
def test_a_customer_is_either_known_or_new(run: Run, who: tuple[str, ...]) -> None:
    result = run("signup-link", "create", "--plan", "phone", *who)

    assert result.exit_code == 2
    assert (
        "give either `--customer` or, for a new customer, `--name` and `--email`" in result.stderr
    )


@pytest.mark.parametrize(
    "what", [(), ("--plan", "phone", "--plan-name", "Phone")], ids=["nothing", "both"]
)
def test_a_plan_is_either_stored_or_inline(run: Run, what: tuple[str, ...]) -> None:
    result = run("subscribe", "--customer", "cst_1", *what)

    assert result.exit_code == 2
    assert "give either `--plan` or `--plan-name`" in result.stderr


def test_subscribe_takes_a_day_and_a_payment_method(run: Run, as_json: AsJson) -> None:
    terms = ("--starts-on", "2024-05-04", "--payment-method", "mdt_1")
    created = as_json(run("subscribe", "--plan", "phone", "--customer", "cst_1", *terms, "--json"))

    assert created["id"] == "sub_2"
    assert created["plan_id"] == "plan_phone"
    assert created["customer_id"] == "cst_1"
    assert created["starts_on"] == "2024-05-04"
    assert created["description"] == "mdt_1"
    assert created["status"] == "pending"


def test_subscribe_shows_the_running_subscription_if_that_is_asked_for(
    run: Run, as_json: AsJson
) -> None:
    terms = ("--plan", "phone", "--customer", "cst_1", "--unless-active", "--json")
    assert as_json(run("subscribe", *terms))["id"] == "sub_1"


def test_subscribe_takes_a_plan_and_a_customer_that_do_not_exist_yet(
    run: Run, as_json: AsJson
) -> None:
    terms = ("--plan-name", "Only you", "--plan-price", "5 EUR", "--plan-interval", "month")
    created = as_json(run("subscribe", *terms, *PERSON, "--json"))

    assert (created["plan_id"], created["customer_id"]) == ("Only you", "cst_9")
    assert created["starts_on"] == "2024-05-01"


def test_subscriptions_are_read_changed_and_canceled(run: Run, as_json: AsJson) -> None:
    read = as_json(run("subscription", "get", "sub_1", "--json"))
    listed = as_json(run("subscription", "list", "--customer", "cst_1", "--json"))
    terms = ("--price", "7 EUR", "--interval", "month", "--description", "less", "--tax-rate", "21")
    canceled = as_json(run("subscription", "cancel", "sub_1", "--when", "period_end", "--json"))

    assert read["status"] == "active"
    assert listed == [read]
    assert canceled["status"] == "canceled"
    assert canceled["description"] == "period_end"
    updated = run("subscription", "update", "sub_1", *terms, "--dry-run", "--json")
    sent = json.loads(json.loads(updated.stdout)["would_send"]["body"])
    assert sent == {
        "price": {"amount": "7", "currency": "EUR"},
        "interval": {"count": 1, "unit": "month"},
        "description": "less",
        "tax_rate": "21",
    }


def test_a_cancellation_is_undone(run: Run, as_json: AsJson) -> None:
    undone = as_json(run("subscription", "uncancel", "sub_1", "--json"))

    assert (undone["id"], undone["description"]) == ("sub_1", "it goes on")


def test_a_subscription_is_paused_and_resumed(run: Run, as_json: AsJson) -> None:
    paused = as_json(run("subscription", "pause", "sub_1", "--json"))
    resumed = as_json(run("subscription", "resume", "sub_1", "--json"))

    assert (paused["id"], paused["status"]) == ("sub_1", "paused")
    assert (resumed["id"], resumed["status"]) == ("sub_1", "active")


def test_invoices_are_listed_and_read(run: Run, as_json: AsJson) -> None:
    of = ("--customer", "cst_1", "--subscription", "sub_1")
    listed = as_json(run("invoice", "list", *of, "--json"))
    table = run("invoice", "list").stdout
    read = as_json(run("invoice", "get", "inv_1", "--json"))
    pdf = as_json(run("invoice", "pdf", "inv_1", "--json"))

    assert listed == [read]
    assert (read["status"], read["total"]) == ("paid", {"amount": "12.95", "currency": "EUR"})
    assert "12.95 EUR" in table
    assert (pdf["id"], pdf["url"]) == ("inv_1", "https://files.example/1.pdf")


def test_a_customer_is_asked_to_agree_and_what_they_agreed_to_is_listed(
    run: Run, as_json: AsJson
) -> None:
    addresses = ("--return-url", "https://a.example/thanks", "--back-url", "https://a.example")
    link = as_json(run("setup-link", "create", "cst_1", *addresses, "--json"))
    listed = as_json(run("payment-method", "list", "cst_1", "--json"))
    table = run("payment-method", "list", "cst_1", "--limit", "1").stdout

    assert json.loads(link["id"]) == ["cst_1", "https://a.example/thanks", "https://a.example"]
    assert link["url"].startswith("https://pay.example/")
    (method,) = listed
    assert (method["id"], method["kind"], method["status"]) == ("mdt_1", "card", "valid")
    assert "mdt_1" in table


def test_a_portal_link_is_created(run: Run, as_json: AsJson) -> None:
    back = ("--return-url", "https://a.example/account")
    link = as_json(run("portal-link", "create", "cst_1", *back, "--json"))

    assert json.loads(link["id"]) == ["cst_1", "https://a.example/account"]
    assert link["url"].startswith("https://pay.example/")


def test_an_updated_subscription_is_shown(run: Run, as_json: AsJson) -> None:
    updated = as_json(run("subscription", "update", "sub_1", "--description", "less", "--json"))

    assert (updated["id"], updated["description"]) == ("sub_1", "less")


@pytest.mark.parametrize("value", ["red", '"red"'], ids=["text", "JSON"])
def test_an_option_goes_to_the_provider_that_is_in_use(
    run: Run, value: str, as_json: AsJson
) -> None:
    created = as_json(run("plan", "create", *PLAN, "--option", f"colour={value}", "--json"))

    assert created["description"] == "red"


def test_an_option_is_checked_as_the_type_that_it_has_in_json(run: Run) -> None:
    result = run("plan", "create", *PLAN, "--option", "colour=3")

    assert result.exit_code == 2
    assert "colour" in result.stderr


@pytest.mark.parametrize("text", ["colour", "=red"])
def test_an_option_without_key_or_value_is_refused(run: Run, text: str) -> None:
    result = run("plan", "create", *PLAN, "--option", text)

    assert result.exit_code == 2
    assert f"invalid `--option` {text!r}: expected KEY=VALUE" in result.stderr


def test_a_customer_is_deleted_only_when_that_is_confirmed(run: Run) -> None:
    refused = run("customer", "delete", "cst_1")
    shown = run("customer", "delete", "cst_1", "--dry-run")
    deleted = run("customer", "delete", "cst_1", "--yes", "--json")

    assert refused.exit_code == 2
    said = " ".join(refused.stderr.split())
    assert "this deletes the customer 'cst_1' at clitoy for good: to confirm, add `--yes`" in said
    assert "--request DELETE" in shown.stdout
    assert (deleted.exit_code, json.loads(deleted.stdout)["id"]) == (0, "cst_1")
