"""Recognition: what a request that changes something carries, so that it is known again later.

A key, in a header, lets the provider carry out a repeated request once. A reference, in the body,
shows later what the request has created. Both follow from the change, which is in the journal.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from subhub.errors import OutcomeUnknown
from subhub.messages import Request
from subhub.plugin.references import referenced

if TYPE_CHECKING:
    from subhub.plugin.idempotency import Idempotency
    from subhub.plugin.provider import Provider
    from subhub.sending.steps import Change


def marked(request: Request, provider: Provider, change: Change) -> tuple[Request, float]:
    """Return *request* with what it is recognized by, and for how many seconds it may be repeated.

    The reference is in the body for good; the key, in a header, for as long as the provider keeps
    it.
    """
    request = with_reference(request, provider, change)
    if provider.idempotency is None:
        return request, 0.0
    return _keyed(request, provider.idempotency, change)


def with_reference(request: Request, provider: Provider, change: Change | None) -> Request:
    """Return *request* with the reference of its change, where the provider keeps one.

    With a key of the application's own there is none: who repeats a request under one key must
    send the same, and each call would draw another reference.
    """
    place = provider.subscription_reference
    if place is None or change is None:
        return request
    if provider.idempotency is not None and _has_key(request, provider.idempotency):
        change.referenced = False
    reference = change.reference()
    if reference is None or request.body is None:
        return request
    return replace(request, body=referenced(request.body, place, reference))


def _keyed(request: Request, terms: Idempotency, change: Change) -> tuple[Request, float]:
    """Return *request* with a key, and for how many seconds it may be repeated.

    A key of the application's own stays. Its age is not known, so the request is not repeated.
    """
    if request.method in terms.methods and not _has_key(request, terms):
        headers = {**(request.headers or {}), terms.header: change.next_key()}
        return replace(request, headers=headers), terms.repeatable_for
    if change.repeated:
        raise OutcomeUnknown(
            f"an earlier run may have carried out {request.method} {request.template}, and it "
            "cannot be repeated without harm: look at the provider"
        )
    return request, 0.0


def _has_key(request: Request, terms: Idempotency) -> bool:
    return any(name.lower() == terms.header.lower() for name in request.headers or {})
