"""Ids of subscriptions: Mollie's addresses name the customer too, so one text holds both.

    sub_rVKGtNd6s3:cst_stTC2WHAuS

The subscription comes first, because the kind of an id is recognized by how it begins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from subhub.errors import InvalidRequest
from subhub.plugin import Path, path

SEPARATOR: Final = ":"
SUBSCRIPTION: Final = "/customers/{}/subscriptions/{}"

_DOTS: Final = frozenset({".", ".."})
"""Segments that would change the address: quoting leaves them as they are."""


@dataclass(frozen=True, slots=True)
class SubscriptionId:
    """The two ids that lead to a subscription."""

    subscription: str
    customer: str

    @classmethod
    def read(cls, value: str) -> Self:
        """Read the one text; `InvalidRequest` unless it has two parts."""
        parts = value.split(SEPARATOR)
        if len(parts) == 2 and all(parts) and _DOTS.isdisjoint(parts):  # noqa: PLR2004 - two ids
            return cls(*parts)
        example = cls("sub_rVKGtNd6s3", "cst_stTC2WHAuS")
        problem = (
            f"{value!r} is not the id of a subscription: write it with its customer's, as results "
            f"hold it, for example '{example}'"
        )
        raise InvalidRequest.of("subscription_id", problem)

    def path(self, template: str = SUBSCRIPTION) -> Path:
        """Return *template* with the ids of the customer and of the subscription."""
        return path(template, self.customer, self.subscription)

    def __str__(self) -> str:
        return f"{self.subscription}{SEPARATOR}{self.customer}"
