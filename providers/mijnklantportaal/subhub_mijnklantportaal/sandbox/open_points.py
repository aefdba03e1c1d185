"""Open points of the documentation, as attributes of the fake that a test can set.

Each is described in `assumptions` under its name, and used in the endpoints.
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
    "webhook_body": ("id", "object", "empty"),
}
"""The possible values of each point; the first is the default."""


class OpenPoints(Fake):
    """The open points of the documentation; a test decides them before it starts."""

    success_status = 201
    """The status of creating something, where none is documented."""
    unknown_fields = "ignored"
    """The handling of undocumented request fields."""
    empty_text = "allowed"
    """Whether text may be empty."""
    page_parameter = "lenient"
    """The handling of a `page` that is not a number."""
    time_zone = "Europe/Amsterdam"
    """The zone of times without an offset."""
    email_in_use = "allowed"
    """Whether two customers may have the same e-mail address."""
    not_for_sale = "allowed"
    """Whether customers can sign up for a package that is not for sale."""
    sign_up_declined = "open"
    """What happens to a sign-up when the customer declines to pay."""
    sign_up_precondition = True
    """Whether sign-ups and payment links need the integrations too."""
    mandate_ids = "unchecked"
    """Whether a `mandateId` must be one of the customer's."""
    termination = "renewal"
    """How long a terminated subscription runs."""
    terminated_at = "changeable"
    """Whether a termination can be set again."""
    package_changed = "keep"
    """Whether subscriptions follow a change of their package."""
    webhook_body = "id"
    """What the body of a webhook call is."""
    retries = 1
    """How many times a failed charge is attempted again."""
    afterwards: str | None = None
    """Where the browser goes after paying or on going back."""

    def assume(self, values: Mapping[str, object]) -> None:
        """Decide open points; `ValueError` names the possible values of one."""
        for name, value in values.items():
            if name in CHOICES and value not in CHOICES[name]:
                known = " or ".join(repr(choice) for choice in CHOICES[name])
                message = f"{name!r} must be {known}, got {value!r}"
                raise ValueError(message)
        super().assume(values)
