"""What the tests of Mollie share: a profile with a customer who can be charged, frozen in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake

from subhub import Client, CustomerDraft, Interval, Money, PlanDraft

START = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)
PHONE = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))


@dataclass(frozen=True, slots=True)
class World:
    """A client, its fake, and a customer with a mandate."""

    client: Client
    fake: MollieFake
    customer: str
    mandate: str


@pytest.fixture
def fake() -> MollieFake:
    """Return an empty profile."""
    return MollieFake(start=START)


@pytest.fixture
def world(fake: MollieFake) -> Iterator[World]:
    """Return a profile with one customer who can be charged."""
    with Client(Mollie, sandbox=fake) as client:
        customer = client.create_customer(CustomerDraft(name="Acme", email="a@acme.com")).id
        yield World(client, fake, customer, fake.add_mandate(customer))
