"""Magic values: the e-mail addresses and amounts that ask for a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft, RateLimited
from subhub.plugin import Provider
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC, fault_of

ANNE = CustomerDraft(
    name="Anne", email="anne@example.com", address="A 1", postal_code="1", city="B", country="NL"
)
PHONE = PlanDraft(
    name="Phone", price=Money("9999.01", "EUR"), interval=Interval(1, "year"), tax_rate=21
)
FAULTS = [magic.fault for magic in MAGIC]


@pytest.mark.parametrize(
    "body", ['{"amount": "9999.%02d"}', '{"amount": 9999.%02d}', '{"unit_amount_cents":9999%02d}']
)
def test_an_amount_asks_for_its_fault_in_json(body: str) -> None:
    assert [fault_of((body % magic.cents).encode()) for magic in MAGIC] == FAULTS


def test_an_email_address_asks_for_its_fault_in_json() -> None:
    assert [fault_of(f'{{"e": "{magic.email}"}}'.encode()) for magic in MAGIC] == FAULTS


def test_forms_ask_for_the_same_faults() -> None:
    emails = [urlencode({"email": magic.email}) for magic in MAGIC]
    amounts = [urlencode({"item[unit_amount]": f"9999{magic.cents:02}"}) for magic in MAGIC]
    assert [fault_of(form.encode()) for form in emails] == FAULTS
    assert [fault_of(form.encode()) for form in amounts] == FAULTS


@pytest.mark.parametrize(
    "body",
    [
        '{"email": "anne@example.com", "phone": "+31 9999"}',
        '{"email": "anne+news@example.com", "amount": "9999.00"}',
        '{"name": "paid+dropped"}',
        '{"amount": "19999.01"}',
        '{"amount": "9999.011"}',
        '{"name": "9999.01"}',
        "",
    ],
)
def test_other_values_ask_for_nothing(body: str) -> None:
    assert fault_of(body.encode()) is None


@pytest.mark.parametrize("part", [b"amount", b'"amount":', b'amount"' + b" " * 90, b"+a", b"+a_"])
def test_a_long_body_is_searched_in_linear_time(
    growth: Callable[[Callable[[int], object], int], float], part: bytes
) -> None:
    assert growth(lambda times: fault_of(b"9999" + part * times), 1000) < 8


@pytest.mark.parametrize("provider", [MijnKlantportaal, Afternoon])
def test_a_call_with_a_magic_address_fails_as_with_the_scheduled_fault(
    provider: type[Provider],
) -> None:
    def outcome(email: str, fault: object) -> tuple[object, int]:
        fake: Any = provider.sandbox()
        if fault is not None:
            fake.faults.rule(fault)
        with Client(provider, sandbox=fake) as billing:
            try:
                return billing.create_customer(ANNE.model_copy(update={"email": email})).name, 1
            except Exception as error:  # noqa: BLE001 - the types are compared
                return type(error), len(fake.customers)

    typed = [outcome(magic.email, None) for magic in MAGIC]
    scheduled = [outcome("anne@example.com", magic.fault) for magic in MAGIC]
    assert typed == scheduled


def test_a_call_with_a_magic_price_fails() -> None:
    with Client(MijnKlantportaal, sandbox=True) as billing, pytest.raises(RateLimited):
        _ = billing.create_plan(PHONE)


def test_every_kind_of_fault_has_its_own_values_except_those_with_a_twin() -> None:
    # reset is like dropped for a user, and trickle like slow
    assert set(KINDS) - {fault.kind for fault in FAULTS} == {"reset", "trickle", "tidied"}
    assert len({magic.email for magic in MAGIC} | {magic.amount for magic in MAGIC}) == 28
