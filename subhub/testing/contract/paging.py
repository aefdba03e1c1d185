"""Contract tests: a list is read to its end, has an end, and leads nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

from subhub.errors import SubhubError
from subhub.messages import is_object
from subhub.sandbox import Fake, Reply
from subhub.testing.contract.assertions import expect, told
from subhub.testing.contract.calls import KINDS, call_of, lists
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Call, ClientKind, Harness
from subhub.testing.contract.interceptor import Intercept
from subhub.testing.contract.values import is_list

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

PAGES: Final = 3
MANY: Final = (4, 16, 46, 151, 401)
"""How many objects are made, until a list of them takes three pages."""
ELSEWHERE: Final = "elsewhere.example"
HOSTILE: Final = "a&b=c/../d?e#f@elsewhere.example%2F"
"""A cursor that would lead elsewhere if it were not quoted."""


def _paged(provider: type[Provider]) -> Iterator[Case]:
    """The lists that can be filled by way of the neutral interface."""
    makers = {"list_customers": "create_customer", "list_subscriptions": "subscribe"}
    for case in lists(provider):
        maker = makers.get(case.operation)
        if maker is None or provider.capabilities().supports(maker):
            yield case


def _sought(provider: type[Provider]) -> Iterator[Case]:
    """The ways to find a customer among many that were made."""
    known = provider.capabilities()
    for variant in KINDS["find_customer"]:
        needed = ("create_customer", "list_customers", f"find_customer:{variant}")
        if all(map(known.supports, needed)):
            yield Case(f"find_customer:{variant}")


class PagingTests(ContractConfig):
    """Walking lists of several pages."""

    @for_each(_paged, BOTH)
    def test_a_list_is_read_to_its_end(self, case: Case, colour: ClientKind) -> None:
        """Everything that exists is given out once, from all pages."""
        desk, ids = _filled(self, case)
        found = [each.id for each in desk.perform(Call(case.operation), colour).returned()]
        missing = set(ids) - set(found)
        expect(not missing, f"{len(missing)} of {len(ids)} objects are not in the list")
        expect(len(set(found)) == len(found), "an object is in the list twice")

    @for_each(_paged, BOTH)
    def test_a_list_that_goes_in_a_circle_ends(self, case: Case, colour: ClientKind) -> None:
        """A next page that was read already ends the walk, or it would go on for ever."""
        desk, _ = _filled(self, case)
        pages = len(desk.perform(Call(case.operation)).heard)
        first: list[Reply] = []

        def circle(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
            first.append(answer())
            return first[0]

        outcome = desk.perform(Call(case.operation), colour, circle)
        error = outcome.error
        expect(error is None or isinstance(error, SubhubError), told(error))
        expect(len(outcome.heard) <= pages, f"{len(outcome.heard)} pages were read of {pages}")

    @for_each(_sought)
    def test_a_customer_is_found_on_any_page(self, case: Case) -> None:
        """The last of many customers is found, and somebody who is not there is not."""
        desk, ids = _filled(self, Case("list_customers"))
        last = desk.numbered(9)
        made = desk.terms.make_customer(desk.client, last)
        variant = case.capability.partition(":")[2]
        for draft, due in ((last, made), (desk.numbered(8), None)):
            call = Call("find_customer", kwargs={variant: getattr(draft, variant)})
            found = desk.perform(call).returned()
            expect((found and found.id) == due, f"{found!r} was found among {len(ids) + 1}")

    @for_each(_paged)
    def test_the_next_page_is_never_elsewhere(self, case: Case) -> None:
        """A next address on another host is refused, and a cursor is quoted."""
        desk, _ = _filled(self, case)
        own = urlsplit(self.provider.base_url).netloc
        normal = desk.perform(Call(case.operation))
        queries = [set(each.received.query.values()) for each in normal.heard[:2]]
        lead = next(iter(queries[-1] - queries[0]), None)
        told_next: list[str] = []
        outcome = desk.perform(Call(case.operation), meddle=_misled(lead, own, told_next))
        if not told_next:  # there is one page, or the cursor is the id of the last object
            return
        paths = {each.received.path for each in outcome.heard}
        expect(paths == {normal.heard[0].received.path}, f"the list was led to {sorted(paths)!r}")
        if len(outcome.heard) == 1:  # it was refused here
            expect(isinstance(outcome.error, SubhubError), told(outcome.error))
            return
        asked = [value for each in outcome.heard[1:] for value in each.received.query.values()]
        expect(
            HOSTILE in asked,
            f"the first page says that the next one is at {ELSEWHERE}, and it was followed: "
            "raise `InvalidReply`, as `next_page_number` does",
        )


def _filled(terms: ContractConfig, case: Case) -> tuple[Harness, list[str]]:
    """A desk with so many objects that a list of them takes three pages, if it takes several."""
    desk = Harness(terms)
    _ = call_of(case.capability, desk)
    ids: list[str] = []
    for many in MANY:
        ids += [_made(desk, case.operation, number) for number in range(len(ids), many)]
        if len(desk.perform(Call(case.operation)).heard) >= PAGES:
            break
    return desk, ids


def _made(desk: Harness, operation: str, number: int) -> str:
    if operation == "list_plans":
        return desk.fake.add_plan(f"plan_{number}", desk.terms.plan)
    if operation == "list_customers":
        return desk.terms.make_customer(desk.client, desk.numbered(number + 10))
    return desk.terms.make_subscription(desk.client, desk.plan, desk.customer)


def _misled(lead: str | None, own: str, told_next: list[str]) -> Intercept:
    """Every answer says that the next page, which *lead* leads to, is somewhere else.

    What said where it is, is added to *told_next*.
    """

    def meddle(_: int, __: Fake, answer: Callable[[], Reply]) -> Reply:
        reply = answer()
        return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())

    def changed(value: Any, *, identity: bool = False) -> Any:
        if is_object(value):
            return {name: changed(each, identity=name == "id") for name, each in value.items()}
        if is_list(value):
            return [changed(each) for each in value]
        own_id = identity and value == lead  # a cursor may be the id of an object
        if lead is None or not isinstance(value, str) or own_id or lead not in value:
            return value
        parts = urlsplit(value)
        if parts.netloc == own and parts.query:  # an address that leads to the next page
            told_next.append(value)
            return urlunsplit(parts._replace(netloc=ELSEWHERE))
        if value == lead:
            told_next.append(value)
            return HOSTILE
        return value

    return meddle
