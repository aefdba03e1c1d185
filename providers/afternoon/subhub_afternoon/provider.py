"""The provider class: Afternoon's settings, with all operations inherited.

Each resource has its own module. All assumptions about the wire format are in `inferred`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from subhub.plugin import RateLimit
from subhub_afternoon.customers import Customers
from subhub_afternoon.envelope import PROVIDER, Refusals
from subhub_afternoon.evidence import EVIDENCE
from subhub_afternoon.following import Following
from subhub_afternoon.invoices import Invoices
from subhub_afternoon.links import Links
from subhub_afternoon.subscriptions import Subscriptions
from subhub_afternoon.usage import Usage

if TYPE_CHECKING:
    from subhub.sandbox import Fake


class Afternoon(Following, Links, Customers, Subscriptions, Invoices, Usage, Refusals):
    """Afternoon: subscriptions and usage-based billing. See https://docs.afternoon.co.

    Plans are created in its dashboard and named by their plan code. Ids are cuids without a type
    prefix.
    """

    name = PROVIDER
    base_url = "https://api.afternoon.co"
    documentation = "https://docs.afternoon.co/api-reference"
    key_prefixes: ClassVar[Mapping[str, str]] = {"live": "ak_live_", "test": "ak_test_"}
    plan_codes = True
    # per company: other keys of the same company use it up too
    rate_limit: ClassVar[RateLimit | None] = RateLimit(1000, per=60.0)
    # assumed: one that was canceled or whose end is scheduled stays so
    repeatable: ClassVar[frozenset[str]] = frozenset({"cancel_subscription"})
    billing_day_option = "billing_anchor_day"
    # a well-formed cuid that does not exist
    stand_in_id = "c000000000000000000000000"
    evidence = EVIDENCE

    @classmethod
    def sandbox(cls) -> Fake:
        """Return a new fake of Afternoon."""
        from subhub_afternoon.fake import AfternoonFake  # noqa: PLC0415 - only when asked for

        return AfternoonFake()
