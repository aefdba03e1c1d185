"""Magic values: the addresses and amounts that ask for a fault."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import CustomerDraft, Interval, Money, PlanDraft, RateLimited
from subhub.plugin import Provider
from subhub.sandbox import Fault
from subhub.sandbox.faults import KINDS
from subhub.sandbox.magic import MAGIC, Magic, fault_of

ANNE = CustomerDraft(
    name="Anne", email="anne@example.com", address="A 1", postal_code="1", city="B", country="NL"
)
PHONE = PlanDraft(
    name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "year"), tax_rate=21
)


@pytest.fixture(params=[MijnKlantportaal, Afternoon], ids=["mijnklantportaal", "afternoon"])
def provider(request: pytest.FixtureRequest) -> type[Provider]:
    found: type[Provider] = request.param
    return found


def customers(fake: Any) -> int:
    return len(fake.customers)


class TestMagicValues:
    @pytest.mark.parametrize("magic", MAGIC, ids=lambda each: each.word)
    def test_an_address_makes_a_call_fail_as_the_fault_on_demand_does(
        self, connect: Callable[..., Any], provider: type[Provider], magic: Magic
    ) -> None:
        def outcome(email: str, fault: Fault | None) -> tuple[object, int]:
            fake: Any = provider.sandbox()
            billing = connect(provider, sandbox=fake)
            if fault is not None:
                fake.faults.rule(fault)
            try:
                return billing.create_customer(ANNE.model_copy(update={"email": email})).name, 1
            except Exception as error:  # noqa: BLE001 - which one it is, is compared
                return type(error), customers(fake)

        assert outcome(magic.email, None) == outcome("anne@example.com", magic.fault)

    @pytest.mark.parametrize("magic", MAGIC, ids=lambda each: each.word)
    @pytest.mark.parametrize(
        "body",
        ['{"amount": "9999.%02d"}', '{"amount": 9999.%02d}', '{"unit_amount_cents":9999%02d}'],
    )
    def test_an_amount_asks_for_the_same_fault(self, magic: Magic, body: str) -> None:
        assert fault_of((body % magic.cents).encode()) == magic.fault

    @pytest.mark.parametrize("magic", MAGIC, ids=lambda each: each.word)
    def test_a_form_asks_for_it_as_json_does(self, magic: Magic) -> None:
        address = urlencode({"email": magic.email})
        amount = urlencode({"item[unit_amount]": f"9999{magic.cents:02}"})
        assert fault_of(address.encode()) == fault_of(amount.encode()) == magic.fault

    @pytest.mark.parametrize(
        "body",
        [
            '{"email": "anne@example.com", "phone": "+31 9999"}',
            '{"email": "anne+news@example.com", "amount": "9999.00"}',
            '{"amount": "19999.01"}',
            '{"amount": "9999.011"}',
            '{"name": "9999.01"}',
            "",
        ],
    )
    def test_other_values_ask_for_nothing(self, body: str) -> None:
        assert fault_of(body.encode()) is None

    def test_a_price_makes_the_making_of_a_plan_fail(self, connect: Callable[..., Any]) -> None:
        billing = connect(MijnKlantportaal, sandbox=True)
        with pytest.raises(RateLimited):
            billing.create_plan(PHONE.model_copy(update={"price": Money("9999.01", "EUR")}))

    def test_are_there_for_every_kind_but_those_with_a_twin(self) -> None:
        assert set(KINDS) - {each.fault.kind for each in MAGIC} == {"reset", "trickle"}
        assert len({each.email for each in MAGIC} | {each.amount for each in MAGIC}) == 28
