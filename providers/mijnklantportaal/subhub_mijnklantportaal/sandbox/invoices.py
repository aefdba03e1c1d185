"""The fake's endpoints for customer invoices."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from subhub.models import ARITHMETIC
from subhub.sandbox import JsonObject, Received, Refusal, Reply, route
from subhub_mijnklantportaal.sandbox import checks
from subhub_mijnklantportaal.sandbox.checks import Body
from subhub_mijnklantportaal.sandbox.customers import CustomerRoutes
from subhub_mijnklantportaal.sandbox.portal import HOST

LINE: Final = Body(  # which fields a line needs is not documented
    optional={"description": checks.text, "amountExclVat": checks.money, "vatRate": checks.vat_rate}
)
MANUAL: Final = Body(
    required={
        "customerId": checks.text,
        "invoiceNumber": checks.text,
        "issuedAt": checks.day,
        "lines": lambda value: checks.objects(value, LINE),
    },
    optional={"sendNotification": checks.flag},
)
MARK_PAID: Final = Body(required={"paidAt": checks.naive})
PDF_LIFE: Final = dt.timedelta(minutes=30)


class InvoiceRoutes(CustomerRoutes):
    """The endpoints for customer invoices."""

    def __init__(self, *, start: dt.datetime | None = None, seed: str = "sandbox") -> None:
        super().__init__(start=start, seed=seed)
        self.invoices: dict[str, JsonObject] = {}
        """The invoices as on the wire, by id."""

    @route("GET", "/customer-invoices")
    def list_invoices(self, received: Received) -> Reply:
        """List invoices, one page at a time."""
        return self.listing(received, self.invoices.values())

    @route("POST", "/customer-invoices/manual")
    def create_manual_invoice(self, received: Received) -> Reply:
        """Create an invoice from lines; its amount is their sum with VAT."""
        body = self.checked(received, MANUAL)
        if body["customerId"] not in self.customers:
            raise Refusal(self.malformed("The customerId field is invalid."))
        amount = f"{_total(body['lines']):.2f}"
        invoice_id = self.add_invoice(body["customerId"], amount, body["invoiceNumber"])
        self.invoices[invoice_id]["issuedAt"] = body["issuedAt"]
        return self.created(self.invoices[invoice_id])

    @route("GET", "/customer-invoices/{}")
    def get_invoice(self, _: Received, invoice_id: str) -> Reply:
        """Read an invoice."""
        return Reply.json(200, self._invoice(invoice_id))

    @route("GET", "/customer-invoices/{}/pdf")
    def get_invoice_pdf(self, _: Received, invoice_id: str) -> Reply:
        """Return a temporary URL of the PDF; the file itself does not exist."""
        invoice = self._invoice(invoice_id)
        answer = {
            "link": self.page_address(f"/files/{invoice['id']}.pdf"),
            "expiresAt": self.atom(self.clock.now() + PDF_LIFE),
        }
        return Reply.json(200, answer)

    @route("PATCH", "/customer-invoices/{}")
    def mark_paid(self, received: Received, invoice_id: str) -> Reply:
        """Mark an invoice as paid."""
        invoice = self._invoice(invoice_id)
        body = self.checked(received, MARK_PAID)
        invoice["paidAt"] = self.atom(self.moment(body["paidAt"]))
        self.emit("invoice-paid", invoice)
        return Reply.json(200, invoice)

    def add_invoice(self, customer_id: str, amount: str, number: str) -> str:
        """Create an invoice as if in the portal, and return its id.

        Args:
            customer_id: Whose invoice it is.
            amount: The amount in euros, such as `12.95`.
            number: The invoice number.
        """
        invoice_id = self.new_id("inv_")
        self.invoices[invoice_id] = {
            "id": invoice_id,
            "customerId": customer_id,
            "invoiceNumber": number,
            "issuedAt": self.today().isoformat(),
            "currency": "EUR",
            "amount": amount,
            "paidAt": None,
            "createdAt": self.atom(self.clock.now()),
            "links": {
                "customer": {
                    "href": self.api_address(f"{HOST}/v1/customers/{customer_id}"),
                    "type": "application/json",
                },
                "onlinePaymentLink": {
                    "href": self.page_address(f"/public-invoice/{invoice_id}/pay"),
                    "type": "text/html",
                },
            },
        }
        self.emit("invoice-created", self.invoices[invoice_id])
        return invoice_id

    def _invoice(self, invoice_id: str) -> JsonObject:
        if invoice_id not in self.invoices:
            raise Refusal(self.not_found())
        return self.invoices[invoice_id]


def _total(lines: list[JsonObject]) -> Decimal:
    total = Decimal()
    for line in lines:
        factor = Decimal(100 + line.get("vatRate", 0)).scaleb(-2, ARITHMETIC)
        amount = ARITHMETIC.multiply(Decimal(line.get("amountExclVat", 0)), factor)
        total = ARITHMETIC.add(total, amount)
    return total
