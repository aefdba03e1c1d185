"""The contract suite, with which plugin authors prove that a plugin does what subhub promises."""

from subhub.testing.contract.report import SUITE_VERSION
from subhub.testing.contract.suite import ProviderContract

__all__ = ["SUITE_VERSION", "ProviderContract"]
