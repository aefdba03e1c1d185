"""The subhub plugin for Mollie (https://docs.mollie.com)."""

from subhub_mollie.mandates import RevokedMandate
from subhub_mollie.payments import Payment
from subhub_mollie.provider import Mollie
from subhub_mollie.setup_links import MollieSettings

__all__ = ["Mollie", "MollieSettings", "Payment", "RevokedMandate"]
