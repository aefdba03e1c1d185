"""Setup links: a first payment by which a customer agrees to be charged later.

See https://docs.mollie.com/docs/recurring-payments. Mollie has no page without a payment: it
suggests one of 0.01 EUR, and one of zero for cards and PayPal
(https://help.mollie.com/hc/en-us/articles/214072489).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Final

from pydantic import BeforeValidator

from subhub.errors import InvalidRequest
from subhub.models import Money, SetupLink
from subhub.plugin import Flow, Settings
from subhub_mollie.access import AccessSettings
from subhub_mollie.payments import Payments

WITHOUT_MONEY: Final = ("creditcard", "paypal")
"""The methods with which a first payment of zero can be made."""


def _amount(value: object) -> Money:
    """Return an amount, which a file writes as text; anything else is a `ValueError`."""
    try:
        amount = Money.parse(value) if isinstance(value, str) else value
        if isinstance(amount, Money) and Decimal(amount.to_text()) >= 0:
            return amount
    except InvalidRequest as error:
        raise ValueError(str(error)) from None  # pydantic collects no other error
    raise ValueError(f"must be an amount >= 0, such as '0.01 EUR', got {value!r}")


class MollieSettings(AccessSettings):
    """What an account has besides its key: also the first payment of its setup links.

    Attributes:
        setup_amount: What a customer pays; zero lets them agree with a card.
        setup_description: What it is for, as it appears on the bank statement.
    """

    setup_amount: Annotated[Money, BeforeValidator(_amount)] = Money("0.01", "EUR")
    setup_description: str = "Authorization of later payments"


class SetupLinks(Payments):
    """The operation that has a customer agree to be charged."""

    settings: MollieSettings
    settings_model: ClassVar[type[Settings]] = MollieSettings

    def create_setup_link(
        self,
        *,
        customer: str,
        return_url: str | None = None,
        back_url: str | None = None,
        method: str | None = None,
        webhook_url: str | None = None,
        metadata: dict[str, str] | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[SetupLink]:
        """Create a page on which a customer makes a first payment, of the account's amount.

        Args:
            customer: The customer's id.
            return_url: Where the browser goes afterwards, paid or not; Mollie requires it.
            back_url: Where it goes instead when the customer cancels.
            method: Mollie's word for how to pay; without it, the customer chooses. A payment of
                zero is by card without it.
            webhook_url: What Mollie calls when the payment changes.
            metadata: What else to keep with the payment.
            idempotency_key: Makes the request repeatable for an hour.
        """
        if return_url is None:
            problem = "is required at Mollie, whose page leads to it: give an address of your shop"
            raise InvalidRequest.of("return_url", problem)
        amount = self.settings.setup_amount
        if not amount.amount:
            method = _without_money(method)
        return (
            yield from self.create_first_payment(
                customer,
                amount=amount,
                description=self.settings.setup_description,
                redirect_url=return_url,
                cancel_url=back_url,
                webhook_url=webhook_url,
                method=method,
                metadata=metadata,
                idempotency_key=idempotency_key,
            )
        )


def _without_money(method: str | None) -> str:
    if method is None:
        return WITHOUT_MONEY[0]
    if method not in WITHOUT_MONEY:
        problem = f"a payment of zero takes {' or '.join(WITHOUT_MONEY)}, got {method!r}"
        raise InvalidRequest.of("method", f"{problem}: raise the account's `setup_amount`")
    return method
