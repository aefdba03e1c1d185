"""Contract tests of following signup links: completed is claimed of what came, and of nothing else.

The two that create a second signup are for providers whose links are for new customers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Final

from subhub.errors import ProviderError
from subhub.models import CustomerDraft, Money, Signup, SignupLink, SignupState
from subhub.testing.contract.assertions import expect, expect_none
from subhub.testing.contract.cases import BOTH, Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Call, ClientKind, Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

LATER: Final = dt.timedelta(hours=2)
AGE: Final = 10
"""In days: what was created before that is older than a link in every zone."""


def _following(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("follow_signup_link"):
        yield Case("follow_signup_link")


def _several(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("subscribe"):
        yield from _following(provider)


def _new_customers(provider: type[Provider]) -> Iterator[Case]:
    if provider.capabilities().supports("create_signup_link:new_customer"):
        yield from _following(provider)


class SignupTests(ContractConfig):
    """What came of a signup link."""

    @for_each(_following, BOTH)
    def test_a_signup_link_is_open_until_it_is_paid(self, case: Case, kind: ClientKind) -> None:
        """A link is `open`, and when it is paid `completed`, with the subscription that came."""
        del case
        harness = Harness(self)
        link = harness.signup_link
        before = _followed(harness, link, kind)
        expect(before.state == "open", f"it was not paid, and is {before.state}: {before.reason}")
        harness.pay(link)
        after = _followed(harness, link, kind)
        _expect_completed(after)
        listed = [found.id for found in harness.client.list_subscriptions()]
        expect(
            after.subscription is not None and after.subscription.id in listed,
            f"{after.subscription!r} is not in `list_subscriptions`",
        )

    @for_each(_following)
    def test_a_stored_signup_link_is_followed(self, case: Case) -> None:
        """A link that was stored as JSON leads to the same signup."""
        del case
        harness = Harness(self)
        link = harness.signup_link
        harness.pay(link)
        stored = SignupLink.model_validate_json(link.model_dump_json())
        found, due = _followed(harness, stored), _followed(harness, link)
        expect(found == due, f"it must be {due!r}, got {found!r}")

    @for_each(_new_customers)
    def test_the_signup_of_another_customer_is_not_taken(self, case: Case) -> None:
        """A link stays open when another customer pays another link, and leads to its own."""
        del case
        harness = Harness(self)
        link = harness.signup_link
        draft = harness.numbered(2)
        other = harness.client.create_signup_link(plan=harness.plan, customer=draft)
        harness.pay(other)
        found = _followed(harness, link)
        expect(found.state == "open", f"another customer signed up, and it is {found!r}")
        harness.pay(link)
        for own, asked in ((link, harness.draft), (other, draft)):
            found = _followed(harness, own)
            _expect_completed(found)
            expect_none(_of_another(found, asked))

    @for_each(_following)
    def test_a_signup_to_another_plan_is_not_taken(self, case: Case) -> None:
        """A link is not completed by a subscription of its customer to a plan of another price."""
        del case
        harness = Harness(self)
        link, draft = harness.signup_link, harness.plan_draft
        price = Money(draft.price.amount + 1, draft.price.currency)
        dearer = harness.fake.add_plan("dearer_plan", draft.model_copy(update={"price": price}))
        for other in _further_links(harness, dearer):
            harness.pay(other)
            found = _followed(harness, link)
            expect(found.state != "completed", f"another plan was bought, and it is {found!r}")

    @for_each(_following)
    def test_an_older_signup_is_not_taken(self, case: Case) -> None:
        """A link is not completed by a subscription that its customer had before."""
        del case
        harness = Harness(self)
        harness.pay(harness.signup_link)
        older = [found.id for found in harness.client.list_subscriptions()]
        _ = harness.fake.clock.advance(days=AGE)
        for link, known in product(_further_links(harness, harness.plan), (older, None)):
            outcome = harness.perform(Call("follow_signup_link", (link,), {"known": known}))
            found: Signup = outcome.returned()
            problem = f"the customer had {older!r} before the link, and it is {found!r}"
            expect(found.state != "completed" and (known is None or found.state == "open"), problem)

    @for_each(_several)
    def test_one_of_several_signups_is_not_chosen(self, case: Case) -> None:
        """Two subscriptions that may have come of a link are `ambiguous`, and candidates.

        Only a provider that is asked about the link itself may know which one it is.
        """
        del case
        harness = Harness(self)
        link = harness.signup_link
        harness.pay(link)
        first = _followed(harness, link)
        _expect_completed(first)
        owner = first.subscription and first.subscription.customer_id
        second = harness.client.subscribe(plan=harness.plan, customer=owner or "")
        outcome = harness.perform(Call("follow_signup_link", (link,), {"known": []}))
        found: Signup = outcome.returned()
        asked = any(link.id in exchange.received.path for exchange in outcome.heard)
        if asked and found == first:
            return
        ids = {candidate.id for candidate in found.candidates}
        expect(
            found.state == "ambiguous"
            and ids == {first.subscription and first.subscription.id, second.id},
            f"two subscriptions fit, and it is {found!r}",
        )

    @for_each(_following)
    def test_a_signup_link_expires(self, case: Case) -> None:
        """A link that was not paid is `expired` when its time is over, and not before."""
        del case
        harness = Harness(self)
        link = harness.signup_link
        now = harness.fake.clock.now()
        over: SignupState = "open" if link.expires_at is None else "expired"
        left = (link.expires_at or now + LATER) - now
        for passed, due in ((left - dt.timedelta(seconds=1), "open"), (LATER, over)):
            _ = harness.fake.clock.advance(seconds=passed.total_seconds())
            found = _followed(harness, link)
            expect(found.state == due, f"it must be {due} at {harness.fake.clock.now()}: {found!r}")
        # without its date, as it is stored by some, only what the provider says is known
        unknown = link.model_copy(update={"expires_at": None})
        outcome = harness.perform(Call("follow_signup_link", (unknown,), {"known": []}))
        words = [value for one in outcome.heard for value in one.reply.content.split(b'"')]
        hidden = b"expired" in words and outcome.returned().state != over
        expect(not hidden, f"the provider says that it expired: {outcome.returned()!r}")


def _followed(harness: Harness, link: SignupLink, kind: ClientKind = "sync") -> Signup:
    call = Call("follow_signup_link", (link,), {"known": []})
    found: Signup = harness.perform(call, kind).returned()
    return found


def _further_links(harness: Harness, plan: str) -> Iterator[SignupLink]:
    """Yield another link for the customer of `harness.signup_link`, unless it is refused."""
    new = harness.supports("create_signup_link:new_customer")
    customer = harness.draft if new else harness.customer
    with suppress(ProviderError):
        yield harness.client.create_signup_link(plan=plan, customer=customer)


def _of_another(found: Signup, asked: CustomerDraft) -> Iterator[str]:
    """Yield what shows that a signup is of another customer than the one who was asked for."""
    owner = found.subscription and found.subscription.customer_id
    if found.customer is None:
        return
    if owner not in {None, found.customer.id}:
        yield f"the subscription is of {owner!r}, and the customer is {found.customer.id!r}"
    for name in ("name", "email"):
        shown, due = getattr(found.customer, name), getattr(asked, name)
        if shown is not None and shown.casefold() != due.casefold():
            yield f"`.customer.{name}` is {shown!r}, and {due!r} was to sign up"


def _expect_completed(found: Signup) -> None:
    expect(found.state == "completed", f"it was paid, and is {found.state}: {found.reason}")
