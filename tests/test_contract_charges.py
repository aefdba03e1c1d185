"""What the contract tests of charges, invoices and signups say of seeded mistakes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any

import pytest
from subhub_afternoon import Afternoon
from subhub_mijnklantportaal import MijnKlantportaal
from subhub_mollie import Mollie
from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import InvoiceStatus, PaymentMethodStatus, Signup, SignupLink, Status, Subscription
from subhub.models import Customer, Invoice
from subhub.plugin import Absence, Flow, Page, Provider
from subhub.sandbox import Fake, Received, Reply, route
from subhub.testing.contract import guard
from subhub.testing.contract.cases import items_of
from subhub.testing.contract.harness import Call, Harness
from tests.contract.mini import Mini
from tests.mutations.workshop import CONTRACTS
from tests.test_contract_meaning import judged

HIDDEN = "test_a_charge_that_fails_is_not_hidden"
LISTED = "test_who_does_not_pay_is_listed"
MEANING = "test_a_status_of_an_invoice_keeps_its_meaning"
PAID = "test_an_invoice_is_paid_when_the_provider_says_so"
OTHER = "test_the_signup_of_another_customer_is_not_taken"
PLAN = "test_a_signup_to_another_plan_is_not_taken"
OLDER = "test_an_older_signup_is_not_taken"
EXPIRES = "test_a_signup_link_expires"


def fake_of(fake: type[Fake]) -> Any:
    """Return a `sandbox` of a plugin."""

    def create(_: type[Provider]) -> Fake:
        return fake()

    return classmethod(create)


def always_active(plugin: Afternoon, subscription_id: str) -> Flow[Subscription]:
    """Read a subscription, and say that it is active."""
    found = yield from Afternoon.get_subscription(plugin, subscription_id)
    return found.model_copy(update={"status": Status.ACTIVE})


def always_valid(plugin: Mollie, cursor: str | None = None, *, customer: str) -> Flow[Page[Any]]:
    """List mandates, and say that they are valid."""
    page = yield from Mollie.payment_methods(plugin, cursor, customer=customer)
    valid = {"status": PaymentMethodStatus.VALID}
    return Page([method.model_copy(update=valid) for method in page.items])


def only_paid(
    plugin: Mollie, cursor: str | None = None, *, customer: str | None = None
) -> Flow[Page[Subscription]]:
    """List the subscriptions that are active."""
    page = yield from Mollie.list_subscriptions(plugin, cursor, customer=customer)
    return Page([found for found in page.items if found.status is Status.ACTIVE])


@pytest.mark.parametrize(
    ("test", "name", "mistake", "problem"),
    [
        (HIDDEN, "afternoon", {"get_subscription": always_active}, "'past_due' is read as"),
        (HIDDEN, "mollie", {"payment_methods": always_valid}, "'invalid' is read as"),
        (LISTED, "mollie", {"list_subscriptions": only_paid}, "that is 'suspended' is not in the"),
    ],
)
def test_who_does_not_pay_is_not_hidden(
    test: str, name: str, mistake: dict[str, Any], problem: str
) -> None:
    assert judged(test, CONTRACTS[name]) == ""
    assert problem in judged(test, CONTRACTS[name], **mistake)


@pytest.mark.parametrize("test", [HIDDEN, LISTED])
def test_a_plugin_that_reads_no_subscriptions_is_not_judged(test: str) -> None:
    assert list(items_of(guard.tests()[test], Mini)) == []


def test_charges_are_made_also_after_a_request() -> None:
    harness = Harness(CONTRACTS["mollie"]())
    read = Call("get_subscription", (harness.subscription,))
    _ = harness.perform(read)

    _ = harness.fake.clock.advance(days=40)

    assert len(harness.fake.charges) == 2


# Invoices -----------------------------------------------------------------------------------------


def showing(say: Callable[[Invoice], InvoiceStatus]) -> Any:
    """Return a `get_invoice` that says what *say* returns of the status."""

    def get_invoice(plugin: MijnKlantportaal, invoice_id: str) -> Flow[Invoice]:
        found = yield from MijnKlantportaal.get_invoice(plugin, invoice_id)
        return found.model_copy(update={"status": say(found)})

    return get_invoice


def exchanged(found: Invoice) -> InvoiceStatus:
    """Say that it is open when it is paid."""
    return InvoiceStatus.OPEN if found.paid_at else InvoiceStatus.PAID


def by_number(found: Invoice) -> InvoiceStatus:
    """Say by its number whether it is paid."""
    return InvoiceStatus.PAID if found.number == "2025-1" else InvoiceStatus.OPEN


def always(status: InvoiceStatus) -> Callable[[Invoice], InvoiceStatus]:
    """Say one thing of every invoice."""

    def say(_: Invoice) -> InvoiceStatus:
        return status

    return say


@pytest.mark.parametrize(
    ("say", "problem"),
    [
        (always(InvoiceStatus.PAID), "it is <InvoiceStatus.PAID: 'paid'>, whatever the response"),
        (exchanged, "it is <InvoiceStatus.PAID: 'paid'>, and `.paid_at` is None"),
        (by_number, ""),
        (always(InvoiceStatus.UNKNOWN), ""),
    ],
    ids=["always paid", "exchanged", "by its number", "unknown"],
)
def test_an_invoice_without_a_word_is_paid_as_its_response_says(
    say: Callable[[Invoice], InvoiceStatus], problem: str
) -> None:
    found = judged(PAID, CONTRACTS["mijnklantportaal"], get_invoice=showing(say))

    assert problem in found
    assert bool(problem) == bool(found)


def test_no_word_for_what_is_owed_is_paid() -> None:
    def get_invoice(plugin: Stripe, invoice_id: str) -> Flow[Invoice]:
        found = yield from Stripe.get_invoice(plugin, invoice_id)
        return found.model_copy(update={"status": InvoiceStatus.PAID})

    found = judged(MEANING, CONTRACTS["stripe"], get_invoice=get_invoice)

    assert found == "[get_invoice] 'draft' is read as <InvoiceStatus.PAID: 'paid'>"


# Signups ------------------------------------------------------------------------------------------


def followed(**changes: Any) -> Any:
    """Return a `follow_signup_link` whose completed signups have other fields."""

    def follow_signup_link(
        plugin: Stripe, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        found = yield from Stripe.follow_signup_link(plugin, link, known=known)
        return found.model_copy(update=changes) if found.state == "completed" else found

    return follow_signup_link


def customer(name: str, email: str, id_: str = "cus_1") -> Customer:
    """Return a customer of Stripe."""
    return Customer(provider="stripe", id=id_, name=name, email=email)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"customer": None}, ""),
        (
            {"customer": customer("Acme & Sons", "billing@acme.example")},
            "and the customer is 'cus_1'",
        ),
        ({"customer": customer("Acme", "a@b.example")}, "`.customer.name` is 'Acme', and"),
        ({"customer": customer("Acme", "a@b.example")}, "`.customer.email` is 'a@b.example', and"),
        ({"state": "open"}, "it was paid, and is open"),
    ],
)
def test_a_signup_is_of_the_one_who_signed_up(changes: dict[str, Any], problem: str) -> None:
    found = judged(OTHER, CONTRACTS["stripe"], follow_signup_link=followed(**changes))

    assert problem in found
    assert bool(problem) == bool(found)


def newest(
    plugin: Stripe, link: SignupLink, *, known: Collection[str] | None = None
) -> Flow[Signup]:
    """Take the newest subscription of all."""
    del known
    page = yield from Stripe.list_subscriptions(plugin)
    state = "completed" if page.items else "open"
    return Signup(provider="stripe", state=state, reason=f"{link.id} was looked for")


@pytest.mark.parametrize(
    ("test", "problem"), [(PLAN, "another plan was bought"), (OLDER, "the customer had ['sub_")]
)
def test_another_subscription_is_not_taken(test: str, problem: str) -> None:
    class Single(StripeFake):
        """A fake that lets a customer have one link."""

        @route("POST", "/checkout/sessions")
        def create_session(self, received: Received) -> Reply:
            """Create the first page."""
            if self.sessions:
                raise self.refused(400, "There is a session already")
            reply: Reply = StripeFake.create_session(self, received)
            return reply

    assert judged(test, CONTRACTS["stripe"]) == ""
    assert judged(test, CONTRACTS["stripe"], sandbox=fake_of(Single)) == ""
    assert problem in judged(test, CONTRACTS["stripe"], follow_signup_link=newest)


def test_a_link_for_an_existing_customer_is_judged_as_well() -> None:
    no = Absence("it is left out here", "nothing else")
    evidence = {**Stripe.evidence, "create_signup_link:new_customer": no}

    for test in (PLAN, OLDER, HIDDEN):
        assert judged(test, CONTRACTS["stripe"], evidence=evidence) == ""


def test_what_a_provider_says_of_an_expiry_counts() -> None:
    def follow_signup_link(
        plugin: Stripe, link: SignupLink, *, known: Collection[str] | None = None
    ) -> Flow[Signup]:
        found = yield from Stripe.follow_signup_link(plugin, link, known=known)
        return found.model_copy(update={"state": "open"})

    found = judged(EXPIRES, CONTRACTS["stripe"], follow_signup_link=follow_signup_link)

    assert found.startswith("[follow_signup_link] the provider says that it expired: Signup(")


def test_a_link_that_has_no_end_stays_open() -> None:
    def create_signup_link(plugin: Stripe, **terms: Any) -> Flow[SignupLink]:
        link = yield from Stripe.create_signup_link(plugin, **terms)
        later = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)
        return link.model_copy(update={"expires_at": later})

    found = judged(EXPIRES, CONTRACTS["stripe"], create_signup_link=create_signup_link)

    assert "it must be open at 2098-12-31" in found
