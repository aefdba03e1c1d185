"""What the contract tests of fields, moments and portal links say of seeded mistakes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from subhub_mollie import Mollie, Payment
from subhub_stripe import Stripe
from subhub_stripe.sandbox import StripeFake

from subhub import CustomerDraft, InvalidRequest, PortalLink
from subhub.models import Customer, CustomerUpdate, Subscription
from subhub.plugin import Flow, Provider
from subhub.sandbox import PortalPage
from subhub.sandbox.portal import PortalPages
from subhub.testing.contract.extension_words import misread_words
from tests.mutations.workshop import CONTRACTS
from tests.test_contract_charges import fake_of
from tests.test_contract_meaning import judged
from tests.test_contract_pauses import judged as judged_pause

FIELD = "test_every_field_is_sent_whole"
REST = "test_a_change_leaves_the_rest_as_it_was"
MISSING = "test_a_missing_value_is_not_replaced"
PORTAL = "test_a_portal_link_is_the_page_of_its_customer"
CLAIM = "test_an_extension_does_what_it_claims"
TWICE = "test_pausing_twice_is_pausing_once"
OVER = "test_what_is_over_is_not_paused_or_resumed"
STRIPE = CONTRACTS["stripe"]


# Fields -------------------------------------------------------------------------------------------


def test_what_is_in_raw_is_in_its_field() -> None:
    def create_customer(plugin: Stripe, draft: CustomerDraft) -> Flow[Customer]:
        made = yield from Stripe.create_customer(plugin, draft)
        return made.model_copy(update={"vat_id": None})

    found = judged(FIELD, STRIPE, create_customer=create_customer)

    assert "`vat_id`: the result has 'BE0123456789' in `raw`, and the field is `None`" in found


class Dutch(StripeFake):
    """A fake that takes VAT ids of one country."""

    prefix_of_vat_ids = "NL"

    def _tax_id(self, customer_id: str, terms: dict[str, Any]) -> dict[str, Any]:
        if not terms["value"].startswith(self.prefix_of_vat_ids):
            raise self.refused(400, "Invalid value", code="tax_id_invalid")
        found: dict[str, Any] = super()._tax_id(customer_id, terms)
        return found


class French(Dutch):
    """A fake that takes none of the suite's VAT ids."""

    prefix_of_vat_ids = "FR"


def test_a_field_whose_every_value_is_refused_is_sent_wrongly() -> None:
    owned: Any = type(
        "Test",
        (STRIPE,),
        {"customer": STRIPE.customer.model_copy(update={"vat_id": "FR12345678901"})},
    )

    assert judged(FIELD, STRIPE, sandbox=fake_of(Dutch)) == ""
    assert judged(FIELD, owned, sandbox=fake_of(French)) == ""
    assert "`vat_id`: the provider refuses every value" in judged(
        FIELD, STRIPE, sandbox=fake_of(French)
    )


def test_an_old_value_does_not_stay_beside_the_new_one() -> None:
    class Keeping(StripeFake):
        """A fake that deletes no tax id."""

        def __init__(self) -> None:
            super().__init__()
            self.tax_ids = Kept()

    class Kept(dict[str, Any]):
        """Values that cannot be deleted."""

        def __delitem__(self, key: str) -> None:
            """Keep it."""

    found = judged(REST, STRIPE, sandbox=fake_of(Keeping))

    assert "a change of `vat_id` left 'BE0123456789' in `tax_ids.data[1].value` of the" in found


def test_a_value_that_is_set_again_is_not_an_old_one() -> None:
    def update_customer(
        plugin: Stripe, customer_id: str, changes: CustomerUpdate
    ) -> Flow[Customer]:
        if "vat_id" in changes.changes():
            raise InvalidRequest.of("vat_id", "cannot be changed")
        return (yield from Stripe.update_customer(plugin, customer_id, changes))

    assert judged(REST, STRIPE, update_customer=update_customer) == ""


# Moments ------------------------------------------------------------------------------------------


def with_link(**changes: Any) -> Any:
    """Return a `create_portal_link` whose link has other fields."""

    def create_portal_link(
        plugin: Stripe, *, customer: str, return_url: str | None = None
    ) -> Flow[PortalLink]:
        made = yield from Stripe.create_portal_link(
            plugin, customer=customer, return_url=return_url
        )
        return made.model_copy(update=changes)

    return create_portal_link


def test_a_moment_that_follows_from_nothing_is_made_up() -> None:
    later = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)

    found = judged(MISSING, STRIPE, create_portal_link=with_link(expires_at=later))

    assert found == (
        "[create_portal_link] `.expires_at` is 2099-01-01 00:00:00+00:00, whatever the response "
        "says: it is made up"
    )


