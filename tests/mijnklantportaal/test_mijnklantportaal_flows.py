"""The exact requests for plans and customers, with the documented responses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from subhub_mijnklantportaal import MijnKlantportaal

from subhub import (
    Ambiguous,
    Customer,
    Interval,
    InvalidReply,
    Money,
    Plan,
    PlanDraft,
)
from subhub.messages import Request
from subhub.models import CustomerUpdate, PlanUpdate
from subhub.plugin.flows import Flow
from subhub.testing import play, reply
from tests.mijnklantportaal.samples import COMPANY, COMPANY_BODY, PACKAGE, PACKAGES, PHONE

Documented = Callable[..., dict[str, Any]]

PHONE_PLAN = Plan(
    provider="mijnklantportaal",
    id="spg_abc12345def678",
    name="Phone subscription",
    price=Money("12.95", "EUR"),
    interval=Interval(1, "year"),
    tax_rate=21,
    description="1GB per month, 300min per month",
    public=True,
)


def run(
    portal: MijnKlantportaal, flow: Flow[Any], response: object, status: int = 200
) -> tuple[Request, Any]:
    played = play(flow, reply(status, response), provider=portal)
    (request,) = played.requests
    return request, played.result


def page(*items: object, following: str | None = None) -> dict[str, Any]:
    return {"current_page": 1, "data": list(items), "next_page_url": following}


class TestPlans:
    def test_are_created_as_documented(
        self, portal: MijnKlantportaal, documented: Documented, document: dict[str, Any]
    ) -> None:
        answer = documented("Package")
        request, plan = run(portal, portal.create_plan(PHONE), answer, 201)
        body = document["paths"][PACKAGES]["post"]["requestBody"]["content"]
        assert request == Request("POST", PACKAGES, body["application/json"]["example"])
        assert plan == PHONE_PLAN
        assert plan.raw == answer

    def test_always_say_whether_they_are_for_sale(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        draft = PlanDraft(
            name="x", price=Money(0, "EUR"), interval=Interval(1, "month"), tax_rate=0
        )
        request, _ = run(portal, portal.create_plan(draft), documented("Package"))
        assert request.body == {
            "name": "x",
            "interval": "1 month",
            "amount": "0.00",
            "vatRate": 0,
            "availableForSale": False,
        }

    @pytest.mark.parametrize(
        ("interval", "word"),
        [
            (Interval(14, "day"), "14 days"),
            (Interval(2, "week"), "14 days"),
            (Interval(1, "month"), "1 month"),
            (Interval(2, "month"), "2 months"),
            (Interval(6, "month"), "6 months"),
            (Interval(12, "month"), "1 year"),
            (Interval(1, "year"), "1 year"),
        ],
    )
    def test_have_one_of_five_intervals(
        self, portal: MijnKlantportaal, documented: Documented, interval: Interval, word: str
    ) -> None:
        flow = portal.update_plan("spg_1", PlanUpdate(interval=interval))
        request, _ = run(portal, flow, documented("Package"))
        assert request.body == {"interval": word}

    def test_are_read_by_id(self, portal: MijnKlantportaal, documented: Documented) -> None:
        flow = portal.get_plan("spg_abc12345def678")
        request, plan = run(portal, flow, documented("Package"))
        assert request == Request("GET", PACKAGE)
        assert plan == PHONE_PLAN

    def test_have_quoted_ids_in_the_path(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        request, _ = run(portal, portal.get_plan("spg_1/sign-up?"), documented("Package"))
        assert request.path == f"{PACKAGES}/spg_1%2Fsign-up%3F"

    def test_send_only_the_given_changes(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        changes = PlanUpdate(price=Money("14.95", "EUR"), tax_rate=Decimal(9), public=False)
        flow = portal.update_plan("spg_abc12345def678", changes)
        request, _ = run(portal, flow, documented("Package"))
        assert request == Request(
            "PATCH", PACKAGE, {"amount": "14.95", "vatRate": 9, "availableForSale": False}
        )

    def test_are_listed_page_by_page_in_spite_of_the_stray_comma(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        address = f"{portal.base_url}{PACKAGES}?page=2,"
        first, found = run(
            portal, portal.list_plans(), page(documented("Package"), following=address)
        )
        assert first == Request("GET", PACKAGES)
        assert (found.items, found.next) == ([PHONE_PLAN], "2")
        second, found = run(portal, portal.list_plans(found.next), page())
        assert second == Request("GET", PACKAGES, query={"page": "2"})
        assert (found.items, found.next) == ([], None)

    def test_are_never_read_from_another_host(self, portal: MijnKlantportaal) -> None:
        answer = page(following="https://elsewhere.example/v1/x?page=2")
        with pytest.raises(InvalidReply, match="another host"):
            _ = run(portal, portal.list_plans(), answer)

    def test_that_do_not_say_whether_there_are_more_are_not_the_last(
        self, portal: MijnKlantportaal
    ) -> None:
        with pytest.raises(InvalidReply, match="next_page_url"):
            _ = run(portal, portal.list_plans(), {"current_page": 1, "data": []})


class TestCustomers:
    def test_are_created_as_documented(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        request, customer = run(
            portal, portal.create_customer(COMPANY), documented("Customer"), 201
        )
        assert request == Request(
            "POST",
            "/customers",
            {**COMPANY_BODY, "primaryEmail": "john.doe@test.com", "countryCode": "NL"},
        )
        assert customer == Customer(
            provider="mijnklantportaal",
            id="cst_abc12345def678",
            name="Test Company BV",
            email="john.doe@test.com",
            address="Teststreet 123",
            postal_code="1234AB",
            city="Amsterdam",
            country="NL",
            phone="+312012345678",
            created_at=dt.datetime.fromisoformat("2024-04-28T21:00:00+02:00"),
        )

    def test_without_a_country_are_sent_without_one(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        draft = COMPANY.model_copy(update={"country": None})
        request, _ = run(portal, portal.create_customer(draft), documented("Customer"))
        assert request.body == {**COMPANY_BODY, "primaryEmail": "john.doe@test.com"}

    def test_of_the_older_documentation_have_no_country(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        answer = documented("Customer", phone=None)
        del answer["countryCode"]
        request, customer = run(portal, portal.get_customer("cst_abc12345def678"), answer)
        assert request == Request("GET", "/customers/cst_abc12345def678")
        assert customer.country is None
        assert customer.phone is None

    def test_send_only_the_given_changes(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        changes = CustomerUpdate(email="jane.doe@test.com", postal_code="4321BA")
        request, _ = run(portal, portal.update_customer("cst_1", changes), documented("Customer"))
        assert request == Request(
            "PATCH", "/customers/cst_1", {"zipCode": "4321BA", "primaryEmail": "jane.doe@test.com"}
        )

    def test_are_found_by_email_on_any_page(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        address = f"{portal.base_url}/customers?page=2,"
        other = documented("Customer", id="cst_other", primaryEmail=None)
        played = play(
            portal.find_customer(email="John.Doe@test.com"),
            reply(200, page(other, following=address)),
            reply(200, page(documented("Customer"))),
            provider=portal,
        )
        assert played.requests == (
            Request("GET", "/customers"),
            Request("GET", "/customers", query={"page": "2"}),
        )
        assert played.result is not None
        assert played.result.id == "cst_abc12345def678"

    def test_that_are_not_found_are_none(self, portal: MijnKlantportaal) -> None:
        assert run(portal, portal.find_customer(email="x@test.com"), page())[1] is None

    def test_with_the_same_email_are_ambiguous(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        answer = page(documented("Customer", id="cst_1"), documented("Customer", id="cst_2"))
        with pytest.raises(Ambiguous, match="cst_1, cst_2") as caught:
            _ = run(portal, portal.find_customer(email="john.doe@test.com"), answer)
        assert len(caught.value.candidates) == 2
