"""The subhub plugin for Mollie (https://docs.mollie.com)."""

from subhub_mollie.mandates import Mandate, RevokedMandate
from subhub_mollie.payments import Payment
from subhub_mollie.provider import Mollie

__all__ = ["Mandate", "Mollie", "Payment", "RevokedMandate"]
