"""Contract tests of who and which: equal orders are two, and a search finds whom it is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from subhub.errors import Ambiguous, InvalidReply, InvalidRequest, SubhubError, Unsupported
from subhub.models import CustomerDraft
from subhub.testing.contract.assertions import expect, expect_none, summary
from subhub.testing.contract.calls import call_of, changing
from subhub.testing.contract.cases import Case, for_each, whole
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.flow_replay import FlowReplay
from subhub.testing.contract.harness import Call, Harness, has_plans
from subhub.testing.contract.replies import leaves, replaced, shown

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

PAGE: Final = "create_portal_link"
"""What may lead to the same page each time."""
CREATING: Final = frozenset(
    {"create_plan", "create_customer", "create_signup_link", "create_setup_link", "subscribe", PAGE}
)
KEYS: Final = ("idempot", "dedup")
"""What the name of a header contains that makes two requests one."""


def _creating(provider: type[Provider]) -> Iterator[Case]:
    return (case for case in changing(provider) if case.operation in CREATING)


def _sought(provider: type[Provider]) -> Iterator[Case]:
    for variant in ("email", "external_id"):
        if provider.capabilities().supports(f"find_customer:{variant}"):
            yield Case(f"find_customer:{variant}")


def _by_email(provider: type[Provider]) -> Iterator[Case]:
    return (case for case in _sought(provider) if case.capability.endswith(":email"))


def _known_by_id(provider: type[Provider]) -> Iterator[Case]:
    supports = provider.capabilities().supports
    needed = ("create_customer", "list_customers", "find_customer:external_id")
    if all(map(supports, needed)):
        for name in ("create_customer", "subscribe", "create_signup_link:existing_customer"):
            if supports(name):
                yield Case(name)


class IdentityTests(ContractConfig):
    """Which object is created, and which is found."""

    @for_each(_creating)
    def test_two_equal_orders_are_two(self, case: Case) -> None:
        """The same call made twice creates two objects, or the provider refuses the second.

        A customer with an external id is one: here, the draft has none.
        """
        harness = Harness(self)
        call = _anonymous(call_of(case.capability, harness))
        first, second = harness.perform(call), harness.perform(call)
        _ = first.returned()
        for one, other in zip(first.heard, second.heard, strict=False):
            for name, value in one.received.headers.items():
                alike = value == other.received.headers.get(name)
                key = alike and any(word in name.lower() for word in KEYS)
                expect(not key, f"two equal calls send the same `{name}`: {value!r}")
        if second.error is None:
            expect(
                second.result.id != first.result.id or case.operation == PAGE,
                f"the second of two equal calls returned the object of the first, "
                f"{first.result.id!r}: an idempotency key must not follow from the arguments",
            )
        else:
            expect(isinstance(second.error, SubhubError), summary(second.error))

    @for_each(_known_by_id)
    def test_one_external_id_is_one_customer(self, case: Case) -> None:
        """A draft whose external id a customer has already creates no second customer."""
        harness = Harness(self)
        call = call_of(case.capability, harness)
        known = harness.perform(Call("create_customer", (harness.draft,))).returned()
        if case.operation != "create_customer":
            call = call.but(customer=harness.draft)
        result = harness.perform(call).returned()
        found = result.id if case.operation == "create_customer" else result.customer_id
        expect(found in {known.id, None}, f"{known.id!r} has the external id, and got {found!r}")
        customers = harness.perform(Call("list_customers")).returned()
        alike = [one.id for one in customers if one.external_id == harness.draft.external_id]
        expect(len(alike) == 1, f"the customers {', '.join(alike)} have one external id")

    @for_each(_sought)
    def test_only_the_whole_value_finds_a_customer(self, case: Case) -> None:
        """A part of an e-mail address or of an external id finds no customer."""
        variant = case.capability.partition(":")[2]
        harness = Harness(self)
        known = harness.customer
        whole_value = getattr(harness.draft, variant) or "contract-1"
        for value in _close_to(whole_value, variant):
            outcome = harness.perform(Call("find_customer", kwargs={variant: value}))
            found = outcome.result
            # `InvalidReply`: the client saw that it is someone else; `Ambiguous` chooses nobody
            expect(
                found is None and not isinstance(outcome.error, InvalidReply),
                f"{value!r} found {found or outcome.error!r}, and {known!r} has {whole_value!r}",
            )

    @for_each(_by_email)
    def test_capitals_do_not_matter_in_an_email(self, case: Case) -> None:
        """A customer is found by an e-mail address that is written with other capitals."""
        del case
        harness = Harness(self)
        known, written = harness.customer, harness.draft.email.swapcase()
        found = harness.perform(Call("find_customer", kwargs={"email": written})).returned()
        problem = f"{written!r} found {found!r}, and {known!r} has {harness.draft.email!r}"
        expect(found is not None and found.id == known, problem)

    @for_each(_sought)
    def test_a_customer_without_the_value_is_not_found(self, case: Case) -> None:
        """Where the response has no value to compare, the customer is not the one sought."""
        expect_none(self._taken_for_it(case))

    @for_each(_sought)
    def test_one_of_several_is_not_chosen(self, case: Case) -> None:
        """Two customers that match raise `Ambiguous`, with both as `candidates`."""
        variant = case.capability.partition(":")[2]
        harness = Harness(self)
        if not harness.supports("create_customer"):
            return
        _ = harness.customer
        value = getattr(harness.draft, variant)
        twin = harness.numbered(2).model_copy(update={variant: value})
        try:
            # the plugin's own flow: the client would find the first one, and create none
            _ = harness.client.call(self.provider.create_customer, twin)
        except SubhubError:
            return  # the provider lets only one customer have it
        outcome = harness.perform(Call("find_customer", kwargs={variant: value}))
        expect(
            isinstance(outcome.error, Ambiguous),
            f"two customers have {value!r}, and it must raise `Ambiguous`: "
            + (summary(outcome.error) if outcome.error else f"it chose {outcome.result!r}"),
        )

    @for_each(whole)
    def test_a_plan_id_is_not_made_up(self, case: Case) -> None:
        """A provider without plans refuses the id of one unsent: it would bill invented terms."""
        del case
        harness = Harness(self)
        if has_plans(self.provider) or not harness.supports("subscribe"):
            return
        terms = {"plan": "contract_plan", "customer": harness.customer}
        outcome = harness.perform(Call("subscribe", kwargs=terms))
        refused = isinstance(outcome.error, InvalidRequest | Unsupported) and not outcome.heard
        expect(
            refused,
            "`subscribe` with the id of a plan must raise `InvalidRequest` or `Unsupported`, and "
            f"send nothing: {summary(outcome.error)}",
        )

    def _taken_for_it(self, case: Case) -> Iterator[str]:
        replay, plugin = FlowReplay.of(self, case.capability), self.provider()
        value = next(iter(replay.kwargs.values()))
        places: list[str] = []
        for step in replay.steps:
            body = replay.body(step)
            for place in [place for place, found in leaves(body) if found == value]:
                body = replaced(body, place, None)
                places.append(shown(place))
            replay = replay.but(step, body)
        if _found(replay, plugin):
            yield f"`{'`, `'.join(places)}` is null, and its customer was found by {value!r}"


def _anonymous(call: Call) -> Call:
    """Return the call without the external id of a draft."""
    kwargs = {name: _unnamed(value) for name, value in call.kwargs.items()}
    return Call(call.operation, tuple(map(_unnamed, call.args)), kwargs)


def _unnamed(value: object) -> object:
    if isinstance(value, CustomerDraft):
        return value.model_copy(update={"external_id": None})
    return value


def _close_to(value: str, variant: str) -> Iterator[str]:
    """Yield values that are parts of *value*, or hold it, or are written otherwise."""
    yield value[1:]
    yield value[:-1]
    yield value + "x"
    yield "x" + value
    if variant == "external_id":
        yield value.swapcase()


def _found(replay: FlowReplay, plugin: Provider) -> Any:
    try:
        return replay.play(plugin)
    except SubhubError:
        return None
