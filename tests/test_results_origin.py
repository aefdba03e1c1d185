"""Every result says where it came from: its account, and the id of the request that answered it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest
from subhub_afternoon.fake import AfternoonFake

from subhub import Ambiguous, AsyncClient, Client, CustomerDraft, NotFound, Subscription
from subhub.models import Event, Result
from subhub.models.record import ACCOUNT, REQUEST_ID

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Desk

HEADER = "x-request-id"
COMPANY = CustomerDraft(name="Test BV", email="john.doe@test.com", external_id="c1")


def origin(result: Any) -> tuple[str, str | None]:
    assert isinstance(result, Result)
    return result.account, result.request_id


def thing(number: str, **more: object) -> dict[str, object]:
    return {"id": number, "status": "active", **more}


def test_a_result_has_the_account_and_the_request_that_answered(billing: Any, desk: Desk) -> None:
    desk.answer(200, thing("sub_1"), {HEADER: "req_1"})
    desk.answer(200, thing("sub_1"), {})

    first, second = billing.get_subscription("sub_1"), billing.get_subscription("sub_1")

    assert origin(first) == ("toy", "req_1")
    assert origin(second) == ("toy", None)


def test_an_item_of_a_list_has_the_request_of_its_page(billing: Any, desk: Desk) -> None:
    desk.answer(200, {"items": [thing("a"), thing("b")], "next": "b"}, {HEADER: "req_1"})
    desk.answer(200, {"items": [thing("c")], "next": None}, {HEADER: "req_2"})

    found = [origin(item) for item in billing.list_subscriptions()]

    assert found == [("toy", "req_1"), ("toy", "req_1"), ("toy", "req_2")]


def test_both_parts_of_a_change_have_it(billing: Any, desk: Desk) -> None:
    desk.answer(200, thing("sub_1"), {HEADER: "req_1"})

    changed = billing.change_subscription("sub_1", plan="pln_2", when="period_end")

    assert {origin(part) for part in (changed, changed.old, changed.new)} == {("toy", "req_1")}


def test_what_a_failed_operation_created_has_the_request_that_created_it(
    billing: Any, desk: Desk
) -> None:
    desk.answer(200, {"items": [], "next": None}, {HEADER: "req_1"})
    desk.answer(201, {"id": "cst_1"}, {HEADER: "req_2"})
    desk.answer(404, {"message": "no"}, {HEADER: "req_3"})

    with pytest.raises(NotFound) as caught:
        _ = billing.subscribe(plan="pln_1", customer=COMPANY)

    assert caught.value.request_id == "req_3"
    assert [origin(made) for made in caught.value.completed] == [("toy", "req_2")]


def test_what_is_found_or_is_a_candidate_has_the_request_of_its_own_page() -> None:
    pages = {
        None: (["cst_1"], "https://api.mollie.com/v2/customers?from=cst_2"),
        "cst_2": (["cst_2"], None),
    }

    def answer(request: httpx.Request) -> httpx.Response:
        begin = request.url.params.get("from")
        ids, href = pages[begin]
        people = [{"id": each, "email": "john.doe@test.com", "name": each} for each in ids]
        links = {"next": href and {"href": href}}
        body = {"_embedded": {"customers": people}, "_links": links}
        return httpx.Response(200, json=body, headers={HEADER: f"req_{begin}"})

    with Client(
        "mollie", api_key="test_0123456789", transport=httpx.MockTransport(answer)
    ) as billing:
        with pytest.raises(Ambiguous) as caught:
            _ = billing.find_customer(email="john.doe@test.com")
        pages["cst_2"] = ([], None)
        found = billing.find_customer(email="john.doe@test.com")

    assert [origin(each) for each in caught.value.candidates] == [
        ("mollie", "req_None"),
        ("mollie", "req_cst_2"),
    ]
    assert origin(found) == ("mollie", "req_None"), "and not of the last page"


def test_the_account_is_the_name_in_the_configuration(folder: Path) -> None:
    _ = (folder / "subhub.toml").write_text(
        "account = 'b'\n[accounts.b]\nprovider = 'mijnklantportaal'\nsandbox = true\n"
        "[accounts.c]\nprovider = 'mijnklantportaal'\nsandbox = true\n"
    )
    draft = CustomerDraft(
        name="A", email="a@b.nl", address="A 1", postal_code="1234AB", city="Urk", country="NL"
    )
    made: list[Any] = []
    for account in (None, "c"):
        with Client.from_config(account=account) as billing:
            made.append(billing.create_customer(draft))

    assert [each.account for each in made] == ["b", "c"]


def test_where_it_came_from_is_outside_of_equality_hash_repr_and_dump() -> None:
    one = Subscription(provider="toy", id="s", account="a", request_id="req_1", raw={"id": "s"})
    other = Subscription(provider="toy", id="s")

    assert (one, hash(one), repr(one)) == (other, hash(other), repr(other))
    assert one.model_dump() == other.model_dump()
    assert one != Subscription(provider="toy", id="t", account="a", request_id="req_1")


def test_two_events_of_two_accounts_are_two() -> None:
    about: dict[str, Any] = {"provider": "toy", "about": "plan", "change": "created", "key": "k"}

    assert Event(account="a", **about) != Event(account="b", **about)
    assert Event(account="a", raw={"a": 1}, **about) == Event(account="a", **about)


async def test_tasks_do_not_mix_their_accounts_up(anyio_backend: str) -> None:
    del anyio_backend
    fakes = {"one": AfternoonFake(), "two": AfternoonFake()}
    for name, fake in fakes.items():
        async with AsyncClient("afternoon", sandbox=fake) as billing:
            made = await billing.create_customer(COMPANY)
            assert made.account == "afternoon", name
            assert made.request_id == made.raw["request_id"]
            async for listed in billing.list_customers():
                assert listed.request_id not in {None, made.request_id}
                assert listed.raw == made.raw["customer"], "a list has records"
    assert (ACCOUNT.get(), REQUEST_ID.get()) == ("", None)


def test_nothing_of_it_is_left_behind_after_a_failure(billing: Any, desk: Desk) -> None:
    desk.answer(404, {"message": "no"}, {HEADER: "req_3"})
    desk.answer(200, {"name": "no id"}, {HEADER: "req_4"})
    for _ in range(2):
        with pytest.raises(Exception, match=r"toy|documented"):
            _ = billing.get_subscription("sub_1")

    assert (ACCOUNT.get(), REQUEST_ID.get()) == ("", None)
    assert origin(Subscription(provider="toy", id="s")) == ("", None)
