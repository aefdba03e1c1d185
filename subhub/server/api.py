"""The providers' APIs on the wire: a request becomes a call of the fake, its reply the answer.

A live key is refused by whatever account it is sent to, and is not kept anywhere.
"""

from __future__ import annotations

import logging
from typing import Final

from subhub.sandbox.exchange import Reply
from subhub.server.accounts import Sandbox, ServedAccount
from subhub.server.connection import Receive, Scope, Send
from subhub.server.responses import deliver

LONGEST: Final = 256 * 1024
"""How many bytes a request may have."""
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_TOO_LONG: Final = Reply.json(413, {"message": f"a sandbox takes at most {LONGEST} bytes"})

log = logging.getLogger("subhub.sandbox")


async def answer(
    sandbox: Sandbox, account: ServedAccount, scope: Scope, receive: Receive, send: Send
) -> None:
    """Answer a request to the API of *account*."""
    body = await _body(receive)
    if body is None:
        return await deliver(_TOO_LONG, scope, receive, send)
    method: str = scope["method"]
    headers = {name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]}
    _warn_of_live_key(account, headers.get("authorization", ""))
    if method not in READING:
        sandbox.changes += 1
    reply = account.handle(method, _target(account, scope), headers, body)
    return await deliver(reply, scope, receive, send)


def _target(account: ServedAccount, scope: Scope) -> str:
    """The path below the account, still quoted, with its query."""
    path: str = scope["raw_path"].decode("latin-1")[len(account.place) + 1 :]
    query: str = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


async def _body(receive: Receive) -> bytes | None:
    """The request's body; `None` when it is too long, and then it is not read to its end."""
    body = b""
    while True:
        message = await receive()
        part: bytes = message.get("body", b"")
        body += part
        if len(body) > LONGEST:
            return None
        if not message.get("more_body", False):
            return body


def _warn_of_live_key(account: ServedAccount, authorization: str) -> None:
    """The fake refuses every key but its own; this tells the person who sent a real one."""
    if any(prefix in authorization for prefix in account.live_prefixes):
        log.warning(
            "a live key of %s was sent to the sandbox; it is refused, and kept nowhere: "
            "use the sandbox's key %s",
            account.provider.name,
            account.fake.api_key,
        )
