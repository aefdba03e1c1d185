"""An example of a subhub plugin: Stripe's products, prices, Checkout and subscriptions."""

from subhub_stripe.payment_methods import StripeSettings
from subhub_stripe.provider import Stripe

__all__ = ["Stripe", "StripeSettings"]
