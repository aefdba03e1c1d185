"""Signups: what came of a signup link, judged by the subscriptions that came since.

It is for providers that cannot be asked about a link itself. The rules:

- *Completed* is claimed if exactly one subscription fits that came since the link: it is dated, or
  the customer is known to have had no other one before.
- *Ambiguous* is claimed if several fit, or if one may be it: its age is not certain, or it fits
  but for the way in which the provider wrote something.
- Everything else is *open*. Whether an open link has expired is said by the client, which knows the
  time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from subhub.models import Signup
from subhub.plugin.clocks import LATE, PRECISION, WRONG_ZONE

if TYPE_CHECKING:
    from subhub.errors import InvalidReply
    from subhub.models import Customer, SignupLink, Subscription
    from subhub.plugin.likeness import Likeness

SignupAge = Literal["since", "unclear", "undated", "not"]
"""Whether a subscription came since a link: `undated` is one without a date of creation, `not` one
that is certain to be older, or too late."""


@dataclass(frozen=True, slots=True)
class SignupMatch:
    """A subscription that may have come of a link.

    Args:
        subscription: What the provider shows.
        fit: Whether customer and plan are those of the link, as far as they are shown.
        customer: The customer, if it was read.
    """

    subscription: Subscription
    fit: Likeness
    customer: Customer | None = None


def signup_age(
    link: SignupLink, found: Subscription, known: Collection[str] | None = None
) -> SignupAge:
    """Return whether *found* came since *link*, which has a `created_at`.

    Args:
        link: The link.
        found: A subscription.
        known: The ids of the subscriptions from before the link, if they are known.
    """
    if found.id == link.replaces:  # it is changed by the signup, and shows that by its plan
        return "since"
    if known is not None and found.id in known:
        return "not"
    began = link.created_at
    assert began is not None  # noqa: S101 - the client refuses to follow a link without it
    if found.created_at is not None:
        return _dated(began, link.expires_at, found.created_at)
    if found.ends_at is not None and found.ends_at <= began - WRONG_ZONE:
        return "not"
    return "since" if link.new_customer or known is not None else "undated"


def judge_signup(
    link: SignupLink,
    matches: Sequence[SignupMatch],
    *,
    known: Collection[str] | None = None,
    unreadable: Sequence[InvalidReply] = (),
) -> Signup:
    """Return what came of *link*; "open" also for one that has expired.

    Args:
        link: The link, with a `created_at`.
        matches: All subscriptions that may have come of it.
        known: The ids of the subscriptions from before the link, if they are known.
        unreadable: The errors of records that could not be read: one of them may be it, so that
            the first is raised instead of "open".
    """
    aged = [(match, signup_age(link, match.subscription, known)) for match in matches]
    fitting = [match for match, age in aged if match.fit == "same" and age == "since"]
    if len(fitting) == 1:
        return _completed(link, fitting[0])
    if fitting:
        return _ambiguous(link, fitting, "more than one subscription fits that came since the link")
    unsure = [match for match, age in aged if match.fit == "same" and age != "not"]
    if unsure:
        return _ambiguous(link, unsure, _unsure(unsure[0].subscription))
    alike = [match for match, age in aged if match.fit == "alike" and age in {"since", "undated"}]
    if alike:
        problem = "a subscription came that may be it, with a customer or terms written differently"
        return _ambiguous(link, alike, problem)
    for error in unreadable:
        raise error
    reason = "no subscription of this customer to this plan came since the link"
    return Signup(provider=link.provider, state="open", reason=reason)


def _dated(
    began: dt.datetime, ends: dt.datetime | None, created_at: dt.datetime
) -> Literal["since", "unclear", "not"]:
    latest = None if ends is None else ends + LATE
    if began - PRECISION <= created_at and (latest is None or created_at <= latest):
        return "since"
    too_late = latest is not None and created_at > latest + WRONG_ZONE
    return "not" if too_late or created_at < began - WRONG_ZONE else "unclear"


def _completed(link: SignupLink, match: SignupMatch) -> Signup:
    found = match.subscription
    if found.id == link.replaces:
        reason = f"the subscription {found.id} has the plan of the link"
    else:
        reason = f"the subscription {found.id} came since the link"
    return Signup(
        provider=link.provider,
        state="completed",
        reason=reason,
        customer=match.customer,
        subscription=found,
        raw=found.raw,
    )


def _ambiguous(link: SignupLink, matches: Sequence[SignupMatch], reason: str) -> Signup:
    candidates = tuple(match.subscription for match in matches)
    return Signup(provider=link.provider, state="ambiguous", reason=reason, candidates=candidates)


def _unsure(found: Subscription) -> str:
    if found.created_at is None:
        return (
            "a subscription fits that may be older than the link, because the provider does not "
            "say when it was created: give the ids of the older ones as `known`"
        )
    return (
        f"a subscription fits, and its time ({found.created_at.isoformat()}) is too close "
        "to that of the link to be certain"
    )
