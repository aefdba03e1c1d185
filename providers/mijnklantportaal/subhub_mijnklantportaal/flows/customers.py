"""The flows of customers."""

from __future__ import annotations

from subhub.errors import Ambiguous
from subhub.models import Customer, CustomerDraft, CustomerUpdate
from subhub.plugin import Flow, Page, get, patch, path, post, walk
from subhub_mijnklantportaal.addresses import CUSTOMER, CUSTOMERS
from subhub_mijnklantportaal.customers import PortalCustomer, customer_body, customer_changes
from subhub_mijnklantportaal.objects import Listing, Lists


class CustomerFlows(Lists):
    """Make, read, find and change customers."""

    def create_customer(self, draft: CustomerDraft) -> Flow[Customer]:
        """Make a customer; what becomes of an e-mail address in use is not documented."""
        customer = yield from post(CUSTOMERS, PortalCustomer, customer_body(draft))
        return customer.to_customer()

    def get_customer(self, customer_id: str) -> Flow[Customer]:
        """Read one customer."""
        customer = yield from get(path(CUSTOMER, customer_id), PortalCustomer)
        return customer.to_customer()

    def list_customers(self, cursor: str | None = None) -> Flow[Page[Customer]]:
        """Read one page of the customers."""
        return self._read_page(
            CUSTOMERS, Listing[PortalCustomer], PortalCustomer.to_customer, cursor
        )

    def find_customer(
        self, *, external_id: str | None = None, email: str | None = None
    ) -> Flow[Customer | None]:
        """Find a customer by e-mail address, capitals aside, on all pages of the list.

        That is one request for every 15 customers, at 60 requests a minute.
        """
        del external_id  # declared as lacking
        sought = (email or "").casefold()
        found = yield from walk(
            self.list_customers, lambda each: (each.email or "").casefold() == sought
        )
        if len(found) > 1:
            ids = ", ".join(each.id for each in found)
            message = f"{len(found)} customers have this e-mail address ({ids}): use an id"
            raise Ambiguous(message, candidates=found)
        return found[0] if found else None

    def update_customer(self, customer_id: str, changes: CustomerUpdate) -> Flow[Customer]:
        """Change a customer."""
        place = path(CUSTOMER, customer_id)
        customer = yield from patch(place, PortalCustomer, customer_changes(changes))
        return customer.to_customer()
