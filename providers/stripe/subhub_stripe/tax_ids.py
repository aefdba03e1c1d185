"""VAT ids, which are objects of their own at Stripe; see https://docs.stripe.com/api/tax_ids.

Stripe knows many types of tax ids. Those whose value begins with the country's letters are the VAT
ids of subhub: https://docs.stripe.com/billing/customer/tax-ids#supported-tax-id.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pydantic import AwareDatetime

from subhub.errors import InvalidRequest
from subhub.plugin import Text, Wire

_MEMBERS: Final = (
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI"
)
EUROPEAN: Final = frozenset(_MEMBERS.split())
"""The letters of the member states; EL is Greece, and XI is Northern Ireland."""
TYPES: Final = {**dict.fromkeys(EUROPEAN, "eu_vat"), "GB": "gb_vat"}
"""The type of a VAT id, by its first two letters."""


class StripeTaxId(Wire):
    """A `tax_id` object."""

    id: Text
    type: str
    value: str
    created: AwareDatetime


class StripeTaxIds(Wire):
    """The `tax_ids` of a customer."""

    data: list[StripeTaxId]


def tax_id_data(vat_id: str) -> dict[str, str]:
    """Return the parameters of a tax id; Stripe verifies it later, and keeps it meanwhile."""
    kind = TYPES.get(vat_id[:2])
    if kind is None:
        problem = (
            f"begins with {vat_id[:2]}: known are {', '.join(sorted(TYPES))}. Leave it out, and "
            "add the tax id in Stripe's dashboard"
        )
        raise InvalidRequest.of("vat_id", problem)
    return {"type": kind, "value": vat_id}


def newest(tax_ids: Iterable[StripeTaxId]) -> StripeTaxId | None:
    """Return the VAT id of a customer: of several, the one that was added last."""
    kinds = set(TYPES.values())
    known = [tax_id for tax_id in tax_ids if tax_id.type in kinds]
    return max(known, key=lambda tax_id: tax_id.created, default=None)
