"""The fake by itself, without the plugin: errors, limits, lists and time."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_afternoon.fake import AfternoonFake
from subhub_afternoon.sandbox.company import Company
from subhub_afternoon.sandbox.invoicing import next_anchor

from subhub import Interval, Money, PlanDraft
from subhub.sandbox import Reply

DRAFT = PlanDraft(name="Starter", price=Money("10", "USD"), interval=Interval(1, "month"))
UNKNOWN = "cm5x9z8nv0000h85r7l9p2k1m"
LINKS, SUBSCRIPTIONS = "/v1/subscription-signup-links", "/v1/subscriptions"
POLICY = {"cancel_now_prepaid_refund_policy": "no_refund_prepaid_fixed_fees"}


def send(fake: AfternoonFake, method: str, target: str, body: object = None) -> tuple[int, Any]:
    content = b"" if body is None else json.dumps(body).encode()
    reply = fake.handle(method, target, {"Authorization": f"Bearer {fake.api_key}"}, content)
    return reply.status, json.loads(reply.content)


def customer(fake: AfternoonFake) -> str:
    return str(send(fake, "POST", "/v1/customers", {"name": "A"})[1]["customer"]["id"])


def subscription(fake: AfternoonFake, **fields: object) -> str:
    body = {"customer_id": customer(fake), "plan_code": "starter_plan", **fields}
    return str(send(fake, "POST", SUBSCRIPTIONS, body)[1]["subscription"]["id"])


def shown(fake: AfternoonFake, subscription_id: str) -> Any:
    return send(fake, "GET", f"{SUBSCRIPTIONS}/{subscription_id}")[1]["subscription"]


def paid(fake: AfternoonFake, **fields: object) -> Any:
    """Return a subscription from a paid link."""
    body = {"customer_id": customer(fake), "plan_code": "starter_plan", **fields}
    link = send(fake, "POST", LINKS, body)[1]["subscription_signup_link"]
    fake.pay(link["url"])
    return send(fake, "GET", SUBSCRIPTIONS)[1]["subscriptions"][-1]


class TestKeys:
    @pytest.mark.parametrize(
        ("header", "code", "message"),
        [
            ("", "UNAUTHORIZED", "Missing or invalid Authorization header"),
            ("Basic abc", "UNAUTHORIZED", "Missing or invalid Authorization header"),
            ("Bearer ", "UNAUTHORIZED", "Missing or invalid Authorization header"),
            ("Bearer sk_1", "INVALID_API_KEY", "Invalid API key format"),
            ("Bearer ak_live_1", "INVALID_API_KEY", "Invalid API key"),
            ("Bearer ak_test_gone", "API_KEY_REVOKED", "API key has been revoked"),
        ],
    )
    def test_are_refused_with_the_documented_errors(
        self, fake: AfternoonFake, header: str, code: str, message: str
    ) -> None:
        fake.revoked.add("ak_test_gone")
        reply = fake.handle("GET", "/v1/customers", {"Authorization": header}, b"")
        error = json.loads(reply.content)["error"]
        assert (reply.status, error["code"], error["message"]) == (401, code, message)


class TestRateLimit:
    @staticmethod
    def counted(fake: AfternoonFake) -> tuple[int, int, int]:
        headers = fake.handle("GET", "/v1/nothing", {}, b"").headers
        limit, remaining, reset = (
            int(headers[f"x-ratelimit-{name}"]) for name in ("limit", "remaining", "reset")
        )
        return limit, remaining, reset

    def test_is_in_every_response_and_counted_per_minute(self, fake: AfternoonFake) -> None:
        end = int((fake.clock.now() + dt.timedelta(seconds=60)).timestamp())
        assert self.counted(fake) == (1000, 999, end)
        _ = fake.clock.advance(seconds=59)
        assert self.counted(fake) == (1000, 998, end)
        _ = fake.clock.advance(seconds=1)
        assert self.counted(fake) == (1000, 999, end + 60)

    def test_can_be_reset_in_seconds_left(self, fake: AfternoonFake) -> None:
        fake.reset_as_epoch = False
        assert self.counted(fake) == (1000, 999, 60)
        _ = fake.clock.advance(seconds=20)
        assert self.counted(fake) == (1000, 998, 40)


class TestRequests:
    @pytest.mark.parametrize("content", [b"", b"{", b"[]"])
    def test_must_have_a_json_object(self, fake: AfternoonFake, content: bytes) -> None:
        headers = {"Authorization": f"Bearer {fake.api_key}"}
        assert fake.handle("POST", "/v1/customers", headers, content).status == 400

    @pytest.mark.parametrize(
        ("target", "body", "fields"),
        [
            ("/v1/customers", {"surname": "A", "email": "a", "phone": 1}, "email phone surname"),
            ("/v1/customers", {"name": None}, "name"),
            ("/v1/customers", {"email": f"a@{'b' * 254}"}, "email"),
            ("/v1/customers", {"billing_address": {"country": 31}}, "billing_address"),
            (SUBSCRIPTIONS, {}, "customer_id plan_code"),
            (SUBSCRIPTIONS, {"billing_anchor_day": 32}, "billing_anchor_day customer_id plan_code"),
            (LINKS, {"success_url": "/done", **POLICY}, "customer_id plan_code success_url"),
            ("/v1/invoices", {"line_items": [1]}, "line_items"),
            ("/v1/invoices", {"line_items": 1}, "line_items"),
            (
                "/v1/invoices",
                {"line_items": [{"quantity": True, "unit_amount_cents": "1", "colour": 1}]},
                "line_items.quantity line_items.unit_amount_cents",
            ),
            (
                "/v1/events/ingest",
                {"timestamp": "2024-01-15T10:30:00+01:00", "event_name": ""},
                "customer_id event_name idempotency_key timestamp",
            ),
            (
                "/v1/events/ingest",
                {"timestamp": "soon", "properties": []},
                "customer_id event_name idempotency_key properties timestamp",
            ),
            (
                "/v1/events/ingest",
                {"timestamp": 1, "customer_id": "A"},
                "customer_id event_name idempotency_key timestamp",
            ),
        ],
    )
    def test_that_break_the_schema_are_refused_by_field(
        self, fake: AfternoonFake, target: str, body: object, fields: str
    ) -> None:
        status, answer = send(fake, "POST", target, body)
        assert (status, " ".join(sorted(answer["error"]["details"]))) == (400, fields)

    def test_for_links_have_two_more_rules(self, fake: AfternoonFake) -> None:
        body = {"customer_id": customer(fake), "plan_code": "starter_plan"}
        previous = {**body, "previous_subscription_id": UNKNOWN}
        broken = [
            previous,
            {**previous, **POLICY},
            {**previous, "change_timing_mode": "end_of_period", **POLICY},
            {**body, **POLICY},
        ]
        assert [send(fake, "POST", LINKS, body)[0] for body in broken] == [400] * 4

    @pytest.mark.parametrize("unknown", ["customer_id", "plan_code", "previous_subscription_id"])
    def test_for_links_must_name_existing_objects(self, fake: AfternoonFake, unknown: str) -> None:
        body = {
            "customer_id": customer(fake),
            "plan_code": "starter_plan",
            "previous_subscription_id": subscription(fake),
            "change_timing_mode": "now",
        }
        assert send(fake, "POST", LINKS, body)[0] == 201
        status, answer = send(fake, "POST", LINKS, {**body, unknown: UNKNOWN})
        assert status == 404
        assert answer["error"]["message"] == "Subscription signup link not found"

    @pytest.mark.parametrize(("operation", "status"), [("cancel", 200), ("change-plan", 400)])
    def test_can_have_a_refund_policy_without_now_only_to_cancel(
        self, fake: AfternoonFake, operation: str, status: int
    ) -> None:
        mode = "cancel_mode" if operation == "cancel" else "change_mode"
        target = {} if operation == "cancel" else {"target_plan_code": "pro_plan"}
        body = {mode: "end_of_period", **target, **POLICY}
        path = f"{SUBSCRIPTIONS}/{subscription(fake)}/{operation}"
        assert send(fake, "POST", path, body)[0] == status

    def test_can_write_a_whole_number_as_a_float(self, fake: AfternoonFake) -> None:
        day = shown(fake, subscription(fake, billing_anchor_day=15.0))["billing_anchor_day"]
        assert (day, type(day)) == (15, int)

    @pytest.mark.parametrize(
        ("line", "total"),
        [
            ({}, 0),
            ({"quantity": 2.5, "unit_amount_cents": 5000.0}, 12500),
            ({"quantity": 10**400}, 0),
        ],
        ids=["bare", "fractions", "huge"],
    )
    def test_for_invoices_require_no_field(
        self, fake: AfternoonFake, line: dict[str, object], total: int
    ) -> None:
        status, answer = send(fake, "POST", "/v1/invoices", {"line_items": [line]})
        assert (status, answer["invoice"]["total_cents"]) == (201, total)

    @pytest.mark.parametrize(
        ("amount", "status"),
        [
            ("0.5", 201),
            (1, 201),
            (0, 400),
            ("0.0", 400),
            ("x", 400),
            ("1e3", 400),
            (True, 400),
            ([], 400),
        ],
    )
    def test_for_credit_grants_must_have_a_positive_amount(
        self, fake: AfternoonFake, amount: object, status: int
    ) -> None:
        path = f"{SUBSCRIPTIONS}/{subscription(fake)}/credit-grants"
        body = {"name": "n", "amount": amount, "currency_code": "usd", "expires_at": None}
        assert send(fake, "POST", path, body)[0] == status

    def test_for_credit_grants_must_have_a_unit_or_a_currency(self, fake: AfternoonFake) -> None:
        path = f"{SUBSCRIPTIONS}/{subscription(fake)}/credit-grants"
        assert send(fake, "POST", path, {"name": "n", "amount": 1})[0] == 400

    def test_for_subscriptions_must_name_an_existing_plan(self, fake: AfternoonFake) -> None:
        body = {"customer_id": customer(fake), "plan_code": "gone"}
        assert send(fake, "POST", SUBSCRIPTIONS, body)[0] == 404


class TestLists:
    def test_have_pages_of_a_limit(self, fake: AfternoonFake) -> None:
        created = [customer(fake) for _ in range(3)]
        _, first = send(fake, "GET", "/v1/customers?limit=2")
        assert [item["id"] for item in first["customers"]] == created[:2]
        cursor = first["pagination"]["next_cursor"]
        _, second = send(fake, "GET", f"/v1/customers?limit=2&cursor={cursor}")
        assert [item["id"] for item in second["customers"]] == created[2:]
        assert second["pagination"] == {"next_cursor": None}

    @pytest.mark.parametrize("query", ["limit=x", "limit=0", "limit=00", "cursor=nowhere"])
    def test_refuse_an_invalid_limit_or_cursor(self, fake: AfternoonFake, query: str) -> None:
        assert send(fake, "GET", f"/v1/customers?{query}")[0] == 400

    def test_can_be_filtered_by_status(self, fake: AfternoonFake) -> None:
        running = subscription(fake, initial_status="active")
        _ = subscription(fake)
        _, answer = send(fake, "GET", f"{SUBSCRIPTIONS}?status=active")
        assert [item["id"] for item in answer["subscriptions"]] == [running]

    def test_can_have_another_name_for_the_cursor(self, fake: AfternoonFake) -> None:
        fake.cursor_field = "after"
        assert send(fake, "GET", "/v1/customers")[1]["pagination"] == {"after": None}

    def test_of_a_search_have_exact_matches(self, fake: AfternoonFake) -> None:
        _ = customer(fake)
        assert len(send(fake, "GET", "/v1/customers/search?name=A")[1]["customers"]) == 1
        assert send(fake, "GET", "/v1/customers/search?name=a")[1]["customers"] == []
        assert send(fake, "GET", "/v1/customers/search?email=a")[0] == 400


class TestTime:
    def test_ends_links_after_24_hours(self, fake: AfternoonFake) -> None:
        body = {"customer_id": customer(fake), "plan_code": "starter_plan"}
        link = send(fake, "POST", LINKS, body)[1]["subscription_signup_link"]
        _ = fake.clock.advance(hours=24)
        with pytest.raises(ValueError, match="Create a new link"):
            fake.pay(link["url"])

    def test_renews_a_running_subscription_on_its_anchor_day(self, fake: AfternoonFake) -> None:
        running = paid(fake)
        assert running["next_renewal_date"] == "2024-02-01T00:00:00Z"
        _ = fake.clock.advance(days=60)
        assert shown(fake, running["id"])["next_renewal_date"] == "2024-04-01T00:00:00Z"

    @pytest.mark.parametrize(
        ("after", "day", "expected"),
        [
            ((2024, 1, 15), 16, (2024, 1, 16)),
            ((2024, 1, 15), 15, (2024, 2, 15)),
            ((2024, 1, 31), 31, (2024, 2, 29)),
            ((2024, 12, 31), 1, (2025, 1, 1)),
        ],
    )
    def test_finds_the_next_anchor_day(
        self, after: tuple[int, int, int], day: int, expected: tuple[int, int, int]
    ) -> None:
        found = next_anchor(dt.datetime(*after, tzinfo=dt.UTC), day)
        assert (found.year, found.month, found.day) == expected


class TestCheckout:
    def test_a_link_can_be_paid_once_by_default(self, fake: AfternoonFake) -> None:
        body = {"customer_id": customer(fake), "plan_code": "starter_plan"}
        url = send(fake, "POST", LINKS, body)[1]["subscription_signup_link"]["url"]
        fake.single_use_links = False
        fake.pay(url)
        fake.single_use_links = True
        fake.pay(url)
        assert len(send(fake, "GET", SUBSCRIPTIONS)[1]["subscriptions"]) == 2
        with pytest.raises(ValueError, match="used before"):
            fake.pay(url)

    def test_a_paid_link_starts_a_subscription_with_the_assumed_status(
        self, fake: AfternoonFake
    ) -> None:
        fake.active_status = "live"
        assert paid(fake)["status"] == "live"


class TestSubscriptions:
    def test_can_be_canceled_by_their_status(self, fake: AfternoonFake) -> None:
        path = f"{SUBSCRIPTIONS}/{subscription(fake)}"
        _, answer = send(fake, "PATCH", path, {"status": "canceled"})
        assert answer["subscription"]["canceled_at"] == "2024-01-15T10:30:00Z"

    def test_stay_canceled_and_cannot_be_changed_then(self, fake: AfternoonFake) -> None:
        path = f"{SUBSCRIPTIONS}/{subscription(fake)}"
        _, first = send(fake, "POST", f"{path}/cancel", {"cancel_mode": "now"})
        _ = fake.clock.advance(hours=1)
        _, second = send(fake, "POST", f"{path}/cancel", {"cancel_mode": "now"})
        assert first["subscription"] == second["subscription"]
        change = {"target_plan_code": "pro_plan", "change_mode": "now"}
        assert send(fake, "POST", f"{path}/change-plan", change)[0] == 409


class TestPlans:
    @pytest.mark.parametrize(
        ("key", "code", "expected"),
        [
            ("phone", None, "phone"),
            ("Phone -- 1GB!", None, "phone_1gb"),
            ("phone", "Big-Phone", "big_phone"),
            ("é", None, "plan"),
            ("starter-plan", None, "starter_plan_2"),
        ],
    )
    def test_have_a_code(
        self, fake: AfternoonFake, key: str, code: str | None, expected: str
    ) -> None:
        draft = DRAFT.model_copy(update={"code": code})
        assert fake.add_plan(key, draft) == expected

    def test_with_the_same_code_are_numbered(self, fake: AfternoonFake) -> None:
        assert [fake.add_plan("pro plan", DRAFT) for _ in range(2)] == ["pro_plan_2", "pro_plan_3"]


def test_two_fakes_answer_byte_for_byte_the_same() -> None:
    def answers() -> list[Reply]:
        fresh = AfternoonFake(start=dt.datetime(2024, 1, 1, tzinfo=dt.UTC))
        _ = fresh.add_plan("starter_plan", DRAFT)
        _ = paid(fresh)
        return [exchange.reply for exchange in fresh.exchanges]

    assert answers() == answers()


def test_ids_are_cuids(fake: AfternoonFake) -> None:
    ids = [customer(fake) for _ in range(50)]
    assert len(set(ids)) == 50
    assert all(re.fullmatch("c[a-z0-9]{24}", customer_id) for customer_id in ids)


def test_every_attribute_that_can_be_changed_is_an_assumption() -> None:
    attributes = {
        name
        for name, value in vars(Company).items()
        if not (name.startswith("_") or callable(value) or name == "api_key")
    }
    assert attributes
    assert attributes <= set(AfternoonFake.assumptions)


def test_the_plugin_has_this_fake() -> None:
    assert isinstance(Afternoon.sandbox(), AfternoonFake)
