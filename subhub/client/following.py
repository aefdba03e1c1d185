"""Following signup links: what a link has to remember, and what came of one.

The provider's flow looks once. What depends on the time is added here, by the provider's clock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, cast

from subhub.client.validation import check_origin, identifier, moment, text
from subhub.errors import InvalidRequest
from subhub.models import CustomerDraft, Signup, SignupLink, When
from subhub.plugin.clocks import LATE
from subhub.sending.steps import Steps

if TYPE_CHECKING:
    from subhub.client.account import Account


def remembered(
    steps: Steps[SignupLink],
    account: Account,
    *,
    plan: str,
    customer: str | CustomerDraft,
    replaces: str | None,
    when: When | None,
) -> Steps[SignupLink]:
    """Carry out *steps*, and return their link with what it takes to follow it later.

    Args:
        steps: They create the link.
        account: Where it is created.
        plan: The provider's id of the plan.
        customer: Whom it is for.
        replaces: The subscription that it replaces.
        when: When that one ends.
    """
    link = yield from steps
    draft = customer if isinstance(customer, CustomerDraft) else None
    asked: Mapping[str, object] = {
        "customer_id": None if draft else customer,
        "plan_id": plan,
        "email": draft and draft.email,
        "name": draft and draft.name,
        "replaces": replaces,
        "when": when,
        "created_at": _earliest(account).replace(microsecond=0),
    }
    missing = {
        name: value
        for name, value in asked.items()
        if value is not None and getattr(link, name) is None
    }
    return link.model_copy(update=missing)


def concluded(steps: Steps[Signup], account: Account, link: SignupLink) -> Steps[Signup]:
    """Carry out *steps*, and return their result, in which an open link may have expired.

    A link is expired only an hour after it stopped working, because a payment of the last minute
    can show late.

    Args:
        steps: They look for what came of the link.
        account: Where they look.
        link: The link.
    """
    found = yield from steps
    if found.state != "open" or link.expires_at is None:
        return found
    if _earliest(account) < link.expires_at + LATE:
        return found
    if link.replaces is not None and link.when != "now":
        reason = (
            "the link has expired, and a change of plan at the end of a period does not show "
            f"before: look at the subscription {link.replaces} after its renewal"
        )
        return found.model_copy(update={"state": "ambiguous", "reason": reason})
    reason = f"the link stopped working at {link.expires_at.isoformat()}, and nothing came of it"
    return found.model_copy(update={"state": "expired", "reason": reason})


def followed_link(account: Account, link: object, given: Mapping[str, object]) -> SignupLink:
    """Return the link to follow: a stored one, or one whose parts were stored.

    Args:
        account: The account at which it was created.
        link: A `SignupLink`, or the id of one.
        given: What else was stored, by field; it comes before what the link has.
    """
    provider = account.provider
    if isinstance(link, SignupLink):
        check_origin("link", link, provider, account.name)
        fields: dict[str, Any] = {**dict(link), **given}
    elif isinstance(link, str):
        stored = identifier("link", link, "signup link", provider, account.name)
        fields = {"provider": provider.name, "id": stored, "url": "", **given}
    else:
        problem = f"must be a SignupLink or the id of one, got {type(link).__name__}"
        raise InvalidRequest.of("link", problem)
    for field, argument in (("plan_id", "plan"), ("created_at", "created_at")):
        if fields.get(field) is None:
            problem = f"is required to follow the link: store `link.{field}`, and give it"
            raise InvalidRequest.of(argument, problem)
    return SignupLink(**fields)


def checked_parts(
    *,
    email: str | None,
    created_at: dt.datetime | str | None,
    expires_at: dt.datetime | str | None,
) -> dict[str, object]:
    """Return the given parts of a link that are no ids, by field.

    Args:
        email: The customer's e-mail address.
        created_at: When the link was created.
        expires_at: When it stops working.
    """
    parts: dict[str, object] = {}
    if email is not None:
        parts["email"] = text("email", email)
    for field, value in (("created_at", created_at), ("expires_at", expires_at)):
        if value is not None:
            parts[field] = moment(field, value)
    return parts


def known_ids(known: object, account: Account) -> list[str] | None:
    """Return the ids of the subscriptions from before a link; `None` if they are not known.

    Args:
        known: What was passed.
        account: The account, at whose provider ids may begin in a certain way.
    """
    if known is None:
        return None
    if isinstance(known, str) or not isinstance(known, Collection):
        problem = f"must be a list of subscription ids, got {known!r}: `[]` for none"
        raise InvalidRequest.of("known", problem)
    found = cast("Collection[object]", known)
    return [
        identifier("known", value, "subscription", account.provider, account.name)
        for value in found
    ]


def _earliest(account: Account) -> dt.datetime:
    """Return the earliest time that it can be by the provider's clock, as its last answer shows.

    If no answer had a `Date`, it is our own.
    """
    ahead = account.clock_ahead()
    return account.clock() + dt.timedelta(seconds=0 if ahead is None else ahead[0])
