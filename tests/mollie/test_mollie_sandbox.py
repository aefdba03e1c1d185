"""The fake of Mollie: what its documents say, and the assumptions where they say nothing."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from subhub_mollie import Mollie
from subhub_mollie.fake import MollieFake
from subhub_mollie.sandbox.fields import COUNT, INTERVAL
from subhub_mollie.sandbox.schedule import later

from subhub import (
    AuthenticationFailed,
    Client,
    Conflict,
    CustomerDraft,
    Interval,
    Money,
    NotFound,
    ProviderError,
    RateLimited,
    Rejected,
    SetupLink,
    Status,
    Subscription,
)
from subhub.sandbox.snapshot import restore, snapshot
from tests.mollie.conftest import PHONE, START, World

DAY = dt.date(2024, 1, 15)


def first_payment(
    world: World, amount: str = "12.50", cancel_url: str | None = None, method: str | None = None
) -> SetupLink:
    return world.client.call(
        Mollie.create_first_payment,
        world.customer,
        amount=Money(amount, "EUR"),
        description="First period",
        redirect_url="https://shop.example/thanks",
        cancel_url=cancel_url,
        method=method,
    )


def subscribe(world: World, name: str = "Phone", **terms: Any) -> Subscription:
    plan = PHONE.model_copy(update={"name": name, **terms.pop("plan", {})})
    options = {"mollie": terms.pop("options", {})}
    return world.client.subscribe(
        plan=plan, customer=world.customer, provider_options=options, **terms
    )


def send(fake: MollieFake, method: str, path: str, body: object, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    key = {"Authorization": f"Bearer {fake.api_key}"}
    return fake.handle(method, f"/v2{path}", {**key, **named}, json.dumps(body).encode())


class TestFirstPayments:
    def test_paying_creates_a_mandate_and_no_subscription(self, world: World) -> None:
        link = first_payment(world)
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert (page.plan, page.price, page.customer) == ("First period", "12.50 EUR", "Acme")
        assert page.done_url == page.back_url == "https://shop.example/thanks"
        world.fake.pay(link.url)
        payment = world.client.call(Mollie.get_payment, link.id)
        assert (payment.status, payment.method) == ("paid", "ideal")
        assert payment.paid_at == START
        methods = [*world.client.payment_methods(world.customer)]
        assert [method.id for method in methods] == [payment.mandate_id, world.mandate]
        assert methods[0].kind == "direct_debit"
        assert not [*world.client.list_subscriptions()]

    @pytest.mark.parametrize(
        ("method", "kind"),
        [("creditcard", "card"), ("paypal", "paypal"), ("bancontact", "direct_debit")],
    )
    def test_the_mandate_follows_from_how_it_was_paid(
        self, world: World, method: str, kind: str
    ) -> None:
        world.fake.assume({"checkout_method": method})
        world.fake.pay(first_payment(world).url)
        (newest, _) = world.client.payment_methods(world.customer)
        assert newest.kind == kind

    def test_a_customer_who_cancels_is_led_back(self, world: World) -> None:
        link = first_payment(world, cancel_url="https://shop.example/cart")
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert page.back_url == "https://shop.example/cart"

    def test_who_declines_may_try_again(self, world: World) -> None:
        link = first_payment(world)
        world.fake.decline(link.url)
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert page.state == "declined"
        world.fake.pay(link.url)
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert page.state == "paid"

    def test_a_payment_expires(self, world: World) -> None:
        link = first_payment(world)
        assert link.expires_at == START + dt.timedelta(minutes=15)
        _ = world.fake.clock.advance(seconds=899)
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert page.state == "open"
        _ = world.fake.clock.advance(seconds=1)
        page = world.fake.checkout_page(link.url)
        assert page is not None
        assert page.state == "expired"
        with pytest.raises(ValueError, match="expired"):
            world.fake.pay(link.url)
        assert world.client.call(Mollie.get_payment, link.id).status == "expired"

    def test_there_is_a_page_only_for_a_payment(self, world: World) -> None:
        assert world.fake.checkout_page("https://sandbox.invalid/checkout/x") is None
        with pytest.raises(ValueError, match="not a page"):
            world.fake.pay("https://sandbox.invalid/checkout/x")

    def test_a_payment_of_zero_needs_a_card_or_paypal(self, world: World) -> None:
        assert first_payment(world, "0", method="creditcard").url
        with pytest.raises(Rejected, match="minimum"):
            _ = first_payment(world, "0")

    def test_a_method_is_one_of_mollies(self, world: World) -> None:
        with pytest.raises(Rejected) as caught:
            _ = first_payment(world, method="idael")
        assert set(caught.value.fields) == {"method"}

    def test_its_links_lead_to_what_it_names(self, world: World) -> None:
        made = subscribe(world)
        (recurring,) = world.client.walk(Mollie.list_subscription_payments, subscription=made.id)
        place = f"https://api.mollie.com/v2/customers/{world.customer}"
        links = recurring.raw["_links"]
        assert links["mandate"]["href"] == f"{place}/mandates/{world.mandate}"
        assert links["subscription"]["href"] == f"{place}/subscriptions/{made.id.split(':')[0]}"
        opened = world.client.call(Mollie.get_payment, first_payment(world).id)
        assert not {"mandate", "subscription"} & opened.raw["_links"].keys()

    def test_a_payment_is_for_a_customer_who_exists(self, world: World) -> None:
        with pytest.raises(Rejected) as caught:
            _ = world.client.call(
                Mollie.create_first_payment,
                "cst_0",
                amount=Money("1", "EUR"),
                description="x",
                redirect_url="https://shop.example",
            )
        assert "customerId" in caught.value.fields


class TestSubscriptions:
    def test_it_charges_from_its_first_day_on(self, world: World) -> None:
        made = subscribe(world, starts_on=dt.date(2024, 1, 31))
        assert (made.starts_on, made.renews_on) == (dt.date(2024, 1, 31), dt.date(2024, 1, 31))
        days: list[dt.date | None] = []
        for advance in (16, 29, 31):
            _ = world.fake.clock.advance(days=advance)
            days.append(world.client.get_subscription(made.id).renews_on)
        assert days == [dt.date(2024, 2, 29), dt.date(2024, 3, 31), dt.date(2024, 4, 30)]
        payments = [*world.client.walk(Mollie.list_subscription_payments, subscription=made.id)]
        assert [each.status for each in payments] == ["paid"] * 3
        assert [each.amount for each in payments] == [PHONE.price] * 3
        assert {each.subscription_id for each in payments} == {made.id}

    def test_without_a_day_it_charges_at_once(self, world: World) -> None:
        made = subscribe(world)
        assert (made.starts_on, made.renews_on) == (DAY, dt.date(2024, 2, 15))

    def test_it_completes_after_its_times(self, world: World) -> None:
        made = subscribe(world, options={"times": 2}, plan={"interval": Interval(2, "week")})
        assert made.raw["timesRemaining"] == 1
        _ = world.fake.clock.advance(days=14)
        found = world.client.get_subscription(made.id)
        assert (found.status, found.raw_status) == (Status.ENDED, "completed")
        assert found.renews_on is None

    def test_in_test_mode_it_is_canceled_after_ten_payments(self, world: World) -> None:
        made = subscribe(world, plan={"interval": Interval(1, "day")})
        _ = world.fake.clock.advance(days=30)
        assert world.client.get_subscription(made.id).status is Status.CANCELED
        payments = world.client.walk(Mollie.list_subscription_payments, subscription=made.id)
        assert len([*payments]) == 10

    def test_in_live_mode_it_goes_further(self) -> None:
        class Live(MollieFake):
            api_key = "live_sandboxsandboxsandboxsandbox12"

        fake = Live(start=START)
        with Client(Mollie, sandbox=fake) as client:
            customer = client.create_customer(CustomerDraft(name="A", email="a@acme.com")).id
            world = World(client, fake, customer, fake.add_mandate(customer))
            made = subscribe(world, plan={"interval": Interval(1, "day")})
            _ = fake.clock.advance(days=30)
            assert client.get_subscription(made.id).status is Status.ACTIVE

    def test_it_waits_for_a_pending_mandate(self, fake: MollieFake) -> None:
        with Client(Mollie, sandbox=fake) as client:
            customer = client.create_customer(CustomerDraft(name="A", email="a@acme.com")).id
            mandate = fake.add_mandate(customer, status="pending")
            made = client.subscribe(plan=PHONE, customer=customer)
            assert made.status is Status.PENDING
            fake.settle_mandate(mandate, "valid")
            found = client.get_subscription(made.id)
            assert (found.status, found.renews_on) == (Status.ACTIVE, dt.date(2024, 2, 15))

    def test_it_is_suspended_while_its_mandate_is_invalid(self, world: World) -> None:
        made = subscribe(world)
        world.fake.settle_mandate(world.mandate, "invalid")
        assert world.client.get_subscription(made.id).status is Status.PAUSED
        other = world.fake.add_mandate(world.customer)
        world.fake.settle_mandate(other, "valid")  # not the one that it uses
        _ = world.fake.clock.advance(days=31)
        assert world.client.get_subscription(made.id).renews_on == dt.date(2024, 2, 15)
        world.fake.settle_mandate(world.mandate, "valid")
        found = world.client.get_subscription(made.id)
        assert (found.status, found.renews_on) == (Status.ACTIVE, dt.date(2024, 3, 15))

    def test_revoking_a_mandate_cancels_what_uses_it(self, world: World) -> None:
        made = subscribe(world)
        other = world.fake.add_mandate(world.customer)
        kept = subscribe(world, "Other", payment_method=other)
        revoked = world.client.call(Mollie.revoke_mandate, world.mandate, customer=world.customer)
        assert revoked.id == world.mandate
        assert world.client.get_subscription(made.id).status is Status.CANCELED
        assert world.client.get_subscription(kept.id).status is Status.ACTIVE

    def test_two_active_ones_of_a_customer_need_two_descriptions(self, world: World) -> None:
        made = subscribe(world)
        with pytest.raises(Rejected, match="same description"):
            _ = subscribe(world)
        _ = world.client.cancel_subscription(made.id, when="now")
        assert subscribe(world).id != made.id
        world.fake.assume({"equal_descriptions_status": 409})
        with pytest.raises(Conflict):
            _ = subscribe(world)

    @pytest.mark.parametrize(
        ("options", "field"),
        [
            ({"method": "paypal"}, ""),
            ({"method": "directdebit", "mandate": True}, "method"),
            ({"times": 0}, "times"),
            ({"webhook_url": "localhost"}, "webhookUrl"),
            ({"metadata": {"a": "x" * 1024}}, "metadata"),
        ],
    )
    def test_terms_that_are_not_as_documented_are_refused(
        self, world: World, options: dict[str, Any], field: str
    ) -> None:
        mandate = world.mandate if options.pop("mandate", False) else None
        with pytest.raises(Rejected) as caught:
            _ = subscribe(world, options=options, payment_method=mandate)
        assert [*caught.value.fields] == ([field] if field else [])

    def test_a_day_in_the_past_is_refused(self, world: World) -> None:
        with pytest.raises(Rejected, match="past"):
            _ = subscribe(world, starts_on=DAY - dt.timedelta(days=1))

    def test_a_mandate_of_another_customer_is_refused(self, world: World) -> None:
        other = world.client.create_customer(CustomerDraft(name="B", email="b@acme.com"))
        mandate = world.fake.add_mandate(other.id)
        with pytest.raises(Rejected, match="mandate") as caught:
            _ = subscribe(world, payment_method=mandate)
        assert "mandateId" in caught.value.fields
        with pytest.raises(NotFound):
            _ = world.client.call(Mollie.revoke_mandate, mandate, customer=world.customer)

    def test_it_belongs_to_its_customer(self, world: World) -> None:
        made = subscribe(world)
        other = world.client.create_customer(CustomerDraft(name="B", email="b@acme.com"))
        place = f"{made.id.partition(':')[0]}:{other.id}"
        with pytest.raises(NotFound):
            _ = world.client.get_subscription(place)
        with pytest.raises(NotFound):
            _ = [*world.client.walk(Mollie.list_subscription_payments, subscription=place)]

    @pytest.mark.parametrize("second", [422, 404])
    def test_canceling_twice_is_canceling_once(self, world: World, second: int) -> None:
        made = subscribe(world)
        canceled = world.client.cancel_subscription(made.id, when="now")
        assert (canceled.status, canceled.ends_at) == (Status.CANCELED, START)
        world.fake.assume({"second_cancel_status": second})
        assert world.client.cancel_subscription(made.id, when="now") == canceled


class TestUpdating:
    def test_a_new_interval_counts_from_the_last_payment(self, world: World) -> None:
        made = subscribe(world)
        _ = world.fake.clock.advance(days=31)  # charged on 15 January and 15 February
        changed = world.client.update_subscription(made.id, interval=Interval(1, "week"))
        assert changed.renews_on == dt.date(2024, 2, 22)
        _ = world.fake.clock.advance(days=7)
        assert world.client.get_subscription(made.id).renews_on == dt.date(2024, 2, 29)

    def test_the_first_day_moves_as_long_as_nothing_was_charged(self, world: World) -> None:
        made = subscribe(world, starts_on=dt.date(2024, 2, 1))
        options = {"mollie": {"start_date": dt.date(2024, 3, 1)}}
        changed = world.client.update_subscription(
            made.id, interval=Interval(1, "week"), provider_options=options
        )
        assert (changed.starts_on, changed.renews_on) == (dt.date(2024, 3, 1),) * 2
        _ = world.fake.clock.advance(days=60)
        with pytest.raises(Rejected, match="start date"):
            _ = world.client.update_subscription(made.id, provider_options=options)

    def test_the_first_day_is_not_moved_into_the_past(self, world: World) -> None:
        made = subscribe(world, starts_on=dt.date(2024, 2, 1))
        with pytest.raises(Rejected, match="start date"):
            _ = world.client.update_subscription(
                made.id, provider_options={"mollie": {"start_date": DAY}}
            )

    def test_fewer_times_than_payments_are_refused(self, world: World) -> None:
        made = subscribe(world)
        _ = world.fake.clock.advance(days=31)
        with pytest.raises(Rejected, match="times"):
            _ = world.client.update_subscription(made.id, provider_options={"mollie": {"times": 1}})
        changed = world.client.update_subscription(
            made.id, provider_options={"mollie": {"times": 2}}
        )
        assert changed.status is Status.ENDED

    def test_a_mandate_takes_the_place_of_a_method(self, world: World) -> None:
        made = subscribe(world, options={"method": "directdebit"})
        assert made.raw["method"] == "directdebit"
        other = world.fake.add_mandate(world.customer, method="creditcard")
        changed = world.client.update_subscription(
            made.id, provider_options={"mollie": {"mandate_id": other}}
        )
        assert (changed.raw["method"], changed.raw["mandateId"]) == (None, other)

    def test_a_description_stays_unique(self, world: World) -> None:
        made, _ = subscribe(world), subscribe(world, "Other")
        assert world.client.update_subscription(made.id, description="Phone").id == made.id
        with pytest.raises(Rejected, match="same description"):
            _ = world.client.update_subscription(made.id, description="Other")

    def test_a_canceled_one_cannot_be_updated(self, world: World) -> None:
        made = subscribe(world)
        _ = world.client.cancel_subscription(made.id, when="now")
        with pytest.raises(Rejected, match="cannot be updated"):
            _ = world.client.update_subscription(made.id, description="Other")


class TestCustomers:
    def test_what_is_kept_in_the_metadata_comes_back_and_stays(self, world: World) -> None:
        draft = CustomerDraft(
            name="B",
            email="b@acme.com",
            address="Teststreet 1",
            postal_code="1234AB",
            phone="+31",
            external_id="b-1",
        )
        made = world.client.create_customer(draft)
        changed = world.client.update_customer(made.id, postal_code="4321BA")
        assert changed == made.model_copy(update={"postal_code": "4321BA"})
        assert world.client.find_customer(external_id="b-1") == changed

    def test_deleting_one_ends_what_it_has(self, world: World) -> None:
        made = subscribe(world)
        canceled = subscribe(world, "Other")
        _ = world.client.cancel_subscription(canceled.id, when="now")
        assert world.client.delete_customer(world.customer).id == world.customer
        assert not world.fake.mandates
        (first, second) = world.client.list_subscriptions()
        assert {first.id, second.id} == {made.id, canceled.id}
        assert {first.status, second.status} == {Status.CANCELED}
        with pytest.raises(ProviderError) as caught:
            _ = world.client.get_customer(world.customer)
        assert caught.value.status == 410

    @pytest.mark.parametrize(
        "body",
        [
            {"email": "x"},
            {"locale": "nl_XX"},
            {"locale": ["nl_NL"]},
            {"name": 1},
            {"testmode": True},
            {"metadata": True},
            {"metadata": "x" * 1100},
        ],
    )
    def test_a_field_that_does_not_fit_is_named(self, fake: MollieFake, body: Any) -> None:
        answer = send(fake, "POST", "/customers", body)
        assert answer.status == 422
        assert json.loads(answer.content)["field"] in body

    def test_a_name_may_be_empty(self, fake: MollieFake) -> None:
        answer = send(fake, "POST", "/customers", {"name": ""})
        assert (answer.status, json.loads(answer.content)["name"]) == (201, "")


class TestIdempotency:
    def test_the_same_request_is_answered_as_before_for_an_hour(self, fake: MollieFake) -> None:
        first, second = (
            send(fake, "POST", "/customers", {"name": "A"}, idempotency_key="k-1") for _ in range(2)
        )
        assert (first.status, second.status) == (201, 201)
        assert first.content == second.content
        assert second.headers["idempotent-replayed"] == "true"
        assert "idempotent-replayed" not in first.headers
        _ = fake.clock.advance(seconds=3600)
        third = send(fake, "POST", "/customers", {"name": "A"}, idempotency_key="k-1")
        assert "idempotent-replayed" not in third.headers
        assert len(fake.customers) == 2

    def test_a_key_of_another_request_is_refused(self, fake: MollieFake) -> None:
        _ = send(fake, "POST", "/customers", {"name": "A"}, idempotency_key="k-1")
        other = send(fake, "POST", "/customers", {"name": "B"}, idempotency_key="k-1")
        assert other.status == 400

    def test_a_refusal_is_not_remembered(self, fake: MollieFake) -> None:
        answers = [
            send(fake, "POST", "/customers", {"email": "x"}, idempotency_key="k-1")
            for _ in range(2)
        ]
        assert [each.status for each in answers] == [422, 422]

    def test_the_plugin_passes_the_key(self, world: World) -> None:
        key = {"mollie": {"idempotency_key": "k-1"}}
        first, second = (
            world.client.subscribe(plan=PHONE, customer=world.customer, provider_options=key)
            for _ in range(2)
        )
        assert first == second
        assert len(world.fake.subscriptions) == 1


class TestLists:
    def test_they_begin_with_the_newest(self, world: World) -> None:
        made = [subscribe(world, f"Phone {number}").id for number in range(3)]
        assert [each.id for each in world.client.list_subscriptions()] == made[::-1]

    def test_the_link_to_the_page_before_leads_there(self, world: World) -> None:
        for number in range(3):
            _ = subscribe(world, f"Phone {number}")
        whole = json.loads(send(world.fake, "GET", "/subscriptions", {}).content)
        ids = [each["id"] for each in whole["_embedded"]["subscriptions"]]
        page = json.loads(
            send(world.fake, "GET", f"/subscriptions?from={ids[2]}&limit=2", {}).content
        )
        previous = page["_links"]["previous"]["href"].partition("/v2")[2]
        assert previous == f"/subscriptions?from={ids[0]}&limit=2"

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("limit=0", "limit"),
            ("limit=251", "limit"),
            ("limit=x", "limit"),
            ("sort=up", "sort"),
            ("page=2", "page"),
            ("from=cst_0", "from"),
        ],
    )
    def test_a_query_that_is_not_as_documented_is_refused(
        self, fake: MollieFake, query: str, field: str
    ) -> None:
        answer = send(fake, "GET", f"/customers?{query}", {})
        assert (answer.status, json.loads(answer.content)["field"]) == (400, field)


class TestKeysAndLimits:
    def test_a_wrong_or_revoked_key_is_refused(self, fake: MollieFake) -> None:
        assert send(fake, "GET", "/customers", {}, Authorization="Basic x").status == 401
        assert send(fake, "GET", "/customers", {}, Authorization="Bearer test_x").status == 401
        fake.revoke_key()
        with Client(Mollie, sandbox=fake) as client, pytest.raises(AuthenticationFailed):
            _ = client.get_customer("cst_0")

    @pytest.mark.parametrize(("sends", "header"), [(False, None), (True, "7")])
    def test_too_many_requests(self, world: World, *, sends: bool, header: str | None) -> None:
        world.fake.assume({"sends_retry_after": sends})
        assert world.fake.too_many(7).headers.get("retry-after") == header
        world.fake.faults.rule("rate_limited")
        with pytest.raises(RateLimited):
            _ = world.client.with_options(attempts=1).get_customer(world.customer)

    def test_an_address_that_does_not_exist(self, fake: MollieFake) -> None:
        assert send(fake, "GET", "/plans", {}).status == 404
        assert send(fake, "PUT", "/customers", {}).status == 404

    def test_a_breakdown_is_an_error_object(self, fake: MollieFake) -> None:
        body = json.loads(fake.failing(503).content)
        assert (body["status"], body["title"]) == (503, "Service Unavailable")


def test_there_are_no_plans_to_add(fake: MollieFake) -> None:
    assert fake.add_plans({"phone": PHONE}) == {"phone": "phone"}


def test_its_state_can_be_written_and_read(world: World) -> None:
    made = subscribe(world)
    state = json.loads(json.dumps(snapshot(world.fake)))
    again = restore(MollieFake, state)
    with Client(Mollie, sandbox=again) as client:
        _ = again.clock.advance(days=31)
        assert client.get_subscription(made.id).renews_on == dt.date(2024, 3, 15)


@pytest.mark.parametrize(
    ("anchor", "interval", "steps", "day"),
    [
        ((2024, 4, 30), "1 month", 1, (2024, 5, 31)),
        ((2024, 4, 30), "1 month", 10, (2025, 2, 28)),
        ((2024, 1, 30), "1 month", 1, (2024, 2, 29)),
        ((2024, 1, 30), "1 month", 2, (2024, 3, 30)),
        ((2024, 12, 1), "12 months", 1, (2025, 12, 1)),
        ((2024, 2, 28), "2 weeks", 1, (2024, 3, 13)),
        ((2024, 2, 28), "1 day", 2, (2024, 3, 1)),
    ],
)
def test_days_are_counted_from_the_first(
    anchor: tuple[int, int, int], interval: str, steps: int, day: tuple[int, int, int]
) -> None:
    assert later(dt.date(*anchor), interval, steps) == dt.date(*day)


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("12 months", True),
        ("13 months", False),
        ("52 weeks", True),
        ("53 weeks", False),
        ("365 days", True),
        ("366 days", False),
        ("0 days", False),
        ("1 year", False),
    ],
)
def test_an_interval_is_at_most_a_year(text: str, *, fits: bool) -> None:
    assert INTERVAL.fits(text) is fits


@pytest.mark.parametrize(
    ("value", "fits"),
    [(1, True), (3.0, True), (0, False), (1.5, False), (True, False), ("1", False)],
)
def test_a_count_is_a_whole_number(value: object, *, fits: bool) -> None:
    assert COUNT.fits(value) is fits


@pytest.mark.parametrize(
    "amount",
    [
        {"currency": "EUR", "value": "1"},
        {"currency": "JPY", "value": "1.00"},
        {"currency": "XXX", "value": "1.00"},
        {"currency": 1, "value": "1.00"},
        {"value": "1.00"},
        "1.00",
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(world: World, amount: object) -> None:
    body = {"amount": amount, "interval": "1 month", "description": "x"}
    answer = send(world.fake, "POST", f"/customers/{world.customer}/subscriptions", body)
    assert (answer.status, json.loads(answer.content)["field"]) == (422, "amount")


def test_an_amount_without_decimals_is_accepted(world: World) -> None:
    assert subscribe(world, plan={"price": Money("100", "JPY")}).price == Money("100", "JPY")


def test_where_it_is_served_pages_and_links_are_there_too(fake: MollieFake) -> None:
    fake.site = "http://127.0.0.1:8420/mollie/main"
    base_url = f"{fake.site}/v2"
    with Client(Mollie, sandbox=fake) as client:
        customer = client.create_customer(CustomerDraft(name="A", email="a@acme.com")).id
        link = first_payment(World(client, fake, customer, ""))
        assert link.url.startswith(f"{fake.site}/pages/checkout/select-method/")
        fake.pay(link.url)
        assert client.call(Mollie.get_payment, link.id).status == "paid"
        _ = client.create_customer(CustomerDraft(name="B", email="b@acme.com"))
    page = json.loads(send(fake, "GET", "/customers?limit=1", {}).content)
    assert page["_links"]["next"]["href"] == f"{base_url}/customers?from={customer}&limit=1"
