"""What the documents leave open, as attributes of the fake that a test can set.

Each is told in `assumptions` under its own name; what the fake does with it is in the routes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from subhub.sandbox import Fake

CHOICES: Final[Mapping[str, tuple[object, ...]]] = {
    "success_status": (201, 200),
    "unknown_fields": ("ignored", "refused"),
    "empty_text": ("allowed", "refused"),
    "page_parameter": ("lenient", "refused"),
    "time_zone": ("Europe/Amsterdam", "UTC"),
    "email_in_use": ("allowed", "refused"),
    "not_for_sale": ("allowed", "refused"),
    "sign_up_declined": ("open", "closed"),
    "sign_up_precondition": (True, False),
    "mandate_ids": ("unchecked", "checked"),
    "termination": ("renewal", "at_once"),
    "terminated_at": ("changeable", "final"),
    "package_changed": ("keep", "follow"),
}
"""The values between which a point is open; the first is the default."""


class OpenPoints(Fake):
    """The points that are decided before a test, and not while the portal works."""

    success_status = 201
    """The status of having made something, where none is documented."""
    unknown_fields = "ignored"
    """What happens to request fields that are not documented."""
    empty_text = "allowed"
    """Whether a text may be empty."""
    page_parameter = "lenient"
    """What happens to a `page` that is no number."""
    time_zone = "Europe/Amsterdam"
    """The zone of times without an offset."""
    email_in_use = "allowed"
    """Whether two customers may have one e-mail address."""
    not_for_sale = "allowed"
    """Whether somebody can be signed up for a package that is not for sale."""
    sign_up_declined = "open"
    """What becomes of a sign-up whose customer declines to pay."""
    sign_up_precondition = True
    """Whether sign-ups and payment links need the integrations too."""
    mandate_ids = "unchecked"
    """Whether a `mandateId` has to be one of the customer's."""
    termination = "renewal"
    """How long a terminated subscription runs."""
    terminated_at = "changeable"
    """Whether a termination can be set again."""
    package_changed = "keep"
    """What a changed package means for the subscriptions that came of it."""
    afterwards: str | None = None
    """Where the browser goes after paying, or on going back."""

    def assume(self, values: Mapping[str, object]) -> None:
        """Decide what is open; `ValueError` names the values between which there is a choice."""
        for name, value in values.items():
            if name in CHOICES and value not in CHOICES[name]:
                known = " or ".join(repr(each) for each in CHOICES[name])
                message = f"{name!r} cannot be {value!r} in this sandbox: choose {known}"
                raise ValueError(message)
        super().assume(values)
