"""Usage: billable events, credit grants, and the balances of a customer.

See https://docs.afternoon.co/api-reference/afternoon-events-api/events/ingest. Most response fields
are not documented: they are in `raw`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Final

from subhub.errors import InvalidRequest
from subhub.models import Result
from subhub.plugin import Core, Flow, Json, Provider, Text, Wire, get, given, path, post
from subhub_afternoon.envelope import PROVIDER, Envelope
from subhub_afternoon.refusals import cuid, json_object, maybe, positive, text
from subhub_afternoon.terms import instant

INGEST: Final = "/v1/events/ingest"


class CreditGrant(Result):
    """Granted credits; *id* is `None` if the response has none."""

    id: str | None = None


class CustomerBalances(Result):
    """The wallets of the customer *id*, in `raw`: no field is documented."""

    id: str


class IngestedEvent(Result):
    """A stored event.

    *id* is the id of the stored event, the same for a repeated one. *status* is Afternoon's word
    for the outcome. Cost, balances and a possible `error` are in `raw`.
    """

    id: str | None = None
    status: str | None = None


class AfternoonCreditGrant(Wire):
    """A `credit_grant` object; its fields are not documented."""

    id: Core[Text | None] = None


class CreditGrantEnvelope(Envelope):
    """A response with a credit grant."""

    credit_grant: AfternoonCreditGrant


class IngestEnvelope(Envelope):
    """A response to an event; its fields are at the top level."""

    usage_id: Core[Text | None] = None
    status: Core[str | None] = None


class Usage(Provider):
    """The operations on usage, used with `client.call`."""

    def ingest_event(
        self,
        *,
        event_name: str,
        idempotency_key: str,
        customer_id: str,
        timestamp: dt.datetime,
        properties: Json | None = None,
    ) -> Flow[IngestedEvent]:
        """Store a billable event.

        A repeated event with the same *idempotency_key* is stored once, so a call whose response
        was lost can be repeated. How long a key is remembered is not documented.

        Args:
            event_name: The name of the event.
            idempotency_key: A unique key for the event.
            customer_id: The customer's id.
            timestamp: When the event happened, with a time zone.
            properties: More about the event, as JSON.
        """
        body = given(
            event_name=text("event_name", event_name),
            idempotency_key=text("idempotency_key", idempotency_key),
            customer_id=cuid("customer_id", customer_id),
            timestamp=instant("timestamp", timestamp),
            properties=maybe(json_object, "properties", properties),
        )
        answer = yield from post(INGEST, IngestEnvelope, body)
        event = IngestedEvent(provider=PROVIDER, id=answer.usage_id, status=answer.status)
        return answer.whole(event)

    def create_credit_grant(
        self,
        subscription_id: str,
        *,
        name: str,
        amount: Decimal | int | str,
        pricing_unit_code: str | None = None,
        currency_code: str | None = None,
        expires_at: dt.datetime | None = None,
    ) -> Flow[CreditGrant]:
        """Grant credits to a subscription, in a pricing unit or in money.

        See
        https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/create-credit-grant.

        Args:
            subscription_id: The subscription's id.
            name: The name of the grant.
            amount: The number of credits, above zero. Whether an amount of money is in cents or
                dollars is not documented.
            pricing_unit_code: The pricing unit, such as `gpu_sec`.
            currency_code: The currency, such as `usd`.
            expires_at: When the credits expire, with a time zone; by default never.
        """
        if (pricing_unit_code is None) == (currency_code is None):
            raise InvalidRequest.of(
                "currency_code", "give exactly one of `currency_code` and `pricing_unit_code`"
            )
        # Afternoon writes currency codes in lower case
        currency = None if currency_code is None else currency_code.lower()
        body = given(
            name=text("name", name),
            amount=positive("amount", amount),
            pricing_unit_code=maybe(text, "pricing_unit_code", pricing_unit_code),
            currency_code=maybe(text, "currency_code", currency),
            expires_at=maybe(instant, "expires_at", expires_at),
        )
        found = cuid("subscription_id", subscription_id)
        address = path("/v1/subscriptions/{}/credit-grants", found)
        answer = yield from post(address, CreditGrantEnvelope, body)
        return answer.whole(CreditGrant(provider=PROVIDER, id=answer.credit_grant.id))

    def customer_balances(self, customer_id: str) -> Flow[CustomerBalances]:
        """Read the balances of a customer's wallets.

        See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/list-balances.
        """
        address = path("/v1/customers/{}/balances", cuid("customer_id", customer_id))
        answer = yield from get(address, Envelope)
        return answer.whole(CustomerBalances(provider=PROVIDER, id=customer_id))
