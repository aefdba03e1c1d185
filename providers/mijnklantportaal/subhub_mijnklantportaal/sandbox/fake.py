"""The fake of a portal: all routes together, and what its owner and its customers do by hand.

It is written from the provider's documentation, and what that leaves unknown is listed in
`assumptions`. No route shares code with the plugin; only `add_plan` uses it, to read a neutral
draft as the portal's owner would.
"""

from __future__ import annotations

from subhub.models import PlanDraft
from subhub_mijnklantportaal.packages import package_body
from subhub_mijnklantportaal.sandbox.hosted import HostedPages
from subhub_mijnklantportaal.sandbox.invoices import InvoiceRoutes


class MijnKlantportaalFake(HostedPages, InvoiceRoutes):
    """A portal at MijnKlantportaal on your desk.

    `integrations_connected` and `enforce_limits` may be set; `add_invoice` makes an invoice;
    `mandates` holds what paying a sign-up made and the API does not show.
    """

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Make a package of *draft*; `InvalidRequest` when the portal has no such package."""
        del key  # a package has no place for it
        package_id: str = self.add_package(dict(package_body(draft)))["id"]
        return package_id
