"""The part of the contract of a provider that is about invoices; see `Provider`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import NoReturn

    from subhub.models import Invoice, InvoicePdf
    from subhub.plugin.flows import Flow, Page


class Invoicing:
    """The operations on invoices."""

    if TYPE_CHECKING:

        def _lacks(self, operation: str, *_: object) -> NoReturn: ...

    def list_invoices(
        self,
        cursor: str | None = None,
        *,
        customer: str | None = None,
        subscription: str | None = None,
    ) -> Flow[Page[Invoice]]:
        """Read one page of the invoices.

        The client filters by customer what it is given, so a provider that cannot filter ignores
        *customer*. Use *subscription* only where invoices name theirs.
        """
        self._lacks("list_invoices", cursor, customer, subscription)

    def get_invoice(self, invoice_id: str) -> Flow[Invoice]:
        """Read one invoice."""
        self._lacks("get_invoice", invoice_id)

    def get_invoice_pdf(self, invoice_id: str) -> Flow[InvoicePdf]:
        """Read where the PDF of an invoice can be downloaded.

        Raise `NotFound` for an invoice that has no PDF, such as a draft.
        """
        self._lacks("get_invoice_pdf", invoice_id)
