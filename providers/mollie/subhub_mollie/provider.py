"""The provider class: Mollie's name and address; the operations are inherited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub.plugin import Idempotency, TokenEndpoint
from subhub_mollie.access import PREFIX
from subhub_mollie.customers import Customers
from subhub_mollie.evidence import EVIDENCE
from subhub_mollie.hal import PROVIDER
from subhub_mollie.mandates import Mandates
from subhub_mollie.setup_links import SetupLinks
from subhub_mollie.subscriptions import REFERENCE, Subscriptions
from subhub_mollie.webhooks import WEBHOOKS

if TYPE_CHECKING:
    from subhub.sandbox import Fake


class Mollie(Customers, Subscriptions, SetupLinks, Mandates):
    """Mollie: https://docs.mollie.com/reference.

    It is reached with an API key, which belongs to one website profile and one mode, or with an
    access token and the settings that say both.

    Mollie documents no numbers for its rate limits
    (https://docs.mollie.com/reference/rate-limiting): it computes them from the traffic of each
    account. So none is set here, and a 429 is retried.
    """

    name = PROVIDER
    base_url = "https://api.mollie.com/v2"
    documentation = "https://docs.mollie.com/reference"
    key_prefixes: ClassVar[Mapping[str, str]] = {"live": "live_", "test": "test_", "any": PREFIX}
    oauth: ClassVar[TokenEndpoint | None] = TokenEndpoint("https://api.mollie.com/oauth2/tokens")
    """https://docs.mollie.com/reference/oauth-generate-tokens; a token lasts an hour."""
    id_prefixes: ClassVar[Mapping[str, str]] = {
        "customer": "cst_",
        "subscription": "sub_",
        "payment method": "mdt_",
    }
    idempotency: ClassVar[Idempotency | None] = Idempotency("Idempotency-Key", kept_for=3600)
    """Of POST requests alone: https://docs.mollie.com/reference/api-idempotency."""
    subscription_reference: ClassVar[tuple[str, ...] | None] = REFERENCE
    dated: ClassVar[frozenset[str]] = frozenset({"customer", "subscription"})
    # No prefix: one id stands in for all kinds, and that of a subscription has two parts.
    stand_in_id = "nobody:nobody"
    webhooks = WEBHOOKS
    evidence = EVIDENCE

    @classmethod
    def sandbox(cls) -> Fake:
        """Return a new fake of Mollie."""
        from subhub_mollie.fake import MollieFake  # noqa: PLC0415 - only when asked for

        return MollieFake()
