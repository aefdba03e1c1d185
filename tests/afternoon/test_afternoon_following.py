"""Following a signup link at Afternoon: by the customer's subscriptions, which have no date."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake

from subhub import Client, CustomerDraft, InvalidReply, InvalidRequest, SignupLink, Status
from subhub.testing import play, reply

CUSTOMER = "cm5x9z8nv0001h85r7l9p2k2m"
ONE, OTHER = "cm5x9z8nv0004h85r7l9p2k5m", "cm5x9z8nv0005h85r7l9p2k6m"
ACME = CustomerDraft(name="Acme Corp", email="billing@acme.com")
LINK = SignupLink(
    provider="afternoon",
    id="cm5x9z8nv0002h85r7l9p2k3m",
    url="",
    customer_id=CUSTOMER,
    plan_id="starter_plan",
    created_at=dt.datetime(2024, 1, 15, 10, 30, tzinfo=dt.UTC),
)
OWNER = reply(200, {"success": True, "customer": {"id": CUSTOMER}})


def listed(*subscriptions: dict[str, Any]) -> Any:
    body = [{"customer_id": CUSTOMER, "plan_code": "starter_plan", **one} for one in subscriptions]
    return reply(200, {"success": True, "subscriptions": body, "pagination": {}})


def followed(*answers: Any, **terms: Any) -> Any:
    flow = Afternoon().follow_signup_link(LINK, **terms)
    return play(flow, *answers, provider=Afternoon()).result


def test_only_the_subscriptions_of_the_customer_are_read() -> None:
    played = play(Afternoon().follow_signup_link(LINK), listed())

    (request,) = played.requests
    assert (request.path, request.query) == ("/v1/subscriptions", {"customer_id": CUSTOMER})
    assert played.result.state == "open"


def test_a_filter_that_is_ignored_completes_nothing() -> None:
    assert followed(listed({"id": ONE, "customer_id": OTHER}), known=[]).state == "open"


def test_a_subscription_to_another_plan_is_another() -> None:
    assert followed(listed({"id": ONE, "plan_code": "pro_plan"}), known=[]).state == "open"


@pytest.mark.parametrize("missing", [{"plan_code": None}])
def test_a_subscription_that_does_not_show_its_plan_may_be_it(missing: dict[str, Any]) -> None:
    found = followed(listed({"id": ONE, **missing}), known=[])

    assert (found.state, [one.id for one in found.candidates]) == ("ambiguous", [ONE])


def test_a_date_is_read_where_the_provider_sends_one() -> None:
    """None is documented for subscriptions; a link has one."""
    old = {"id": ONE, "created_at": "2023-01-15T10:30:00Z"}
    new = {"id": OTHER, "created_at": "2024-01-15T10:40:00Z"}
    found = followed(listed(old, new), OWNER)

    assert (found.state, found.subscription.id) == ("completed", OTHER)
    assert found.customer.id == CUSTOMER


def test_a_customer_who_was_deleted_since_is_left_out() -> None:
    gone = reply(404, {"success": False, "error": {"code": "X", "message": "gone"}})
    found = followed(listed({"id": ONE}), gone, known=[])

    assert (found.state, found.customer) == ("completed", None)


def test_a_record_that_cannot_be_read_may_be_it() -> None:
    with pytest.raises(InvalidReply):
        _ = followed(listed({"id": ""}), known=[])


def test_the_customer_is_required() -> None:
    link = LINK.model_copy(update={"customer_id": None})
    with pytest.raises(InvalidRequest, match=r"store `link\.customer_id`, and give it"):
        _ = play(Afternoon().follow_signup_link(link))


def test_a_customer_who_had_subscriptions_needs_them_known(fake: AfternoonFake) -> None:
    with Client(Afternoon, sandbox=fake) as billing:
        customer = billing.create_customer(ACME).id
        old = billing.subscribe(plan="starter_plan", customer=customer)
        link = billing.create_signup_link(plan="starter_plan", customer=customer)

        assert billing.follow(link).state == "ambiguous"
        assert billing.follow(link, known=[old.id]).state == "open"
        fake.pay(link.url)
        found = billing.follow(link, known=[old.id])

        assert found.state == "completed"
        assert found.subscription is not None
        assert found.subscription.id != old.id


@pytest.mark.parametrize("when", ["now", "period_end"])
def test_a_replaced_subscription_has_the_new_plan(fake: AfternoonFake, when: Any) -> None:
    with Client(Afternoon, sandbox=fake) as billing:
        old = billing.subscribe(plan="starter_plan", customer=ACME)
        terms: dict[str, Any] = {"customer": old.customer_id, "replaces": old.id, "when": when}
        link = billing.create_signup_link(plan="pro_plan", **terms)

        assert billing.follow(link).state == "open"
        fake.pay(link.url)
        assert billing.follow(link).state == ("completed" if when == "now" else "open")
        _ = fake.clock.advance(days=32)
        assert billing.follow(link).state == "completed"


def test_a_status_that_is_not_known_stays_unknown(fake: AfternoonFake) -> None:
    with Client(Afternoon, sandbox=fake) as billing:
        link = billing.create_signup_link(plan="starter_plan", customer=ACME)
        fake.pay(link.url)
        found = billing.follow(link)

        assert link.new_customer
        assert found.customer == billing.get_customer(link.customer_id or "")
        assert found.subscription is not None
        assert found.subscription.status is Status.UNKNOWN
