"""The exact requests for sign-ups and subscriptions, with the documented responses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    Interval,
    InvalidReply,
    InvalidRequest,
    Money,
    Scheduled,
    SignupLink,
    Status,
    Subscription,
    access_at,
)
from subhub.messages import Request
from subhub.models import SubscriptionUpdate
from subhub.plugin.flows import Flow
from subhub.testing import play, reply
from tests.mijnklantportaal.samples import COMPANY, COMPANY_BODY, PACKAGE, PHONE

Documented = Callable[..., dict[str, Any]]

SUBSCRIPTION = "/customer-subscriptions/sub__abc12345def678"
NOW = dt.datetime(2024, 7, 4, 22, 1, 0, 999, tzinfo=ZoneInfo("Europe/Amsterdam"))


def run(
    portal: MijnKlantportaal, flow: Flow[Any], response: object, status: int = 200
) -> tuple[Request, Any]:
    played = play(flow, reply(status, response), provider=portal)
    (request,) = played.requests
    return request, played.result


def page(*items: object, following: str | None = None) -> dict[str, Any]:
    return {"current_page": 1, "data": list(items), "next_page_url": following}


class TestSignupLinks:
    def test_are_created_at_the_path_with_the_slash(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.create_signup_link(plan="spg_abc12345def678", customer=COMPANY)
        request, link = run(portal, flow, documented("PendingSignUp"), 201)
        assert request == Request(
            "POST", f"{PACKAGE}/sign-up/", {**COMPANY_BODY, "email": "john.doe@test.com"}
        )
        assert link == SignupLink(
            provider="mijnklantportaal",
            id="6aec2555-f3e7-4afe-a061-8bfe9687b470",
            url="https://mollie.com/checkout/abc...",
            expires_at=dt.datetime.fromisoformat("2025-03-05T16:30:00+02:00"),
        )

    def test_detect_a_lost_slash(self, portal: MijnKlantportaal, documented: Documented) -> None:
        flow = portal.create_signup_link(plan="spg_1", customer=COMPANY)
        with pytest.raises(InvalidReply, match="the trailing slash of the path was lost"):
            _ = run(portal, flow, documented("CustomerSubscription"), 201)

    @pytest.mark.parametrize("answer", [{"id": "1"}, [], "text", None])
    def test_must_have_a_url(self, portal: MijnKlantportaal, answer: object) -> None:
        flow = portal.create_signup_link(plan="spg_1", customer=COMPANY)
        with pytest.raises(InvalidReply, match="not the documented PendingSignUp"):
            _ = run(portal, flow, answer, 201)


class TestSubscribing:
    def test_to_a_package_uses_the_path_without_the_slash(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.subscribe(
            plan="spg_abc12345def678",
            customer="cst_abc12345def678",
            now=NOW,
            starts_on=dt.date(2024, 5, 4),
            payment_method="mdt_abc12345def678",
            create_invoice=True,
            invoice_text="Extending subscription",
        )
        request, subscription = run(portal, flow, documented("CustomerSubscription"), 201)
        assert request == Request(
            "POST",
            f"{PACKAGE}/sign-up",
            {
                "customerId": "cst_abc12345def678",
                "startDate": "2024-05-04",
                "mandateId": "mdt_abc12345def678",
                "createInvoice": True,
                "invoiceText": "Extending subscription",
            },
        )
        assert subscription == Subscription(
            provider="mijnklantportaal",
            id="sub__abc12345def678",
            customer_id="cst_abc12345def678",
            description="Website maintenance contract",
            status=Status.ACTIVE,
            raw_status="in_progress",
            price=Money("12.95", "EUR"),
            interval=Interval(1, "year"),
            tax_rate=Decimal(21),
            starts_on=dt.date(2024, 4, 29),
            renews_on=dt.date(2025, 4, 29),
            created_at=dt.datetime.fromisoformat("2024-04-29T21:00:00+02:00"),
        )

    def test_starts_today_in_the_accounts_time_zone(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.subscribe(plan="spg_1", customer="cst_1", now=NOW)
        request, _ = run(portal, flow, documented("CustomerSubscription"))
        assert request.body == {"customerId": "cst_1", "startDate": "2024-07-04"}

    def test_detects_an_added_slash(self, portal: MijnKlantportaal, documented: Documented) -> None:
        flow = portal.subscribe(plan="spg_1", customer="cst_1", now=NOW)
        with pytest.raises(InvalidReply, match="No one is subscribed"):
            _ = run(portal, flow, documented("PendingSignUp"), 201)

    def test_to_an_inline_plan_needs_no_package(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.subscribe(
            plan=PHONE,
            customer="cst_1",
            now=NOW,
            create_invoice=True,
            invoice_description="Extending subscription",
        )
        request, subscription = run(portal, flow, documented("CustomerSubscription"), 201)
        assert request == Request(
            "POST",
            "/customer-subscriptions",
            {
                "customerId": "cst_1",
                "description": "Phone subscription",
                "startDate": "2024-07-04",
                "interval": "1 year",
                "amount": "12.95",
                "vatRate": 21,
                "createInvoice": True,
                "invoiceDescription": "Extending subscription",
            },
        )
        assert subscription.id == "sub__abc12345def678"


class TestSubscriptions:
    def test_are_read_by_id(self, portal: MijnKlantportaal, documented: Documented) -> None:
        flow = portal.get_subscription("sub__abc12345def678")
        request, _ = run(portal, flow, documented("CustomerSubscription"))
        assert request == Request("GET", SUBSCRIPTION)

    def test_are_listed_without_a_filter(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.list_subscriptions("3", customer="cst_1")
        request, found = run(portal, flow, page(documented("CustomerSubscription")))
        assert request == Request("GET", "/customer-subscriptions", query={"page": "3"})
        assert [item.id for item in found.items] == ["sub__abc12345def678"]

    def test_send_only_the_given_changes(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        changes = SubscriptionUpdate(
            price=Money("14.9", "EUR"), interval=Interval(6, "month"), description="New", tax_rate=0
        )
        flow = portal.update_subscription("sub__abc12345def678", changes)
        request, _ = run(portal, flow, documented("CustomerSubscription"))
        assert request == Request(
            "PATCH",
            SUBSCRIPTION,
            {"description": "New", "interval": "6 months", "amount": "14.90", "vatRate": 0},
        )

    def test_are_terminated_at_a_time_without_an_offset(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.cancel_subscription("sub__abc12345def678", when="now", refund="none", now=NOW)
        running = reply(200, documented("CustomerSubscription"))
        played = play(flow, running, running, provider=portal)
        assert played.requests == (
            Request("GET", SUBSCRIPTION),
            Request("PATCH", SUBSCRIPTION, {"terminatedAt": "2024-07-04 22:01:00"}),
        )

    def test_are_terminated_at_a_chosen_moment(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        """It is sent in the portal's time zone; what the answer says of it is in the result."""
        later = dt.datetime(2024, 8, 31, 22, tzinfo=dt.UTC)
        running = documented("CustomerSubscription")
        shown = reply(200, {**running, "terminatedAt": "2024-09-01T00:00:00+02:00"})
        flow = portal.cancel_subscription(
            "sub__abc12345def678", when="now", refund="none", now=NOW, terminated_at=later
        )
        played = play(flow, reply(200, running), shown, provider=portal)

        assert played.requests[1].body == {"terminatedAt": "2024-09-01 00:00:00"}
        assert played.result.status is Status.ACTIVE
        assert played.result.scheduled == Scheduled(change="cancel", at=later)
        assert played.result.ends_at == later
        assert access_at(played.result, later - dt.timedelta(seconds=1)).answer == "yes"
        assert access_at(played.result, later).answer == "no"

    @pytest.mark.parametrize("shown", [None, "2024-04-29T21:00:00+02:00"])
    def test_whose_answer_names_no_later_moment_are_not_scheduled(
        self, portal: MijnKlantportaal, documented: Documented, shown: str | None
    ) -> None:
        answer = reply(200, {**documented("CustomerSubscription"), "terminatedAt": shown})
        flow = portal.cancel_subscription("sub__abc12345def678", when="now", refund="none", now=NOW)
        result = play(flow, answer, answer, provider=portal).result
        assert (result.scheduled, result.ends_at) == (None, None)

    @pytest.mark.parametrize(
        ("moment", "problem"),
        [
            (dt.datetime(2024, 9, 1), "must have a time zone"),  # noqa: DTZ001 - what is refused
            (dt.datetime.max.replace(tzinfo=dt.UTC), "must be in the years 1 to 9999"),
        ],
    )
    def test_at_no_moment_are_refused_before_anything_is_sent(
        self, portal: MijnKlantportaal, moment: dt.datetime, problem: str
    ) -> None:
        flow = portal.cancel_subscription(
            "sub_1", when="now", refund="none", now=NOW, terminated_at=moment
        )
        with pytest.raises(InvalidRequest, match=f"terminated_at.*{problem}"):
            _ = play(flow, provider=portal)

    @pytest.mark.parametrize("word", ["terminated", "ended"])
    def test_that_are_terminated_keep_their_end(
        self, portal: MijnKlantportaal, documented: Documented, word: str
    ) -> None:
        flow = portal.cancel_subscription("sub__abc12345def678", when="now", refund="none", now=NOW)
        over = reply(200, {**documented("CustomerSubscription"), "status": word})
        played = play(flow, over, provider=portal)
        assert played.requests == (Request("GET", SUBSCRIPTION),)
        assert played.result.raw_status == word
