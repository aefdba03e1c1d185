"""Following a sign-up at MijnKlantportaal: by name, e-mail address, terms and time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mijnklantportaal.sandbox import MijnKlantportaalFake

from subhub import Client, InvalidReply, InvalidRequest, Money, SignupLink
from subhub.testing import play
from tests.mijnklantportaal.samples import COMPANY, PHONE


@pytest.fixture
def link(billing: Client) -> SignupLink:
    """Return a sign-up of the company for the plan, not paid yet."""
    return billing.create_signup_link(plan=billing.create_plan(PHONE).id, customer=COMPANY)


def test_nothing_but_the_subscriptions_is_read_while_nothing_came(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    fake.exchanges.clear()

    assert billing.follow(link).state == "open"
    assert [heard.received.path for heard in fake.exchanges] == ["/v1/customer-subscriptions"]


def test_a_subscription_on_any_page_is_found(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    others = [billing.subscribe(plan=PHONE, customer=COMPANY).customer_id]
    fake.pay(link.url)
    terms: Any = {"plan": PHONE, "customer": others[0]}
    known = [billing.subscribe(**terms).id for _ in range(40)]
    known.append(next(billing.list_subscriptions(customer=others[0])).id)
    found = billing.follow(link, known=known)

    assert found.state == "completed"
    assert found.customer is not None
    assert found.customer.id not in others
    assert found.subscription is not None
    assert found.subscription.customer_id == found.customer.id


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({"primaryEmail": "John.Doe@test.com"}, "completed"),
        ({"companyName": "Test  Company B.V."}, "ambiguous"),
        ({"companyName": "Another Company"}, "ambiguous"),
        ({"primaryEmail": "jöhn.doe@test.com"}, "ambiguous"),
        ({"primaryEmail": "corrected@test.com"}, "ambiguous"),
        ({"primaryEmail": None}, "ambiguous"),
        ({"primaryEmail": "other@test.com", "companyName": "Another Company"}, "open"),
    ],
)
def test_a_customer_written_differently_is_a_near_miss(
    billing: Client,
    fake: MijnKlantportaalFake,
    link: SignupLink,
    changed: dict[str, Any],
    state: str,
) -> None:
    fake.pay(link.url)
    (customer,) = fake.customers.values()
    customer.update(changed)
    found = billing.follow(link)

    assert found.state == state
    assert len(found.candidates) == (state == "ambiguous")


@pytest.mark.parametrize(
    ("email", "state"), [(COMPANY.email, "completed"), ("other@test.com", "open")]
)
def test_without_a_name_the_address_decides(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink, email: str, state: str
) -> None:
    fake.pay(link.url)
    terms: Any = {"plan": link.plan_id, "created_at": link.created_at}

    assert billing.follow(link.id, **terms, email=email).state == state


def test_someone_who_is_a_customer_already_can_sign_up(
    billing: Client, fake: MijnKlantportaalFake
) -> None:
    """Whether the portal then creates another customer is not documented."""
    plan = billing.create_plan(PHONE).id
    old = billing.subscribe(plan=plan, customer=COMPANY)
    _ = fake.clock.advance(days=2)
    link = billing.create_signup_link(plan=plan, customer=COMPANY)
    assert billing.follow(link).state == "open"
    new = billing.subscribe(plan=plan, customer=old.customer_id or "")
    found = billing.follow(link)

    assert (found.state, found.subscription) == ("completed", new)


def test_two_sign_ups_of_one_person_are_not_guessed(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    again = billing.create_signup_link(plan=link.plan_id or "", customer=COMPANY)
    fake.pay(link.url)
    fake.pay(again.url)
    found = billing.follow(link)

    assert (found.state, len(found.candidates)) == ("ambiguous", 2)
    one, other = found.candidates
    assert billing.follow(link, known=[one.id]).subscription == other


def test_other_terms_may_be_those_of_the_plan_before_it_was_changed(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    fake.pay(link.url)
    _ = billing.update_plan(link.plan_id or "", price=Money("14.95", "EUR"))
    found = billing.follow(link)

    assert (found.state, len(found.candidates)) == ("ambiguous", 1)


def test_other_terms_of_someone_else_or_from_before_are_another_subscription(
    billing: Client, fake: MijnKlantportaalFake
) -> None:
    plan = billing.create_plan(PHONE).id
    other = PHONE.model_copy(update={"price": Money("5", "EUR")})
    owner = billing.subscribe(plan=other, customer=COMPANY).customer_id
    _ = fake.clock.advance(hours=1)
    link = billing.create_signup_link(plan=plan, customer=COMPANY)
    someone = COMPANY.model_copy(update={"name": "Someone", "email": "someone@test.com"})
    _ = billing.subscribe(plan=other, customer=someone)
    fake.exchanges.clear()

    assert billing.follow(link).state == "open"
    asked = [heard.received.path for heard in fake.exchanges]
    assert not any(owner and path.endswith(owner) for path in asked)


def test_a_customer_who_cannot_be_read_may_be_the_one(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    fake.pay(link.url)
    fake.customers.clear()

    assert billing.follow(link).state == "ambiguous"


def test_each_customer_is_read_once(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    owner = billing.subscribe(plan=PHONE, customer=COMPANY).customer_id or ""
    _ = billing.subscribe(plan=PHONE, customer=owner)
    fake.exchanges.clear()
    _ = billing.follow(link)

    asked = [heard.received.path for heard in fake.exchanges]
    assert len([path for path in asked if path.endswith(owner)]) == 1


def test_the_address_is_required(portal: MijnKlantportaal, link: SignupLink) -> None:
    with pytest.raises(InvalidRequest, match=r"store `link\.email`, and give it"):
        _ = play(portal.follow_signup_link(link.model_copy(update={"email": None})))


def test_a_record_that_cannot_be_read_may_be_it(
    billing: Client, fake: MijnKlantportaalFake, link: SignupLink
) -> None:
    fake.pay(link.url)
    (subscription,) = fake.subscriptions.values()
    subscription.terms["amount"] = "much"
    with pytest.raises(InvalidReply):
        _ = billing.follow(link)


def test_a_sign_up_expires(billing: Client, fake: MijnKlantportaalFake, link: SignupLink) -> None:
    _ = fake.clock.advance(hours=1)
    assert billing.follow(link).state == "open"  # it may have been paid in the last moment
    _ = fake.clock.advance(hours=1)
    assert billing.follow(link).state == "expired"
    assert link.created_at == dt.datetime(2024, 4, 29, 19, tzinfo=dt.UTC)
