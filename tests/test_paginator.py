"""A list is read item by item, page by page with a cursor that can be kept, or its first item."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import (
    AsyncPaginator,
    Client,
    CustomerDraft,
    InvalidReply,
    InvalidRequest,
    Paginator,
    ResultPage,
)
from tests.conftest import Caller, Desk, Toy


def page(desk: Desk, *ids: str, then: str | None = None) -> None:
    items = [{"id": number, "status": "active", "customer": number[0]} for number in ids]
    desk.answer(200, {"items": items, "next": then})


def is_sync(listed: Any) -> bool:
    return hasattr(listed, "__next__")


def first(listed: Any) -> Any:
    return listed.first() if is_sync(listed) else anyio.run(listed.first)


def pages(listed: Any, after: str | None = None) -> list[ResultPage[Any]]:
    if is_sync(listed):
        return list(listed.pages(after=after))

    async def read() -> list[ResultPage[Any]]:
        return [found async for found in listed.pages(after=after)]

    return anyio.run(read)


def shown(found: ResultPage[Any]) -> tuple[list[str], str | None]:
    return [item.id for item in found.items], found.next_cursor


@pytest.fixture
def lists(billing: Caller) -> Any:
    return billing.client


def test_pages_are_those_of_the_provider(lists: Any, desk: Desk) -> None:
    page(desk, "a", "b", then="2")
    page(desk, "b", "c")  # while data changes, an item can come twice

    found = list(map(shown, pages(lists.list_plans())))

    assert found == [(["a", "b"], "2"), (["c"], None)]
    assert len(desk.sent) == 2


def test_a_cursor_goes_on_where_a_page_ended(lists: Any, desk: Desk) -> None:
    page(desk, "a", then="2")
    page(desk, "b", then="3")
    page(desk, "c")
    (one, *_) = pages(lists.list_plans())
    page(desk, "b", then="3")
    page(desk, "c")

    rest = pages(lists.list_plans(), after=one.next_cursor)

    assert list(map(shown, rest)) == [(["b"], "3"), (["c"], None)]
    assert "after=2" in desk.asked[3]


def test_a_page_is_read_when_it_is_asked_for(desk: Desk) -> None:
    page(desk, "a", then="2")
    with Client(Toy, api_key="test_0123456789", transport=desk.transport) as billing:
        reading = billing.list_plans().pages()
        assert not desk.sent
        _ = next(reading)
        assert len(desk.sent) == 1


def test_a_filter_applies_to_each_page(lists: Any, desk: Desk) -> None:
    page(desk, "a1", "b1", then="2")
    page(desk, "b2", then="3")
    page(desk, "a2")

    found = pages(lists.list_subscriptions(customer="a"))

    assert list(map(shown, found)) == [(["a1"], "2"), ([], "3"), (["a2"], None)]


def test_the_first_item_reads_no_more_than_it_needs(lists: Any, desk: Desk) -> None:
    page(desk, "b1", then="2")
    page(desk, "a1", "a2", then="3")

    assert first(lists.list_subscriptions(customer="a")).id == "a1"
    assert len(desk.sent) == 2


def test_the_first_item_of_nothing_is_none(lists: Any, desk: Desk) -> None:
    page(desk)

    assert first(lists.list_plans()) is None
    assert first(lists.list_plans(limit=0)) is None
    assert len(desk.sent) == 1


def test_the_first_item_is_the_first_wherever_the_iteration_is(desk: Desk) -> None:
    with Client(Toy, api_key="test_0123456789", transport=desk.transport) as billing:
        listed = billing.list_plans()
        page(desk, "a", "b")
        assert next(listed).id == "a"
        page(desk, "a", "b")
        found = listed.first()
        assert found is not None
        assert found.id == "a"
        assert [plan.id for plan in listed] == ["b"], "and the iteration goes on"


def test_a_cursor_that_leads_back_is_refused_after_its_page(lists: Any, desk: Desk) -> None:
    for _ in range(2):
        page(desk, "a", then="2")
    listed = lists.list_plans()
    with pytest.raises(InvalidReply, match="the list does not end"):
        _ = pages(listed, after="2")
    assert len(desk.sent) == 1, "the page that it began with"

    if is_sync(listed):
        reading = lists.list_plans().pages(after="2")
        assert shown(next(reading)) == (["a"], None), "what came is given"


def test_pages_have_no_limit(lists: Any) -> None:
    with pytest.raises(InvalidRequest, match="`limit`: it counts items"):
        lists.list_plans(limit=3).pages()


@pytest.mark.parametrize("after", ["", 2, b"x", "\ud800"])
def test_a_cursor_is_text(lists: Any, after: Any, desk: Desk) -> None:
    with pytest.raises(InvalidRequest, match="`after` must be a non-empty str"):
        lists.list_plans().pages(after=after)
    assert not desk.sent


def test_what_only_one_provider_lists_is_paged_too(lists: Any, desk: Desk) -> None:
    page(desk, "a", then="2")
    page(desk, "b")

    assert list(map(shown, pages(lists.walk(Toy.list_events)))) == [(["a"], "2"), (["b"], None)]


def test_the_kinds_are_public(lists: Any) -> None:
    kind = Paginator if isinstance(lists, Client) else AsyncPaginator
    assert type(lists.list_plans()) is kind


def test_a_web_page_shows_one_page_of_a_real_list() -> None:
    fake = MijnKlantportaalFake()
    address = {"address": "Teststreet 123", "postal_code": "1234AB", "city": "Amsterdam"}
    with Client("mijnklantportaal", sandbox=fake) as billing:
        for number in range(20):
            draft = CustomerDraft(name=f"T {number}", email=f"{number}@test.com", **address)
            _ = billing.create_customer(draft)

        one = next(billing.list_customers().pages())
        two = next(billing.list_customers().pages(after=one.next_cursor))

    assert (len(one.items), len(two.items)) == (15, 5)
    assert two.next_cursor is None
    assert not {item.id for item in one.items} & {item.id for item in two.items}


def test_the_example_of_the_page_runs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    account = '[accounts.a]\nprovider = "mijnklantportaal"\nsandbox = true\n'
    _ = (folder / "subhub.toml").write_text(account)
    section = (Path(__file__).parents[1] / "docs" / "sending.md").read_text("utf-8")

    exec(section.split("## Lists\n")[1].split("```python\n")[1].split("```")[0], {})  # noqa: S102

    assert capsys.readouterr().out == "[]\n"
