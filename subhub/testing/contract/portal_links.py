"""Contract tests of portal links: whose page it is, how long it works, and where it leads back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from subhub.models import PortalLink
from subhub.sandbox.portal import PortalPages
from subhub.testing.contract.assertions import expect
from subhub.testing.contract.calls import RETURN, call_of
from subhub.testing.contract.cases import Case, for_each
from subhub.testing.contract.config import ContractConfig
from subhub.testing.contract.harness import Harness

if TYPE_CHECKING:
    from subhub.plugin.provider import Provider

CREATE = "create_portal_link"


def _portals(provider: type[Provider]) -> Iterator[Case]:
    for name in (CREATE, f"{CREATE}:return_url"):
        if provider.capabilities().supports(name):
            yield Case(name)


class PortalLinkTests(ContractConfig):
    """Pages on which customers manage what they have."""

    @for_each(_portals)
    def test_a_portal_link_is_the_page_of_its_customer(self, case: Case) -> None:
        """It is not the API's or another's address, still works, and shows what is theirs."""
        harness = Harness(self)
        own = harness.subscription
        link: PortalLink = harness.perform(call_of(case.capability, harness)).returned()
        api = self.provider.stand_in_address()
        elsewhere = link.url.startswith((api, RETURN))
        expect(not elsewhere, f"`.url` must be the address of the page, got {link.url!r}")
        now = harness.fake.clock.now()
        works = link.expires_at is None or link.expires_at > now
        expect(works, f"it was created at {now}, and `.expires_at` is {link.expires_at}")
        if type(harness.fake).portal_page is not PortalPages.portal_page:
            self._check_page(harness, case, link, own)

    def _check_page(self, harness: Harness, case: Case, link: PortalLink, own: str) -> None:
        """Fail unless the sandbox has the page, with the subscription of the customer."""
        page = harness.fake.portal_page(link.url)
        shown = [found.id for found in page.subscriptions] if page else []
        expect(page and own in shown, f"the page at `.url` shows {shown!r}, and not {own!r}")
        back = page.return_url if page else None
        due = RETURN if case.capability != CREATE else back
        expect(back == due, f"the page leads back to {back!r}, and not to {due!r}")
