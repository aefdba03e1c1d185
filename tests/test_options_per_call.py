"""Options for single calls: a client that differs in them, and shares everything else."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from subhub import AsyncClient, Client, ConfigError, NotSent, PlanDraft, RateLimit, RateLimited
from subhub.plugin import Provider

KEY = "test_0123456789"
PLAN = {"id": "pln_1", "name": "Phone"}


@pytest.fixture
def twin_of() -> Callable[..., Any]:
    """Make a caller of the same kind on what `with_options` gives."""

    def make(caller: Any, **options: Any) -> Any:
        return type(caller)(caller.client.with_options(**options))

    return make


@pytest.fixture
def billing(connect: Callable[..., Any], toy: type[Provider], desk: Any) -> Any:
    return connect(toy, api_key=KEY, transport=desk.transport)


def test_the_attempts_of_one_call_are_its_own(billing: Any, desk: Any, twin_of: Any) -> None:
    desk.answer(429, {"message": "slow"}, headers={"retry-after": "0"})
    with pytest.raises(RateLimited):
        twin_of(billing, attempts=1).get_plan("pln_1")
    desk.answer(429, {"message": "slow"}, headers={"retry-after": "0"})
    desk.answer(200, PLAN)
    assert billing.get_plan("pln_1").id == "pln_1"


@pytest.mark.parametrize("deadline", [59.0, None])
def test_the_deadline_of_one_call_is_its_own(
    connect: Callable[..., Any],
    toy: type[Provider],
    twin_of: Any,
    draft: PlanDraft,
    deadline: float | None,
) -> None:
    limit = RateLimit(1, per=60.0)
    billing = connect(toy, sandbox=True, rate_limit=limit, deadline=0.5, attempts=1)
    billing.create_plan(draft)
    with pytest.raises(NotSent, match=r"deadline of 0\.5 s"):
        billing.create_plan(draft)
    patient = twin_of(billing, deadline=deadline)
    if deadline is None:
        assert patient.create_plan(draft).name == "Phone"
    else:
        with pytest.raises(NotSent, match="deadline of 59 s"):
            patient.create_plan(draft)


def test_the_timeout_of_one_call_reaches_every_step_of_it(
    billing: Any, desk: Any, twin_of: Any
) -> None:
    desk.answer(200, PLAN)
    desk.answer(200, PLAN)
    twin_of(billing, timeout=7).get_plan("pln_1")
    billing.get_plan("pln_1")
    steps = ("connect", "read", "write", "pool")
    hasty, usual = (each.extensions["timeout"] for each in desk.sent)
    assert hasty == dict.fromkeys(steps, 7)
    assert usual == dict.fromkeys(steps, 30.0)


def test_what_is_left_out_stays_as_it_is(billing: Any, twin_of: Any) -> None:
    first = twin_of(billing, attempts=2, deadline=9.0, timeout=3.0)
    account = twin_of(first).client._account
    retries = account.retries
    assert (retries.attempts, retries.deadline, account.timeout) == (2, 9.0, 3.0)
    assert twin_of(first, deadline=None).client._account.retries.deadline is None


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"attempts": 0}, "attempts"),
        ({"deadline": 0}, "deadline"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": math.inf}, "timeout"),
    ],
)
def test_wrong_values_are_refused_as_those_of_the_constructor(
    connect: Callable[..., Any], toy: type[Provider], billing: Any, options: Any, told: str
) -> None:
    with pytest.raises(ConfigError, match=f"`{told}`") as first:
        _ = connect(toy, api_key=KEY, **options)
    with pytest.raises(ConfigError, match=f"`{told}`") as second:
        _ = billing.client.with_options(**options)
    assert str(first.value) == str(second.value)


def test_both_keep_within_one_rate_limit(
    connect: Callable[..., Any], toy: type[Provider], twin_of: Any, draft: PlanDraft
) -> None:
    billing = connect(toy, sandbox=True, rate_limit=RateLimit(1, per=60.0))
    billing.create_plan(draft)
    with pytest.raises(NotSent, match="rate limit"):
        twin_of(billing, deadline=1.0, attempts=1).create_plan(draft)


def test_both_have_one_sandbox(
    connect: Callable[..., Any], toy: type[Provider], twin_of: Any, draft: PlanDraft
) -> None:
    billing = connect(toy, sandbox=True)
    made = billing.create_plan(draft)
    other = twin_of(billing, attempts=1)
    assert other.get_plan(made.id) == made
    assert other.sandbox is billing.sandbox


def test_both_have_one_budget_of_retries(billing: Any, twin_of: Any) -> None:
    twin = twin_of(billing, attempts=2).client._account.retries
    assert twin.quota is billing.client._account.retries.quota


def test_closing_it_closes_nothing(billing: Any, desk: Any, twin_of: Any) -> None:
    twin = twin_of(billing, attempts=1)
    twin.close()
    desk.answer(200, PLAN)
    assert billing.get_plan("pln_1").id == "pln_1"
    billing.close()
    with pytest.raises(RuntimeError, match="this client was closed"):
        twin.get_plan("pln_1")


class OfTheShop(Client):
    """A client with something of its own."""

    shop = "none"


def test_it_is_a_client_of_the_same_class(toy: type[Provider]) -> None:
    client = OfTheShop(toy, sandbox=True)
    client.shop = "Utrecht"
    assert client.with_options(attempts=1).shop == "Utrecht"


def test_the_async_client_is_one_too(toy: type[Provider], desk: Any) -> None:
    desk.answer(200, PLAN)

    async def main() -> None:
        async with AsyncClient(toy, api_key=KEY, transport=desk.transport) as client:
            twin = client.with_options(timeout=1)
            assert type(twin) is AsyncClient
            assert (await twin.get_plan("pln_1")).id == "pln_1"

    anyio.run(main)
