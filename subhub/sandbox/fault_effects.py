"""Disturbance: what a fault does to an answer. Which request it befalls is decided in `faults`."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from subhub.messages import is_object
from subhub.sandbox.exchange import Delivery, JsonObject, Received, Reply

if TYPE_CHECKING:
    from subhub.sandbox.fake import Fake
    from subhub.sandbox.faults import Fault

UNKNOWN_STATUS: Final = "status_of_tomorrow"
UNKNOWN_FIELD: Final = "field_of_tomorrow"
_ELSEWHERE: Final = "https://elsewhere.example"


def disturbed(fault: Fault, fake: Fake, received: Received, answer: Callable[[], Reply]) -> Reply:
    """The answer to *received*, gone wrong; *answer* carries the request out."""
    if not fault.carried_out:
        return _instead(fault, fake, received)
    reply = answer()
    if fault.kind == "server_error":
        return _limited(fake.failing(fault.status), fake)
    change = _CHANGES.get(fault.kind)
    if change is not None:
        return change(reply)
    return replace(reply, delivery=_delivery(fault))


def _instead(fault: Fault, fake: Fake, received: Received) -> Reply:
    """An answer to what was not carried out."""
    if fault.kind == "rate_limited":
        return _limited(fake.too_many(fault.duration), fake)
    if fault.kind == "server_error":
        return _limited(fake.failing(fault.status), fake)
    if fault.kind == "redirect":
        return _limited(Reply(307, headers={"location": _ELSEWHERE + received.path}), fake)
    return Reply(0, delivery=_delivery(fault))


def _limited(reply: Reply, fake: Fake) -> Reply:
    """*reply* with the headers of the rate limit, where it says nothing about them itself."""
    return replace(reply, headers={**fake.limits(), **reply.headers})


def _delivery(fault: Fault) -> Delivery:
    if fault.kind == "slow":
        return Delivery(wait=fault.duration)
    if fault.kind == "trickle":
        return Delivery(pause=fault.duration)
    return Delivery("cut" if fault.kind == "cut_body" else fault.kind)


def _malformed(reply: Reply) -> Reply:
    return replace(reply, content=reply.content[: len(reply.content) // 2] or b"{")


def _renamed(reply: Reply) -> Reply:
    return replace(reply, headers={**reply.headers, "content-type": "text/html"})


def _objects_changed(change: Callable[[JsonObject], JsonObject]) -> Callable[[Reply], Reply]:
    def changed(value: Any) -> Any:
        if _is_list(value):
            return [changed(each) for each in value]
        if is_object(value):
            return change({name: changed(each) for name, each in value.items()})
        return value

    def apply(reply: Reply) -> Reply:
        if not reply.content:
            return reply
        return replace(reply, content=json.dumps(changed(json.loads(reply.content))).encode())

    return apply


def _is_list(value: object) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _with_unknown_status(value: JsonObject) -> JsonObject:
    known = isinstance(value.get("status"), str)
    return {**value, "status": UNKNOWN_STATUS} if known else value


def _with_unknown_field(value: JsonObject) -> JsonObject:
    return {**value, UNKNOWN_FIELD: {"of": ["any", 1, None]}}


_CHANGES: Final[dict[str, Callable[[Reply], Reply]]] = {
    "malformed_json": _malformed,
    "wrong_content_type": _renamed,
    "unknown_status": _objects_changed(_with_unknown_status),
    "unknown_fields": _objects_changed(_with_unknown_field),
}
