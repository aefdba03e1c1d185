"""The contract suite: with it, whoever writes a plugin proves that it does what subhub promises."""

from subhub.testing.contract.report import SUITE_VERSION
from subhub.testing.contract.suite import ProviderContract

__all__ = ["SUITE_VERSION", "ProviderContract"]
