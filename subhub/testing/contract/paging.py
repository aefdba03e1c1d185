"""Contract tests of lists: they are read to their end, and lead to no other host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit, urlunsplit

from subhub.errors import SubhubError
from subhub.messages import Response, is_object
from subhub.plugin.flows import Page
from subhub.plugin.operations import OPERATIONS
from subhub.sandbox import Exchange, Fake, Reply
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.calls import call_of, listing, lists
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.descriptions import misdescribed
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, ClientKind, Harness
from subhub.testing.contract.interceptor import Intercept
from subhub.testing.contract.replies import Place, places_in, removed, replaced, shown
from subhub.testing.provenance import document_of

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

PAGES: Final = 3
MANY: Final = (4, 16, 46, 151, 401)
"""How many objects are created, until a list of them takes three pages."""
NAMED: Final = 4
"""How many of them have an external id."""
ELSEWHERE: Final = "elsewhere.example"
HOSTILE: Final = "a&b=c/../d?e#f@elsewhere.example%2F"
"""A cursor that would change the address if it were not quoted."""


def _paged(provider: type[Provider]) -> Iterator[Case]:
    """Yield the lists that can be filled through the neutral interface."""
    makers = {"list_customers": "create_customer", "list_subscriptions": "subscribe"}
    for case in lists(provider):
        maker = makers.get(case.operation)
        if maker is None or provider.capabilities().supports(maker):
            yield case


def _sought(provider: type[Provider]) -> Iterator[Case]:
    """Yield the ways to find a customer among many."""
    known = provider.capabilities()
    for variant in OPERATIONS["find_customer"].one_of:
        needed = ("create_customer", "list_customers", f"find_customer:{variant}")
        if all(map(known.supports, needed)):
            yield Case(f"find_customer:{variant}")


class PagingTests(ContractConfig):
    """Lists of several pages."""

    @for_each(_paged, BOTH)
    def test_a_list_is_read_to_its_end(self, case: Case, kind: ClientKind) -> None:
        """Every object is returned once, from all pages."""
        harness, ids = _filled(self, case)
        found = [
            item.id for item in harness.perform(listing(case.operation, harness), kind).returned()
        ]
        missing = set(ids) - set(found)
        expect(not missing, f"{len(missing)} of {len(ids)} objects are not in the list")
        expect(len(set(found)) == len(found), "an object is in the list twice")

    @for_each(_paged)
    def test_a_circular_list_ends(self, case: Case) -> None:
        """A next page that was read already ends the list: it would never end otherwise."""
        harness, _ = _filled(self, case)
        pages = len(harness.perform(listing(case.operation, harness)).heard)
        first: list[Reply] = []

        def circle(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
            first.append(answer())
            return first[0]

        outcome = harness.perform(listing(case.operation, harness), intercept=circle)
        error = outcome.error
        expect(error is None or isinstance(error, SubhubError), summary(error))
        expect(len(outcome.heard) <= pages, f"{len(outcome.heard)} pages were read of {pages}")

    @for_each(_sought)
    def test_a_customer_is_found_on_any_page(self, case: Case) -> None:
        """The last of many customers is found, and one who does not exist is not."""
        harness, ids = _filled(self, Case("list_customers"))
        last = harness.numbered(9)
        made = harness.config.make_customer(harness.client, last)
        variant = case.capability.partition(":")[2]
        for draft, due in ((last, made), (harness.numbered(8), None)):
            call = Call("find_customer", kwargs={variant: getattr(draft, variant)})
            found = harness.perform(call).returned()
            expect((found and found.id) == due, f"{found!r} was found among {len(ids) + 1}")

    @for_each(_paged)
    def test_the_next_page_is_never_elsewhere(self, case: Case) -> None:
        """A next page on another host is refused, and a cursor is quoted."""
        harness, _ = _filled(self, case)
        own = urlsplit(self.provider.stand_in_address()).netloc
        normal = harness.perform(listing(case.operation, harness))
        queries = [set(exchange.received.query.values()) for exchange in normal.heard[:2]]
        lead = next(iter(queries[-1] - queries[0]), None)
        changed_next: list[str] = []
        outcome = harness.perform(
            listing(case.operation, harness), intercept=_misled(lead, own, changed_next)
        )
        if not changed_next:  # there is one page, or the cursor is the id of the last object
            return
        paths = {exchange.received.path for exchange in outcome.heard}
        expect(paths == {normal.heard[0].received.path}, f"the list went on at {sorted(paths)!r}")
        if len(outcome.heard) == 1:  # the plugin refused the address
            expect(isinstance(outcome.error, SubhubError), summary(outcome.error))
            return
        queries = [set(exchange.received.query.values()) for exchange in outcome.heard[1:]]
        expect(
            HOSTILE in set[str]().union(*queries),
            f"the first page says that the next one is at {ELSEWHERE}, and it was followed: "
            "raise `InvalidReply`, as `next_page_number` does",
        )

    @for_each(_paged)
    def test_a_broken_next_page_is_not_the_end(self, case: Case) -> None:
        """A page that does not say where the list continues is an `InvalidReply`, not its end."""
        first = first_of_many(type(self), case.operation)
        if first is None:  # the list has one page
            return
        expect_none(self._ended(case.operation, first))

    def _ended(self, operation: str, first: Exchange) -> Iterator[str]:
        plugin, body = self.provider(), json.loads(first.reply.content)
        for place, value in _around_items(body):
            without = [removed(body, place), replaced(body, place, None)]
            # where one of them is described, it is how the provider says that a page is the last
            if not any(is_described(self.provider, first, page) for page in without):
                yield from _taken_for_last(operation, first, without[0], plugin, shown(place))
            if isinstance(value, str) and "?" in value:
                page = replaced(body, place, value.partition("?")[0])
                how = f"the query of {shown(place)}"
                yield from _taken_for_last(operation, first, page, plugin, how)


def first_of_many(config: Callable[[], ContractConfig], operation: str) -> Exchange | None:
    """Return the first page of a list that has more of them, if it has pages at all."""
    return _first_of_many(config, operation)


@lru_cache(maxsize=32)
def _first_of_many(config: Callable[[], ContractConfig], operation: str) -> Exchange | None:
    harness, _ = _filled(config(), Case(operation))
    heard = harness.perform(listing(operation, harness)).heard
    return heard[0] if len(heard) > 1 else None


def is_described(provider: type[Provider], first: Exchange, page: Any) -> bool:
    """Return whether a page is as the API description says; without one, every page is."""
    reply = replace(first.reply, content=json.dumps(_shortened(page)).encode())
    exchange = Exchange(first.received, reply)
    return document_of(provider) is None or not list(misdescribed(provider, [exchange]))


def _around_items(body: Any) -> Iterator[tuple[Place, Any]]:
    """Yield what may lead to the next page: everything but the items."""
    for place, value in places_in(_shortened(body)):
        if not any(isinstance(step, int) for step in place):
            yield place, value


def _taken_for_last(
    operation: str, first: Exchange, page: Any, plugin: Provider, what: str
) -> Iterator[str]:
    """Yield that a page without *what* was taken for the last one.

    Args:
        operation: The list.
        first: The first page of several.
        page: The same page without something.
        plugin: Reads it.
        what: What is missing, for the message.
    """
    response = Response(first.reply.status, first.reply.headers, json.dumps(page).encode())
    kwargs = {"customer": plugin.stand_in_id} if operation == "payment_methods" else {}
    with suppress(SubhubError):
        read = FlowReplay(operation, (), kwargs, [response]).play(plugin)
        if isinstance(read, Page) and read.next is None:
            yield (
                f"without {what}, the page was taken for the last one, and a part for the whole "
                "list: raise `InvalidReply`"
            )


def _shortened(value: Any) -> Any:
    """Return a page with one item: what is on trial is around the items."""
    if is_object(value):
        return {name: _shortened(member) for name, member in value.items()}
    return cast("list[object]", value)[:1] if isinstance(value, list) else value


def _filled(config: ContractConfig, case: Case) -> tuple[Harness, list[str]]:
    """Return a harness with enough objects for a list of three pages, if there are pages at all."""
    harness = Harness(config)
    _ = call_of(case.capability, harness)
    ids: list[str] = []
    for many in MANY:
        ids += [_create(harness, case.operation, number) for number in range(len(ids), many)]
        if len(harness.perform(listing(case.operation, harness)).heard) >= PAGES:
            break
    return harness, ids


def _create(harness: Harness, operation: str, number: int) -> str:
    if operation == "list_plans":
        return harness.fake.add_plan(f"plan_{number}", harness.plan_draft)
    if operation == "payment_methods":
        return harness.config.make_payment_method(harness.client, harness.customer)
    if operation == "list_invoices":
        return harness.config.make_invoice(harness.client, harness.terms, harness.customer)
    if operation == "list_customers":
        draft = harness.numbered(number + 10)
        if number >= NAMED:  # or the whole list is searched for each of them
            draft = draft.model_copy(update={"external_id": None})
        return harness.config.make_customer(harness.client, draft)
    return harness.config.make_subscription(harness.client, harness.plan, harness.customer)


def _misled(lead: str | None, own: str, changed_next: list[str]) -> Intercept:
    """Let every reply say that the next page, which *lead* leads to, is on another host.

    Args:
        lead: The cursor of the next page, or what its address contains.
        own: The provider's host.
        changed_next: Gets each text that was changed.
    """

    def intercept(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())

    def changed(value: Any, *, identity: bool = False) -> Any:
        if is_object(value):
            return {name: changed(member, identity=name == "id") for name, member in value.items()}
        if isinstance(value, list):
            return [changed(item) for item in cast("list[object]", value)]
        own_id = identity and value == lead  # a cursor may be the id of an object
        if lead is None or not isinstance(value, str) or own_id or lead not in value:
            return value
        parts = urlsplit(value)
        if parts.netloc == own and parts.query:  # the address of the next page
            changed_next.append(value)
            return urlunsplit(parts._replace(netloc=ELSEWHERE))
        if value == lead:
            changed_next.append(value)
            return HOSTILE
        return value

    return intercept
