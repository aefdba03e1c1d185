"""References: a text of the client's own in what it creates, by which that is recognized later.

Where a provider keeps metadata with a subscription, the client writes a reference there that no
other subscription has. After a lost answer, the subscription with this reference is the one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from subhub.messages import Json, is_object
from subhub.plugin.idempotency import DRAWN

_DRAWN: Final = re.compile(rb"subhub-[0-9a-f]{16}")


def reference_of(salt: str) -> str:
    """Return the reference of the change that *salt* names."""
    return f"{DRAWN}{salt}"


def referenced(body: Json, place: Sequence[str], reference: str) -> Json:
    """Return *body* with the *reference* at *place*, and everything else as it was.

    Args:
        body: That of a request.
        place: The names that lead to it, such as `("metadata", "subhub_reference")`.
        reference: The text.
    """
    name, *inner = place
    if not inner:
        return {**body, name: reference}
    known: Any = body.get(name)
    return {**body, name: referenced(known if is_object(known) else {}, inner, reference)}


def without_references(content: bytes) -> bytes:
    """Return *content* with one text for every reference: two calls draw two, and mean the same."""
    return _DRAWN.sub(DRAWN.encode(), content)
