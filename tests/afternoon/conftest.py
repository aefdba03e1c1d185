"""Shared fixtures for Afternoon: a sandbox with a frozen clock."""

from __future__ import annotations

import datetime as dt

import pytest
from subhub_afternoon.fake import AfternoonFake

from subhub import Interval, Money, PlanDraft

START = dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC)
DRAFT = PlanDraft(name="Starter", price=Money("10", "USD"), interval=Interval(1, "month"))


@pytest.fixture
def fake() -> AfternoonFake:
    """Return a company with two plans, `starter_plan` and `pro_plan`."""
    company = AfternoonFake(start=START)
    _ = company.add_plans({"starter_plan": DRAFT, "pro_plan": DRAFT})
    return company
