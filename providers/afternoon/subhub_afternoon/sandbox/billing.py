"""The fake's endpoints for invoices and events.

See https://docs.afternoon.co/quickstart for invoices and
https://docs.afternoon.co/api-reference/afternoon-events-api/events/ingest for events.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from subhub.models import ARITHMETIC
from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_afternoon.sandbox.customers import CustomerRoutes
from subhub_afternoon.sandbox.fields import (
    CUID,
    NUMBER,
    OBJECT,
    OBJECTS,
    TEXT,
    UTC_MOMENT,
    WHOLE,
    narrowed,
    problems,
    text,
)

INVOICE: Final = {
    "customer_id": CUID,
    "collection_method": TEXT,
    "days_until_due": WHOLE,
    "line_items": OBJECTS,
}
LINE: Final = {
    "description": TEXT,
    "quantity": NUMBER,
    "unit_amount_cents": WHOLE,
}
EVENT: Final = {
    "event_name": text(255, shortest=1).needed(),
    "idempotency_key": text(255, shortest=1).needed(),
    "customer_id": CUID.needed(),
    "timestamp": UTC_MOMENT.needed(),
    "properties": OBJECT,
}


class BillingRoutes(CustomerRoutes):
    """The endpoints for invoices and events."""

    @route("POST", "/v1/invoices")
    def create_invoice(self, received: Received) -> Reply:
        """Create a draft invoice."""
        body = self.accepted(received, INVOICE)
        customer = self.customer(body["customer_id"])["id"] if "customer_id" in body else None
        lines = body.get("line_items", [])
        for line in lines:
            self._check_line(line)
        invoice: JsonObject = {
            "id": self.cuid(),
            "customer_id": customer,
            "status": "draft",
            "total_cents": sum(map(_cents, lines)),
            "line_items": lines,
        }
        self.invoices[invoice["id"]] = invoice
        return self.success(201, invoice=invoice)

    @route("GET", "/v1/invoices")
    def list_invoices(self, received: Received) -> Reply:
        """List invoices, one page at a time."""
        return self.listed("invoices", self.invoices, received, "customer_id", "status")

    @route("GET", "/v1/invoices/{}")
    def get_invoice(self, received: Received, invoice_id: str) -> Reply:
        """Read an invoice with its lines."""
        del received
        if invoice_id not in self.invoices:
            raise self.missing("Invoice")
        return self.success(200, invoice=self.invoices[invoice_id])

    @route("POST", "/v1/events/ingest")
    def ingest_event(self, received: Received) -> Reply:
        """Store an event; a repeated one is not stored again and gets the first one's id."""
        body = self.accepted(received, EVENT)
        if body["customer_id"] not in self.customers:
            raise self.refused(400, "Unknown customer", details={"customer_id": "is not known"})
        key = body["idempotency_key"]  # the only idempotency that Afternoon documents
        if key not in self.events:
            self.events[key] = self.cuid()
        return self.success(
            200, status=self.event_status, usage_id=self.events[key], cost=[], customer_balances=[]
        )

    def _check_line(self, line: dict[str, Any]) -> None:
        # lines may have more fields, so only the documented ones are checked
        wrong = problems({name: line[name] for name in LINE if name in line}, LINE)
        if wrong:
            details = {f"line_items.{name}": problem for name, problem in wrong.items()}
            raise self.refused(400, "Validation failed", details=details)


def _cents(line: dict[str, Any]) -> int:
    quantity, unit_amount = line.get("quantity", 1), line.get("unit_amount_cents", 0)
    # through text, because a float such as 0.1 is not exact
    return int(ARITHMETIC.multiply(Decimal(str(quantity)), narrowed(unit_amount)))
