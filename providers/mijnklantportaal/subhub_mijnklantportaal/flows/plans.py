"""The flows of plans, which MijnKlantportaal calls packages."""

from __future__ import annotations

from subhub.models import Plan, PlanDraft, PlanUpdate
from subhub.plugin import Flow, Page, get, patch, path, post
from subhub_mijnklantportaal.addresses import PACKAGE, PACKAGES
from subhub_mijnklantportaal.objects import Listing, Lists
from subhub_mijnklantportaal.packages import Package, package_body, package_changes


class PlanFlows(Lists):
    """Make, read and change packages; nothing documented removes one."""

    def create_plan(self, draft: PlanDraft) -> Flow[Plan]:
        """Make a package; without `public=True` it is not offered to the portal's customers."""
        package = yield from post(PACKAGES, Package, package_body(draft))
        return package.to_plan()

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """Read one package."""
        package = yield from get(path(PACKAGE, plan_id), Package)
        return package.to_plan()

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        """Read one page of the packages."""
        return self._read_page(PACKAGES, Listing[Package], Package.to_plan, cursor)

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        """Change a package; whether its subscriptions follow is not documented."""
        package = yield from patch(path(PACKAGE, plan_id), Package, package_changes(changes))
        return package.to_plan()
