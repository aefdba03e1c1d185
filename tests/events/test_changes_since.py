"""`changes(since=...)`: what happened between two listings, once, and nothing that did not."""

from __future__ import annotations

import base64
import inspect
import zlib
from collections.abc import Callable
from typing import Any, cast

import anyio
import httpx
import pytest
from subhub_afternoon import Afternoon
from subhub_mollie import Mollie

from subhub import (
    Event,
    InvalidReply,
    InvalidRequest,
    ProviderUnavailable,
    Unsupported,
)
from subhub.plugin import Provider
from tests.conftest import Caller, Toy
from tests.events.shelf import Shelf
from tests.events.watched import Watched

Found = list[tuple[str | None, str, str]]


def shown(events: list[Event]) -> Found:
    return sorted((event.object_id, event.about, event.change) for event in events)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def watched(connect: Callable[..., Caller], shelf: Shelf) -> Watched:
    return Watched(connect(Toy, api_key="test_1", transport=shelf.transport, attempts=1))


class TestEvents:
    def test_the_first_comparison_finds_out_what_there_is(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("subscriptions", *(f"sub_{n}" for n in range(7)))

        events, token = watched.compare()

        assert events == []
        assert shelf.lists == {"plans": 1, "customers": 1, "subscriptions": 3}
        assert watched.compare(token)[0] == []

    @pytest.mark.parametrize("kind", ["plan", "customer", "subscription"])
    def test_created_changed_and_deleted_are_told_once(
        self, watched: Watched, shelf: Shelf, kind: str
    ) -> None:
        shelf.put(f"{kind}s", "a", "b", "c", "d", "e")
        _, token = watched.compare()
        shelf.put(f"{kind}s", "b", name="another", status="past_due")
        shelf.put(f"{kind}s", "new")
        del shelf.things[f"{kind}s"]["d"]

        events, later = watched.compare(token)

        assert shown(events) == [
            ("b", kind, "changed"),
            ("d", kind, "deleted"),
            ("new", kind, "created"),
        ]
        assert {(event.provider, event.account, event.word) for event in events} == {
            ("toy", "toy", None)
        }
        assert watched.compare(later)[0] == []

    @pytest.mark.parametrize(
        ("before", "after", "change"),
        [
            ("active", "canceled", "ended"),
            ("active", "ended", "ended"),
            ("active", "past_due", "changed"),
            ("canceled", "ended", "changed"),
            ("canceled", "active", "changed"),
        ],
    )
    def test_a_subscription_that_is_over_has_ended(
        self, watched: Watched, shelf: Shelf, before: str, after: str, change: str
    ) -> None:
        shelf.put("subscriptions", "sub_1", status=before)
        _, token = watched.compare()
        shelf.put("subscriptions", "sub_1", status=after)

        (event,) = watched.compare(token)[0]

        assert event.change == change
        assert event.raw == {"id": "sub_1", "status": after}

    def test_what_only_the_provider_knows_is_no_change(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", "a")
        _, token = watched.compare()
        shelf.put("customers", "a", seen_at="today")

        assert watched.compare(token)[0] == []

    def test_only_the_kinds_that_are_asked_for_are_listed(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        _, token = watched.compare(about="subscription")
        assert shelf.lists == {"subscriptions": 1}

        shelf.put("customers", "a")
        shelf.put("subscriptions", "b")
        events, token = watched.compare(token, about=["customer", "subscription"])

        assert shown(events) == [("b", "subscription", "created")]  # the customers are new to it
        shelf.put("customers", "c")
        assert shown(watched.compare(token)[0]) == [("c", "customer", "created")]

    def test_an_event_leads_to_the_object(self, watched: Watched, shelf: Shelf) -> None:
        _, token = watched.compare()
        shelf.put("subscriptions", "sub_1")
        (event,) = watched.compare(token)[0]

        found: Any = cast("Any", watched.client).refetch(event)
        refetched = anyio.run(_awaited, found) if inspect.isawaitable(found) else found

        assert (refetched.state, refetched.subscription.id) == ("found", "sub_1")

    def test_what_a_call_was_about_is_checked_again_on_request(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        """There and back since the token: the second call was lost, and the store is wrong."""
        shelf.put("subscriptions", "a", "b")
        _, token = watched.compare()

        events, later = watched.compare(token, recheck=["a", "elsewhere"])

        assert shown(events) == [("a", "subscription", "changed")]
        assert watched.compare(later)[0] == []
        assert watched.compare(recheck=["a"])[0] == []

    def test_the_ids_to_check_again_are_a_list(self, watched: Watched) -> None:
        with pytest.raises(InvalidRequest, match="must be a list of ids, got 'sub_1'"):
            _ = watched.changes(recheck="sub_1")


class TestKeys:
    def test_are_the_same_when_a_comparison_is_repeated(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", "a", "b")
        _, token = watched.compare()
        shelf.put("customers", "a", name="x")
        shelf.put("customers", "new")
        del shelf.things["customers"]["b"]

        first, again = watched.compare(token)[0], watched.compare(token)[0]

        assert [event.key for event in first] == [event.key for event in again]
        assert len({event.key for event in first}) == 3
        assert all(event.key.startswith("changes:") for event in first)

    def test_are_others_for_the_same_change_later(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", "a", name="x")
        _, token = watched.compare()
        keys: list[str] = []
        for name in ("y", "x", "y"):
            shelf.put("customers", "a", name=name)
            events, token = watched.compare(token)
            keys += [event.key for event in events]

        assert len(set(keys)) == 3

    def test_are_others_for_another_comparison_of_the_same_account(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        tokens = [watched.compare()[1] for _ in range(2)]
        shelf.put("customers", "a")

        keys = {event.key for token in tokens for event in watched.compare(token)[0]}

        assert len(keys) == 2


class TestDeleted:
    def test_what_moved_to_a_page_before_is_not_deleted(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", *"abcdefg")
        _, token = watched.compare()

        def shift(address: str) -> None:
            if address == "customers?3":  # `d` moves to the page that was read before
                _ = shelf.things["customers"].pop("a", None)

        shelf.before = shift
        events, token = watched.compare(token)

        assert events == []  # `a` was there when its page was read, and `d` is
        assert "customers/d" in shelf.asked
        assert shown(watched.compare(token)[0]) == [("a", "customer", "deleted")]

    def test_what_moved_and_was_changed_is_changed(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", *"abcdefg")
        _, token = watched.compare()

        def shift(address: str) -> None:
            if address == "customers?3":
                _ = shelf.things["customers"].pop("a", None)
                shelf.put("customers", "d", name="moved")

        shelf.before = shift

        assert shown(watched.compare(token)[0]) == [("d", "customer", "changed")]

    def test_a_list_that_does_not_end_deletes_nothing(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", *"abcdefg")
        _, token = watched.compare(about="customer")
        del shelf.things["customers"]["g"]
        turn = {"items": [{"id": "a"}], "next": "3"}
        shelf.before = lambda address: httpx.Response(200, json=turn) if "?" in address else None
        changes = watched.changes(token, about="customer")

        with pytest.raises(InvalidReply, match="does not end"):
            _ = watched.rest(changes)

        shelf.before = lambda _: None
        assert shown(watched.compare(changes.token)[0]) == [("g", "customer", "deleted")]

    def test_a_record_that_cannot_be_read_is_not_deleted(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", *"abc")
        _, token = watched.compare(about="customer")
        shelf.things["customers"]["b"] = {"id": "b", "status": 7}

        events, token = watched.compare(token, about="customer")

        assert (events, "customers/b" in shelf.asked) == ([], True)
        shelf.things["customers"]["b"] = {"id": "b", "name": "whole again"}
        assert shown(watched.compare(token)[0]) == [("b", "customer", "changed")]

    def test_another_failure_is_raised_and_the_token_goes_on_from_there(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", *"abcd")
        _, token = watched.compare(about="customer")
        shelf.things["customers"].clear()
        shelf.before = lambda address: (
            httpx.Response(503, json={}) if address == "customers/c?" else None
        )
        changes = watched.changes(token, about="customer")

        assert shown(watched.take(changes, 2)) == [
            ("a", "customer", "deleted"),
            ("b", "customer", "deleted"),
        ]
        with pytest.raises(ProviderUnavailable):
            _ = watched.take(changes, 1)
        shelf.before, shelf.asked[:] = lambda _: None, []

        assert shown(watched.rest(changes)) == [
            ("c", "customer", "deleted"),
            ("d", "customer", "deleted"),
        ]
        assert shelf.lists == {}
        assert changes.complete

    def test_where_nothing_reads_by_id_the_whole_list_decides(
        self, connect: Callable[..., Caller], shelf: Shelf
    ) -> None:
        class Lister(Toy):
            name = "lister"
            get_customer = Provider.get_customer

        watched = Watched(connect(Lister, api_key="test_1", transport=shelf.transport))
        shelf.put("customers", *"abcd")
        _, token = watched.compare(about="customer")
        del shelf.things["customers"]["a"], shelf.things["customers"]["b"]

        events, token = watched.compare(token, about="customer")

        assert shown(events) == [("a", "customer", "deleted"), ("b", "customer", "deleted")]
        shelf.things["customers"]["c"] = {"id": "c", "status": 7}
        _ = shelf.things["customers"].pop("d")
        events, token = watched.compare(token, about="customer")
        assert events == []  # the record that could not be read may be `d`
        assert {path for path in shelf.asked if "/" in path} == set()
        shelf.put("customers", "c", status="active")
        assert shown(watched.compare(token)[0]) == [("d", "customer", "deleted")]


class TestResuming:
    def test_a_comparison_in_steps_is_the_same_as_a_whole_one(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("subscriptions", *(f"sub_{n}" for n in range(10)))
        shelf.put("plans", "p")
        _, token = watched.compare()
        for n in (1, 4, 8):
            shelf.put("subscriptions", f"sub_{n}", name="x")
        del shelf.things["subscriptions"]["sub_5"]
        shelf.asked.clear()
        whole, _ = watched.compare(token)
        reads = len(shelf.asked)
        shelf.asked.clear()

        events: list[Event] = []
        calls = 0
        complete = False
        while not complete:
            changes = watched.changes(token, pages=1)
            events += watched.rest(changes)
            token, complete, calls = changes.token, changes.complete, calls + 1

        assert [event.key for event in events] == [event.key for event in whole]
        assert len(shelf.asked) == reads == calls - 1 or len(shelf.asked) == reads == calls
        assert watched.compare(token)[0] == []

    def test_the_first_one_in_steps_reports_nothing(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", *"abcdefgh")
        token, complete = None, False
        while not complete:
            changes = watched.changes(token, pages=1)
            assert watched.rest(changes) == []
            token, complete = changes.token, changes.complete
        shelf.put("customers", "new")

        assert shown(watched.compare(token)[0]) == [("new", "customer", "created")]

    def test_an_event_counts_as_handled_when_the_next_one_is_asked_for(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        _, token = watched.compare(about="customer")
        shelf.put("customers", *"abcdef")
        changes = watched.changes(token, about="customer")
        first = watched.take(changes, 3)
        killed = changes.token  # `c` may not have been handled

        again, _ = watched.compare(killed, about="customer")

        assert [event.key for event in again[:3]] == [event.key for event in first]
        _ = watched.take(changes, 1)
        assert shown(watched.compare(changes.token)[0]) == [
            ("d", "customer", "created"),
            ("e", "customer", "created"),
            ("f", "customer", "created"),
        ]

    def test_a_loop_that_was_left_goes_on_with_the_next_event(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        _, token = watched.compare()
        shelf.put("customers", *"abcd")
        changes = watched.changes(token)

        assert len(watched.take(changes, 2)) == 2
        assert len(watched.rest(changes)) == 2

    def test_a_page_that_is_gone_begins_the_list_again(
        self, watched: Watched, shelf: Shelf
    ) -> None:
        shelf.put("customers", *"abcdefgh")
        _, token = watched.compare(about="customer")
        shelf.put("customers", "b", name="x")
        changes = watched.changes(token, about="customer", pages=2)
        assert len(watched.rest(changes)) == 1
        shelf.before = lambda address: (
            httpx.Response(404, json={}) if address == "customers?6" else None
        )

        with pytest.raises(Exception, match="list_customers"):
            _ = watched.compare(changes.token, about="customer")
        shelf.per_page = 4  # now the pages begin elsewhere

        assert watched.compare(changes.token, about="customer")[0] == []

    def test_a_refused_first_page_is_raised(self, watched: Watched, shelf: Shelf) -> None:
        shelf.before = lambda _: httpx.Response(422, json={"message": "no"})

        with pytest.raises(Exception, match="refused `list_plans`"):
            _ = watched.compare()


class TestTokens:
    def test_of_another_account_are_refused(
        self, connect: Callable[..., Caller], watched: Watched, shelf: Shelf
    ) -> None:
        _, token = watched.compare()
        shelf.asked.clear()

        for key, words in [("test_2", "another key"), ("live_1", "a test key")]:
            other = Watched(connect(Toy, api_key=key, transport=shelf.transport))
            with pytest.raises(InvalidRequest, match=words):
                _ = other.compare(token)
        with pytest.raises(InvalidRequest, match=r"the provider 'toy'.*Use the client of that"):
            _ = Watched(connect(Mollie, sandbox=True)).compare(token)
        assert shelf.asked == []

    def test_of_another_version_are_refused(self, watched: Watched) -> None:
        _, token = watched.compare()
        later = token.replace("subhub-changes-1.", "subhub-changes-2.")

        with pytest.raises(InvalidRequest, match=r"has the format 2, and this version .* reads 1"):
            _ = watched.compare(later)

    @pytest.mark.parametrize("token", ["", "subhub", "subhub-changes-1.", "x" * 50, "é"])
    def test_that_are_none_are_refused(self, watched: Watched, token: str) -> None:
        with pytest.raises(InvalidRequest, match=r"must be the whole text of `changes\.token`"):
            _ = watched.compare(token)

    def test_that_were_cut_anywhere_are_refused(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", *"abcdefgh")
        _, token = watched.compare()

        for length in range(len(token)):
            with pytest.raises(InvalidRequest, match="may have been cut"):
                _ = watched.changes(token[:length])

    def test_bytes_are_refused_with_their_type(self, watched: Watched) -> None:
        with pytest.raises(InvalidRequest, match="got bytes"):
            _ = watched.changes(cast("Any", b"subhub"))

    def test_a_line_end_does_no_harm(self, watched: Watched) -> None:
        _, token = watched.compare()

        assert watched.compare(f"{token}\n")[0] == []

    @pytest.mark.parametrize(
        "content",
        [
            b"[]\n",
            b"{}\n",
            b'{"kinds": [], "identity": {}, "salt": "s", "todo": []}\n',
            b'{"kinds": {}, "identity": 7, "salt": "s", "todo": []}\n',
            b'{"kinds": {"plan": {"ids": ["a"]}}, "identity": {}, "salt": "s", "todo": []}\n',
            b'{"kinds": {"plan": {"ids": [], "x": 1}}, "identity": {}, "salt": "", "todo": []}\n',
            b'{"kinds": {}, "identity": {}, "salt": "s", "todo": []}\n1234567',
            b"[" * 100_000 + b"\n",
        ],
    )
    def test_with_another_content_are_refused(self, watched: Watched, content: bytes) -> None:
        packed = base64.urlsafe_b64encode(zlib.compress(content)).decode()

        with pytest.raises(InvalidRequest, match="must be the whole text"):
            _ = watched.changes(f"subhub-changes-1.{packed}")

    def test_hold_ids_and_nothing_else_of_an_object(self, watched: Watched, shelf: Shelf) -> None:
        shelf.put("customers", "cst_1", name="John Doe")
        _, token = watched.compare()

        content = zlib.decompress(base64.urlsafe_b64decode(token.partition(".")[2]))

        assert b"cst_1" in content
        assert b"John" not in content
        assert b"test_1" not in content


class TestAsking:
    @pytest.mark.parametrize(
        ("how", "words"),
        [
            ({"about": "invoice"}, "`about` must be one of 'plan', 'customer', 'subscription'"),
            ({"about": []}, "must name at least one of plan"),
            ({"pages": 0}, "`pages` must be a whole number >= 1, got 0"),
        ],
    )
    def test_what_cannot_be_asked_is_refused(
        self, watched: Watched, shelf: Shelf, how: dict[str, Any], words: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=words):
            _ = watched.changes(**how)

        assert shelf.asked == []

    def test_a_list_that_the_provider_lacks_is_left_out_unless_it_is_asked_for(
        self, connect: Callable[..., Caller]
    ) -> None:
        watched = Watched(connect(Afternoon, sandbox=True))

        assert watched.compare()[0] == []
        with pytest.raises(Unsupported, match="list_plans"):
            _ = watched.changes(about="plan")

    def test_a_provider_without_lists_has_no_changes(
        self, connect: Callable[..., Caller], shelf: Shelf
    ) -> None:
        class Blind(Toy):
            name = "blind"
            list_plans = Provider.list_plans
            list_customers = Provider.list_customers
            list_subscriptions = Provider.list_subscriptions

        client = Watched(connect(Blind, api_key="test_1", transport=shelf.transport))

        with pytest.raises(Unsupported, match="lists neither plans, customers nor subscriptions"):
            _ = client.changes()


async def _awaited(result: Any) -> Any:
    return await result
