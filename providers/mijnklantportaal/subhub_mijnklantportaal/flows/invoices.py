"""The flows of customer invoices, which only MijnKlantportaal has.

Each is performed with `client.call(MijnKlantportaal.get_customer_invoice, ...)`, and the list with
`client.walk(MijnKlantportaal.list_customer_invoices)`.
"""

from __future__ import annotations

import datetime as dt

from subhub.plugin import Flow, Page, get, patch, path
from subhub_mijnklantportaal.addresses import INVOICE, INVOICE_PDF, INVOICES
from subhub_mijnklantportaal.invoices import CloudFile, WireInvoice, payment_note
from subhub_mijnklantportaal.objects import Listing, Lists, own_id
from subhub_mijnklantportaal.results import CustomerInvoice, InvoicePdf


class InvoiceFlows(Lists):
    """Read invoices, and mark them as paid."""

    def list_customer_invoices(self, cursor: str | None = None) -> Flow[Page[CustomerInvoice]]:
        """Read one page of the invoices; no filter by customer or subscription is documented."""
        return self._read_page(INVOICES, Listing[WireInvoice], WireInvoice.to_result, cursor)

    def get_customer_invoice(self, invoice_id: str) -> Flow[CustomerInvoice]:
        """Read one invoice (`inv_...`)."""
        invoice = yield from get(path(INVOICE, _invoice(invoice_id)), WireInvoice)
        return invoice.to_result()

    def get_customer_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        """Get a temporary address of an invoice's PDF, not the file itself."""
        file = yield from get(path(INVOICE_PDF, _invoice(invoice_id)), CloudFile)
        return file.to_pdf(invoice_id)

    def mark_customer_invoice_paid(
        self, invoice_id: str, *, paid_at: dt.datetime
    ) -> Flow[CustomerInvoice]:
        """Note that an invoice was paid; connected bookkeeping is told too.

        *paid_at* has a time zone. The request takes none, and which one it means is not documented:
        the time is sent as it is in the account's zone. See
        https://docs.developers.mijnklantportaal.nl/api-reference/customer-invoices-api/mark-customer-invoice-paid
        """
        note = payment_note(paid_at, self.zone)
        invoice = yield from patch(path(INVOICE, _invoice(invoice_id)), WireInvoice, note)
        return invoice.to_result()


def _invoice(invoice_id: str) -> str:
    return own_id("invoice_id", invoice_id, "inv_")
