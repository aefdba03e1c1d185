"""Ids of subscriptions: Mollie's addresses name the customer too, so one text holds both.

sub_rVKGtNd6s3:cst_stTC2WHAuS
"""

from __future__ import annotations

from typing import Final

from subhub.plugin import Path, path, split_id

SUBSCRIPTION: Final = "/customers/{}/subscriptions/{}"
EXAMPLE: Final = "sub_rVKGtNd6s3:cst_stTC2WHAuS"


def customer_in(subscription_id: str) -> str:
    """Return the customer's id in that of a subscription; `InvalidRequest` where there is none."""
    return split_id(subscription_id, "subscription_id", EXAMPLE)[1]


def subscription_path(subscription_id: str, template: str = SUBSCRIPTION) -> Path:
    """Return *template* with the ids of the customer and of the subscription."""
    subscription, customer = split_id(subscription_id, "subscription_id", EXAMPLE)
    return path(template, customer, subscription)
