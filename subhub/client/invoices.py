"""Invoices in both clients: listing and reading them."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from subhub.client.async_execution import AsyncExecutor
from subhub.client.execution import Executor
from subhub.client.paginator import AsyncPaginator, Paginator
from subhub.client.validation import billed_to
from subhub.models import Customer, Invoice, InvoicePdf, Subscription

if TYPE_CHECKING:
    from subhub.plugin.provider_options import ProviderOptions


class Invoices(Executor):
    """The operations on invoices."""

    def list_invoices(
        self,
        *,
        customer: str | Customer | None = None,
        subscription: str | Subscription | None = None,
        limit: int | None = None,
        strict: bool = False,
        provider_options: ProviderOptions | None = None,
    ) -> Paginator[Invoice]:
        """Read the invoices, page by page as they are asked for.

        At a provider that cannot filter, all pages are read, as for `list_subscriptions`.

        Args:
            customer: Only those of this customer.
            subscription: Only those that bill this subscription. Few providers' invoices name it.
            limit: At most so many.
            strict: Raise `InvalidReply` for one that cannot be read, as for `list_customers`.
            provider_options: What only one provider knows, by provider name.
        """
        return self._walk(
            partial(
                self._operations.list_invoices,
                customer=customer,
                subscription=subscription,
                strict=strict,
                options=provider_options,
            ),
            limit,
            billed_to(customer, subscription),
        )

    def get_invoice(self, invoice_id: str | Invoice) -> Invoice:
        """Read one invoice."""
        return self._run(self._operations.get_invoice(invoice_id))

    def get_invoice_pdf(self, invoice_id: str | Invoice) -> InvoicePdf:
        """Return where the PDF of an invoice can be downloaded, for a while and without a key.

        The file is not downloaded: it is on another host than the API at every provider that is
        known to have one. An invoice without a PDF, such as a draft, raises `NotFound`.
        """
        return self._run(self._operations.get_invoice_pdf(invoice_id))


class AsyncInvoices(AsyncExecutor):
    """The same, to be awaited."""

    def list_invoices(
        self,
        *,
        customer: str | Customer | None = None,
        subscription: str | Subscription | None = None,
        limit: int | None = None,
        strict: bool = False,
        provider_options: ProviderOptions | None = None,
    ) -> AsyncPaginator[Invoice]:
        """See `Client.list_invoices`."""
        return self._walk(
            partial(
                self._operations.list_invoices,
                customer=customer,
                subscription=subscription,
                strict=strict,
                options=provider_options,
            ),
            limit,
            billed_to(customer, subscription),
        )

    async def get_invoice(self, invoice_id: str | Invoice) -> Invoice:
        """See `Client.get_invoice`."""
        return await self._run(self._operations.get_invoice(invoice_id))

    async def get_invoice_pdf(self, invoice_id: str | Invoice) -> InvoicePdf:
        """See `Client.get_invoice_pdf`."""
        return await self._run(self._operations.get_invoice_pdf(invoice_id))
