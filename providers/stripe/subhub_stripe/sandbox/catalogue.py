"""The fake's endpoints for products and prices.

See https://docs.stripe.com/api/products and https://docs.stripe.com/api/prices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from subhub.sandbox import JsonObject, Received, Reply, route
from subhub_stripe.sandbox.ledger import Ledger

if TYPE_CHECKING:
    from subhub.models import PlanDraft

LONGEST: Final = 3 * 365
"""The longest interval is three years, here in days whatever the unit."""
UNITS: Final = {"day", "week", "month", "year"}
OTHER_DIGITS: Final = {"ISK": 2, "UGX": 2, "MGA": 0}
"""The currencies in which https://docs.stripe.com/currencies differs from ISO 4217."""


class Catalogue(Ledger):
    """The endpoints for products and prices."""

    def add_plan(self, key: str, draft: PlanDraft) -> str:
        """Create a product with a price, and return the price's id."""
        del key
        digits = OTHER_DIGITS.get(draft.price.currency, draft.price.minor_digits)
        product = self._product({"name": draft.name, "description": draft.description})
        terms: JsonObject = {
            "product": product["id"],
            "currency": draft.price.currency.lower(),
            "unit_amount": str(int(draft.price.amount.scaleb(digits))),
            "recurring": {
                "interval": draft.interval.unit,
                "interval_count": str(draft.interval.count),
            },
            "lookup_key": draft.code,
        }
        price_id: str = self._price(terms)["id"]
        return price_id

    @route("POST", "/products")
    def create_product(self, received: Received) -> Reply:
        """Create a product."""
        return Reply.json(200, self._product(self.accepted(received, "name", "description")))

    @route("POST", "/products/{}")
    def update_product(self, received: Received, product_id: str) -> Reply:
        """Change the fields that are sent."""
        product = self.found(self.products, "product", product_id)
        product.update(self.accepted(received, "name", "description"))
        return Reply.json(200, product)

    @route("POST", "/prices")
    def create_price(self, received: Received) -> Reply:
        """Create a price of a product."""
        known = ("product", "currency", "unit_amount", "recurring", "lookup_key", "tax_behavior")
        given = self.accepted(received, *known)
        price = self._price(given)
        return Reply.json(200, self._shown(price, self.expanded(received)))

    @route("GET", "/prices/{}")
    def get_price(self, received: Received, price_id: str) -> Reply:
        """Read a price."""
        price = self.found(self.prices, "price", price_id)
        return Reply.json(200, self._shown(price, self.expanded(received)))

    @route("GET", "/prices")
    def list_prices(self, received: Received) -> Reply:
        """List prices, one page at a time; all prices here are recurring."""
        expand = self.expanded(received, "data.")
        return self.listed(received, [self._shown(price, expand) for price in self.prices.values()])

    def _product(self, given: JsonObject) -> JsonObject:
        name = self.needed(given, "name")
        description = given.get("description")
        product = self.new("product", "prod", active=True, name=name, description=description)
        self.products[product["id"]] = product
        return product

    def _price(self, given: JsonObject) -> JsonObject:
        product = self.found(self.products, "product", self.needed(given, "product"), named=True)
        amount, recurring = self.needed(given, "unit_amount"), self.needed(given, "recurring")
        if not amount.isdecimal():
            raise self.refused(400, f"Invalid integer: {amount}", param="unit_amount")
        if recurring.get("interval") not in UNITS:
            raise self.refused(400, "Invalid recurring[interval]", param="recurring[interval]")
        count = int(recurring.get("interval_count", "1"))
        if not 1 <= count <= LONGEST:
            param = "recurring[interval_count]"
            raise self.refused(400, f"Invalid {param}", param=param)
        price = self.new(
            "price",
            "price",
            active=True,
            type="recurring",
            billing_scheme="per_unit",
            product=product["id"],
            currency=self.needed(given, "currency"),
            unit_amount=int(amount),
            unit_amount_decimal=str(int(amount)),
            recurring={
                "interval": recurring["interval"],
                "interval_count": count,
                "usage_type": "licensed",
            },
            lookup_key=given.get("lookup_key"),
            tax_behavior=given.get("tax_behavior", "unspecified"),
            metadata={},
        )
        self.prices[price["id"]] = price
        return price

    def _shown(self, price: JsonObject, expand: set[str]) -> JsonObject:
        if "product" not in expand:
            return price
        return {**price, "product": self.products[price["product"]]}
