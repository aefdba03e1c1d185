"""The effects of faults on replies. Which request gets a fault is decided in `faults`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol, TypeGuard

from subhub.messages import is_object
from subhub.sandbox.exchange import Delivery, JsonObject, Received, Reply
from subhub.sandbox.faults import Fault
from subhub.sandbox.tidying import tidied

UNKNOWN_STATUS: Final = "status_of_tomorrow"
UNKNOWN_FIELD: Final = "field_of_tomorrow"
_ANOTHER_HOST: Final = "https://elsewhere.example"


class ErrorReplies(Protocol):
    """The provider's own error replies; every `Fake` has them."""

    def too_many(self, seconds: float) -> Reply:
        """Return the provider's 429, to be retried after *seconds*."""
        ...

    def failing(self, status: int) -> Reply:
        """Return the provider's reply for an internal error."""
        ...

    def limits(self) -> Mapping[str, str]:
        """Return the rate-limit headers of every reply."""
        ...


def apply_fault(
    fault: Fault, replies: ErrorReplies, received: Received, answer: Callable[[], Reply]
) -> Reply:
    """Return the reply to a request that meets *fault*.

    Args:
        fault: The fault.
        replies: The provider's own error replies.
        received: The request.
        answer: Carries out the request. It is not called for a fault that comes before the change.
    """
    if not fault.carried_out:
        return _instead(fault, replies, received)
    reply = answer()
    # the change is kept and its reply thrown away: the client must not be able to tell
    if fault.kind == "server_error":
        return _with_limits(replies.failing(fault.status), replies)
    change = _CHANGES.get(fault.kind)
    if change is not None:
        return change(reply)
    return replace(reply, delivery=_delivery(fault))


def _instead(fault: Fault, replies: ErrorReplies, received: Received) -> Reply:
    """Return the reply to a request that is not carried out."""
    if fault.kind == "rate_limited":
        return _with_limits(replies.too_many(fault.duration), replies)
    if fault.kind == "server_error":
        return _with_limits(replies.failing(fault.status), replies)
    if fault.kind == "redirect":
        location = {"location": _ANOTHER_HOST + received.path}
        return _with_limits(Reply(307, headers=location), replies)
    return Reply(0, delivery=_delivery(fault))


def _with_limits(reply: Reply, replies: ErrorReplies) -> Reply:
    """Add the rate-limit headers. Those that *reply* already has win: a 429 sets its own."""
    return replace(reply, headers={**replies.limits(), **reply.headers})


def _delivery(fault: Fault) -> Delivery:
    if fault.kind == "slow":
        return Delivery(wait=fault.duration)
    if fault.kind == "trickle":
        return Delivery(pause=fault.duration)
    return Delivery("cut" if fault.kind == "cut_body" else fault.kind)


def _malformed(reply: Reply) -> Reply:
    # half of a very short body is empty, which may be a valid reply
    return replace(reply, content=reply.content[: len(reply.content) // 2] or b"{")


def _as_html(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, "content-type": "text/html"})


def _in_every_object(change: Callable[[JsonObject], JsonObject]) -> Callable[[Reply], Reply]:
    """Return a function that applies *change* to every JSON object in a reply, nested ones too."""

    def changed(value: Any) -> Any:
        if _is_list(value):
            return [changed(item) for item in value]
        if is_object(value):
            return change({name: changed(item) for name, item in value.items()})
        return value

    def apply(reply: Reply) -> Reply:
        # a 204 has no objects to change
        if not reply.content:
            return reply
        return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())

    return apply


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _with_unknown_status(value: JsonObject) -> JsonObject:
    has_status = isinstance(value.get("status"), str)
    return {**value, "status": UNKNOWN_STATUS} if has_status else value


def _with_unknown_field(value: JsonObject) -> JsonObject:
    return {**value, UNKNOWN_FIELD: {"of": ["any", 1, None]}}


def _tidied(value: JsonObject) -> JsonObject:
    return {name: tidied(item) if isinstance(item, str) else item for name, item in value.items()}


_CHANGES: Final[dict[str, Callable[[Reply], Reply]]] = {
    "malformed_json": _malformed,
    "wrong_content_type": _as_html,
    "unknown_status": _in_every_object(_with_unknown_status),
    "unknown_fields": _in_every_object(_with_unknown_field),
    "tidied": _in_every_object(_tidied),
}
