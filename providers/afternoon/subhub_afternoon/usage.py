"""Usage: events that are billed, credits that pay for them, and the balances of a customer.

See https://docs.afternoon.co/api-reference/afternoon-events-api/events/ingest. The fields of most
answers were not visible: they are in `raw`.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from subhub.errors import InvalidRequest
from subhub.models import Result
from subhub.plugin import Flow, Json, Provider, Wire, get, path, post
from subhub_afternoon.envelope import PROVIDER, Envelope
from subhub_afternoon.refusals import cuid, json_object, positive, text
from subhub_afternoon.terms import instant

INGEST: Final = "/v1/events/ingest"


class CreditGrant(Result):
    """Credits that were given; *id* is `None` when the answer has none."""

    id: str | None = None


class CustomerBalances(Result):
    """The wallets of the customer *id*, all of it in `raw`: no field was documented."""

    id: str


class IngestedEvent(Result):
    """An event that Afternoon holds.

    *id* is that of the stored event, the same one when the event was repeated. *status* is
    Afternoon's word for the outcome. Cost, balances, and an `error` if there is one, are in `raw`.
    """

    id: str | None = None
    status: str | None = None


class AfternoonCreditGrant(Wire):
    """A `credit_grant` object; none of its fields is documented."""

    id: str | None = None


class CreditGrantEnvelope(Envelope):
    """An answer with a credit grant."""

    credit_grant: AfternoonCreditGrant


class IngestEnvelope(Envelope):
    """An answer to an event, without an object around its fields."""

    usage_id: str | None = None
    status: str | None = None


class Usage(Provider):
    """The operations on usage, reached by `client.call`."""

    def ingest_event(
        self,
        *,
        event_name: str,
        idempotency_key: str,
        customer_id: str,
        timestamp: dt.datetime,
        properties: Json | None = None,
    ) -> Flow[IngestedEvent]:
        """Record one billable event.

        An event that is repeated under its *idempotency_key* is stored once, so that a call whose
        answer was lost may be repeated. *timestamp* needs a time zone. For how long a key is
        remembered is not documented.
        """
        body: dict[str, Any] = {
            "event_name": text("event_name", event_name),
            "idempotency_key": text("idempotency_key", idempotency_key),
            "customer_id": cuid("customer_id", customer_id),
            "timestamp": instant("timestamp", timestamp),
        }
        if properties is not None:
            body["properties"] = json_object("properties", properties)
        answer = yield from post(INGEST, IngestEnvelope, body)
        return IngestedEvent(
            provider=PROVIDER, id=answer.usage_id, status=answer.status, raw=answer.raw
        )

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
        """Give credits to a subscription: in a unit (`"gpu_sec"`) or in money (`"usd"`).

        *amount* is above zero; of money, whether it counts cents or dollars is not documented.
        Without *expires_at* the credits do not expire. See
        https://docs.afternoon.co/api-reference/afternoon-events-api/subscriptions/create-credit-grant.
        """
        if (pricing_unit_code is None) == (currency_code is None):
            raise InvalidRequest.of(
                "currency_code", "give either `currency_code` or `pricing_unit_code`"
            )
        body = {"name": text("name", name), "amount": positive("amount", amount)}
        if pricing_unit_code is not None:
            body["pricing_unit_code"] = text("pricing_unit_code", pricing_unit_code)
        if currency_code is not None:
            body["currency_code"] = text("currency_code", currency_code).lower()
        if expires_at is not None:
            body["expires_at"] = instant("expires_at", expires_at)
        found = cuid("subscription_id", subscription_id)
        address = path("/v1/subscriptions/{}/credit-grants", found)
        answer = yield from post(address, CreditGrantEnvelope, body)
        grant = answer.credit_grant
        return CreditGrant(provider=PROVIDER, id=grant.id, raw=grant.raw)

    def customer_balances(self, customer_id: str) -> Flow[CustomerBalances]:
        """Read the balances of a customer's wallets.

        See https://docs.afternoon.co/api-reference/afternoon-events-api/customers/list-balances.
        """
        address = path("/v1/customers/{}/balances", cuid("customer_id", customer_id))
        answer = yield from get(address, Envelope)
        return CustomerBalances(provider=PROVIDER, id=customer_id, raw=answer.raw)
