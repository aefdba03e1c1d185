"""No repr shows a key, a password or anything personal: reprs end up in logs."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
import subhub_afternoon
import subhub_mijnklantportaal
import subhub_mollie

from subhub import AsyncClient, AsyncClients, Client, Clients, CustomerDraft, PlanDraft, WouldSend
from subhub.client.configuration import Configuration
from subhub.models import CustomerUpdate
from subhub.models.record import Record

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = (subhub_afternoon, subhub_mijnklantportaal, subhub_mollie)
KEY = "ak_test_HIDDEN0123456789"
SECRETS = ("HIDDEN", "PERSONAL")
PERSONAL = re.compile("(name|email|address|street|postal|city|phone|iban|holder)")
OF_THINGS = {"Plan.name", "PlanDraft.name", "PlanUpdate.name"}
PERSON: dict[str, Any] = {
    "name": "PERSONAL BV",
    "email": "personal@personal.nl",
    "address": "PERSONAL 1",
    "postal_code": "PERSONAL",
    "city": "PERSONAL",
    "country": "NL",
}
SETTINGS = f"""
[accounts.a]
provider = "afternoon"
api_key = "{KEY}"
journal = "postgresql://billing:HIDDEN@localhost/billing"
permits = "redis://:HIDDEN@localhost/0"
"""


def leaks(shown: object) -> list[str]:
    return [secret for secret in SECRETS if secret in repr(shown).upper()]


def kinds(base: type[Record] = Record) -> Iterator[type[Record]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)


@pytest.mark.parametrize("kind", [Client, AsyncClient])
def test_a_client_and_what_it_holds_shows_no_key(kind: Any) -> None:
    client = kind("afternoon", api_key=KEY)
    inside = client._account, client._operations, client._operations.rules, client._sender

    for shown in (client, *inside, client.capabilities, client.list_customers()):
        assert not leaks(shown)


def test_settings_show_no_key_and_no_password(folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text(SETTINGS)
    configuration = Configuration.read()

    for shown in (configuration, configuration.settings, configuration.settings.accounts["a"]):
        assert not leaks(shown)
    for clients in (Clients.from_config(), AsyncClients.from_config()):
        assert not leaks(clients)
        assert not leaks(clients["a"])


def test_drafts_and_results_show_nothing_personal() -> None:
    draft = CustomerDraft(**PERSON)
    with Client("mijnklantportaal", sandbox=True) as billing:
        customer = billing.create_customer(draft)
        plan = billing.create_plan(
            PlanDraft(name="Phone", price="1 EUR", interval="1 year", tax_rate=21)
        )
        link = billing.create_signup_link(plan=plan, customer=draft)
        found: list[Any] = [draft, customer, link, billing.follow(link), billing.sandbox]
        found += [
            next(billing.list_customers().pages()),
            billing.update_customer(customer, city="X"),
        ]
    found.append(CustomerUpdate(name="PERSONAL", email="personal@personal.nl"))

    for shown in found:
        assert not leaks(shown)


def test_a_dry_run_shows_the_request_only_when_it_is_asked_for() -> None:
    with (
        Client("afternoon", api_key=KEY, dry_run=True) as billing,
        pytest.raises(WouldSend) as caught,
    ):
        _ = billing.create_customer(CustomerDraft(name="PERSONAL", email="personal@personal.nl"))

    assert not leaks(caught.value)
    assert not leaks(caught.value.request)


def test_every_field_that_is_about_a_person_is_left_out() -> None:
    for plugin in PLUGINS:
        for module in pkgutil.walk_packages(plugin.__path__, f"{plugin.__name__}."):
            _ = importlib.import_module(module.name)
    shown = {
        f"{kind.__name__}.{name}"
        for kind in kinds()
        if kind.__name__ != "arguments"  # built to check one call, and dropped
        and kind.__module__.partition(".")[0]
        in {"subhub", *(plugin.__name__ for plugin in PLUGINS)}
        for name, field in kind.model_fields.items()
        if field.repr and PERSONAL.match(name)
    }

    assert shown <= OF_THINGS
