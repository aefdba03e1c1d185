"""The main job, replayed from a recording of the sandbox.

To record it again, run `pytest --record-sandbox tests/test_cassettes.py` and read the diff.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from subhub_stripe import Stripe

from subhub import CustomerDraft, Interval, InvoiceStatus, Money, PlanDraft, Status
from subhub.testing import OpenCassette

Ask = Callable[..., Awaitable[Any]]
Through = Callable[..., None]

PHONE = PlanDraft(name="Phone", price=Money("12.95", "EUR"), interval=Interval(1, "month"))
SMALL = PlanDraft(name="Small", price=Money("10.00", "EUR"), interval=Interval(1, "month"))
COMPANY = CustomerDraft(name="Acme & Sons", email="billing@acme.example", external_id="acct-1")


def test_invoices(subhub_cassette: OpenCassette, through: Through) -> None:
    session = subhub_cassette(Stripe, "invoices")

    async def scenario(ask: Ask) -> None:
        plan = await ask("create_plan", PHONE)
        customer = await ask("create_customer", COMPANY)
        sold = await ask("subscribe", plan=plan, customer=customer)
        (invoice,) = await ask("list_invoices", customer=customer, subscription=sold)
        assert (invoice.total, invoice.subscription_id) == (PHONE.price, sold.id)
        assert (invoice.status, invoice.raw_status) == (InvoiceStatus.PAID, "paid")
        assert invoice.paid_at == invoice.created_at
        assert await ask("get_invoice", invoice) == invoice
        pdf = await ask("get_invoice_pdf", invoice)
        assert (pdf.id, pdf.expires_at) == (invoice.id, None)

    through(scenario, **session.settings)


def test_credit(subhub_cassette: OpenCassette, through: Through) -> None:
    """The time stands still, so all of a period is its rest."""
    session = subhub_cassette(Stripe, "credit")

    async def scenario(ask: Ask) -> None:
        small, large = await ask("create_plan", SMALL), await ask("create_plan", PHONE)
        customer = await ask("create_customer", COMPANY)
        sold = await ask("subscribe", plan=large, customer=customer)
        change = await ask("change_subscription", sold, plan=small, when="now", refund="credit")
        assert change.new.plan_id == small.id
        ended = await ask("cancel_subscription", change.new, when="now", refund="credit")
        assert ended.status is Status.CANCELED
        last, middle, first = await ask("list_invoices", customer=customer)
        assert [str(invoice.total) for invoice in (first, middle, last)] == [
            "12.95 EUR",
            "-2.95 EUR",
            "-10.00 EUR",
        ]
        assert (await ask("get_customer", customer)).raw["balance"] == -1295
        _ = await ask("subscribe", plan=large, customer=customer)
        assert (await ask("get_customer", customer)).raw["balance"] == 0

    through(scenario, **session.settings)


def test_the_main_job(subhub_cassette: OpenCassette, through: Through) -> None:
    session = subhub_cassette(Stripe, "main_job")

    async def scenario(ask: Ask) -> None:
        plan = await ask("create_plan", PHONE)
        customer = await ask("create_customer", COMPANY)
        assert await ask("find_customer", external_id="acct-1") == customer
        link = await ask(
            "create_signup_link",
            plan=plan.id,
            customer=customer.id,
            return_url="https://shop.example/done",
        )
        assert (await ask("follow", link)).state == "open"
        session.pay(link.url)
        signup = await ask("follow", link)
        (signed_up,) = await ask("list_subscriptions", customer=customer.id)
        assert (signup.state, signup.subscription) == ("completed", signed_up)
        assert (signed_up.status, signed_up.price) == (Status.ACTIVE, PHONE.price)
        ending = await ask("cancel_subscription", signed_up.id, when="period_end")
        assert ending.ends_at is not None
        undone = await ask("uncancel_subscription", signed_up)
        assert (undone.ends_at, undone.renews_on) == (None, signed_up.renews_on)
        portal = await ask("create_portal_link", customer, return_url="https://shop.example/")
        assert (portal.customer_id, portal.expires_at) == (customer.id, None)
        paused = await ask("pause_subscription", signed_up)
        assert (paused.status, paused.renews_on) == (Status.PAUSED, None)
        assert await ask("pause_subscription", signed_up) == paused
        resumed = await ask("resume_subscription", signed_up)
        assert (resumed.status, resumed.id) == (Status.ACTIVE, signed_up.id)

    through(scenario, **session.settings)
