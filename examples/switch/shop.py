"""A shop that sells a plan through the provider in `subhub.toml`.

Run it, change the provider in `subhub.toml`, and run it again: the code does not name a provider.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

from subhub import Client, CustomerDraft

CONFIGURATION = Path(__file__).with_name("subhub.toml")


def main() -> None:
    """Create a signup page for one customer, and subscribe and cancel another."""
    with Client.from_config(CONFIGURATION) as billing:
        print(f"billed by {billing.provider}")

        link = billing.create_signup_link(plan="phone", customer=company("Test Company BV"))
        print(f"signup page: {link.url}")

        subscription = billing.subscribe(
            plan="phone",
            customer=company("Other Company BV"),
            starts_on=date(2026, 12, 1),
            provider_options={
                "mijnklantportaal": {"create_invoice": True},
                "afternoon": {"billing_anchor_day": 1},
            },
        )
        print(f"subscribed: {subscription.id} is {subscription.status}")

        canceled = billing.cancel_subscription(subscription.id, when="now")
        print(f"canceled: {canceled.id} is {canceled.status} ({canceled.raw_status!r} there)")


def company(name: str) -> CustomerDraft:
    """Return a customer with all fields that the two providers require."""
    return CustomerDraft(
        name=name,
        email="john.doe@test.com",
        address="Teststreet 123",
        postal_code="1234AB",
        city="Amsterdam",
        country="NL",
    )


if __name__ == "__main__":
    main()
