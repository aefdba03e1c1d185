"""Payment methods: what a customer has agreed to be charged by, and the page to agree on."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AwareDatetime, Field

from subhub.models.record import Result


class PaymentMethodStatus(StrEnum):
    """Whether a payment method can be charged, in neutral terms."""

    VALID = "valid"
    """The provider takes it for a charge. That the charge succeeds is not certain."""
    PENDING = "pending"
    """It cannot be charged yet: the provider waits for a bank or for the first payment."""
    INVALID = "invalid"
    """It cannot be charged any more."""
    UNKNOWN = "unknown"
    """The provider's word for it, if any, is in `raw_status`, and its meaning is not known."""


class PaymentMethod(Result):
    """A means to charge a customer: pass it, or its id, to `subscribe` as `payment_method`.

    The account or card is not a field: what the provider shows of it is in `raw`.

    Attributes:
        id: The provider's id of it.
        customer_id: The provider's id of the customer.
        kind: `card`, `direct_debit` or `paypal`; for anything else, the provider's own word.
        status: Whether it can be charged, in neutral terms.
        raw_status: The provider's own word for it.
        created_at: When it was created.
    """

    id: str
    customer_id: str | None = None
    kind: str | None = None
    status: PaymentMethodStatus = PaymentMethodStatus.UNKNOWN
    raw_status: str | None = None
    created_at: AwareDatetime | None = None


class SetupLink(Result):
    """A page on which a customer agrees to be charged later; nothing is sold there.

    What came of it is in `payment_methods` of the customer.

    Attributes:
        id: The provider's id of the link.
        url: The address to pass to the customer unchanged. Whoever has it can use it, so it is left
            out of the repr.
        expires_at: When it stops working.
        customer_id: The customer who is to agree.
        created_at: When it was created, by the provider's clock.
    """

    id: str
    url: str = Field(repr=False)
    expires_at: AwareDatetime | None = None
    customer_id: str | None = None
    created_at: AwareDatetime | None = None
