"""Lists: read page by page, without looping, without repeats, and never from another host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import pytest

from subhub import AsyncClient, InvalidReply, InvalidRequest, NotFound, Plan
from subhub.plugin import Flow, Page, cursor_from, done, next_page_number, walk
from subhub.testing import play

if TYPE_CHECKING:
    from tests.conftest import Caller, Desk, Toy


def page(*ids: str, after: str | None = None) -> dict[str, Any]:
    return {"items": [{"id": each} for each in ids], "next": after}


def test_a_list_is_read_to_its_end_in_the_order_of_the_provider(
    billing: Caller, desk: Desk
) -> None:
    desk.answer(200, page("b", "a", after="2"))
    desk.answer(200, page(after="3"))
    desk.answer(200, page("c"))

    assert [each.id for each in billing.list_plans()] == ["b", "a", "c"]
    assert desk.asked == ["GET /v1/plans", "GET /v1/plans?after=2", "GET /v1/plans?after=3"]


def test_an_empty_list_is_empty(billing: Caller, desk: Desk) -> None:
    desk.answer(200, page())

    assert billing.list_customers() == []


@pytest.mark.parametrize(("limit", "requests"), [(0, 0), (1, 1), (2, 1), (3, 2), (9, 2)])
def test_no_page_is_read_beyond_the_limit(
    billing: Caller, desk: Desk, limit: int, requests: int
) -> None:
    desk.answer(200, page("a", "b", after="2"))
    desk.answer(200, page("c"))

    assert [each.id for each in billing.list_plans(limit=limit)] == ["a", "b", "c"][:limit]
    assert len(desk.sent) == requests


def test_a_negative_limit_is_refused_at_once(billing: Caller, desk: Desk) -> None:
    with pytest.raises(InvalidRequest, match="must be a whole number >= 0, got -1") as caught:
        billing.list_plans(limit=-1)

    assert "limit" in caught.value.fields
    assert desk.sent == []


def test_an_item_that_moved_to_a_later_page_is_given_once(billing: Caller, desk: Desk) -> None:
    desk.answer(200, page("a", "b", after="2"))
    desk.answer(200, page("b", "c"))

    assert [each.id for each in billing.list_plans()] == ["a", "b", "c"]


@pytest.mark.parametrize("second", ["2", "1"])
def test_a_cursor_that_was_used_before_is_an_error_after_the_items_before_it(
    billing: Caller, desk: Desk, second: str
) -> None:
    desk.answer(200, page("a", after="1"))
    desk.answer(200, page("b", after="2"))
    desk.answer(200, page("c", after=second))
    given: list[str] = []

    async def read() -> None:
        client = billing.client
        if isinstance(client, AsyncClient):
            async for plan in client.list_plans():
                given.append(plan.id)  # noqa: PERF401 - the items before the error are kept
        else:
            for plan in client.list_plans():
                given.append(plan.id)  # noqa: PERF401 - the items before the error are kept

    with pytest.raises(InvalidReply, match=f"its next page, '{second}', was already read"):
        anyio.run(read)

    assert given == ["a", "b", "c"]


def test_a_cursor_that_was_used_before_does_not_matter_beyond_the_limit(
    billing: Caller, desk: Desk
) -> None:
    desk.answer(200, page("a", after="1"))
    desk.answer(200, page("b", after="1"))

    assert [each.id for each in billing.list_plans(limit=2)] == ["a", "b"]


def test_a_flow_that_reads_every_page_fails_on_a_cursor_that_was_used_before() -> None:
    def read(cursor: str | None) -> Flow[Page[Plan]]:
        return done(Page([Plan(provider="toy", id=f"of {cursor}")], "1"))

    with pytest.raises(InvalidReply, match="was already read"):
        _ = play(walk(read, lambda _: True))


def test_a_refusal_on_a_later_page_reaches_the_caller(billing: Caller, desk: Desk) -> None:
    desk.answer(200, page("a", after="2"))
    desk.answer(404, {"message": "no such page"})

    with pytest.raises(NotFound, match="toy refused `list_plans`: no such page"):
        billing.list_plans()


def test_a_list_of_an_extension_is_read_the_same_way(
    billing: Caller, desk: Desk, toy: type[Toy]
) -> None:
    desk.answer(200, page("a", after="2"))
    desk.answer(200, page("b"))

    assert [each.id for each in billing.walk(toy.list_events, kind="paid")] == ["a", "b"]
    assert desk.asked == ["GET /v1/events?kind=paid", "GET /v1/events?kind=paid&after=2"]


def test_a_flow_can_read_every_page_and_keep_what_it_wants() -> None:
    pages = {
        None: Page([Plan(provider="toy", id="a"), Plan(provider="toy", id="b")], "2"),
        "2": Page([Plan(provider="toy", id="ab"), Plan(provider="toy", id="a")]),
    }

    def read(cursor: str | None) -> Flow[Page[Plan]]:
        return done(pages[cursor])

    kept = play(walk(read, lambda each: "a" in each.id)).result

    assert [each.id for each in kept] == ["a", "ab"]


BASE = "https://api.toy.test/v1"


@pytest.mark.parametrize(
    ("address", "number"),
    [
        (None, None),
        ("", None),
        (f"{BASE}/plans?page=2", "2"),
        (f"{BASE}/plans?per=5&page=12,", "12"),
        ("/plans?page=3", "3"),
        ("?page=4", "4"),
    ],
)
def test_the_number_of_the_next_page_is_taken_from_its_address(
    address: str | None, number: str | None
) -> None:
    assert next_page_number(address, BASE) == number


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("https://evil.test/v1/plans?page=2", "another host, 'evil.test'"),
        ("//evil.test/?page=2", "another host, 'evil.test'"),
        ("https://api.toy.test:444/v1?page=2", "another host"),
        ("https://key@api.toy.test/v1?page=2", "another host"),
        (f"{BASE}/plans", "no `page`"),
        (f"{BASE}/plans?page=", "no `page`"),
        (f"{BASE}/plans?page=next", "no page number"),
        (f"{BASE}/plans?page=-1", "no page number"),
        ("https://[broken/?page=2", "is not valid"),
    ],
)
def test_a_next_page_that_cannot_be_trusted_is_an_invalid_reply(address: str, problem: str) -> None:
    with pytest.raises(InvalidReply, match=problem) as caught:
        _ = next_page_number(address, BASE)

    assert caught.value.body == address


def test_a_cursor_is_taken_from_the_address_of_the_next_page() -> None:
    assert cursor_from(f"{BASE}/plans?per=5&after=a%2Fb", "after", BASE) == "a/b"
    assert cursor_from("/plans?after=c", "after", BASE) == "c"
    assert cursor_from(None, "after", BASE) is None


@pytest.mark.parametrize("address", ["", "https://evil.test/plans?after=c", f"{BASE}/plans?page=2"])
def test_an_address_without_a_cursor_is_not_the_end(address: str) -> None:
    with pytest.raises(InvalidReply, match=r"has no `after`|another host") as caught:
        _ = cursor_from(address, "after", BASE)
    assert caught.value.body == address
