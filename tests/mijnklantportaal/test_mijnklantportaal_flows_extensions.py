"""The exact requests for payment links and invoices, with the documented responses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from subhub_mijnklantportaal import InvoiceLine, MijnKlantportaal, WebhookRecord

from subhub import InvalidRequest, InvoicePdf, InvoiceStatus, Money, Unsupported
from subhub.messages import Request
from subhub.plugin.flows import Flow
from subhub.testing import play, reply

Documented = Callable[..., dict[str, Any]]


def run(
    portal: MijnKlantportaal, flow: Flow[Any], response: object, status: int = 200
) -> tuple[Request, Any]:
    played = play(flow, reply(status, response), provider=portal)
    (request,) = played.requests
    return request, played.result


def page(*items: object, following: str | None = None) -> dict[str, Any]:
    return {"current_page": 1, "data": list(items), "next_page_url": following}


class TestPaymentLinks:
    LINK = "/payment-links/plk_abc12345def678"

    def test_are_created_as_documented(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.create_payment_link(
            "Contribution costs",
            Money("12.95", "EUR"),
            expires_on=dt.date(2024, 5, 4),
            reusable=True,
        )
        request, link = run(portal, flow, documented("PaymentLink"), 201)
        assert request == Request(
            "POST",
            "/payment-links",
            {
                "description": "Contribution costs",
                "amount": "12.95",
                "expiresAt": "2024-05-04",
                "reusable": True,
            },
        )
        assert (link.price, link.status, link.reusable) == (Money("12.95", "EUR"), "open", True)
        assert link.url.endswith("/payment-link/plk_abc12345def678")
        assert link.url not in repr(link)
        assert link.expires_at == dt.datetime.fromisoformat("2024-05-14T21:00:00+02:00")

    def test_can_be_paid_once_and_do_not_expire_by_default(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.create_payment_link("x", Money(1, "EUR"))
        request, _ = run(portal, flow, documented("PaymentLink"))
        assert request.body == {"description": "x", "amount": "1.00", "reusable": False}

    def test_are_read_listed_and_closed(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        closed = documented("PaymentLink", status="closed", checkoutUrl=None)
        get = portal.get_payment_link("plk_abc12345def678")
        assert run(portal, get, closed)[0] == Request("GET", self.LINK)
        close = portal.close_payment_link("plk_abc12345def678")
        request, link = run(portal, close, closed)
        assert request == Request("DELETE", self.LINK)
        assert (link.status, link.url) == ("closed", None)
        request, found = run(portal, portal.list_payment_links(), page(closed))
        assert request == Request("GET", "/payment-links")
        assert found.items == [link]

    def test_have_payments(self, portal: MijnKlantportaal) -> None:
        payment = {
            "id": "plp_1",
            "amount": "12.95",
            "currency": "EUR",
            "status": "paid",
            "payersName": "John Doe",
            "integration": "mollie",
            "integrationId": "tr_123abc",
        }
        flow = portal.list_payment_link_payments(None, "plk_abc12345def678")
        request, found = run(portal, flow, page(payment))
        assert request == Request("GET", f"{self.LINK}/payments")
        assert found.items[0].price == Money("12.95", "EUR")
        assert found.items[0].integration_id == "tr_123abc"
        assert "John" not in repr(found.items[0])


class TestInvoices:
    INVOICE = "/customer-invoices/inv_abc12345def678"

    def test_are_read_and_listed(self, portal: MijnKlantportaal, documented: Documented) -> None:
        answer = documented("CustomerInvoice")
        request, invoice = run(portal, portal.get_invoice("inv_abc12345def678"), answer)
        assert request == Request("GET", self.INVOICE)
        assert (invoice.number, invoice.total) == ("2024-001", Money("12.95", "EUR"))
        assert invoice.issued_on == dt.date(2024, 4, 29)
        assert invoice.paid_at == dt.datetime.fromisoformat("2024-05-28T21:00:00+02:00")
        assert invoice.payment_url == answer["links"]["onlinePaymentLink"]["href"]
        request, found = run(portal, portal.list_invoices("2"), page(answer))
        assert request == Request("GET", "/customer-invoices", query={"page": "2"})
        assert found.items == [invoice]

    @pytest.mark.parametrize("links", [None, {}, {"onlinePaymentLink": None}])
    def test_of_the_older_documentation_have_no_payment_url(
        self, portal: MijnKlantportaal, documented: Documented, links: object
    ) -> None:
        answer = documented("CustomerInvoice", links=links, paidAt=None)
        _, invoice = run(portal, portal.get_invoice("inv_1"), answer)
        assert invoice.payment_url is None
        assert (invoice.paid_at, invoice.status) == (None, InvoiceStatus.OPEN)

    def test_are_paid_when_they_have_a_time_of_payment(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        answer = documented("CustomerInvoice")
        _, paid = run(portal, portal.get_invoice("inv_1"), answer)
        del answer["paidAt"]
        _, silent = run(portal, portal.get_invoice("inv_1"), answer)
        assert (paid.status, silent.status) == (InvoiceStatus.PAID, InvoiceStatus.UNKNOWN)

    def test_do_not_name_their_subscription(self, portal: MijnKlantportaal) -> None:
        with pytest.raises(Unsupported, match="does not name its subscription"):
            _ = portal.list_invoices(subscription="sub_1")

    def test_have_a_temporary_url_of_their_pdf(self, portal: MijnKlantportaal) -> None:
        answer = {"link": "https://x.example/1.pdf", "expiresAt": "2024-05-28T21:00:00+02:00"}
        flow = portal.get_invoice_pdf("inv_abc12345def678")
        request, pdf = run(portal, flow, answer)
        assert request == Request("GET", f"{self.INVOICE}/pdf")
        assert pdf == InvoicePdf(
            provider="mijnklantportaal",
            id="inv_abc12345def678",
            url="https://x.example/1.pdf",
            expires_at=dt.datetime.fromisoformat("2024-05-28T21:00:00+02:00"),
        )

    def test_are_marked_as_paid_in_the_time_of_the_netherlands(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = portal.mark_customer_invoice_paid(
            "inv_abc12345def678", paid_at=dt.datetime(2024, 4, 30, 12, tzinfo=dt.UTC)
        )
        request, _ = run(portal, flow, documented("CustomerInvoice"))
        assert request == Request("PATCH", self.INVOICE, {"paidAt": "2024-04-30 14:00:00"})


LINE = InvoiceLine(description="Website template", amount=Money("12.95", "EUR"), vat_rate=21)


def manual(portal: MijnKlantportaal, **changes: Any) -> Flow[Any]:
    terms: dict[str, Any] = {
        "invoice_number": "2015-001",
        "lines": [LINE],
        "issued_on": dt.date(2025, 4, 14),
        **changes,
    }
    return portal.create_manual_customer_invoice("cst_abc12345def678", **terms)


class TestManualInvoices:
    def test_are_created_as_documented(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        flow = manual(portal, send_notification=True)
        request, invoice = run(portal, flow, documented("CustomerInvoice"), 201)
        assert request == Request(
            "POST",
            "/customer-invoices/manual",
            {
                "customerId": "cst_abc12345def678",
                "invoiceNumber": "2015-001",
                "issuedAt": "2025-04-14",
                "lines": [
                    {
                        "description": "Website template",
                        "amountExclVat": "12.95",
                        "vatRate": 21,
                    }
                ],
                "sendNotification": True,
            },
        )
        assert (invoice.number, invoice.total) == ("2024-001", Money("12.95", "EUR"))

    def test_leave_out_what_is_not_given(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        request, _ = run(portal, manual(portal), documented("CustomerInvoice"), 201)
        assert "sendNotification" not in (request.body or {})

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"lines": []}, "lines"),
            ({"invoice_number": " "}, "invoice_number"),
            ({"lines": [LINE.model_copy(update={"amount": Money("1", "USD")})]}, "amount"),
            ({"lines": [LINE.model_copy(update={"vat_rate": 20})]}, "vat_rate"),
        ],
    )
    def test_that_the_portal_cannot_have_are_refused(
        self, portal: MijnKlantportaal, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=field):
            _ = play(manual(portal, **changes), provider=portal)


class TestWebhookRecords:
    def test_are_created_as_documented(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        url = "https://mijnklantportaal.nl/webhook-incoming"
        flow = portal.create_webhook(url, "customer-created")
        request, record = run(portal, flow, documented("Webhook"), 201)
        assert request == Request("POST", "/webhooks", {"url": url, "type": "customer-created"})
        assert record == WebhookRecord(
            provider="mijnklantportaal",
            id="wbh_abc12345def678",
            event="customer-created",
            url=url,
            secret="OUJX2prdBbJxR77BZlGz",
            created_at=dt.datetime.fromisoformat("2024-04-29T21:00:00+02:00"),
        )
        assert record.secret not in repr(record)

    def test_are_read_one_by_one_and_as_a_list(
        self, portal: MijnKlantportaal, documented: Documented
    ) -> None:
        record = documented("Webhook")
        request, one = run(portal, portal.get_webhook("wbh_abc12345def678"), record)
        assert request == Request("GET", "/webhooks/wbh_abc12345def678")
        request, listed = run(portal, portal.list_webhooks(), page(record))
        assert request == Request("GET", "/webhooks")
        assert listed.items == [one]

    @pytest.mark.parametrize(
        ("url", "event", "problem"),
        [
            ("shop.example/in", "customer-created", "must be a web address"),
            ("https://shop.example/in", "customer-made", "did you mean 'customer-"),
            ("https://shop.example/in", "zzz", "one of appointment-created"),
        ],
    )
    def test_that_would_not_work_are_refused(
        self, portal: MijnKlantportaal, url: str, event: str, problem: str
    ) -> None:
        with pytest.raises(InvalidRequest, match=problem):
            _ = play(portal.create_webhook(url, event), provider=portal)
