"""Packages, MijnKlantportaal's word for plans.

See https://docs.developers.mijnklantportaal.nl/api-reference/customer-subscription-packages-api/create-customer-subscription-package
"""

from __future__ import annotations

from subhub.models import ExactDecimal, Plan, PlanDraft, PlanUpdate
from subhub.plugin import Core, Flow, Json, Page, Text, get, given, patch, path, post
from subhub_mijnklantportaal.addresses import NAME, PACKAGE, PACKAGES
from subhub_mijnklantportaal.wire import (
    Listing,
    Lists,
    Period,
    PortalObject,
    VatRate,
    given_terms,
    plan_terms,
    read_money,
)


class Package(PortalObject):
    """A customer subscription package."""

    id: Text
    name: str | None = None
    description: str | None = None
    interval: Period | None = None
    currency: Core[str | None] = None
    amount: Core[ExactDecimal | None] = None
    vat_rate: VatRate | None = None
    available_for_sale: bool | None = None

    def to_plan(self) -> Plan:
        """Convert to a `Plan`."""
        return Plan(
            provider=NAME,
            id=self.id,
            name=self.name,
            price=read_money(self.amount, self.currency),
            interval=self.interval,
            tax_rate=self.vat_rate,
            description=self.description,
            public=self.available_for_sale,
            raw=self.raw,
        )


def package_body(draft: PlanDraft) -> Json:
    """Return the body that creates a package.

    `availableForSale` has no documented default, so it is always sent: only `public=True` offers a
    plan to every customer of the portal. `code` is not sent, because a package has no field for it.
    """
    return given(
        name=draft.name,
        **plan_terms(draft),
        description=draft.description,
        availableForSale=bool(draft.public),
    )


def package_changes(changes: PlanUpdate) -> Json:
    """Return the body that changes a package."""
    return given(
        name=changes.name,
        **given_terms(changes),
        description=changes.description,
        availableForSale=changes.public,
    )


class PlanFlows(Lists):
    """The operations on packages; deleting one is not documented."""

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        """Create a package; without `public=True` it is not for sale in the portal."""
        package = yield from post(PACKAGES, Package, package_body(draft))
        return package.to_plan()

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """Read a package."""
        package = yield from get(path(PACKAGE, plan_id), Package)
        return package.to_plan()

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        """List packages, one page at a time."""
        return self._read_page(PACKAGES, Listing[Package], Package.to_plan, cursor)

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        """Change a package; whether existing subscriptions change too is not documented."""
        package = yield from patch(path(PACKAGE, plan_id), Package, package_changes(changes))
        return package.to_plan()
