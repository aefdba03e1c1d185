"""The fake of MijnKlantportaal, written from its documentation.

What the documentation leaves open is listed in `assumptions`. No endpoint shares code with the
plugin. Only `add_plan` uses it, to read a neutral draft as the portal's owner would.
"""

from __future__ import annotations

from subhub.models import PlanDraft
from subhub_mijnklantportaal.packages import package_body
from subhub_mijnklantportaal.sandbox.checkout import CheckoutPages
from subhub_mijnklantportaal.sandbox.invoices import InvoiceRoutes
from subhub_mijnklantportaal.sandbox.webhooks import WebhookRoutes

__all__ = ["MijnKlantportaalFake"]


class MijnKlantportaalFake(CheckoutPages, InvoiceRoutes, WebhookRoutes):
    """An in-memory fake of a portal at MijnKlantportaal.

    `integrations_connected` and `enforce_limits` can be set. `add_invoice` creates an invoice.
    `mandates` holds the mandates that paid sign-ups created; the API does not show them.
    """

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Create a package from *draft*; `InvalidRequest` if the portal cannot have such a one."""
        del key  # a package has no field for it
        package_id: str = self.add_package(dict(package_body(draft)))["id"]
        return package_id
