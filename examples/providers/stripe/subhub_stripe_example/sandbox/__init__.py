"""The fake of Stripe: what its API is documented to do, kept in memory.

It is written from Stripe's documents and imports nothing of the plugin's.
"""

from subhub_stripe_example.sandbox.fake import StripeFake

__all__ = ["StripeFake"]
