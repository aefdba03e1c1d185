"""All contract tests in one class, which a plugin's tests subclass.

    class TestAfternoon(ProviderContract):
        provider = Afternoon
        plan = PlanDraft(name="Phone", price=Money("12.50", "EUR"), interval=Interval(1, "month"))
        customer = CustomerDraft(name="Test BV", email="test@example.com")

It may be configured, and not weakened: see `guard`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from subhub.testing.contract.arguments import ArgumentTests
from subhub.testing.contract.bodies import BodyTests
from subhub.testing.contract.charges import ChargeTests
from subhub.testing.contract.declarations import DeclarationTests
from subhub.testing.contract.defaults import DefaultTests
from subhub.testing.contract.descriptions import DescriptionTests
from subhub.testing.contract.extensions import ExtensionTests
from subhub.testing.contract.faults import FaultTests
from subhub.testing.contract.fields import FieldTests
from subhub.testing.contract.flows import FlowTests
from subhub.testing.contract.guard import refuse_overrides, seal
from subhub.testing.contract.identity import IdentityTests
from subhub.testing.contract.invoices import InvoiceTests
from subhub.testing.contract.operations import OperationTests
from subhub.testing.contract.paging import PagingTests
from subhub.testing.contract.pauses import PauseTests
from subhub.testing.contract.payment_methods import PaymentMethodTests
from subhub.testing.contract.portal_links import PortalLinkTests
from subhub.testing.contract.refusals import RefusalTests
from subhub.testing.contract.secrecy import SecrecyTests
from subhub.testing.contract.signups import SignupTests
from subhub.testing.contract.statuses import StatusTests
from subhub.testing.contract.terms import TermsTests
from subhub.testing.contract.trials import TrialTests
from subhub.testing.contract.updates import UpdateTests
from subhub.testing.contract.webhook_events import WebhookEventTests
from subhub.testing.contract.webhooks import WebhookTests

if TYPE_CHECKING:
    import pytest


class ProviderContract(
    OperationTests,
    DescriptionTests,
    ArgumentTests,
    FieldTests,
    TermsTests,
    UpdateTests,
    IdentityTests,
    SignupTests,
    StatusTests,
    PauseTests,
    ChargeTests,
    InvoiceTests,
    PaymentMethodTests,
    PortalLinkTests,
    TrialTests,
    RefusalTests,
    BodyTests,
    DefaultTests,
    PagingTests,
    FaultTests,
    FlowTests,
    SecrecyTests,
    ExtensionTests,
    WebhookTests,
    WebhookEventTests,
    DeclarationTests,
):
    """The promises of subhub for every provider, checked against the provider's sandbox.

    Subclass it with a provider, a plan and a customer. Tests that cannot apply to the provider are
    named in `left_out`, each with its reason; all others must pass.
    """

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        refuse_overrides(cls)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Let pytest try each test on its cases."""
        from subhub.testing.contract.collecting import parametrize  # noqa: PLC0415 - it loads pytest

        parametrize(type(self), metafunc)


seal(ProviderContract)
