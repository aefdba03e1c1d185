"""The provider: everything that MijnKlantportaal can do, and where it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub.plugin import Absence, Evidence, RateLimit
from subhub_mijnklantportaal.addresses import BASE_URL, DOCUMENTATION, NAME
from subhub_mijnklantportaal.customers import CustomerFlows
from subhub_mijnklantportaal.evidence import EVIDENCE
from subhub_mijnklantportaal.invoices import InvoiceFlows
from subhub_mijnklantportaal.packages import PlanFlows
from subhub_mijnklantportaal.payment_links import PaymentLinkFlows
from subhub_mijnklantportaal.signups import SignupFlows
from subhub_mijnklantportaal.subscriptions import SubscriptionFlows

if TYPE_CHECKING:
    from subhub.sandbox import Fake


class MijnKlantportaal(
    PlanFlows, CustomerFlows, SignupFlows, SubscriptionFlows, PaymentLinkFlows, InvoiceFlows
):
    """A portal at MijnKlantportaal; see https://docs.developers.mijnklantportaal.nl.

    The key goes into the `Authorization` header, as the API description and every example have it;
    one page of prose calls the header `Authentication`. How a key begins is not documented.

    The zone of times without one is not documented either: that it is the Netherlands' is an
    assumption, and the account's `timezone` replaces it.
    """

    name: ClassVar[str] = NAME
    base_url: ClassVar[str] = BASE_URL
    documentation: ClassVar[str] = DOCUMENTATION
    timezone: ClassVar[str] = "Europe/Amsterdam"
    id_prefixes: ClassVar[Mapping[str, str]] = {
        "customer": "cst_",
        "plan": "spg_",
        "subscription": "sub_",
        "payment method": "mdt_",
    }
    rate_limit: ClassVar[RateLimit | None] = RateLimit(60, per=60.0)
    dated: ClassVar[frozenset[str]] = frozenset({"customer", "subscription"})
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = EVIDENCE

    @classmethod
    def sandbox(cls) -> Fake:
        """A fresh fake of a portal."""
        from subhub_mijnklantportaal.sandbox import (  # noqa: PLC0415 - programs do not need it
            MijnKlantportaalFake,
        )

        return MijnKlantportaalFake()
