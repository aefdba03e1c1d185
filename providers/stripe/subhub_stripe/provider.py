"""The provider class: Stripe's settings, with all operations inherited."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from subhub.plugin import Encoded, Idempotency, Json, RateLimit, as_form, text_at
from subhub_stripe.evidence import DOCS, EVIDENCE
from subhub_stripe.following import Following
from subhub_stripe.invoices import Invoices
from subhub_stripe.pausing import Pausing
from subhub_stripe.payment_methods import PaymentMethods
from subhub_stripe.plans import Plans
from subhub_stripe.portal import Portal
from subhub_stripe.subscriptions import REFERENCE
from subhub_stripe.webhooks import WEBHOOKS

if TYPE_CHECKING:
    from subhub.sandbox import Fake

STRIPE_VERSION: Final = "2026-10-28.endive"
"""The API version that the wire models are written for. Without the header, Stripe uses the version
of the account: https://docs.stripe.com/api/versioning."""


class Stripe(Plans, Pausing, Following, PaymentMethods, Portal, Invoices):
    """Stripe Billing; see https://docs.stripe.com/api."""

    name = "stripe"
    base_url = "https://api.stripe.com/v1"
    documentation = f"{DOCS}/api"
    key_prefixes: ClassVar[Mapping[str, str]] = {
        "live": "sk_live_ rk_live_",
        "test": "sk_test_ rk_test_",
    }
    id_prefixes: ClassVar[Mapping[str, str]] = {
        "plan": "price_",
        "customer": "cus_",
        "subscription": "sub_",
        "payment method": "pm_",
    }
    rate_limit: ClassVar[RateLimit | None] = RateLimit(25, per=1.0)
    """The limit of a test account and of each endpoint: https://docs.stripe.com/rate-limits."""
    idempotency: ClassVar[Idempotency | None] = Idempotency("Idempotency-Key", kept_for=24 * 3600)
    """Of POST requests: https://docs.stripe.com/api/idempotent_requests."""
    subscription_reference: ClassVar[tuple[str, ...] | None] = REFERENCE
    webhooks = WEBHOOKS
    request_id_header = "request-id"
    evidence = EVIDENCE

    @classmethod
    def sandbox(cls) -> Fake:
        """Return a new fake of Stripe."""
        from subhub_stripe.sandbox import StripeFake  # noqa: PLC0415 - only when asked for

        return StripeFake()

    def credentials(self, api_key: str) -> Mapping[str, str]:
        """Return the headers with the key and the API version."""
        return {**super().credentials(api_key), "Stripe-Version": STRIPE_VERSION}

    def encode(self, body: Json) -> Encoded:
        """Encode a body as a form: https://docs.stripe.com/api."""
        return as_form(body)

    # Errors: https://docs.stripe.com/api/errors ---------------------------------------------------

    def error_message(self, body: Any) -> str | None:
        """Return the text of the error for people."""
        return text_at(body, "error", "message")

    def error_code(self, body: Any) -> str | None:
        """Return the code of the error, or its type if it has no code."""
        return text_at(body, "error", "code") or text_at(body, "error", "type")

    def error_fields(self, body: Any) -> Mapping[str, str]:
        """Return the message by the wrong parameter; Stripe names at most one."""
        parameter = text_at(body, "error", "param")
        message = text_at(body, "error", "message")
        return {parameter: message} if parameter and message else {}
