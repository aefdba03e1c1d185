"""Plans: a product is what is sold, and its price is for how much and how often.

See https://docs.stripe.com/api/products and https://docs.stripe.com/api/prices. The plan's id is
the id of the price, to which customers subscribe.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal, cast, get_args

from subhub.errors import InvalidRequest
from subhub.models import Interval, Money, Plan, PlanDraft, PlanUpdate, Result, Tax, Unit
from subhub.plugin import (
    Core,
    Flow,
    Page,
    Provider,
    Records,
    Wire,
    completed,
    get,
    path,
    post,
)
from subhub_stripe.amounts import from_minor, to_minor
from subhub_stripe.keys import keyed
from subhub_stripe.lists import StripeList, page_query

PROVIDER: Final = "stripe"
PRODUCTS: Final = "/products"
PRICES: Final = "/prices"
CHANGEABLE: Final = frozenset({"name", "description"})
"""The fields of the product. Amount and interval of a price cannot be changed."""

TaxBehavior = Literal["inclusive", "exclusive", "unspecified"]


class Product(Result):
    """A product; what exists if a plan's product was created and its price was not."""

    id: str
    name: str | None = None


class StripeProduct(Wire):
    """A `product` object."""

    id: str
    name: str | None = None
    description: str | None = None

    def to_product(self) -> Product:
        """Convert to a `Product`."""
        return Product(provider=PROVIDER, id=self.id, name=self.name, raw=self.raw)


class Recurring(Wire):
    """How often a price is billed."""

    interval: str
    interval_count: int = 1

    def to_interval(self) -> Interval | None:
        """Return the interval, or `None` if its unit is unknown."""
        if self.interval not in get_args(Unit):
            return None
        return Interval(self.interval_count, cast("Unit", self.interval))


class StripePrice(Wire):
    """A `price` object; its product is an object if it was expanded."""

    id: str
    currency: str
    unit_amount: Core[int | None] = None
    unit_amount_decimal: Core[Decimal | None] = None
    recurring: Recurring | None = None
    product: str | StripeProduct | None = None
    lookup_key: str | None = None
    tax_behavior: str | None = None

    def price(self) -> Money | None:
        """Return the price of one unit, or `None` for a price in tiers."""
        amount = self.unit_amount_decimal if self.unit_amount is None else self.unit_amount
        return None if amount is None else from_minor(amount, self.currency)

    def interval(self) -> Interval | None:
        """Return the billing interval."""
        return self.recurring.to_interval() if self.recurring else None

    def to_plan(self, product: StripeProduct | None = None) -> Plan:
        """Convert to a `Plan`; *product* wins over the product in the price, which may be older."""
        inside = self.product if isinstance(self.product, StripeProduct) else None
        sold = product or inside
        return Plan(
            provider=PROVIDER,
            id=self.id,
            name=sold.name if sold else None,
            price=self.price(),
            interval=self.interval(),
            description=sold.description if sold else None,
            tax=cast("Tax", self.tax_behavior) if self.tax_behavior in get_args(Tax) else None,
            code=self.lookup_key,
            raw=self.raw,
        )


class PriceList(StripeList):
    """One page of prices."""

    data: Records[StripePrice]


class Plans(Provider):
    """The operations on plans."""

    def create_plan(
        self,
        draft: PlanDraft,
        *,
        tax_behavior: TaxBehavior | None = None,
        idempotency_key: str | None = None,
    ) -> Flow[Plan]:
        """Create a product and its price; if the price fails, `error.completed` has the product.

        `public` is not sent, because Stripe has no public list of plans.

        Args:
            draft: The plan.
            tax_behavior: Whether the price includes tax, as `tax` of the draft says too.
            idempotency_key: With a key, the call is safe to repeat.
        """
        _untaxed(draft.tax_rate)
        if tax_behavior is not None and draft.tax not in {None, tax_behavior}:
            problem = f"must not differ from `tax_behavior`, got {draft.tax!r}. Give one of them"
            raise InvalidRequest.of("tax", problem)
        terms = {
            "currency": draft.price.currency.lower(),
            "unit_amount": to_minor(draft.price),
            "recurring": {
                "interval": draft.interval.unit,
                "interval_count": draft.interval.count,
            },
            "lookup_key": draft.code,
            "tax_behavior": tax_behavior or draft.tax,
            "expand": ["product"],
        }
        body = {"name": draft.name, "description": draft.description}
        product = yield from post(PRODUCTS, StripeProduct, body, keyed(idempotency_key, "product"))
        with completed(product.to_product()):
            terms["product"] = product.id
            price = yield from post(PRICES, StripePrice, terms, keyed(idempotency_key, "price"))
        return price.to_plan()

    def get_plan(self, plan_id: str) -> Flow[Plan]:
        """Read a plan with its product."""
        price = yield from _price(plan_id)
        return price.to_plan()

    def list_plans(self, cursor: str | None = None) -> Flow[Page[Plan]]:
        """List plans (Stripe's recurring prices), one page at a time."""
        query = page_query(cursor, type="recurring", **{"expand[]": "data.product"})
        prices = yield from get(PRICES, PriceList, query)
        return prices.page(prices.data, StripePrice.to_plan)

    def update_plan(self, plan_id: str, changes: PlanUpdate) -> Flow[Plan]:
        """Change the name or description of the product, and so of all plans of the product."""
        for field in changes.changes():
            if field not in CHANGEABLE:
                problem = "a Stripe price cannot be changed"
                remedy = "Create a new plan, and change the subscriptions to it"
                raise InvalidRequest.of(field, f"{problem}. {remedy}")
        price = yield from _price(plan_id)
        known = price.product
        product_id = known.id if isinstance(known, StripeProduct) else known
        product = yield from post(
            path(PRODUCTS + "/{}", product_id or ""), StripeProduct, changes.changes()
        )
        return price.to_plan(product)


def _price(plan_id: str) -> Flow[StripePrice]:
    return get(path(PRICES + "/{}", plan_id), StripePrice, {"expand[]": "product"})


def _untaxed(rate: Decimal | None) -> None:
    """Refuse a tax rate: if it were silently dropped, every invoice would lack the tax."""
    if rate is None:
        return
    problem = (
        "a Stripe price has no tax rate. Create a tax rate in Stripe's dashboard, and pass its id "
        "as `default_tax_rates` in the provider_options of subscribe and create_signup_link"
    )
    raise InvalidRequest.of("tax_rate", problem)