# Portal links -------------------------------------------------------------------------------------


class Elsewhere(StripeFake):
    """A fake whose pages lead back to its own site."""

    def portal_page(self, url: str) -> PortalPage | None:
        """Return the page, with another address to return to."""
        page: PortalPage | None = super().portal_page(url)
        assert page is not None
        return PortalPage(page.customer, page.subscriptions, "https://stripe.example")


class Empty(StripeFake):
    """A fake whose pages show nothing."""

    def portal_page(self, url: str) -> PortalPage | None:
        """Return a page without subscriptions."""
        return PortalPage(url, ())


class Pageless(StripeFake):
    """A fake that knows nothing of its pages."""

    portal_page = PortalPages.portal_page


OLD = dt.datetime(2025, 3, 4, 9, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"sandbox": fake_of(Pageless)}, ""),
        ({"sandbox": fake_of(Elsewhere)}, "leads back to 'https://stripe.example', and not to"),
        ({"sandbox": fake_of(Empty)}, "the page at `.url` shows [], and not 'sub_"),
        (
            {"create_portal_link": with_link(url="https://api.stripe.com/v1/billing_portal/1")},
            "`.url` must be the address of the page, got 'https://api.stripe.com/v1/billing",
        ),
        (
            {"create_portal_link": with_link(url="https://pages.example/unknown")},
            "the page at `.url` shows [], and not 'sub_",
        ),
        ({"create_portal_link": with_link(expires_at=OLD)}, "and `.expires_at` is 2025-03-04"),
    ],
)
def test_a_portal_link_is_the_page_of_its_customer(changes: dict[str, Any], problem: str) -> None:
    found = judged(PORTAL, STRIPE, **changes)

    assert problem in found
    assert bool(problem) == bool(found)


def test_a_portal_link_is_a_web_address() -> None:
    found = judged(
        "test_what_is_claimed_is_done", STRIPE, create_portal_link=with_link(url="billing")
    )

    assert "[create_portal_link] `.url` is not a web address: 'billing'" in found


def test_a_provider_may_have_one_page_for_each_customer() -> None:
    same = with_link(id="bps_1")

    assert judged("test_two_equal_orders_are_two", STRIPE, create_portal_link=same) == ""


# Words of extensions ------------------------------------------------------------------------------


def test_a_word_of_an_extension_is_the_providers() -> None:
    def get_payment(self: Mollie, payment_id: str) -> Flow[Payment]:
        found = yield from Mollie.get_payment(self, payment_id)
        return found.model_copy(update={"status": found.status.replace("failed", "paid")})

    found = judged(CLAIM, CONTRACTS["mollie"], get_payment=get_payment)

    assert found == "[get_payment] `.status` is 'paid', and the provider says 'failed'"


def test_a_word_of_an_extension_may_be_refused() -> None:
    def get_payment(self: Mollie, payment_id: str) -> Flow[Payment]:
        found = yield from Mollie.get_payment(self, payment_id)
        if found.status != "open":
            raise InvalidRequest.of("status", f"is not known: {found.status}")
        return found

    assert judged(CLAIM, CONTRACTS["mollie"], get_payment=get_payment) == ""


def test_an_extension_that_was_not_called_has_no_words() -> None:
    assert list(misread_words(None, Provider())) == []


# Pauses -------------------------------------------------------------------------------------------


def test_a_second_resumption_is_not_charged() -> None:
    def resume_subscription(plugin: Stripe, subscription_id: str) -> Flow[Subscription]:
        known = yield from plugin.get_subscription(subscription_id)
        if known.status == "active":
            _ = yield from plugin.pause_subscription(subscription_id)
        return (yield from Stripe.resume_subscription(plugin, subscription_id))

    assert "there is another invoice" in judged_pause(
        TWICE, resume_subscription=resume_subscription
    )


def test_what_is_over_is_not_resumed() -> None:
    def resume_subscription(plugin: Stripe, subscription_id: str) -> Flow[Subscription]:
        return plugin.get_subscription(subscription_id)

    assert judged_pause(OVER) == ""
    assert "must be refused: it was accepted" in judged_pause(
        OVER, resume_subscription=resume_subscription
    )


def test_a_refusal_leaves_what_is_over_as_it_is() -> None:
    class Reviving(StripeFake):
        """A fake that refuses to resume what is over, and does it."""

        def running(self, subscription_id: str) -> dict[str, Any]:
            """Let it be active again."""
            found: dict[str, Any] = self.subscriptions[subscription_id]
            if found["status"] == "canceled":
                found["status"] = "active"
                raise self.refused(409, "It is over")
            return found

    assert ", and was Subscription(" in judged_pause(OVER, sandbox=fake_of(Reviving))
