"""An example of a subhub plugin: products, prices, Checkout and subscriptions of Stripe."""

from subhub_stripe_example.provider import Stripe

__all__ = ["Stripe"]
