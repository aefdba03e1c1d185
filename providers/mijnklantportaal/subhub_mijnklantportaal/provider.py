"""The provider class: MijnKlantportaal's settings, with all operations inherited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub.plugin import Absence, Evidence, RateLimit, TokenEndpoint, Webhooks
from subhub_mijnklantportaal.addresses import BASE_URL, DOCUMENTATION, NAME
from subhub_mijnklantportaal.evidence import EVIDENCE
from subhub_mijnklantportaal.following import FollowingFlows
from subhub_mijnklantportaal.invoices import InvoiceFlows
from subhub_mijnklantportaal.payment_links import PaymentLinkFlows
from subhub_mijnklantportaal.signups import SignupFlows
from subhub_mijnklantportaal.webhook_records import WebhookRecordFlows
from subhub_mijnklantportaal.webhooks import WEBHOOKS

if TYPE_CHECKING:
    from subhub.sandbox import Fake


class MijnKlantportaal(
    FollowingFlows, SignupFlows, PaymentLinkFlows, InvoiceFlows, WebhookRecordFlows
):
    """A portal at MijnKlantportaal; see https://docs.developers.mijnklantportaal.nl.

    The key is sent in the `Authorization` header, as in the API description and all examples. One
    page of prose says `Authentication`. Key prefixes are not documented.

    The time zone of times without an offset is not documented. The Netherlands are assumed; the
    account's `timezone` overrides that.
    """

    name: ClassVar[str] = NAME
    base_url: ClassVar[str] = BASE_URL
    documentation: ClassVar[str] = DOCUMENTATION
    timezone: ClassVar[str] = "Europe/Amsterdam"
    # only the beginning of an id is checked: examples have `sub__`, although `sub_` is documented;
    # `cst_`, `sub_` and `mdt_` are also prefixes of Mollie, so an id of Mollie passes
    id_prefixes: ClassVar[Mapping[str, str]] = {
        "customer": "cst_",
        "plan": "spg_",
        "subscription": "sub_",
        "payment method": "mdt_",
        "invoice": "inv_",
    }
    # documented both as a rolling minute and as requests per minute
    rate_limit: ClassVar[RateLimit | None] = RateLimit(60, per=60.0)
    # oauth/endpoints/refresh-token; how long a token lasts is not documented
    oauth: ClassVar[TokenEndpoint | None] = TokenEndpoint(
        "https://manage.mijnklantportaal.nl/oauth/tokens", client="body", body="json"
    )
    # it is sent by our clock, and whether the status changes immediately is not documented
    end_field: ClassVar[str] = "terminatedAt"
    # it is read first, and one that is over is left as it is
    repeatable: ClassVar[frozenset[str]] = frozenset({"cancel_subscription"})
    # packages have no `createdAt`, so a lost one cannot be recognized by its time
    dated: ClassVar[frozenset[str]] = frozenset({"customer", "subscription"})
    webhooks: ClassVar[Webhooks | None] = WEBHOOKS
    evidence: ClassVar[Mapping[str, Evidence | Absence]] = EVIDENCE

    @classmethod
    def sandbox(cls) -> Fake:
        """Return a new fake of a portal."""
        from subhub_mijnklantportaal.sandbox import (  # noqa: PLC0415 - programs do not need it
            MijnKlantportaalFake,
        )

        return MijnKlantportaalFake()
